"""Demand in a period as a mixture of negative binomials (gammas): shares, factors of the mean and dispersions of components.

What the shares leave over are periods without demand.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import betainc, gammainc

from echelon.core.arrays import Doubles, Matrix, Vector
from echelon.core.probability.negative_binomial import LARGEST_SD, gamma_quantiles, scan

_NO_DISPERSION = 1e-9
_HALVINGS = 60


class Mixture(NamedTuple):
    """share, factor, dispersion: (..., components); the mean of a component is its factor x the mean of the whole."""

    share: Doubles
    factor: Doubles
    dispersion: Doubles


def dispersion_of(mixture: Mixture) -> Vector:
    """Of the whole (...,): E[X^2] - 1 for the mixing variable X of mean 1, as variance = mean + dispersion x mean^2."""
    second = (mixture.share * mixture.factor**2 * (1.0 + mixture.dispersion)).sum(axis=-1)
    return np.maximum(second - 1.0, 0.0)


def mixture_of(
    dispersion: npt.ArrayLike,
    active_share: npt.ArrayLike,
    large_share: npt.ArrayLike,
    large_factor: npt.ArrayLike,
    large_dispersion: npt.ArrayLike,
) -> Mixture:
    """The two components that the columns of a shape stand for, (..., 2): what the large orders leave of the mean and of the
    dispersion belongs to the active periods."""
    columns = np.broadcast_arrays(dispersion, active_share, large_share, large_factor, large_dispersion)
    phi, active, large, size, spread = (np.asarray(column, dtype=np.float64) for column in columns)
    share = np.maximum(active, 1e-12)
    factor = np.maximum(1.0 - large * size, 0.0) / share
    left = 1.0 + phi - large * size**2 * (1.0 + spread)
    unit = share * factor**2
    own = np.divide(left, unit, out=np.ones(unit.shape), where=unit > 0) - 1.0
    return Mixture(np.stack([active, large], -1), np.stack([factor, size], -1), np.stack([np.maximum(own, 0.0), spread], -1))


def with_level(mixture: Mixture, level_variance: Doubles) -> Mixture:
    """Each component times an independent gamma factor of mean 1, as the negative binomial (gamma) with the same moments."""
    wider = (1.0 + mixture.dispersion) * (1.0 + np.asarray(level_variance)[..., None]) - 1.0
    return mixture._replace(dispersion=wider)


def without_level(mixture: Mixture, level_variance: Doubles) -> Mixture:
    """The inverse of `with_level`, as far as there is dispersion to take the level's from."""
    left = (1.0 + mixture.dispersion) / (1.0 + np.asarray(level_variance)[..., None]) - 1.0
    return mixture._replace(dispersion=np.maximum(left, 0.0))


def mixture_cdf(demand: Doubles, mean: Doubles, mixture: Mixture, counts: npt.NDArray[np.bool_]) -> Doubles:
    """P(D <= demand); demand, mean and counts (...,), mixture (..., components)."""
    y, m, whole = np.broadcast_arrays(demand, mean, counts)
    below = np.where(y >= 0, 1.0 - np.broadcast_to(mixture.share.sum(axis=-1), y.shape), 0.0)
    for component in range(mixture.share.shape[-1]):
        share, factor, dispersion = (np.broadcast_to(column[..., component], y.shape) for column in mixture)
        some = (share > 0) & (y >= 0)
        below[some] += share[some] * _part_cdf(y[some], m[some] * factor[some], dispersion[some], whole[some])
    return np.clip(below, 0.0, 1.0)


def _part_cdf(demand: Doubles, mean: Doubles, dispersion: Doubles, counts: npt.NDArray[np.bool_]) -> Doubles:
    """Of demand >= 0: regularised incomplete beta (negative binomial; DLMF 8.17) and gamma functions."""
    shape, unit = 1.0 / np.maximum(dispersion, _NO_DISPERSION), np.maximum(mean, 1e-12)
    probability = np.empty(len(demand))
    probability[counts] = betainc(shape[counts], np.floor(demand[counts]) + 1.0, (shape / (shape + unit))[counts])
    probability[~counts] = gammainc(shape[~counts], (demand * shape / unit)[~counts])
    return probability


def mixture_quantiles(mean: Vector, mixture: Mixture, counts: npt.NDArray[np.bool_], probabilities: Sequence[float]) -> Matrix:
    """Quantiles (n, probabilities), ascending, for means and counts (n,) and mixtures (n, components); for counts the
    smallest whole number with P(D <= k) >= probability. By counting upwards where that is a short way; of one gamma beside
    idle periods in closed form; else by bisection."""
    q = np.asarray(probabilities, dtype=np.float64)
    if np.any(np.diff(q) < 0) or np.any((q <= 0) | (q >= 1)):
        raise ValueError("quantile levels must ascend and lie between 0 and 1")
    sd = np.sqrt(mean + dispersion_of(mixture) * mean**2)
    near = counts & (sd <= LARGEST_SD)
    quantiles = scan(np.where(near, mean, 0.0), *mixture, q)
    smooth = (mixture.share[:, 0] == 1.0) | (mixture.dispersion[:, 0] > _NO_DISPERSION)
    alone = ~counts & ~(mixture.share[:, 1:] > 0).any(axis=1) & smooth
    quantiles[alone] = _one_gamma(mean[alone], Mixture(*(component[alone, 0] for component in mixture)), q)
    far = ~near & ~alone
    if far.any():
        quantiles[far] = _bisected(mean[far], Mixture(*(component[far] for component in mixture)), counts[far], q)
    return quantiles


def _one_gamma(mean: Vector, active: Mixture, q: Vector) -> Matrix:
    """Quantiles of a gamma (all columns (n,)) that only a share of the periods have; the others are without demand."""
    share = active.share[:, None]
    within = np.clip((q - (1.0 - share)) / share, 0.0, 1.0)
    return np.where(within > 0, gamma_quantiles(mean * active.factor, active.dispersion, within), 0.0)


def _bisected(mean: Vector, mixture: Mixture, counts: npt.NDArray[np.bool_], q: Vector) -> Matrix:
    """`mixture_quantiles` in any unit. Starts from Cantelli's bound: mean + sd sqrt(q / (1 - q))."""
    m, whole = mean[:, None], counts[:, None]
    wide = Mixture(*(component[:, None, :] for component in mixture))
    sd = np.sqrt(m + dispersion_of(wide) * m**2)
    low, high = np.full((len(mean), len(q)), -1.0) * whole, np.ceil(m + sd * np.sqrt(q / (1.0 - q)) + 1.0)
    for _ in range(_HALVINGS):
        middle = np.where(whole, np.floor(0.5 * (low + high)), 0.5 * (low + high))
        enough = mixture_cdf(middle, m, wide, whole) >= q
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
        if np.all(high - low <= np.where(whole, 1.0, 1e-9 * high)):
            break
    return np.where((m > 0) & (mixture_cdf(np.zeros(1), m, wide, whole) < q), high, 0.0)
