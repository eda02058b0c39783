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
    one = np.ones((len(mean), 1))
    quantiles = scan(np.where(large, 0.0, mean), one, one, dispersion[:, None], levels)
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
def scan(mean: Vector, share: Matrix, factor: Matrix, dispersion: Matrix, levels: Vector) -> Matrix:
    """Quantiles (n, levels) of mixtures of negative binomials (n, parts): all levels in one pass over k = 0, 1, ..., by
    P(k+1) / P(k) = (mean + k phi mean) / ((k + 1) (1 + phi mean)) in each part. What the shares leave over is zero."""
    quantiles = np.zeros((len(mean), len(levels)))
    parts = share.shape[1]
    probability, first = np.zeros(parts), np.zeros(parts)
    for row in range(len(mean)):
        if mean[row] <= 0.0:
            continue
        k, last, cumulative = np.inf, 0.0, 1.0 - share[row].sum()
        for part in range(parts):
            m, phi = mean[row] * factor[row, part], dispersion[row, part]
            sd = math.sqrt(m + phi * m * m)
            first[part], probability[part] = max(0.0, math.floor(m - TAIL_SDS * sd)), 0.0
            if share[row, part] > 0.0 and m > 0.0:
                k, last = min(k, first[part]), max(last, math.ceil(m + 60.0 * sd))
        level, k = 0, min(k, last)
        while level < len(levels) and levels[level] <= cumulative:
            level += 1
        while level < len(levels) and k <= last:
            for part in range(parts):
                m, phi = mean[row] * factor[row, part], dispersion[row, part]
                if share[row, part] <= 0.0 or m <= 0.0:
                    continue
                if k == first[part]:
                    probability[part] = share[row, part] * math.exp(log_probability(k, m, phi))
                elif k > first[part]:
                    probability[part] *= (m + (k - 1.0) * phi * m) / (k * (1.0 + phi * m))
                cumulative += probability[part]
            while level < len(levels) and (levels[level] <= cumulative or k == last):
                quantiles[row, level] = k
                level += 1
            k += 1.0
    return quantiles
