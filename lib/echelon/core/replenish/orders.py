"""Purchase orders and transfers, from net requirements."""

import datetime as dt
from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd

from echelon.core.replenish.quantities import ROUNDING
from echelon.core.replenish.wording import figure, units

Row = dict[Hashable, Any]
"""One row of net requirements, by column."""

ORDER_COLUMNS = [
    "kind",
    "sku",
    "source",
    "destination",
    "quantity",
    "needed",
    "available",
    "order_date",
    "expected_date",
    "value",
    "reason",
]


def order_table(requirements: pd.DataFrame, run_date: dt.date) -> pd.DataFrame:
    """The table `orders`: one row per SKU and lane on which something is ordered today, by SKU and destination.

    requirements: what `net_requirements` returns. run_date: the day of the orders. The expected date is the run date +
    the mean lead time, to the nearest whole day. Where the source can ship nothing there is no order.
    """
    placed = requirements[requirements["shipped"] > 0]
    days = np.floor(placed["mean_days"].to_numpy(dtype=np.float64) + 0.5)
    table = pd.DataFrame(
        {
            "kind": np.where(placed["available"].isna(), "purchase", "transfer"),
            "sku": placed["sku"],
            "source": placed["source"],
            "destination": placed["location"],
            "quantity": placed["shipped"],
            "needed": placed["needed"],
            "available": placed["available"],
            "order_date": run_date,
            "expected_date": [run_date + dt.timedelta(days=int(day)) for day in days],
            "value": placed["shipped"] * placed["unit_cost"],
            "reason": [_reason(row) for row in placed.to_dict("records")],
        },
        columns=ORDER_COLUMNS,
    )
    return table.reset_index(drop=True)


def _reason(row: Row) -> str:
    """Why this quantity, in words."""
    return " ".join(part for part in (_position(row), _part(row), _rounding(row), _shortage(row)) if part)


def _position(row: Row) -> str:
    stock = f"{figure(row['on_hand'])} on hand" if row["stock_known"] else "no stock record, counted as 0"
    terms = [f"{stock} + {figure(row['on_order'])} on order"]
    if row["backorders"] > 0:
        terms.append(f"{figure(row['backorders'])} owed")
    if row["asked_downstream"] > 0:
        terms.append(f"{figure(row['asked_downstream'])} asked for downstream today")
    return (
        f"Inventory position {figure(row['position'])} ({' - '.join(terms)}) is not above the reorder point "
        f"{figure(row['reorder_point'])}: {units(row['needed'])} up to the base-stock level "
        f"{figure(row['base_stock_level'])}."
    )


def _part(row: Row) -> str:
    """What of the need is for this lane, where others have a part in it."""
    if row["wanted"] >= row["needed"] * (1 - ROUNDING):
        return ""
    why: str = "beyond what preferred sources take" if pd.isna(row["share"]) else f"share {row['share']:.0%}"
    return f"From {row['source']}: {figure(row['wanted'])} of it ({why})."


def _rounding(row: Row) -> str:
    """How the need became the quantity asked for; nothing where they are the same."""
    if row["requested"] < row["wanted"] * (1 - ROUNDING):
        return f"Asked for: {figure(row['requested'])}, as much as the lane's capacity of {figure(row['capacity'])} takes."
    if row["requested"] <= row["wanted"] * (1 + ROUNDING):
        return ""
    raised = f"raised to the MOQ of {figure(row['moq'])}" if row["moq"] > row["wanted"] else ""
    lots = f"whole lots of {figure(row['lot_size'])}" if row["requested"] > max(row["wanted"], row["moq"]) else ""
    how = f"{raised}, {lots}" if raised and lots else raised or f"in {lots}"
    return f"Asked for: {figure(row['requested'])}, {how}."


def _shortage(row: Row) -> str:
    if row["shipped"] >= row["requested"]:
        return ""
    others = "" if row["sharers"] == 1 else f" by {figure(row['sharers'])} locations"
    return (
        f"{row['source']} can ship {figure(row['available'])} of {figure(row['asked_of_source'])} asked for{others}: "
        f"{figure(row['shipped'])} go here."
    )
