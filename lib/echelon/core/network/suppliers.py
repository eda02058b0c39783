"""Suppliers: what all deliveries of a source say, over all its lanes."""

import math

import pandas as pd

from echelon.core.network.deliveries import PERFORMANCE, mean_of, performance
from echelon.core.network.lead_times import LeadTimeRules
from echelon.core.network.reliability import source_scores

_COLUMNS = ["source", "lanes", "deliveries", "enough_data", "mean_days", "sd_days", *PERFORMANCE, "reliability"]


def suppliers(lanes: pd.DataFrame, known: pd.DataFrame, rules: LeadTimeRules | None = None) -> pd.DataFrame:
    """The table `suppliers`: one row per source of a lane, ordered by source. Arguments: as `lead_times` takes them.

    mean_days and sd_days (n - 1 in the denominator) are those of the deliveries themselves, over lanes of any length.
    """
    rules = rules or LeadTimeRules()
    scores = source_scores(known, rules.min_deliveries)
    of_source = {str(source): group for source, group in known.groupby("source")}
    rows = []
    for source, own in lanes.groupby("source", sort=True):
        group = of_source.get(str(source), known.iloc[:0])
        about: dict[str, object] = {
            "source": str(source),
            "lanes": len(own),
            "reliability": scores.get(str(source)),
        }
        rows.append(about | _lead_time(group, rules) | performance(group))
    return pd.DataFrame(rows, columns=_COLUMNS)


def _lead_time(known: pd.DataFrame, rules: LeadTimeRules) -> dict[str, object]:
    count, mean = int(known["deliveries"].sum()), mean_of(known, "days")
    squares = 0.0 if mean is None else float(((known["days"] - mean) ** 2 * known["deliveries"]).sum())
    return {
        "deliveries": count,
        "enough_data": count >= rules.min_deliveries,
        "mean_days": mean,
        "sd_days": math.sqrt(squares / (count - 1)) if count > 1 else None,
    }
