"""Net requirements: what every stocking point needs today, asks of its source, and gets.

The rules, for each SKU:

- Inventory position = on hand + on order - backorders - what locations downstream ask for today. Locations are worked
  out bottom up, so that an upstream point sees today's requests, also those that it cannot ship: they are asked again.
- A location whose position is at or below its reorder point asks for base-stock level - position, raised to the MOQ and
  rounded up to whole lots. A run is a review: review periods enter through the levels, which cover lead time + review.
- An outside supplier ships everything. A stocking point ships what it has on hand beyond its own backorders (goods owed
  downstream are on order there already); when that is too little it is shared out in proportion to the requests.
- A location without a stock record counts as empty.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from echelon.core.replenish.quantities import ROUNDING, order_quantity, share_out

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

LEVEL_COLUMNS = [
    "sku",
    "location",
    "source",
    "echelon",
    "status",
    "base_stock_level",
    "reorder_point",
    "lead_time_demand",
    "target_fill_rate",
    "customer_fill_rate",
    "customer_fill_rate_se",
    "unit_cost",
]
STOCK_COLUMNS = ["on_hand", "on_order", "backorders"]
LANE_COLUMNS = ["moq", "lot_size", "review_period_days", "mean_days"]


def net_requirements(levels: pd.DataFrame, stock: pd.DataFrame, lanes: pd.DataFrame) -> pd.DataFrame:
    """One row per SKU and stocking point, ordered by both: the figures behind its order and its exceptions.

    levels: LEVEL_COLUMNS, those of the table `stock_levels` and unit_cost (currency/unit); any number of whole SKUs.
    stock: sku, location and STOCK_COLUMNS (units); rows that have no level are left out.
    lanes: source, destination and LANE_COLUMNS of the planned lanes (units, days; mean_days is the mean lead time).

    Added to these: stock_known; asked_downstream (units asked of this point today); position; needed (base-stock level
    - position where an order is due, else 0); requested (needed, in lots and at least the MOQ); shipped (what the
    source sends of it); available (what the source can ship in all; missing for outside suppliers); asked_of_source
    (by all its locations together) and sharers (their number).

    Raises ValueError where a planned lane or a source inside the network is missing, or echelons do not ascend.
    """
    frame = _joined(levels, stock, lanes)
    parent = _parent_rows(frame)
    frame = _ask(frame, parent)
    return _ship(frame, parent)


def _joined(levels: pd.DataFrame, stock: pd.DataFrame, lanes: pd.DataFrame) -> pd.DataFrame:
    """Levels, stock and lane terms side by side, in a fixed order."""
    frame = levels[LEVEL_COLUMNS].merge(
        stock[["sku", "location", *STOCK_COLUMNS]], on=["sku", "location"], how="left", validate="one_to_one"
    )
    terms = lanes[["source", "destination", *LANE_COLUMNS]].rename(columns={"destination": "location"})
    frame = frame.merge(terms, on=["source", "location"], how="left", validate="many_to_one")
    unknown = frame[frame["lot_size"].isna()]
    if len(unknown):
        lane = unknown.iloc[0]
        raise ValueError(f"no lane terms from {lane['source']} to {lane['location']}")
    frame["stock_known"] = frame["on_hand"].notna()
    frame[STOCK_COLUMNS] = frame[STOCK_COLUMNS].astype("float64").fillna(0.0)
    return frame.sort_values(["sku", "location"], ignore_index=True)


def _parent_rows(frame: pd.DataFrame) -> Rows:
    """Row of each point's source, -1 for outside suppliers (echelon 1)."""
    points = pd.MultiIndex.from_frame(frame[["sku", "location"]])
    found = points.get_indexer(pd.MultiIndex.from_frame(frame[["sku", "source"]]))
    echelon = frame["echelon"].to_numpy()
    inside = echelon > 1
    wrong = inside & ((found < 0) | (echelon[found] >= echelon))
    if wrong.any():
        point = frame.iloc[int(np.argmax(wrong))]
        raise ValueError(f"{point['sku']}: {point['source']}, source of {point['location']}, has no level upstream of it")
    return np.where(inside, found, -1)


def _ask(frame: pd.DataFrame, parent: Rows) -> pd.DataFrame:
    """Add asked_downstream, position, needed and requested, bottom up."""
    values = {name: frame[name].to_numpy(dtype=np.float64) for name in (*STOCK_COLUMNS, *LANE_COLUMNS)}
    level = frame["base_stock_level"].to_numpy(dtype=np.float64)
    reorder_point = frame["reorder_point"].to_numpy(dtype=np.float64)
    echelon = frame["echelon"].to_numpy()
    position = values["on_hand"] + values["on_order"] - values["backorders"]
    asked, needed, requested = np.zeros_like(position), np.zeros_like(position), np.zeros_like(position)
    for number in sorted(set(echelon), reverse=True):
        at = np.flatnonzero(echelon == number)
        position[at] -= asked[at]
        due = position[at] <= reorder_point[at] + ROUNDING
        short = level[at] - position[at]
        needed[at] = np.where(due & (short > ROUNDING), short, 0.0)
        requested[at] = order_quantity(needed[at], values["moq"][at], values["lot_size"][at])
        inside = at[parent[at] >= 0]
        np.add.at(asked, parent[inside], requested[inside])
    return frame.assign(asked_downstream=asked, position=position, needed=needed, requested=requested)


def _ship(frame: pd.DataFrame, parent: Rows) -> pd.DataFrame:
    """Add shipped, available, asked_of_source and sharers."""
    requested = frame["requested"].to_numpy(dtype=np.float64)
    moq, lot_size = frame["moq"].to_numpy(dtype=np.float64), frame["lot_size"].to_numpy(dtype=np.float64)
    free = (frame["on_hand"] - frame["backorders"]).clip(lower=0.0).to_numpy(dtype=np.float64)
    inside = parent >= 0
    asked_of_source = np.where(inside, frame["asked_downstream"].to_numpy(dtype=np.float64)[parent], requested)
    available = np.where(inside, free[parent], np.nan)
    asking = inside & (requested > 0)
    sharers = np.bincount(parent[asking], minlength=len(frame))[parent] if len(frame) else np.zeros(0)
    shipped = requested.copy()
    short = asking & (asked_of_source > available * (1 + ROUNDING))
    for source in np.unique(parent[short]):
        at = np.flatnonzero(parent == source)
        shipped[at] = share_out(float(free[source]), requested[at], moq[at], lot_size[at])
    return frame.assign(
        shipped=shipped, available=available, asked_of_source=asked_of_source, sharers=np.where(inside, sharers, 1)
    )
