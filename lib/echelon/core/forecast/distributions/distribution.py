"""The compact predictive distribution of demand, and what follows from it for periods and for sums of periods.

Demand in period t, given the level factor F, is a mixture (`mixture.py`) of negative binomials (counts) or gammas (other
units) with mean m[t] F and variance m F + dispersion (m F)^2 (gamma: without the first term). F is gamma with mean 1 and
coefficient of variation `level_cv`, and stays the same over one horizon: periods that are wrong together. Beyond
it F goes on with the correlation `persistence` from one horizon to the next. So over a horizon
Var(sum) = sum(m) + T sum(m^2) + level_cv^2 sum(m)^2, with T = dispersion (1 + level_cv^2), whatever the shape of the mixture.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from echelon.core.arrays import Matrix, Vector
from echelon.core.probability.mixture import Mixture, mixture_quantiles, with_level
from echelon.core.probability.persistence import level_weight


def quantiles(mean: Vector, mixture: Mixture, level_cv: float | Vector, counts: bool, probabilities: Sequence[float]) -> Matrix:
    """Quantiles (h, probabilities) of demand in single periods with means (h,), one mixture (components,) and one level_cv or
    one of each (h,).

    Whole units for counts; never negative; ascending with the probability. Each component of the mixture, spread by F, is taken
    as the negative binomial (gamma) with the same mean and variance.
    """
    alike = np.column_stack([mean, np.broadcast_to(level_cv, len(mean))])
    known, place = np.unique(alike, axis=0, return_inverse=True)  # far ahead many periods are forecast alike
    rows = Mixture(*(np.tile(column, (len(known), 1)) for column in mixture))
    wide = with_level(rows, known[:, 1] ** 2)
    found = mixture_quantiles(known[:, 0], wide, np.full(len(known), counts), probabilities)
    return np.asarray(found[place.reshape(-1)])


def moment_quantiles(mean: Vector, dispersion: Vector, counts: bool, probabilities: Sequence[float]) -> Matrix:
    """Quantiles (n, probabilities), ascending, of the negative binomial or gamma with that mean and dispersion (n,)."""
    one = np.ones((len(mean), 1))
    return mixture_quantiles(mean, Mixture(one, one, dispersion[:, None]), np.full(len(mean), counts), probabilities)


def sum_moments(
    mean: Vector,
    dispersion: float,
    level_cv: float,
    counts: bool,
    periods: npt.ArrayLike,
    probability: npt.ArrayLike,
    persistence: float = 0.0,
) -> tuple[float, float]:
    """Mean (units) and variance of demand over a random number of periods from the start of the horizon.

    mean: (h,) units; beyond the horizon it repeats, and F is correlated by `persistence` from one horizon to the next.
    periods: support of the number of periods; probability: of each. A certain lead time is periods [n], probability [1]. Law
    of total variance.
    """
    length = np.asarray(periods, dtype=np.int64)
    weight = np.asarray(probability, dtype=np.float64)
    sums, variances = _moments_by_length(mean, dispersion, level_cv, counts, int(length.max()), persistence)
    expected = float(weight @ sums[length])
    spread = float(weight @ (sums[length] - expected) ** 2)
    return expected, float(weight @ variances[length]) + spread


def _moments_by_length(
    mean: Vector, dispersion: float, level_cv: float, counts: bool, longest: int, persistence: float
) -> tuple[Vector, Vector]:
    """Mean and variance of the sum of the first 0, 1, ..., longest periods."""
    horizon = len(mean)
    tiled = np.resize(mean, longest)
    sums, squares = _running(tiled), _running(tiled**2)
    whole, rest = np.divmod(np.arange(longest + 1), horizon)
    within = _running(np.asarray(mean, dtype=np.float64))
    factor_squares = within[-1] ** 2 * _pairs(whole, persistence) + within[rest] ** 2
    factor_squares += 2.0 * within[-1] * within[rest] * _running(persistence ** np.arange(1.0, whole[-1] + 1.0))[whole]
    own = sums if counts else np.zeros_like(sums)
    return sums, own + dispersion * (1.0 + level_cv**2) * squares + level_cv**2 * factor_squares


def _pairs(horizons: npt.NDArray[np.int64], persistence: float) -> Vector:
    """Sum over all pairs of so many whole horizons of their correlation."""
    return np.array([level_weight(float(number), 1, persistence) for number in range(horizons[-1] + 1)])[horizons]


def _running(values: Vector) -> Vector:
    return np.concatenate([[0.0], np.cumsum(values)])
