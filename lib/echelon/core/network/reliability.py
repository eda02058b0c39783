"""Reliability of lanes and suppliers: the share of deliveries on time and in full, shrunk where there are few.

A delivery is a hit when it was received by the promised day and not below the ordered quantity (OTIF). Of what is not
known (no promised day, or no quantities) only the other half counts; a delivery of which neither is known is left out.

score = (hits + k x share of the wider group) / (deliveries + k)

The mean of a beta posterior whose prior is worth k deliveries (Gelman et al., Bayesian Data Analysis, section 2.4). The
wider group of a lane is its source, by the source's own score; that of a source is all deliveries. k is
`LeadTimeRules.min_deliveries`.
"""

import pandas as pd

from echelon.core.network.deliveries import mean_of


def source_scores(known: pd.DataFrame, prior_deliveries: int) -> dict[str, float]:
    """Score (0 to 1) of every source with a delivery that tells. known: rows of `known_deliveries`."""
    everywhere = mean_of(known, "on_time_in_full")
    if everywhere is None:
        return {}
    groups = known.dropna(subset=["on_time_in_full"]).groupby("source", sort=True)
    return {str(source): shrunk_share(rows, everywhere, prior_deliveries) for source, rows in groups}


def shrunk_share(known: pd.DataFrame, prior: float, prior_deliveries: int) -> float:
    """(hits + prior_deliveries x prior) / (count + prior_deliveries). known: rows of `known_deliveries`; those that do not tell
    do not count."""
    judged = known.dropna(subset=["on_time_in_full"])
    hits, count = (judged["on_time_in_full"] * judged["deliveries"]).sum(), judged["deliveries"].sum()
    return float((hits + prior_deliveries * prior) / (count + prior_deliveries))
