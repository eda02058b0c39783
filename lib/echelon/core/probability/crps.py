"""How well a whole distribution of a period foretold what happened: continuous ranked probability score, and where in the
distribution the actual demand fell.

Exact for the negative binomial and the gamma and for mixtures of two of them, not from quantiles. The score is the integral
over x of (F(x) - [x >= y])^2 = E|D - y| - E|D - D'| / 2 (Gneiting and Raftery 2007, JASA 102, equations 20 and 21), in units;
for a distribution without spread it is the absolute error.
"""

import math
from itertools import combinations_with_replacement

import numpy as np
from scipy.special import betainc, gammainc

from echelon.core.arrays import Matrix, Vector
from echelon.core.compiled.jit import compiled
from echelon.core.probability.negative_binomial import LARGEST_SD, TAIL_SDS, log_probability

# Above the actual demand a tail adds its square, so that no score shows less than this; below it, twice itself.
_TAIL = 1e-5
_FAR_TAIL = 1e-12
_LEAST_DISPERSION = 1e-12
Component = tuple[float, float, float]  # mean, dispersion, share


def ranked_scores(
    mean: Vector, share: Matrix, factor: Matrix, dispersion: Matrix, actual: Vector, counts: bool
) -> tuple[Vector, Vector, Vector]:
    """Per forecast (n,): the score in units, P(D < actual) and P(D <= actual).

    share, factor, dispersion: (n, components), one or two. A period belongs to a component with its share, and then its demand
    has mean factor x mean and is negative binomial (counts: variance = m + dispersion m^2) or gamma (dispersion m^2); what
    the shares leave is without demand. Where the standard deviation of counts is over 20,000 units gammas with the same moments
    stand for them.
    """
    means = mean[:, None] * factor
    if not counts:
        return _gammas(share, means, dispersion, actual)
    second = (share * (means + (1.0 + dispersion) * means**2)).sum(axis=1)
    large = np.sqrt(np.maximum(second - (share * means).sum(axis=1) ** 2, 0.0)) > LARGEST_SD
    scores = _negative_binomials(np.where(large[:, None], 0.0, means), share, dispersion, actual)
    if large.any():
        wider = dispersion[large] + 1.0 / np.maximum(means[large], 1.0)
        scores[large] = np.stack(_gammas(share[large], means[large], wider, actual[large]), axis=1)
    return scores[:, 0], scores[:, 1], scores[:, 2]


def _gammas(share: Matrix, means: Matrix, dispersion: Matrix, actual: Vector) -> tuple[Vector, Vector, Vector]:
    """Closed form: E|D - y| is that of each component; E|D - D'| that of each pair of components that occur."""
    rest, y = np.maximum(1.0 - share.sum(axis=1), 0.0), actual[:, None]
    shape = 1.0 / np.maximum(dispersion, _LEAST_DISPERSION)
    unit = np.maximum(means, 1e-300) / shape
    certain = (dispersion <= _LEAST_DISPERSION) | (means <= 0)
    with np.errstate(over="ignore"):  # demand where next to none was expected: infinitely many units
        size = y / unit
    upto = np.where(certain, y >= means, gammainc(shape, size))
    beyond = np.where(certain, y >= means, gammainc(shape + 1.0, size))
    distance = rest * actual + (share * (y * (2.0 * upto - 1.0) - means * (2.0 * beyond - 1.0))).sum(axis=1)
    apart = 2.0 * rest * (share * means).sum(axis=1)
    for i, j in combinations_with_replacement(range(share.shape[1]), 2):
        weight = (1.0 if i == j else 2.0) * share[:, i] * share[:, j]
        some = weight > 0  # hardly any series has large orders, and incomplete beta functions take long
        apart[some] += weight[some] * _apart(shape[some, i], unit[some, i], shape[some, j], unit[some, j])
    reached = rest + (share * upto).sum(axis=1)
    below = rest * (actual > 0) + (share * np.where(certain, y > means, upto)).sum(axis=1)
    return np.maximum(distance - 0.5 * apart, 0.0), np.minimum(below, 1.0), np.minimum(reached, 1.0)


def _apart(shape: Vector, unit: Vector, other_shape: Vector, other_unit: Vector) -> Vector:
    """E|X - Y| of two independent gammas = 2 E max(X, Y) - E X - E Y, where E[X; X > Y] = E X P(X' > Y) with X' a gamma of
    shape + 1, and unit x G > other_unit x G' where the beta variable G / (G + G') is above other_unit / (unit + other_unit)
    (Johnson, Kotz and Balakrishnan, Continuous Univariate Distributions, 2nd ed., vol. 1, section 17.6)."""
    own, other = shape * unit, other_shape * other_unit
    above = own * (1.0 - betainc(shape + 1.0, other_shape, other_unit / (unit + other_unit)))
    below = other * (1.0 - betainc(other_shape + 1.0, shape, unit / (unit + other_unit)))
    return np.asarray(2.0 * (above + below) - own - other)


@compiled
def _negative_binomials(means: Matrix, share: Matrix, dispersion: Matrix, actual: Vector) -> Matrix:
    """(n, 3): score, P(D < y), P(D <= y); the second of two components may be missing."""
    scores = np.zeros((len(means), 3))
    second = means.shape[1] - 1
    for row in range(len(means)):
        other = share[row, second] if second else 0.0
        first = (means[row, 0], dispersion[row, 0], share[row, 0])
        scores[row] = _ranked(first, (means[row, second] * second, dispersion[row, second], other), actual[row])
    return scores


@compiled
def _ranked(one: Component, two: Component, y: float) -> tuple[float, float, float]:
    """In one pass over k."""
    start, other, rest = _start(one), _start(two), 1.0 - one[2] - two[2]
    k = 0.0 if rest > _TAIL or two[2] > 0.0 else start
    last = max(_end(one), _end(two))
    score, total, below, upto = max(0.0, k - y), 0.0, 0.0, 0.0
    p, q, reached, other_reached = 0.0, 0.0, 0.0, 0.0
    while k <= last and 1.0 - total >= (_TAIL if y < k else _FAR_TAIL):
        before = total
        p, q = _next(k, start, one, p), _next(k, other, two, q)
        reached, other_reached = reached + p, other_reached + q
        total = rest + one[2] * reached + two[2] * other_reached
        known = min(max(y - k, 0.0), 1.0)
        score += known * total * total + (1.0 - known) * (1.0 - total) * (1.0 - total)
        if k <= y < k + 1.0:
            below, upto = before if k == y else total, total
        k += 1.0
    if y >= k:
        return score + y - k, 1.0, 1.0
    return score, below, upto


@compiled
def _start(component: Component) -> float:
    """The first k that has a probability worth counting."""
    return max(0.0, math.floor(component[0] - TAIL_SDS * math.sqrt(component[0] + component[1] * component[0] * component[0])))


@compiled
def _end(component: Component) -> float:
    return math.ceil(component[0] + 60.0 * math.sqrt(component[0] + component[1] * component[0] * component[0]))


@compiled
def _next(k: float, start: float, component: Component, before: float) -> float:
    """P(D = k) from that of k - 1: P(k) / P(k - 1) = (m + (k - 1) phi m) / (k (1 + phi m))."""
    m = component[0]
    if k > start:
        return before * (m + (k - 1.0) * component[1] * m) / (k * (1.0 + component[1] * m))
    if k < start:
        return 0.0
    return math.exp(log_probability(k, m, component[1])) if m > 0.0 else 1.0
