"""How large the variance of a level is, told by how often sums exceed their quantiles.

A count of exceedances says little where a wider level hardly moves quantiles, and windows differ by what their series share (a
good season, a bias of all forecasts). The variance at which the count comes out right then runs to and fro from week to week.
So the level variance is the mean of all that were tried, each weighed by how well the count agrees with it (a quasi-posterior:
Chernozhukov and Hong 2003, Journal of Econometrics 115; every coefficient of variation is as likely beforehand).

With r exceedances for each one promised, a variance is r - 1 away where r is above 1, log r below it: a share that can't fall
below none is not near what is promised, however wide the level. Only too many exceedances speak against no level at all, as the
shapes of the history may be too wide already. Figures:
docs/decisions/0072-the-level-variance-is-weighed.md.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from echelon.core.arrays import Matrix, Vector
from echelon.core.forecast.distributions.exceedance import Cases, exceedance
from echelon.core.forecast.distributions.shape import SHAPE_COLUMNS
from echelon.core.probability.mixture import Mixture, mixture_of

CALIBRATED = (0.9, 0.95, 0.975)
# Exceedances of a segment are pooled with as many of the average over all segments.
BORROWED_CASES = 200.0
# Standard deviation of what all series of a window share in their mean miss, and the variance that one case adds. Were cases
# independent, that would be 16; the sums of a series overlap, so a case tells less.
WINDOW_SD = 0.2
CASE_VARIANCE = 50.0
# So many cases of every segment are as if they had kept their promise: no exceedance in few cases is not none for ever.
KEPT_CASES = 10.0
# Steps of the coefficient of variation in which levels are tried.
STEP = 0.01
# How many times the level variance of a series may be that of its segment, or less; and the largest, an exponential's.
MOST_SCALE = 4.0
MOST_VARIANCE = 1.0
# Of level_cv: so series share the tables that are drawn from (`core.inventory.kernels.drawing.level_factors`).
CV_DECIMALS = 2


def miss(cases: Cases) -> Vector:
    """Per case (n,) (exceedance - 1 + q) / (1 - q), mean over the quantiles q of CALIBRATED: 0 on average where quantiles
    keep what they promise."""
    allowed = 1.0 - np.array(CALIBRATED)
    return np.asarray(((exceedance(cases, CALIBRATED) - allowed) / allowed).mean(axis=1))


def weighed_variance(sums: pd.DataFrame, cases: str, misses: Sequence[str], cvs: Sequence[float]) -> Vector:
    """Level variance of each segment (segments,), in the order of their names, from sums by segment and cutoff, any order.

    cases: column of the number of sums looked at; misses: columns of their misses added up, with a level of each of these
    coefficients of variation, 0 first. Between two of them misses lie on a straight line in the variance.
    """
    own = by_segment(sums, [cases, *misses])
    variance = np.square(np.arange(round(cvs[-1] / STEP) + 1) * STEP)
    away = _away(_pooled(own, cases, misses), np.square(cvs), variance)
    error = WINDOW_SD**2 / _windows(sums, cases) + CASE_VARIANCE / (own[cases].to_numpy() + BORROWED_CASES)
    likely = -0.5 * away**2 / error[:, None]
    weight = np.exp(likely - likely.max(axis=1, keepdims=True))
    return np.asarray((weight * variance).sum(axis=1) / weight.sum(axis=1))


def _away(miss: Matrix, tried: Vector, variance: Vector) -> Matrix:
    """How far exceedances are from what is promised (segments, variances), with miss (segments, tried variances)."""
    ratio = 1.0 + np.array([np.interp(variance, tried, known) for known in miss]).reshape(-1, len(variance))
    away = np.where(ratio > 1.0, ratio - 1.0, np.log(np.minimum(ratio, 1.0)))
    away[:, 0] = np.maximum(away[:, 0], 0.0)
    return np.asarray(away)


def by_segment(sums: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Sums by segment and cutoff added up over cutoffs, sorted by segment."""
    return sums.groupby("segment", sort=True)[list(columns)].sum().astype(np.float64)


def _pooled(own: pd.DataFrame, cases: str, misses: Sequence[str]) -> Matrix:
    """Mean miss per segment (segments, misses), drawn towards that of all and a little towards none."""
    total, added = own.sum(), own[list(misses)].to_numpy()
    pooled = total[list(misses)].to_numpy() / max(total[cases], 1.0)
    return np.asarray((added + BORROWED_CASES * pooled) / (own[[cases]].to_numpy() + BORROWED_CASES + KEPT_CASES))


def _windows(sums: pd.DataFrame, cases: str) -> Vector:
    """How many windows of equal size (at least 1) tell as much of each segment as its own do (Kish 1965, Survey Sampling)."""
    size = sums[cases].astype(np.float64)
    added = pd.DataFrame({"size": size, "square": size**2}).groupby(sums["segment"], sort=True).sum()
    return np.maximum(added["size"].to_numpy() ** 2 / np.maximum(added["square"].to_numpy(), 1.0), 1.0)


def level_variance(rows: pd.DataFrame, of_segment: npt.ArrayLike) -> Vector:
    """Of each row, by its `history_ratio`, where that of its segment is as given."""
    return np.minimum(np.asarray(of_segment, dtype=np.float64) * level_scale(rows), MOST_VARIANCE)


def level_scale(rows: pd.DataFrame) -> Vector:
    """By how many times the level variance of each row is that of its segment."""
    return np.clip(numbers(rows, "history_ratio", 1.0), 1.0 / MOST_SCALE, MOST_SCALE)


def shape_mixture(rows: pd.DataFrame) -> Mixture:
    """The mixtures (rows, 2) that SHAPE_COLUMNS stand for."""
    return mixture_of(*(rows[name].to_numpy(np.float64) for name in SHAPE_COLUMNS))


def numbers(frame: pd.DataFrame, name: str, missing: float) -> Vector:
    """A column with what is missing filled."""
    return np.asarray(frame[name].astype(np.float64).fillna(missing), dtype=np.float64)


def rounded_cv(variance: float) -> float:
    """Coefficient of variation of a level with that variance, which is cut to the largest there is."""
    return float(np.round(np.sqrt(min(variance, MOST_VARIANCE)), CV_DECIMALS))
