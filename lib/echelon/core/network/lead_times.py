"""Lead-time distributions per lane: learned from its deliveries, borrowed from its supplier, or assumed from its promise.

A distribution is a probability mass function on whole days from order to receipt.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from echelon.core.network.deliveries import PERFORMANCE, performance
from echelon.core.network.reliability import shrunk_share, source_scores
from echelon.core.probability.pmf import Floats, gamma_pmf, learned_pmf, quantile


@dataclass(frozen=True)
class LeadTimeRules:
    """When and how far deliveries are believed.

    min_deliveries: a lane with fewer deliveries borrows from its supplier (at least 1). What is borrowed, and the
        supplier's reliability behind a lane's, weigh as much as this many deliveries.
    smoothing: the smooth part weighs as much as this many deliveries.
    """

    min_deliveries: int = 8
    smoothing: float = 10.0


def lead_times(lanes: pd.DataFrame, known: pd.DataFrame, rules: LeadTimeRules | None = None) -> pd.DataFrame:
    """The table `lead_times`: one row per lane, ordered by source and destination.

    lanes: source, destination, lead_time_days, lead_time_sd_days (days).
    known: deliveries, as `known_deliveries` counts them. Outliers are kept: they happened, and stock has to live with them.
        Of those received before a day, orders that were on their way on it are missing, slow ones more often than quick ones:
        a bias of about one lead time in the length of the history.
    """
    rules = rules or LeadTimeRules()
    known = known.sort_values(list(known.columns), ignore_index=True)
    scores = source_scores(known, rules.min_deliveries)
    of_source = {str(source): group for source, group in known.groupby("source")}
    rows = []
    for _, lane in lanes.sort_values(["source", "destination"]).iterrows():
        source, destination = str(lane["source"]), str(lane["destination"])
        group = of_source.get(source, known.iloc[:0])
        rows.append({"source": source, "destination": destination} | _row(group, lane, rules, scores.get(source)))
    return pd.DataFrame(rows, columns=_COLUMNS)


def carried_over(deliveries: pd.DataFrame, promise: float) -> Floats:
    """Lead times (days) that deliveries of other lanes mean for a lane with this promise (above 0 days), in their order.

    A delivery that took `days` on a lane with the promise `lane_days` slipped by their difference. The slip goes to a
    lane with a longer promise as it is, and to a shorter one in proportion: no slip grows on its way, none turns a lead
    time negative, and a lane with the same promise gets the days themselves.
    """
    slip = (deliveries["days"] - deliveries["lane_days"]).to_numpy(dtype=np.float64)
    theirs = deliveries["lane_days"].to_numpy(dtype=np.float64)
    return np.asarray(np.maximum(promise + slip * promise / np.maximum(theirs, promise), 0.0))


_COLUMNS = [
    "source",
    "destination",
    "basis",
    "deliveries",
    "mean_days",
    "sd_days",
    "median_days",
    "p95_days",
    *PERFORMANCE,
    "reliability",
    "days",
    "probability",
]


def _row(group: pd.DataFrame, lane: "pd.Series[float]", rules: LeadTimeRules, score: float | None) -> dict[str, object]:
    """The columns of one lane after source and destination. group: deliveries of its source; score: the source's."""
    same_lane = group["destination"] == lane["destination"]
    own = group[same_lane]
    basis, pmf = _distribution(own, group[~same_lane], lane, rules)
    reliability = None if score is None else shrunk_share(own, score, rules.min_deliveries)
    described: dict[str, object] = {"basis": basis, "deliveries": int(own["deliveries"].sum()), "reliability": reliability}
    return described | performance(own) | _moments(pmf)


def _distribution(
    own: pd.DataFrame, others: pd.DataFrame, lane: "pd.Series[float]", rules: LeadTimeRules
) -> tuple[str, Floats]:
    """What the distribution rests on, and the distribution.

    Own deliveries count one each; all borrowed ones together as much as `min_deliveries`, but none more than one: the
    credibility n / (n + k) of n own deliveries (Buhlmann 1967; Klugman, Panjer and Willmot, Loss Models, chapter 20),
    with k given instead of estimated.
    """
    of_own, of_others = (rows["deliveries"].to_numpy(dtype=np.int64) for rows in (own, others))
    days = own["days"].to_numpy(dtype=np.int64)
    promise = float(lane["lead_time_days"])
    if of_own.sum() >= rules.min_deliveries:
        return "deliveries", learned_pmf(days, rules.smoothing, counts=of_own)
    if of_own.sum() + of_others.sum() < rules.min_deliveries or promise <= 0:
        return "promise", gamma_pmf(promise, float(lane["lead_time_sd_days"]))
    weight = min(1.0, rules.min_deliveries / of_others.sum())
    weights = np.concatenate([np.ones(days.size), np.full(of_others.size, weight)])
    counts = np.concatenate([of_own, of_others])
    return "supplier", learned_pmf(np.concatenate([days, carried_over(others, promise)]), rules.smoothing, weights, counts)


def _moments(pmf: Floats) -> dict[str, object]:
    days = np.flatnonzero(pmf)
    probability = pmf[days] / pmf.sum()
    mean = float(days @ probability)
    return {
        "mean_days": mean,
        "sd_days": float(np.sqrt((days - mean) ** 2 @ probability)),
        "median_days": quantile(days, probability, 0.5),
        "p95_days": quantile(days, probability, 0.95),
        "days": days.astype(np.int32),
        "probability": probability,
    }
