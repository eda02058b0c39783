"""How far demand strays from the champion's forecast, learned from its backtest, per segment.

Two numbers that a series has too few windows to tell alone:

- `level_variance` of the level factor (`distribution.py`), told by each segment: the least one with which sums over a
  quarter, a half and the whole of the horizon exceed their upper quantiles no more often than these promise. Counting
  exceedances instead of squaring errors keeps one huge order from deciding for all (moments did: 9 times the stock).
  A series' own is as many times larger as its history is above its forecast (`level_variance`): what is forecast to sell
  far less than it did may come back, and in units the level strays as far as forecast and history together let expect.
- `level_correlation` between the locations of a SKU, one number for all, from products of errors of whole horizons.

Pieces for a cluster: `residual_statistics` of a bucket of SKUs, sums by segment, `segment_level_factors`, then `distributions`.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from echelon.core.arrays import Matrix, Vector
from echelon.core.forecast.distributions.exceedance import exceedance, sum_cases
from echelon.core.forecast.distributions.shape import SHAPE_COLUMNS
from echelon.core.forecast.panel import KEYS, whole_units
from echelon.core.probability.mixture import Mixture, dispersion_of, mixture_of, without_level

LEVEL_CVS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8)
CALIBRATED = (0.9, 0.95, 0.975)
MISSES = [f"miss_{round(100 * cv)}" for cv in LEVEL_CVS]
SUMMED = ["cases", *MISSES, "pairs", "common_seen", "common_foretold"]
STATISTIC_COLUMNS = [*KEYS, "segment", "cutoff", *SUMMED]
DISTRIBUTION_COLUMNS = [
    *KEYS, "model", "status", "start_date", "counts", "underdispersed", "mean", *SHAPE_COLUMNS, "level_cv", "level_correlation",
]  # fmt: skip
# Exceedances of a segment are pooled with as many of the average over all segments.
BORROWED_CASES = 200.0
# A wider level is no better when it exceeds its quantiles by less than this share less often.
INDIFFERENT = 0.05
# Pairs of locations at which half of their correlation is believed.
BORROWED_PAIRS = 50.0
MOST_CORRELATION = 0.95
# How many times the level variance of a series may be that of its segment, or less; and the largest, an exponential's.
MOST_SCALE = 4.0
MOST_VARIANCE = 1.0
# Standardised errors beyond this many standard deviations count as this many.
LARGEST_ERROR = 6.0
# Of level_cv: so series share the tables that are drawn from (`core.inventory.kernels.drawing.level_factors`).
CV_DECIMALS = 2


def horizon_lengths(horizon: int) -> tuple[int, ...]:
    """Lengths of the sums that calibrate: a quarter, a half and the whole of the horizon, in periods."""
    return tuple(sorted({max(1, horizon // 4), max(1, horizon // 2), horizon}))


def residual_statistics(scores: pd.DataFrame) -> pd.DataFrame:
    """One row per series and cutoff (STATISTIC_COLUMNS), to be added up by segment, from the champion's rows of
    `backtest_scores` with `segment`, all locations and windows of a SKU together, any order.

    cases: sums looked at; miss_<c>: with a level of coefficient of variation c %, the sum over cases of (exceedance - 1 + q)
    / (1 - q), mean over the quantiles q of CALIBRATED; pairs: of this location's windows with those of the SKU's others;
    common_seen, common_foretold: products of their errors, and what a level variance of 1 that their segments share would add.
    """
    rows = scores.sort_values([*KEYS, "cutoff"], kind="stable", ignore_index=True)
    rows = rows.assign(counts=counted(rows))
    missed = _misses(rows).join(_common(rows))
    return rows[[*KEYS, "segment", "cutoff"]].join(missed)[STATISTIC_COLUMNS]


def _misses(rows: pd.DataFrame) -> pd.DataFrame:
    """cases and misses per row."""
    lengths, shape = horizon_lengths(len(rows["forecast"].iloc[0])), shape_mixture(rows)
    allowed = 1.0 - np.array(CALIBRATED)
    misses: dict[str, Vector] = {}
    for name, cv in zip(MISSES, LEVEL_CVS, strict=True):
        variance = level_variance(rows, cv**2)
        cases = sum_cases(rows, without_level(shape, variance), variance, lengths)
        misses[name] = ((exceedance(cases, CALIBRATED) - allowed) / allowed).mean(axis=1)
    added = pd.DataFrame({"cases": np.ones(len(cases.row)), **misses}).groupby(cases.row).sum()
    return added.reindex(rows.index, fill_value=0.0)


def _common(rows: pd.DataFrame) -> pd.DataFrame:
    """pairs, common_seen, common_foretold per row, with the other locations of its SKU in the same window."""
    y, f = np.stack(rows["actual"].to_list()), np.stack(rows["forecast"].to_list())
    forecast = f.sum(axis=1)
    poisson = np.where(rows["counts"], forecast, 0.0)
    sd = np.sqrt(np.maximum(poisson + rows["dispersion"].to_numpy(np.float64) * (f**2).sum(axis=1), 1e-12))
    error = np.clip((y.sum(axis=1) - forecast) / sd, -LARGEST_ERROR, LARGEST_ERROR)
    foretold = forecast * np.sqrt(_level_scale(rows)) / sd
    own = pd.DataFrame({"pairs": np.ones(len(rows)), "common_seen": error, "common_foretold": foretold})
    own[forecast <= 0] = 0.0
    together = own.groupby([rows["sku"], rows["cutoff"]]).transform("sum")
    return own * (together - own)


def segment_level_factors(sums: pd.DataFrame) -> pd.DataFrame:
    """segment, level_variance and level_correlation, from the sums of SUMMED over the series of each segment."""
    total = sums[SUMMED].sum().astype(np.float64)
    pooled = total[MISSES].to_numpy() / max(total["cases"], 1.0)
    cases = sums["cases"].to_numpy(np.float64)[:, None]
    miss = (sums[MISSES].to_numpy(np.float64) + BORROWED_CASES * pooled) / (cases + BORROWED_CASES)
    variance = _least_variance(miss)
    shared = float(variance @ sums["common_foretold"].to_numpy(np.float64))
    columns = {"segment": sums["segment"].to_numpy(), "level_variance": variance}
    return pd.DataFrame(columns).assign(level_correlation=_correlation(total, shared))


def _least_variance(miss: Matrix) -> Vector:
    """Per segment the least level variance with which quantiles are not exceeded too often; miss (segments, LEVEL_CVS).
    Between two of LEVEL_CVS on a straight line: the wider of them would cover more than is promised."""
    wanted = np.maximum(0.0, miss.min(axis=1, initial=np.inf) + INDIFFERENT)
    row, wide = np.arange(len(miss)), (miss <= wanted[:, None]).argmax(axis=1)
    narrow, variance = np.maximum(wide - 1, 0), np.square(LEVEL_CVS)
    step = miss[row, narrow] - miss[row, wide]
    part = np.divide(miss[row, narrow] - wanted, step, out=np.zeros(len(miss)), where=wide > 0)
    return np.asarray(variance[narrow] + part * (variance[wide] - variance[narrow]), dtype=np.float64)


def _correlation(total: "pd.Series[float]", shared: float) -> float:
    """Of the level factors of two locations of a SKU; shrunk towards none."""
    if shared <= 0:
        return 0.0
    correlation = float(np.clip(total["common_seen"] / shared, 0.0, MOST_CORRELATION))
    return correlation * float(total["pairs"] / (total["pairs"] + BORROWED_PAIRS))


def learn_segments(champion_scores: pd.DataFrame) -> pd.DataFrame:
    """`segment_level_factors` of rows that fit in memory."""
    statistics = residual_statistics(champion_scores)
    return segment_level_factors(statistics.groupby("segment", sort=True)[SUMMED].sum().reset_index())


def distributions(live: pd.DataFrame, segments: pd.DataFrame) -> pd.DataFrame:
    """Rows of `demand_distributions` (DISTRIBUTION_COLUMNS).

    live: rows of `live.forecast` of each series' champion, with `segment`; their shape is that of the history.
    segments: `segment_level_factors`. A segment that was not in the backtest keeps each series' own shape; no level factor.
    """
    known = live.merge(segments, on="segment", how="left")
    return with_level_factors(known)[DISTRIBUTION_COLUMNS].sort_values(KEYS, ignore_index=True)


def with_level_factors(known: pd.DataFrame) -> pd.DataFrame:
    """Turns the shape of the history into that given F, and adds `level_cv` and `level_correlation`, by the segment's
    columns on each row. The variance of a single period with F unknown stays what history says, if F leaves any."""
    variance = level_variance(known, _numbers(known, "level_variance", 0.0))
    cv = np.asarray(np.round(np.sqrt(variance), CV_DECIMALS), dtype=np.float64)
    given = without_level(shape_mixture(known), cv**2)
    return known.assign(
        dispersion=dispersion_of(given),
        large_dispersion=given.dispersion[:, 1],
        level_cv=cv,
        level_correlation=_numbers(known, "level_correlation", 0.0),
    )


def level_variance(rows: pd.DataFrame, of_segment: npt.ArrayLike) -> Vector:
    """Of each row, by its `history_ratio`, where that of its segment is as given."""
    return np.minimum(np.asarray(of_segment, dtype=np.float64) * _level_scale(rows), MOST_VARIANCE)


def _level_scale(rows: pd.DataFrame) -> Vector:
    return np.clip(_numbers(rows, "history_ratio", 1.0), 1.0 / MOST_SCALE, MOST_SCALE)


def shape_mixture(rows: pd.DataFrame) -> Mixture:
    """The mixtures (rows, 2) that SHAPE_COLUMNS stand for."""
    return mixture_of(*(rows[name].to_numpy(np.float64) for name in SHAPE_COLUMNS))


def counted(scores: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Per row of `backtest_scores`, whether its distribution is a negative binomial: the series has only had demand in whole
    units, in its windows up to that one, and was not underdispersed (null, in rows of earlier releases: it was not)."""
    whole = scores[[*KEYS, "cutoff"]].reset_index(drop=True).assign(whole=whole_units(np.stack(scores["actual"].to_list())))
    so_far = whole.sort_values("cutoff", kind="stable").groupby(KEYS)["whole"].cummin()
    narrow = scores["underdispersed"].fillna(False).to_numpy(np.bool_)
    return np.asarray(so_far.sort_index().to_numpy(np.bool_) & ~narrow)


def _numbers(frame: pd.DataFrame, name: str, missing: float) -> Vector:
    return np.asarray(frame[name].astype(np.float64).fillna(missing), dtype=np.float64)
