"""What a set of deliveries says: promised against actual, lateness, quantity, and which of them were on time and in full."""

import datetime as dt
import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from echelon.core.network.outliers import implausible
from echelon.core.probability.pmf import Floats

_LANE = ["source", "destination"]
LEFT_OUT_COLUMNS = ["delivery", *_LANE, "sku", "order_date", "received_date", "quantity_received", "days", "usual_days"]
_ADDED = ["deliveries", "ordered", "filled"]
KNOWN = [*_LANE, "lane_days", "days", "promised_days", "lateness_days", "on_time", "on_time_in_full", *_ADDED]
PERFORMANCE = ["promised_days", "on_time_share", "mean_lateness_days", "p95_lateness_days", "quantity_fill"]


def known_deliveries(lanes: pd.DataFrame, deliveries: pd.DataFrame, received_before: dt.date | None = None) -> pd.DataFrame:
    """The deliveries of lanes that were received before a day (None: all), counted, in an order of its own; without those that
    took implausibly long. However many there are, the rows are few: as many as they differ.

    lanes: source, destination, lead_time_days. deliveries: source, destination, order_date, promised_date, received_date,
    quantity_ordered, quantity_received, with `received_date >= order_date`; may be empty. All deliveries of a lane must be
    among them, so that lanes may be counted apart.

    Columns KNOWN: source, destination, lane_days (the lane's promise), days (order to receipt), promised_days (order to
    promised day), lateness_days (received - promised; negative: early), on_time, on_time_in_full (1, 0), deliveries (how
    many), ordered and filled (units ordered, and of these received, over those that tell both). Days are whole. What is not
    known is missing; a day promised before the order, or implausibly long after it, says nothing.
    """
    if received_before is not None:
        deliveries = deliveries[pd.to_datetime(deliveries["received_date"]) < pd.Timestamp(received_before)]
    believed = _on_lanes(lanes, deliveries)
    believed = believed[~_implausible(believed, "received_date")]
    believed = believed.assign(promised_date=believed["promised_date"].mask(_implausible(believed, "promised_date")))
    return _counted(believed[[*_LANE, "lane_days"]].join(_measures(believed)))


def _counted(measured: pd.DataFrame) -> pd.DataFrame:
    """Deliveries that are alike in one row. Sorted before they are added up: sums must not depend on the order of rows."""
    alike = [name for name in KNOWN if name not in _ADDED]
    groups = measured.assign(deliveries=1).sort_values([*alike, "ordered", "filled"]).groupby(alike, dropna=False)
    return groups[_ADDED].sum(min_count=1).reset_index()[KNOWN]


def left_out_deliveries(lanes: pd.DataFrame, deliveries: pd.DataFrame) -> pd.DataFrame:
    """The deliveries that `known_deliveries` does not believe, with LEFT_OUT_COLUMNS; arguments as there, and delivery, sku.

    days: order to receipt; usual_days: median of the lane's other deliveries, the lane's promise where there are none.
    """
    known = _on_lanes(lanes, deliveries)
    days = _days_after_order(known, "received_date")
    wrong = _implausible(known, "received_date")
    usual = days[~wrong].groupby([known["source"], known["destination"]]).median().rename("usual_days").reset_index()
    left_out = known.assign(days=days)[wrong].merge(usual, on=_LANE, how="left")
    return left_out.assign(usual_days=left_out["usual_days"].fillna(left_out["lane_days"]))[LEFT_OUT_COLUMNS]


def _on_lanes(lanes: pd.DataFrame, deliveries: pd.DataFrame) -> pd.DataFrame:
    """The deliveries of known lanes with `lane_days`."""
    return deliveries.merge(lanes[[*_LANE, "lead_time_days"]].rename(columns={"lead_time_days": "lane_days"}), on=_LANE)


def _implausible(deliveries: pd.DataFrame, end: str) -> "pd.Series[bool]":
    """Which deliveries are implausibly far from their order to their date `end`, by lane."""
    days = _days_after_order(deliveries, end)
    wrong = pd.Series(data=False, index=deliveries.index)
    for _, days_of_lane in days[days >= 0].groupby([deliveries["source"], deliveries["destination"]]):
        promise = deliveries["lane_days"].loc[days_of_lane.index[0]]
        wrong[days_of_lane.index] = implausible(np.asarray(days_of_lane, dtype=np.float64), promise)
    return wrong


def _days_after_order(deliveries: pd.DataFrame, end: str) -> "pd.Series[float]":
    return _days(pd.to_datetime(deliveries[end]) - pd.to_datetime(deliveries["order_date"]))


def _measures(deliveries: pd.DataFrame) -> pd.DataFrame:
    ordered, promised, received = (pd.to_datetime(deliveries[f"{name}_date"]) for name in ("order", "promised", "received"))
    promised = promised.where(promised >= ordered)
    late = _days(received - promised)
    asked, came = (deliveries[f"quantity_{name}"].astype("float64") for name in ("ordered", "received"))
    on_time = (late <= 0).astype("float64").where(late.notna())
    in_full = (came >= asked).astype("float64").where((asked > 0) & came.notna())
    return pd.DataFrame(
        {
            "days": _days(received - ordered).astype("int64"),
            "promised_days": _days(promised - ordered),
            "lateness_days": late,
            "on_time": on_time,
            # what is not known does not count against a delivery
            "on_time_in_full": pd.concat([on_time, in_full], axis=1).min(axis=1),
            # what came beyond an order does not make up for another one
            "ordered": asked.where(came.notna()),
            "filled": pd.concat([asked, came], axis=1).min(axis=1, skipna=False),
        }
    )


def _days(span: "pd.Series[pd.Timedelta]") -> "pd.Series[float]":
    return span.dt.days.astype("float64")


def performance(known: pd.DataFrame) -> dict[str, float | None]:
    """The columns PERFORMANCE of rows of `known_deliveries`; None where none of them tells."""
    late = known.dropna(subset=["lateness_days"]).sort_values("lateness_days")
    return {
        "promised_days": mean_of(known, "promised_days"),
        "on_time_share": mean_of(known, "on_time"),
        "mean_lateness_days": mean_of(known, "lateness_days"),
        "p95_lateness_days": _p95(late["lateness_days"].to_numpy(), late["deliveries"].to_numpy()) if len(late) else None,
        "quantity_fill": _quantity_fill(known),
    }


def mean_of(known: pd.DataFrame, column: str) -> float | None:
    """Mean over the deliveries of `known_deliveries` that tell; None where none does."""
    told = known.dropna(subset=[column])
    count = int(told["deliveries"].sum())
    return float((told[column] * told["deliveries"]).sum() / count) if count else None


def _p95(ascending: Floats, deliveries: NDArray[np.int64]) -> float:
    up_to = np.cumsum(deliveries)
    return float(ascending[np.searchsorted(up_to, math.ceil(0.95 * up_to[-1]))])


def _quantity_fill(known: pd.DataFrame) -> float | None:
    """Share of the ordered units that came."""
    ordered = known["ordered"].sum()
    return float(known["filled"].sum() / ordered) if ordered > 0 else None
