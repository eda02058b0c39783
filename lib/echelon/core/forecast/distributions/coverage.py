"""How honest the distributions are: held against a window that nothing was learned from, for periods and for sums."""

import pandas as pd

from echelon.core.forecast.distributions.exceedance import exceedance, sum_cases
from echelon.core.forecast.distributions.forecast_error import counted, horizon_lengths, with_level_factors
from echelon.core.forecast.distributions.level_variance import shape_mixture

# The first nine are the bins of a PIT histogram: coverage at u is the share of probability integral transforms up to u.
COVERAGE_PROBABILITIES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975, 0.99, 0.995)
COVERED = [f"covered_{round(1000 * probability)}" for probability in COVERAGE_PROBABILITIES]
COVERAGE_COLUMNS = ["segment", "periods", "cases", *COVERED]


def held_out_coverage(unseen: pd.DataFrame, segments: pd.DataFrame) -> pd.DataFrame:
    """Per segment and number of periods (COVERAGE_COLUMNS) how many sums there were and, added up over them, how many stay
    at or below each quantile: to be added up over buckets.

    unseen: the champion's rows of `backtest_scores` of one window, with `segment`; segments: `segment_level_factors` of the
    windows before it. Single periods are sums of one.
    """
    rows = unseen.assign(counts=counted(unseen)).merge(segments, on="segment", how="left")
    known = with_level_factors(rows)
    lengths = sorted({1, *horizon_lengths(len(rows["forecast"].iloc[0]))})
    cases = sum_cases(known, shape_mixture(known), known["level_cv"].to_numpy() ** 2, lengths)
    inside = 1.0 - exceedance(cases, COVERAGE_PROBABILITIES)
    covered = pd.DataFrame(inside, columns=COVERED).assign(
        segment=known["segment"].to_numpy()[cases.row], periods=cases.length, cases=1.0
    )
    return covered.groupby(["segment", "periods"], sort=True).sum().reset_index()[COVERAGE_COLUMNS]
