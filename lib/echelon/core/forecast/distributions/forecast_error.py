"""How far demand strays from the champion's forecast, learned from its backtest, per segment.

Numbers that a series has too few windows to tell alone:

- `level_variance` of the level factor (`distribution.py`), told by each segment: that with which sums over a quarter, a half
  and the whole of the horizon exceed their upper quantiles as often as these promise (`level_variance.py`). Counting
  exceedances instead of squaring errors keeps one huge order from deciding for all (moments did: 9 times the stock).
  A series' own is as many times larger as its history is above its forecast (`level_variance`): what is forecast to sell
  far less than it did may come back, and in units the level strays as far as forecast and history together let expect.
- `level_correlation` between the locations of a SKU, one number for all, from products of errors of whole horizons.

- `level_persistence` and `level_growth`, how errors go on beyond the horizon (`lasting_errors.py`).

Pieces for a cluster: `residual_statistics` of a bucket of SKUs, sums by segment and cutoff, `segment_level_factors`, then
`distributions`.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from echelon.core.arrays import Vector
from echelon.core.forecast.distributions.exceedance import sum_cases
from echelon.core.forecast.distributions.lasting_errors import LONG_SUMMED, MOST_PERSISTENCE, lasting_levels, long_misses
from echelon.core.forecast.distributions.level_variance import (
    CV_DECIMALS,
    by_segment,
    level_scale,
    level_variance,
    miss,
    numbers,
    shape_mixture,
    weighed_variance,
)
from echelon.core.forecast.distributions.shape import SHAPE_COLUMNS
from echelon.core.forecast.panel import KEYS, whole_units
from echelon.core.probability.mixture import dispersion_of, without_level

LEVEL_CVS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8)
MISSES = [f"miss_{round(100 * cv)}" for cv in LEVEL_CVS]
SUMMED = ["cases", *MISSES, "pairs", "common_seen", "common_foretold", *LONG_SUMMED]
STATISTIC_COLUMNS = [*KEYS, "segment", "cutoff", *SUMMED]
DISTRIBUTION_COLUMNS = [
    *KEYS, "model", "status", "start_date", "counts", "underdispersed", "mean", *SHAPE_COLUMNS, "level_cv", "level_correlation",
    "level_persistence", "level_growth", "horizon",
]  # fmt: skip
# Pairs of locations at which half of their correlation is believed.
BORROWED_PAIRS = 50.0
MOST_CORRELATION = 0.95
# Standardised errors beyond this many standard deviations count as this many.
LARGEST_ERROR = 6.0


def horizon_lengths(horizon: int) -> tuple[int, ...]:
    """Lengths of the sums that calibrate: a quarter, a half and the whole of the horizon, in periods."""
    return tuple(sorted({max(1, horizon // 4), max(1, horizon // 2), horizon}))


def residual_statistics(scores: pd.DataFrame, apart: int = 1) -> pd.DataFrame:
    """One row per series and cutoff (STATISTIC_COLUMNS), to be added up by segment and cutoff, from the champion's rows of
    `backtest_scores` with `segment`, all locations and windows of a SKU together, any order. apart, and the column path: as in
    `lasting_errors.py`.

    cases: sums looked at; miss_<c>: with a level of coefficient of variation c %, the sum over cases of (exceedance - 1 + q)
    / (1 - q), mean over the quantiles q of CALIBRATED; pairs: of this location's windows with those of the SKU's others;
    common_seen, common_foretold: products of their errors, and what a level variance of 1 that their segments share would add.
    """
    rows = scores.sort_values([*KEYS, "cutoff"], kind="stable", ignore_index=True)
    rows = rows.assign(counts=counted(rows))
    missed = _misses(rows).join(_common(rows)).join(long_misses(rows, apart))
    return rows[[*KEYS, "segment", "cutoff"]].join(missed)[STATISTIC_COLUMNS]


def _misses(rows: pd.DataFrame) -> pd.DataFrame:
    """cases and misses per row."""
    lengths, shape = horizon_lengths(len(rows["forecast"].iloc[0])), shape_mixture(rows)
    misses: dict[str, Vector] = {}
    for name, cv in zip(MISSES, LEVEL_CVS, strict=True):
        variance = level_variance(rows, cv**2)
        cases = sum_cases(rows, without_level(shape, variance), variance, lengths)
        misses[name] = miss(cases)
    added = pd.DataFrame({"cases": np.ones(len(cases.row)), **misses}).groupby(cases.row).sum()
    return added.reindex(rows.index, fill_value=0.0)


def _common(rows: pd.DataFrame) -> pd.DataFrame:
    """pairs, common_seen, common_foretold per row, with the other locations of its SKU in the same window."""
    y, f = np.stack(rows["actual"].to_list()), np.stack(rows["forecast"].to_list())
    forecast = f.sum(axis=1)
    poisson = np.where(rows["counts"], forecast, 0.0)
    sd = np.sqrt(np.maximum(poisson + rows["dispersion"].to_numpy(np.float64) * (f**2).sum(axis=1), 1e-12))
    error = np.clip((y.sum(axis=1) - forecast) / sd, -LARGEST_ERROR, LARGEST_ERROR)
    foretold = forecast * np.sqrt(level_scale(rows)) / sd
    own = pd.DataFrame({"pairs": np.ones(len(rows)), "common_seen": error, "common_foretold": foretold})
    own[forecast <= 0] = 0.0
    together = own.groupby([rows["sku"], rows["cutoff"]]).transform("sum")
    return own * (together - own)


def segment_level_factors(sums: pd.DataFrame) -> pd.DataFrame:
    """segment (sorted), level_variance, level_correlation, level_persistence and level_growth, from the sums of SUMMED over the
    series of each segment and cutoff, any order."""
    own = by_segment(sums, SUMMED)
    variance = weighed_variance(sums, "cases", MISSES, LEVEL_CVS)
    shared = float(variance @ own["common_foretold"].to_numpy())
    persistence, growth = lasting_levels(sums, variance)
    columns = {"segment": own.index.to_numpy(), "level_variance": variance, "level_growth": growth}
    return pd.DataFrame(columns).assign(level_correlation=_correlation(own.sum(), shared), level_persistence=persistence)


def _correlation(total: "pd.Series[float]", shared: float) -> float:
    """Of the level factors of two locations of a SKU; shrunk towards none."""
    if shared <= 0:
        return 0.0
    correlation = float(np.clip(total["common_seen"] / shared, 0.0, MOST_CORRELATION))
    return correlation * float(total["pairs"] / (total["pairs"] + BORROWED_PAIRS))


def learn_segments(champion_scores: pd.DataFrame) -> pd.DataFrame:
    """`segment_level_factors` of rows that fit in memory."""
    statistics = residual_statistics(champion_scores)
    return segment_level_factors(statistics.groupby(["segment", "cutoff"])[SUMMED].sum().reset_index())


def distributions(live: pd.DataFrame, segments: pd.DataFrame) -> pd.DataFrame:
    """Rows of `demand_distributions` (DISTRIBUTION_COLUMNS).

    live: rows of `live.forecast` of each series' champion, with `segment`; their shape is that of the history.
    segments: `segment_level_factors`. A segment that was not in the backtest keeps each series' own shape; no level factor.
    """
    known = live.merge(segments, on="segment", how="left")
    return with_level_factors(known)[DISTRIBUTION_COLUMNS].sort_values(KEYS, ignore_index=True)


def with_level_factors(known: pd.DataFrame) -> pd.DataFrame:
    """Turns the shape of the history into that given F, and adds `level_cv`, `level_correlation`, `level_persistence` and
    `level_growth`, by the segment's columns on each row. The variance of a single period with F unknown stays what history
    says, if F leaves any."""
    variance = level_variance(known, numbers(known, "level_variance", 0.0))
    cv = np.asarray(np.round(np.sqrt(variance), CV_DECIMALS), dtype=np.float64)
    given = without_level(shape_mixture(known), cv**2)
    return known.assign(
        dispersion=dispersion_of(given),
        large_dispersion=given.dispersion[:, 1],
        level_cv=cv,
        level_correlation=numbers(known, "level_correlation", 0.0),
        level_persistence=numbers(known, "level_persistence", MOST_PERSISTENCE),
        level_growth=numbers(known, "level_growth", 0.0) * level_scale(known),
    )


def counted(scores: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Per row of `backtest_scores`, whether its distribution is a negative binomial: the series has only had demand in whole
    units, in its windows up to that one, and was not underdispersed (null, in rows of earlier releases: it was not)."""
    whole = scores[[*KEYS, "cutoff"]].reset_index(drop=True).assign(whole=whole_units(np.stack(scores["actual"].to_list())))
    so_far = whole.sort_values("cutoff", kind="stable").groupby(KEYS)["whole"].cummin()
    narrow = scores["underdispersed"].fillna(False).to_numpy(np.bool_)
    return np.asarray(so_far.sort_index().to_numpy(np.bool_) & ~narrow)
