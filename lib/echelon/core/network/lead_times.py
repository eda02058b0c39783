"""Lead-time distributions per lane: learned from deliveries, or assumed from the lane's promise.

A distribution is a probability mass function on whole days from order to receipt.
"""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import gammaincc, gammainccinv

Floats = NDArray[np.float64]

TAIL = 1e-6
"""Probability beyond the support of a gamma; small against what simulation can see."""


@dataclass(frozen=True)
class LeadTimeRules:
    """When and how far deliveries are believed.

    min_deliveries: a lane with fewer deliveries is planned by its promise.
    smoothing: the smooth part weighs as much as this many deliveries.
    """

    min_deliveries: int = 8
    smoothing: float = 10.0


def lead_times(
    lanes: pd.DataFrame,
    deliveries: pd.DataFrame,
    rules: LeadTimeRules | None = None,
    received_before: dt.date | None = None,
) -> pd.DataFrame:
    """The table `lead_times`: one row per lane, ordered by source and destination.

    lanes: source, destination, lead_time_days, lead_time_sd_days (days).
    deliveries: source, destination, order_date, promised_date, received_date, quantity_ordered, quantity_received, with
        `received_date >= order_date`; may be empty. Outliers are kept: they happened, and stock has to live with them.
    received_before: forget what was received on or after this day (no look-ahead in a replay). Orders that were on
        their way on that day are then missing, slow ones more often than quick ones: a bias of about one lead time in
        the length of the history.

    Deliveries of lanes that are not in `lanes` are ignored.
    """
    rules = rules or LeadTimeRules()
    history = _history(deliveries, received_before)
    rows = []
    for _, lane in lanes.sort_values(["source", "destination"]).iterrows():
        source, destination = str(lane["source"]), str(lane["destination"])
        own = history.get((source, destination), _NO_DELIVERIES)
        rows.append({"source": source, "destination": destination} | _row(own, lane, rules))
    return pd.DataFrame(rows, columns=_COLUMNS)


def learned_pmf(days: NDArray[np.int64], smoothing: float) -> Floats:
    """Probability of 0, 1, 2, ... days: the observed frequencies mixed with a gamma of the same mean and variance.

    The frequencies of n deliveries weigh n / (n + smoothing). The mixture keeps the sample's mean, and its variance as
    far as whole days allow; the gamma fills the gaps between few observations and gives them a tail.
    """
    spread = float(days.std(ddof=1)) if days.size > 1 else 0.0
    smooth = gamma_pmf(float(days.mean()), spread)
    pmf = np.zeros(max(int(days.max()) + 1, smooth.size))
    weight = days.size / (days.size + smoothing)
    pmf[: smooth.size] = (1 - weight) * smooth
    pmf += weight * np.bincount(days, minlength=pmf.size) / days.size
    return pmf


def gamma_pmf(mean: float, sd: float) -> Floats:
    """Probability of 0, 1, 2, ... days of a gamma variable spread over whole days so that the mean stays exact.

    Each value is shared between the whole days below and above it, nearer ones more: local moment matching of order 1
    (Gerber 1982; Klugman, Panjer and Willmot, Loss Models, section 9.6.5). That adds 1/6 to the variance on average,
    which is taken off beforehand, as far as there is any. Without spread: the mean, between the days beside it.
    """
    if mean <= 0:
        return np.ones(1)
    variance = max(sd**2 - 1 / 6, 0.0)
    longest = mean if variance == 0 else variance / mean * gammainccinv(mean**2 / variance, TAIL)
    last = int(np.ceil(longest)) + 1
    excess = _expected_excess(mean, variance, np.arange(-1.0, last + 2))
    pmf = np.maximum(excess[:-2] - 2 * excess[1:-1] + excess[2:], 0.0)
    return np.trim_zeros(pmf / pmf.sum(), "b")


def _expected_excess(mean: float, variance: float, x: Floats) -> Floats:
    """E[(X - x)+] of a gamma X with this mean and variance (X = mean where the variance is 0)."""
    if variance == 0:
        return np.maximum(mean - x, 0.0)
    shape, scale = mean**2 / variance, variance / mean
    above = np.maximum(x, 0.0)
    excess = mean * gammaincc(shape + 1, above / scale) - above * gammaincc(shape, above / scale)
    return np.asarray(excess + np.maximum(-x, 0.0), dtype=np.float64)


_COLUMNS = [
    "source",
    "destination",
    "basis",
    "deliveries",
    "mean_days",
    "sd_days",
    "median_days",
    "p95_days",
    "on_time_share",
    "quantity_fill",
    "days",
    "probability",
]
_NO_DELIVERIES = pd.DataFrame(
    {"days": pd.Series(dtype="int64"), "on_time": [], "quantity_ordered": [], "quantity_received": []}
)


def _history(deliveries: pd.DataFrame, received_before: dt.date | None) -> dict[tuple[str, str], pd.DataFrame]:
    """Deliveries by lane, with their lead time in days and whether they came by the promised day (1, 0 or missing)."""
    received = pd.to_datetime(deliveries["received_date"])
    promised = pd.to_datetime(deliveries["promised_date"])
    known = deliveries.assign(
        days=(received - pd.to_datetime(deliveries["order_date"])).dt.days,
        on_time=(received <= promised).astype("float64").where(promised.notna()),
    )
    if received_before is not None:
        known = known[received < pd.Timestamp(received_before)]
    lanes = known.groupby(["source", "destination"], sort=True)
    return {(str(source), str(destination)): group for (source, destination), group in lanes}


def _row(deliveries: pd.DataFrame, lane: "pd.Series[float]", rules: LeadTimeRules) -> dict[str, object]:
    """The columns of one lane after source and destination."""
    count = len(deliveries)
    learned = count >= max(rules.min_deliveries, 1)
    if learned:
        pmf = learned_pmf(deliveries["days"].to_numpy(dtype=np.int64), rules.smoothing)
    else:
        pmf = gamma_pmf(float(lane["lead_time_days"]), float(lane["lead_time_sd_days"]))
    days = np.flatnonzero(pmf)
    probability = pmf[days] / pmf.sum()
    mean = float(days @ probability)
    return {
        "basis": "deliveries" if learned else "promise",
        "deliveries": count,
        "mean_days": mean,
        "sd_days": float(np.sqrt((days - mean) ** 2 @ probability)),
        "median_days": _quantile(days, probability, 0.5),
        "p95_days": _quantile(days, probability, 0.95),
        "on_time_share": _none_if_nan(deliveries["on_time"].mean()),
        "quantity_fill": _quantity_fill(deliveries),
        "days": days.astype(np.int32),
        "probability": probability,
    }


def _quantile(days: NDArray[np.int64], probability: Floats, level: float) -> float:
    """The smallest day by which at least `level` of the lead times have ended."""
    return float(days[np.searchsorted(np.cumsum(probability), level - 1e-12)])


def _quantity_fill(deliveries: pd.DataFrame) -> float | None:
    """Share of the ordered units that came; what came beyond an order does not make up for another one."""
    both = deliveries[["quantity_ordered", "quantity_received"]].astype("float64").dropna()
    ordered = both["quantity_ordered"].sum()
    return float(both.min(axis=1).sum() / ordered) if ordered > 0 else None


def _none_if_nan(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
