"""Exceptions: what a planner should look at, from net requirements."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from echelon.core.replenish.quantities import ROUNDING
from echelon.core.replenish.wording import figure, units

Row = dict[Hashable, Any]
"""One row of net requirements, by column."""

EXCEPTION_COLUMNS = ["kind", "severity", "sku", "location", "quantity", "value", "detail"]


@dataclass(frozen=True)
class ExceptionLimits:
    """From where on something is an exception.

    overstock_factor: the inventory position is more than this many times the base-stock level.
    order_factor: MOQ or lots make the order more than this many times the need.
    long_cover_days: stock or an order that lasts longer than this is more than a trifle.
    standard_errors: a fill rate counts as below its target when it is by more than this many standard errors.
    """

    overstock_factor: float = 2.0
    order_factor: float = 2.0
    long_cover_days: float = 180.0
    standard_errors: float = 2.0


def exception_table(
    requirements: pd.DataFrame, limits: ExceptionLimits | None = None, stock_given: bool = True
) -> pd.DataFrame:
    """The table `exceptions`, worst first by value; at most one of a kind per SKU and location.

    requirements: what `net_requirements` returns. stock_given: without, nothing is known of any stock, and only what is true
    of the levels is told (target_missed, fallback).

    - stock_out: nothing on hand where stock is planned and demand expected. Quantity: demand over lead time and review
      + backorders. High without an order on its way or with backorders, low under one unit.
    - shortage: the source cannot ship all that is asked for. Quantity: what it lacks. High with nothing on hand.
    - overstock: inventory position above `overstock_factor` x base-stock level and by more than one lot. Quantity: the
      excess. Medium where that lasts longer than `long_cover_days`, else low.
    - target_missed: expected fill rate below the target by more than `standard_errors`. Quantity: demand over lead
      time and review x gap. High from 5 points on, medium from 2.
    - moq_excess: MOQ or lot makes the order more than `order_factor` x the need, and the surplus outlasts lead time and
      review. Quantity: the surplus. Medium where it lasts longer than `long_cover_days`, else low.
    - fallback: levels that do not come from the simulation. Quantity: base-stock level. Medium.
    - no_stock_record: stock unknown, counted as 0. Quantity: base-stock level. Medium, low where no stock is planned.
    """
    limits = limits or ExceptionLimits()
    frame = _with_cover(_points(requirements))
    by_kind = [find(frame, limits) for find in (_FINDERS if stock_given else _OF_LEVELS)]
    rows = pd.concat([part for part in by_kind if len(part)] or by_kind[:1])
    return rows.sort_values(["value", "kind", "sku", "location"], ascending=[False, True, True, True], ignore_index=True)


def _points(requirements: pd.DataFrame) -> pd.DataFrame:
    """One row per point: requested and shipped on all its lanes; what is told of a source is of the lane that lacks most."""
    keys = ["sku", "location"]
    lacking = (requirements["shipped"] - requirements["requested"]).rename("lacking")
    worst = requirements.assign(lacking=lacking).sort_values([*keys, "lacking", "rank"], ignore_index=True)
    rows = worst.drop_duplicates(keys, ignore_index=True).drop(columns="lacking")
    sums = requirements.groupby(keys, sort=True)[["requested", "shipped"]].sum()
    return rows.assign(requested=sums["requested"].to_numpy(), shipped=sums["shipped"].to_numpy())


def _with_cover(requirements: pd.DataFrame) -> pd.DataFrame:
    """Add protected_days (lead time + review period) and daily_demand over them."""
    days = requirements["mean_days"] + requirements["review_period_days"]
    return requirements.assign(protected_days=days, daily_demand=requirements["lead_time_demand"] / days)


def _stock_outs(frame: pd.DataFrame, _: ExceptionLimits) -> pd.DataFrame:
    planned = (frame["base_stock_level"] > 0) & (frame["lead_time_demand"] > 0)
    rows = frame[frame["stock_known"] & (frame["on_hand"] <= 0) & planned]
    quantity = rows["lead_time_demand"] + rows["backorders"]
    urgent = (rows["on_order"] <= 0) | (rows["backorders"] > 0)
    severity = np.select([quantity < 1, urgent], ["low", "high"], "medium")
    return _table("stock_out", rows, quantity, severity, _stock_out_detail)


def _stock_out_detail(row: Row) -> str:
    owed = f", {figure(row['backorders'])} owed" if row["backorders"] > 0 else ""
    return (
        f"Nothing on hand{owed}, {figure(row['on_order'])} on order, {figure(row['shipped'])} ordered today. "
        f"Demand over lead time and review ({figure(row['protected_days'])} days): {units(row['lead_time_demand'])}."
    )


def _shortages(frame: pd.DataFrame, _: ExceptionLimits) -> pd.DataFrame:
    rows = frame[frame["shipped"] < frame["requested"] * (1 - ROUNDING)]
    severity = np.where(rows["on_hand"] <= 0, "high", "medium")
    return _table("shortage", rows, rows["requested"] - rows["shipped"], severity, _shortage_detail)


def _shortage_detail(row: Row) -> str:
    return (
        f"{row['source']} has {figure(row['available'])} to ship and is asked for {figure(row['asked_of_source'])} by "
        f"{figure(row['sharers'])} location(s); {figure(row['shipped'])} of {figure(row['requested'])} come here, "
        f"where {figure(row['on_hand'])} are on hand."
    )


def _overstocks(frame: pd.DataFrame, limits: ExceptionLimits) -> pd.DataFrame:
    frame = frame.assign(excess=frame["position"] - frame["base_stock_level"])
    far = frame["position"] > limits.overstock_factor * frame["base_stock_level"]
    rows = frame[far & (frame["excess"] > frame["lot_size"])]
    severity = _by_cover(rows, rows["excess"], limits)
    return _table("overstock", rows, rows["excess"], severity, _overstock_detail)


def _overstock_detail(row: Row) -> str:
    return (
        f"Inventory position {figure(row['position'])} against a base-stock level of "
        f"{figure(row['base_stock_level'])}; the excess {_lasts(row['excess'], row)}."
    )


def _missed_targets(frame: pd.DataFrame, limits: ExceptionLimits) -> pd.DataFrame:
    rates = frame[["target_fill_rate", "customer_fill_rate", "customer_fill_rate_se"]].astype("float64")
    frame = frame.assign(gap=rates["target_fill_rate"] - rates["customer_fill_rate"])
    rows = frame[frame["gap"] > limits.standard_errors * rates["customer_fill_rate_se"].fillna(0.0) + ROUNDING]
    severity = np.select([rows["gap"] >= 0.05, rows["gap"] >= 0.02], ["high", "medium"], "low")
    return _table("target_missed", rows, rows["gap"] * rows["lead_time_demand"], severity, _target_detail)


def _target_detail(row: Row) -> str:
    error: str = "" if pd.isna(row["customer_fill_rate_se"]) else f" (standard error {row['customer_fill_rate_se']:.2%})"
    return f"Expected fill rate {row['customer_fill_rate']:.1%}{error} against a target of {row['target_fill_rate']:.1%}."


def _large_orders(frame: pd.DataFrame, limits: ExceptionLimits) -> pd.DataFrame:
    frame = frame.assign(surplus=frame["shipped"] - frame["needed"])
    far = frame["shipped"] > limits.order_factor * frame["needed"]
    rows = frame[(frame["needed"] > 0) & far & (frame["surplus"] > frame["lead_time_demand"])]
    return _table("moq_excess", rows, rows["surplus"], _by_cover(rows, rows["surplus"], limits), _moq_detail)


def _moq_detail(row: Row) -> str:
    return (
        f"{units(row['needed'])} needed, {figure(row['shipped'])} ordered: MOQ {figure(row['moq'])}, "
        f"lots of {figure(row['lot_size'])}; the surplus {_lasts(row['surplus'], row)}."
    )


def _fallbacks(frame: pd.DataFrame, _: ExceptionLimits) -> pd.DataFrame:
    rows = frame[frame["status"] != "ok"]
    severity = np.full(len(rows), "medium")
    return _table("fallback", rows, rows["base_stock_level"], severity, lambda row: f"Stand-in: {row['status']}")


def _unknown_stock(frame: pd.DataFrame, _: ExceptionLimits) -> pd.DataFrame:
    rows = frame[~frame["stock_known"]]
    severity = np.where(rows["base_stock_level"] > 0, "medium", "low")
    return _table("no_stock_record", rows, rows["base_stock_level"], severity, _unknown_detail)


def _unknown_detail(row: Row) -> str:
    return (
        f"Stock is unknown and counted as 0: base-stock level {figure(row['base_stock_level'])}, "
        f"{figure(row['shipped'])} ordered today."
    )


def _by_cover(rows: pd.DataFrame, quantity: "pd.Series[float]", limits: ExceptionLimits) -> NDArray[np.str_]:
    """medium where the quantity lasts longer than long_cover_days, low otherwise."""
    return np.where(quantity > limits.long_cover_days * rows["daily_demand"], "medium", "low")


def _lasts(quantity: float, row: Row) -> str:
    """How long a quantity lasts at the expected demand, in words."""
    daily = row["daily_demand"]
    return f"would last {figure(round(quantity / daily))} days" if daily > 0 else "meets no demand"


def _table(
    kind: str,
    rows: pd.DataFrame,
    quantity: "pd.Series[float]",
    severity: NDArray[np.str_],
    detail: Callable[[Row], str],
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "kind": kind,
            "severity": severity,
            "sku": rows["sku"],
            "location": rows["location"],
            "quantity": quantity,
            "value": quantity * rows["unit_cost"],
            "detail": [detail(row) for row in rows.to_dict("records")],
        },
        columns=EXCEPTION_COLUMNS,
    )


_FINDERS = (_stock_outs, _shortages, _overstocks, _missed_targets, _large_orders, _fallbacks, _unknown_stock)
_OF_LEVELS = (_missed_targets, _fallbacks)
