"""Quantiles and probabilities of the negative binomial given by its mean and dispersion.

Variance = mean + dispersion x mean^2; dispersion 0 is Poisson (Cameron and Trivedi, NB2).
"""

import math

import numpy as np
from scipy.special import gammaincinv

from echelon.core.arrays import Doubles, Matrix, Vector
from echelon.core.compiled.jit import compiled

# Below this the negative binomial cannot be told from Poisson.
POISSON = 1e-9
POISSON_VARIANCE = 1e-7  # dispersion x mean: what it adds to the variance, as a share
# Above this standard deviation one unit more or less is nothing, and the gamma with the same moments is used.
LARGEST_SD = 20_000.0
# Probability further below the mean than this many standard deviations is left out (< 1e-30).
TAIL_SDS = 12.0


def negative_binomial_quantiles(mean: Vector, dispersion: Vector, probabilities: Vector) -> Matrix:
    """Smallest whole number k with P(D <= k) >= probability; (n, probabilities), ascending, for means and dispersions (n,).

    Where the standard deviation is over 20,000 units: rounded quantiles of the gamma with the same mean and variance.
    """
    sd = np.sqrt(mean + dispersion * mean**2)
    large = sd > LARGEST_SD
    one = np.ones((len(mean), 1))
    quantiles = scan(np.where(large, 0.0, mean), one, one, dispersion[:, None], probabilities)
    if large.any():
        quantiles[large] = np.ceil(gamma_quantiles(mean[large], (sd[large] / mean[large]) ** 2, probabilities))
    return quantiles


def gamma_quantiles(mean: Vector, dispersion: Vector, probabilities: Doubles) -> Matrix:
    """Quantiles of the gamma with variance = dispersion x mean^2; (n, probabilities), the same probabilities for all or of
    each its own. Dispersion 0 is the mean itself."""
    shape = 1.0 / np.maximum(dispersion, 1e-12)[:, None]
    quantiles = gammaincinv(shape, np.atleast_2d(probabilities)) * (mean[:, None] / shape)
    return np.where(dispersion[:, None] > 1e-12, quantiles, np.broadcast_to(mean[:, None], quantiles.shape))


def log_probability_of(k: float, mean: float, dispersion: float) -> float:
    """log P(D = k) for mean > 0, to be compiled into other functions."""
    if dispersion < POISSON or dispersion * mean < POISSON_VARIANCE:
        return k * math.log(mean) - mean - math.lgamma(k + 1.0)
    r = 1.0 / dispersion
    combinations = math.lgamma(k + r) - math.lgamma(r) - math.lgamma(k + 1.0) if k > 0 else 0.0
    return combinations - r * math.log1p(mean / r) + (k * math.log(mean / (mean + r)) if k > 0 else 0.0)


log_probability = compiled(log_probability_of)


@compiled
def scan(mean: Vector, share: Matrix, factor: Matrix, dispersion: Matrix, probabilities: Vector) -> Matrix:
    """Quantiles (n, probabilities) of mixtures of negative binomials (n, components), all of them in one pass over
    k = 0, 1, ...; what the shares leave over is zero."""
    quantiles = np.zeros((len(mean), len(probabilities)))
    mass = np.zeros(share.shape[1])
    for row in range(len(mean)):
        if mean[row] > 0.0:
            own = mean[row] * factor[row]
            _scan_row(own, share[row], dispersion[row], probabilities, mass, quantiles[row])
    return quantiles


@compiled
def _scan_row(mean: Vector, share: Vector, dispersion: Vector, probabilities: Vector, mass: Vector, out: Vector) -> None:
    """The quantiles of one mixture; mass (components,), their P(D = k), is memory."""
    first, last = _reach(mean, share, dispersion, mass)
    cumulative, passed, k = 1.0 - share.sum(), 0, first
    while passed < len(probabilities) and probabilities[passed] <= cumulative:
        passed += 1
    while passed < len(probabilities):
        cumulative += _step(k, mean, share, dispersion, mass)
        while passed < len(probabilities) and (probabilities[passed] <= cumulative or k >= last):
            out[passed] = k
            passed += 1
        k += 1.0


@compiled
def _reach(mean: Vector, share: Vector, dispersion: Vector, mass: Vector) -> tuple[float, float]:
    """Least and greatest count worth looking at."""
    first, last = np.inf, 0.0
    for component in range(len(mean)):
        mass[component] = 0.0
        if share[component] > 0.0 and mean[component] > 0.0:
            sd = math.sqrt(mean[component] + dispersion[component] * mean[component] ** 2)
            first = min(first, max(0.0, math.floor(mean[component] - TAIL_SDS * sd)))
            last = max(last, math.ceil(mean[component] + 60.0 * sd))
    return min(first, last), last


@compiled
def _step(k: float, mean: Vector, share: Vector, dispersion: Vector, mass: Vector) -> float:
    """P(D = k) of the components together, by P(k) / P(k-1) = (mean + (k-1) phi mean) / (k (1 + phi mean)) in each."""
    total = 0.0
    for component in range(len(mean)):
        m, phi = mean[component], dispersion[component]
        if share[component] > 0.0 and m > 0.0:
            if mass[component] > 0.0:
                mass[component] *= (m + (k - 1.0) * phi * m) / (k * (1.0 + phi * m))
            elif k >= m - TAIL_SDS * math.sqrt(m + phi * m * m) - 1.0:
                mass[component] = share[component] * math.exp(log_probability(k, m, phi))
            total += mass[component]
    return total
