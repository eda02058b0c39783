"""How well a whole distribution of a period foretold what happened: continuous ranked probability score, and where in the
distribution the actual demand fell.

Exact for the negative binomial and the gamma, not from quantiles. The score is the integral over x of
(F(x) - [x >= y])^2 (Gneiting and Raftery 2007, JASA 102, equation 20), in units; for a distribution without spread it is the
absolute error.
"""

import math

import numpy as np
from scipy.special import beta, gammainc

from echelon.core.forecast.jit import compiled
from echelon.core.forecast.negative_binomial import LARGEST_SD, TAIL_SDS, log_probability
from echelon.core.forecast.panel import Matrix, Vector

# Above the actual demand a tail adds its square, so that no score shows less than this; below it, twice itself.
_TAIL = 1e-5
_FAR_TAIL = 1e-12
_LEAST_DISPERSION = 1e-9


def ranked_scores(mean: Vector, dispersion: Vector, actual: Vector, counts: bool) -> tuple[Vector, Vector, Vector]:
    """Per forecast (n,): the score in units, P(D < actual) and P(D <= actual).

    counts: negative binomial with variance = mean + dispersion x mean^2, else gamma with dispersion x mean^2. Where the
    standard deviation of counts is over 20,000 units the gamma with the same moments stands for them, as for quantiles.
    """
    if not counts:
        return _gamma(mean, dispersion, actual)
    sd = np.sqrt(mean + dispersion * mean**2)
    large = sd > LARGEST_SD
    found = _negative_binomial(np.where(large, 0.0, mean), dispersion, actual)
    if large.any():
        found[large] = np.stack(_gamma(mean[large], (sd[large] / mean[large]) ** 2, actual[large]), axis=1)
    return found[:, 0], found[:, 1], found[:, 2]


def _gamma(mean: Vector, dispersion: Vector, actual: Vector) -> tuple[Vector, Vector, Vector]:
    """Closed form: Jordan, Krueger and Lerch (2019), Journal of Statistical Software 90(12), appendix A.2."""
    certain = (dispersion < _LEAST_DISPERSION) | (mean <= 0)
    shape = 1.0 / np.where(certain, 1.0, dispersion)
    unit = np.where(certain, 1.0, mean) / shape
    upto = gammainc(shape, actual / unit)
    spread = unit * (shape * (2.0 * gammainc(shape + 1.0, actual / unit) - 1.0) + 1.0 / beta(0.5, shape))
    score = np.where(certain, np.abs(actual - mean), actual * (2.0 * upto - 1.0) - spread)
    below = np.where(certain, actual > mean, upto).astype(np.float64)
    return np.maximum(score, 0.0), below, np.where(certain, actual >= mean, upto).astype(np.float64)


@compiled
def _negative_binomial(mean: Vector, dispersion: Vector, actual: Vector) -> Matrix:
    """(n, 3): score, P(D < y), P(D <= y), in one pass over k with the recurrence of `negative_binomial_quantiles`. Where
    the standard deviation is zero, so is demand."""
    found = np.zeros((len(mean), 3))
    for row in range(len(mean)):
        m, phi, y = mean[row], dispersion[row], actual[row]
        if m <= 0.0:
            found[row, 0], found[row, 1], found[row, 2] = y, min(1.0, math.ceil(y)), 1.0
            continue
        sd = math.sqrt(m + phi * m * m)
        k = max(0.0, math.floor(m - TAIL_SDS * sd))
        last = math.ceil(m + 60.0 * sd)
        score = max(0.0, k - y)
        probability = math.exp(log_probability(k, m, phi))
        cumulative = probability
        while True:
            known = min(max(y - k, 0.0), 1.0)
            score += known * cumulative * cumulative + (1.0 - known) * (1.0 - cumulative) * (1.0 - cumulative)
            if k <= y < k + 1.0:
                found[row, 1] = cumulative - probability if k == y else cumulative
                found[row, 2] = cumulative
            if 1.0 - cumulative < (_TAIL if y < k + 1.0 else _FAR_TAIL) or k >= last:
                break
            probability *= (m + k * phi * m) / ((k + 1.0) * (1.0 + phi * m))
            k += 1.0
            cumulative += probability
        if y >= k + 1.0:
            score += y - k - 1.0
            found[row, 1] = found[row, 2] = 1.0
        found[row, 0] = score
    return found
