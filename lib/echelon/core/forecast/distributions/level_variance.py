"""How large the variance of a level may be, found by counting how often sums exceed their quantiles."""

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
# A wider level is no better when it exceeds its quantiles by less than this share less often.
INDIFFERENT = 0.05
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


def pooled_misses(sums: pd.DataFrame, cases: str, misses: Sequence[str]) -> Matrix:
    """Mean miss per segment (rows of sums, misses), drawn towards that of all. cases, misses: columns of sums over cases."""
    total = sums[[cases, *misses]].sum().astype(np.float64)
    pooled = total[list(misses)].to_numpy() / max(total[cases], 1.0)
    own = sums[cases].to_numpy(np.float64)[:, None]
    return np.asarray((sums[list(misses)].to_numpy(np.float64) + BORROWED_CASES * pooled) / (own + BORROWED_CASES))


def least_variance(miss: Matrix, cvs: Sequence[float]) -> Vector:
    """Per segment the least level variance with which quantiles are not exceeded too often; miss (segments, cvs) with levels of
    these coefficients of variation. Between two of them on a straight line: the wider of them would cover more than is
    promised."""
    wanted = np.maximum(0.0, miss.min(axis=1, initial=np.inf) + INDIFFERENT)
    row, wide = np.arange(len(miss)), (miss <= wanted[:, None]).argmax(axis=1)
    narrow, variance = np.maximum(wide - 1, 0), np.square(cvs)
    step = miss[row, narrow] - miss[row, wide]
    part = np.divide(miss[row, narrow] - wanted, step, out=np.zeros(len(miss)), where=wide > 0)
    return np.asarray(variance[narrow] + part * (variance[wide] - variance[narrow]), dtype=np.float64)


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
