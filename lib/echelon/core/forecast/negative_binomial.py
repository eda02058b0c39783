"""Quantiles and probabilities of the negative binomial given by its mean and dispersion.

Variance = mean + dispersion x mean^2; dispersion 0 is Poisson (Cameron and Trivedi, NB2).
"""

import math

import numpy as np
from scipy.special import gammaincinv

from echelon.core.forecast.jit import compiled
from echelon.core.forecast.panel import Matrix, Vector

# Below this the negative binomial cannot be told from Poisson.
POISSON = 1e-9
# Above this standard deviation one unit more or less is nothing, and the gamma with the same moments is used.
LARGEST_SD = 20_000.0
# Probability further below the mean than this many standard deviations is left out (< 1e-30).
TAIL_SDS = 12.0


def negative_binomial_quantiles(mean: Vector, dispersion: Vector, levels: Vector) -> Matrix:
    """Smallest whole number k with P(D <= k) >= level; (n, levels) for means and dispersions (n,), levels ascending.

    Where the standard deviation is over 20,000 units: rounded quantiles of the gamma with the same mean and variance.
    """
    sd = np.sqrt(mean + dispersion * mean**2)
    large = sd > LARGEST_SD
    quantiles = _scan(np.where(large, 0.0, mean), dispersion, levels)
    if large.any():
        quantiles[large] = np.ceil(gamma_quantiles(mean[large], (sd[large] / mean[large]) ** 2, levels))
    return quantiles


def gamma_quantiles(mean: Vector, dispersion: Vector, levels: Vector) -> Matrix:
    """Quantiles of the gamma with variance = dispersion x mean^2; (n, levels). Dispersion 0 is the mean itself."""
    shape = 1.0 / np.maximum(dispersion, 1e-12)[:, None]
    quantiles = gammaincinv(shape, levels[None, :]) * (mean[:, None] / shape)
    return np.where(dispersion[:, None] > 1e-12, quantiles, np.broadcast_to(mean[:, None], quantiles.shape))


@compiled
def log_probability(k: float, mean: float, dispersion: float) -> float:
    """log P(D = k) for mean > 0."""
    if dispersion < POISSON:
        return k * math.log(mean) - mean - math.lgamma(k + 1.0)
    r = 1.0 / dispersion
    combinations = math.lgamma(k + r) - math.lgamma(r) - math.lgamma(k + 1.0) if k > 0 else 0.0
    return combinations - r * math.log1p(mean / r) + (k * math.log(mean / (mean + r)) if k > 0 else 0.0)


@compiled
def _scan(mean: Vector, dispersion: Vector, levels: Vector) -> Matrix:
    """All levels in one pass over k = 0, 1, ..., by P(k+1) / P(k) = (mean + k phi mean) / ((k + 1) (1 + phi mean))."""
    quantiles = np.zeros((len(mean), len(levels)))
    for row in range(len(mean)):
        m, phi = mean[row], dispersion[row]
        if m <= 0.0:
            continue
        sd = math.sqrt(m + phi * m * m)
        k = max(0.0, math.floor(m - TAIL_SDS * sd))
        last = math.ceil(m + 60.0 * sd)
        probability = math.exp(log_probability(k, m, phi))
        cumulative = probability
        for level in range(len(levels)):
            while cumulative < levels[level] and k < last:
                probability *= (m + k * phi * m) / ((k + 1.0) * (1.0 + phi * m))
                k += 1.0
                cumulative += probability
            quantiles[row, level] = k
    return quantiles
