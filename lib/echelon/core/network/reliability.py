"""Reliability of lanes and suppliers: the share of deliveries on time and in full, shrunk where there are few.

A delivery is a hit when it was received by the promised day and not below the ordered quantity (OTIF). Of what is not
known (no promised day, or no quantities) only the other half counts; a delivery of which neither is known is left out.

score = (hits + k x share of the wider group) / (deliveries + k)

The mean of a beta posterior whose prior is worth k deliveries (Gelman et al., Bayesian Data Analysis, section 2.4). The
wider group of a lane is its source, by the source's own score; that of a source is all deliveries. k is
`LeadTimeRules.min_deliveries`.
"""

import pandas as pd


def source_scores(known: pd.DataFrame, prior_deliveries: int) -> dict[str, float]:
    """Score (0 to 1) of every source with a delivery that tells. known: rows of `known_deliveries`."""
    judged = known.dropna(subset=["on_time_in_full"])
    everywhere = float(judged["on_time_in_full"].mean())
    groups = judged.groupby("source", sort=True)["on_time_in_full"]
    return {str(source): shrunk_share(hits, everywhere, prior_deliveries) for source, hits in groups}


def shrunk_share(hits: "pd.Series[float]", prior: float, prior_deliveries: int) -> float:
    """(hits + prior_deliveries x prior) / (count + prior_deliveries). hits: 1, 0 or missing (not counted)."""
    judged = hits.dropna()
    return float((judged.sum() + prior_deliveries * prior) / (len(judged) + prior_deliveries))
