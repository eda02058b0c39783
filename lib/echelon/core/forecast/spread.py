"""The spread of demand around the champion's forecast, from backtest rows to the compact distribution.

Champion rows are rows of `backtest_scores` of the champion of each segment, with `segment` added, windows as the caller
filters them. On a cluster: `residual_moments` per bucket, sums by segment, `segment_spread`; then `scale_counts` per
bucket, sums by segment and scale, `choose_scales`; then `distributions` per bucket. `learn_segments` does the first
four steps in one go for rows that fit in memory.
"""

from collections.abc import Sequence

import pandas as pd

from echelon.core.forecast import calibration
from echelon.core.forecast.dispersion import (
    RELATIVE_COLUMNS,
    counted,
    residual_moments,
    segment_spread,
    series_spread,
)
from echelon.core.forecast.panel import KEYS

SEGMENT_COLUMNS = ["segment", "dispersion_ratio", "level_variance", "spread_scale", "coverage"]
DISTRIBUTION_COLUMNS = [*KEYS, "model", "status", "start_date", "counts", "mean", "dispersion", "level_cv"]


def learn_segments(champion_scores: pd.DataFrame, lengths: Sequence[int]) -> pd.DataFrame:
    """SEGMENT_COLUMNS from champion rows: ratio and level variance, spread_scale from sums over `lengths` periods, and
    the coverage of the 0.95 quantile of those sums on these same windows."""
    moments = residual_moments(champion_scores)
    segments = segment_spread(moments.groupby("segment", sort=True)[RELATIVE_COLUMNS].sum().reset_index())
    counts = scale_counts(champion_scores, segments, lengths)
    return segments.merge(calibration.choose_scales(counts), on="segment")[SEGMENT_COLUMNS]


def scale_counts(champion_scores: pd.DataFrame, segments: pd.DataFrame, lengths: Sequence[int]) -> pd.DataFrame:
    """Rows segment, scale, exceeded, sums of the champion rows of some series (all windows of a series together)."""
    return calibration.exceedance_counts(spread_cases(champion_scores, segments, lengths))


def spread_cases(champion_scores: pd.DataFrame, segments: pd.DataFrame, lengths: Sequence[int]) -> pd.DataFrame:
    """`calibration.sum_cases` with the spread of each series; the training dispersion of each window stands for that of
    its history. `segments` needs dispersion_ratio and level_variance, and spread_scale where that is to be applied."""
    return _cases(champion_scores, residual_moments(champion_scores), segments, lengths)


def held_out_coverage(champion_scores: pd.DataFrame, lengths: Sequence[int], levels: Sequence[float]) -> pd.DataFrame:
    """Rows segment, length, level, coverage, sums: how often sums over `length` periods of the newest window stay at or
    below their quantile, when the spread is learned from the windows before it alone. Segments without such are left out.
    """
    newest = champion_scores["cutoff"] == champion_scores["cutoff"].max()
    before = champion_scores[~newest]
    moments, segments = residual_moments(before), learn_segments(before, lengths)
    cases = _cases(champion_scores[newest], moments, segments, lengths)
    rows = [cases.assign(level=level, coverage=1.0 - calibration.exceedance(cases, level)) for level in levels]
    grouped = pd.concat(rows).groupby(["segment", "length", "level"], sort=True)["coverage"]
    return grouped.agg(coverage="mean", sums="size").reset_index()


def distributions(live: pd.DataFrame, moments: pd.DataFrame, segments: pd.DataFrame) -> pd.DataFrame:
    """Rows of `demand_distributions` (DISTRIBUTION_COLUMNS).

    `live`: rows of `live.forecast` of each series' champion, with `segment`. `moments`: `residual_moments` of the series
    that were in the backtest. `segments`: `learn_segments`, or its pieces. A segment that was not in the backtest gets
    the dispersion of each series' own history and no level factor.
    """
    rows = live.rename(columns={"dispersion": "history_dispersion"})
    known = rows.merge(moments.drop(columns="segment"), on=KEYS, how="left").merge(segments, on="segment", how="left")
    return _spread(known)[DISTRIBUTION_COLUMNS].sort_values(KEYS, ignore_index=True)


def _cases(
    champion_scores: pd.DataFrame, moments: pd.DataFrame, segments: pd.DataFrame, lengths: Sequence[int]
) -> pd.DataFrame:
    rows = champion_scores.rename(columns={"dispersion": "history_dispersion"}).assign(counts=counted(champion_scores))
    known = rows.merge(moments.drop(columns="segment"), on=KEYS, how="left").merge(segments, on="segment")
    return calibration.sum_cases(_spread(known), lengths)


def _spread(known: pd.DataFrame) -> pd.DataFrame:
    spread = series_spread(known)
    return calibration.apply_scale(spread) if "spread_scale" in spread else spread
