"""How every candidate did in every segment: what the choice of champions saw, and the other scores beside it.

A forecast for which a fallback stands in counts like any other, so that no model gains by failing.
"""

import pandas as pd

from echelon.core.forecast.evaluation.backtest import COVERAGE_COLUMNS

# Added up over series; the means among them leave out series without a scale, of which there are as many for every model.
MEANS = ("rmsse", "pinball", "crps")
TOTALS = ("bias", "absolute_error", "periods_in_stock", "inventory_cost", "demand", *COVERAGE_COLUMNS)
COUNTS = ("series", "failed", *(f"{name}_known" for name in MEANS))
SUM_COLUMNS = [*COUNTS, *MEANS, *TOTALS]
CANDIDATE_COLUMNS = [
    "segment", "model", "series", "windows", "forecasts", "failed", "demand", "rmsse", "wape", "bias", "pinball", "crps",
    *COVERAGE_COLUMNS, "periods_in_stock", "inventory_cost",
]  # fmt: skip


def window_summary(sums: pd.DataFrame) -> pd.DataFrame:
    """What `choose_champions` takes, from sums (SUM_COLUMNS) by segment, model and cutoff; several rows of them are added
    up, in any order."""
    order = ["segment", "model", "cutoff", *SUM_COLUMNS]
    added = sums.sort_values(order, kind="stable").groupby(order[:3], sort=True)[SUM_COLUMNS].sum().reset_index()
    return added.assign(**{name: _ratio(added[name], added[f"{name}_known"]) for name in ("rmsse", "pinball")})


def candidate_scores(sums: pd.DataFrame) -> pd.DataFrame:
    """One row per segment and model (CANDIDATE_COLUMNS), from sums by segment, model and cutoff in any order.

    Means over series-windows; wape, bias and periods_in_stock relative to total demand (NaN without demand).
    """
    keys = ["segment", "model"]
    rows = sums.sort_values([*keys, "cutoff", *SUM_COLUMNS], kind="stable")
    added = rows.groupby(keys, sort=True)[SUM_COLUMNS].sum().reset_index()
    widest = rows.groupby([*keys, "cutoff"])["series"].sum().groupby(keys).agg(["max", "size"]).reset_index()
    demand, forecasts = added["demand"], added["series"]
    averaged = added.assign(
        series=widest["max"],
        windows=widest["size"],
        forecasts=forecasts,
        wape=_ratio(added["absolute_error"], demand),
        **{name: _ratio(added[name], demand) for name in ("bias", "periods_in_stock")},
        **{name: _ratio(added[name], added[f"{name}_known"]) for name in MEANS},
        **{name: added[name] / forecasts for name in COVERAGE_COLUMNS},
    )
    return averaged[CANDIDATE_COLUMNS]


def _ratio(top: pd.Series, bottom: pd.Series) -> pd.Series:
    """NaN where there is nothing below the line."""
    return top / bottom.where(bottom > 0)
