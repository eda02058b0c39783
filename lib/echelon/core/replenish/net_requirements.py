"""Net requirements: what every stocking point needs today, asks of its sources, and gets.

The rules, for each SKU:

- Inventory position = on hand + on order - backorders - what locations downstream ask for today. Locations are worked
  out bottom up, so that an upstream point sees today's requests, also those that it cannot ship: they are asked again.
- A location whose position is at or below its reorder point asks for base-stock level - position, raised to the MOQ and
  rounded up to whole lots. A run is a review: review periods enter through the levels, which cover lead time + review.
- An outside supplier ships everything. A stocking point ships what it has on hand beyond its own backorders (goods owed
  downstream are on order there already); when that is too little it is shared out in proportion to the requests.
- A location that orders on several lanes asks its preferred source first, within the lane's capacity (whole lots of it),
  and the next for the rest; where lanes share its orders, each for its share of the need, less what whole lots of the ones
  before it are too much. MOQ and lots are those of the lane.
- A location without a stock record counts as empty.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from echelon.core.replenish.quantities import ROUNDING, order_quantity, share_out, within_capacity

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
LANE_COLUMNS = ["moq", "lot_size", "review_period_days", "mean_days", "share", "capacity"]


def net_requirements(levels: pd.DataFrame, stock: pd.DataFrame, lanes: pd.DataFrame) -> pd.DataFrame:
    """One row per SKU, stocking point and lane that it orders on, ordered by SKU and point, the preferred lane first: the
    figures behind its orders and its exceptions.

    levels: LEVEL_COLUMNS, those of the table `stock_levels` and unit_cost (currency/unit); any number of whole SKUs.
    stock: sku, location and STOCK_COLUMNS (units); rows that have no level are left out.
    lanes: source, destination and LANE_COLUMNS of the lanes that are ordered on, preferred ones first (units, days; mean_days
    is the mean lead time; share of the destination's orders; capacity: most that is ordered today; both may be missing).

    Added to these, for the point: stock_known; asked_downstream (units asked of this point today); position; needed
    (base-stock level - position where an order is due, else 0). For the lane: wanted (its part of what is needed); requested
    (wanted, in lots and at least the MOQ, within the capacity); shipped (what the source sends of it); available (what the
    source can ship in all; missing for outside suppliers); asked_of_source (by all its locations together) and sharers
    (their number). `source` is that of the lane.

    Raises ValueError where a planned lane or a source inside the network is missing, or echelons do not ascend.
    """
    frame = _joined(levels, stock, lanes)
    parent = _parent_rows(frame, lanes)
    frame = _ask(frame, parent)
    return _ship(frame, parent)


def _joined(levels: pd.DataFrame, stock: pd.DataFrame, lanes: pd.DataFrame) -> pd.DataFrame:
    """Levels, stock and lane terms side by side, in a fixed order. Added: rank, 0 for the preferred lane of a point."""
    frame = levels[LEVEL_COLUMNS].merge(
        stock[["sku", "location", *STOCK_COLUMNS]], on=["sku", "location"], how="left", validate="one_to_one"
    )
    terms = lanes[["source", "destination", *LANE_COLUMNS]].rename(columns={"destination": "location"})
    terms = terms.assign(rank=terms.groupby("location").cumcount())
    frame = frame.rename(columns={"source": "planned"}).merge(terms, on="location", how="left")
    unknown = frame[frame["lot_size"].isna()]
    if len(unknown):
        lane = unknown.iloc[0]
        raise ValueError(f"no lane terms from {lane['planned']} to {lane['location']}")
    frame["stock_known"] = frame["on_hand"].notna()
    frame[STOCK_COLUMNS] = frame[STOCK_COLUMNS].astype("float64").fillna(0.0)
    return frame.drop(columns="planned").sort_values(["sku", "location", "rank"], ignore_index=True)


def _parent_rows(frame: pd.DataFrame, lanes: pd.DataFrame) -> Rows:
    """Row of each lane's source (of its preferred lane), -1 for outside suppliers: they have no level, and no lane leads to
    them or they supply echelon 1."""
    first = np.flatnonzero(frame["rank"].to_numpy() == 0)
    points = pd.MultiIndex.from_frame(frame.loc[first, ["sku", "location"]])
    place = points.get_indexer(pd.MultiIndex.from_frame(frame[["sku", "source"]]))
    parent = np.where(place >= 0, first[place], -1) if len(first) else place
    echelon = frame["echelon"].to_numpy()
    inside = (echelon > 1) & ((parent >= 0) | frame["source"].isin(lanes["destination"]).to_numpy())
    wrong = inside & ((parent < 0) | (echelon[parent] >= echelon))
    if wrong.any():
        point = frame.iloc[int(np.argmax(wrong))]
        raise ValueError(f"{point['sku']}: {point['source']}, source of {point['location']}, has no level upstream of it")
    return np.where(inside, parent, -1)


def _ask(frame: pd.DataFrame, parent: Rows) -> pd.DataFrame:
    """Add asked_downstream, position, needed, wanted and requested, bottom up."""
    values = {name: frame[name].to_numpy(dtype=np.float64) for name in (*STOCK_COLUMNS, *LANE_COLUMNS)}
    level = frame["base_stock_level"].to_numpy(dtype=np.float64)
    reorder_point = frame["reorder_point"].to_numpy(dtype=np.float64)
    echelon, rank = frame["echelon"].to_numpy(), frame["rank"].to_numpy()
    point = np.flatnonzero(rank == 0)[np.cumsum(rank == 0) - 1]  # the row of a point's preferred lane, for each of its lanes
    position = values["on_hand"] + values["on_order"] - values["backorders"]
    asked, needed, wanted, requested = (np.zeros_like(position) for _ in range(4))
    for number in sorted(set(echelon), reverse=True):
        at = np.flatnonzero(echelon == number)
        asked[at] = asked[point[at]]
        position[at] -= asked[at]
        due = position[at] <= reorder_point[at] + ROUNDING
        short = level[at] - position[at]
        needed[at] = np.where(due & (short > ROUNDING), short, 0.0)
        wanted[at], requested[at] = _over_lanes(needed[at], rank[at], {name: terms[at] for name, terms in values.items()})
        inside = at[parent[at] >= 0]
        np.add.at(asked, parent[inside], requested[inside])
    return frame.assign(asked_downstream=asked, position=position, needed=needed, wanted=wanted, requested=requested)


def _over_lanes(needed: Floats, rank: Rows, terms: dict[str, Floats]) -> tuple[Floats, Floats]:
    """What is wanted and what is asked on each lane; the lanes of a point follow each other, the preferred one first."""
    wanted, requested = np.zeros_like(needed), np.zeros_like(needed)
    share, capacity = np.nan_to_num(terms["share"], nan=1.0), np.nan_to_num(terms["capacity"], nan=np.inf)
    left = needed.copy()
    for number in range(int(rank.max(initial=-1)) + 1):
        at = np.flatnonzero(rank == number)
        if number:
            left[at] = np.maximum(left[at - 1] - requested[at - 1], 0.0)
        wanted[at] = np.minimum(needed[at] * share[at], np.where(left[at] > ROUNDING * needed[at], left[at], 0.0))
        moq, lot_size = terms["moq"][at], terms["lot_size"][at]
        requested[at] = within_capacity(order_quantity(wanted[at], moq, lot_size), capacity[at], moq, lot_size)
    return wanted, requested


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
