"""What a set of deliveries says: promised against actual, lateness, quantity, and which of them were on time and in full."""

import datetime as dt

import numpy as np
import pandas as pd

from echelon.core.network.outliers import implausible

_LANE = ["source", "destination"]
LEFT_OUT_COLUMNS = ["delivery", *_LANE, "sku", "order_date", "received_date", "quantity_received", "days", "usual_days"]
PERFORMANCE = ["promised_days", "on_time_share", "mean_lateness_days", "p95_lateness_days", "quantity_fill"]


def known_deliveries(lanes: pd.DataFrame, deliveries: pd.DataFrame, received_before: dt.date | None = None) -> pd.DataFrame:
    """One row per delivery of a lane that was received before a day (None: all), in an order of its own; without those that
    took implausibly long.

    lanes: source, destination, lead_time_days. deliveries: source, destination, order_date, promised_date, received_date,
    quantity_ordered, quantity_received, with `received_date >= order_date`; may be empty.

    Columns: source, destination, lane_days (the lane's promise), days (order to receipt), promised_days (order to promised
    day), lateness_days (received - promised; negative: early), on_time, on_time_in_full (1, 0), quantity_ordered,
    quantity_received. Days are whole. What is not known is missing; a day promised before the order, or implausibly long
    after it, says nothing.
    """
    if received_before is not None:
        deliveries = deliveries[pd.to_datetime(deliveries["received_date"]) < pd.Timestamp(received_before)]
    believed = _on_lanes(lanes, deliveries)
    believed = believed[~_implausible(believed, "received_date")]
    believed = believed.assign(promised_date=believed["promised_date"].mask(_implausible(believed, "promised_date")))
    measured = believed[[*_LANE]].join(_measures(believed)).assign(lane_days=believed["lane_days"])
    return measured.sort_values(list(measured.columns), ignore_index=True)


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
            "quantity_ordered": asked,
            "quantity_received": came,
        }
    )


def _days(span: "pd.Series[pd.Timedelta]") -> "pd.Series[float]":
    return span.dt.days.astype("float64")


def performance(deliveries: pd.DataFrame) -> dict[str, float | None]:
    """The columns PERFORMANCE of rows of `known_deliveries`; None where none of them tells."""
    late = np.sort(deliveries["lateness_days"].dropna().to_numpy())
    return {
        "promised_days": _mean(deliveries["promised_days"]),
        "on_time_share": _mean(deliveries["on_time"]),
        "mean_lateness_days": float(late.mean()) if late.size else None,
        "p95_lateness_days": float(late[int(np.ceil(0.95 * late.size)) - 1]) if late.size else None,
        "quantity_fill": _quantity_fill(deliveries),
    }


def _mean(values: "pd.Series[float]") -> float | None:
    mean = values.mean()
    return None if np.isnan(mean) else float(mean)


def _quantity_fill(deliveries: pd.DataFrame) -> float | None:
    """Share of the ordered units that came; what came beyond an order does not make up for another one."""
    both = deliveries[["quantity_ordered", "quantity_received"]].dropna()
    ordered = both["quantity_ordered"].sum()
    return float(both.min(axis=1).sum() / ordered) if ordered > 0 else None
