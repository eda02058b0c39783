"""Discrete laws of demand, probabilities of 0, 1, 2, ... units, and what a position costs against them."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy import signal, stats

from echelon.core.arrays import Doubles
from echelon.textbook import checks

PositionCost = Callable[[npt.NDArray[np.int_]], Doubles]

_TAIL = 1e-15


def poisson_pmf(mean: float) -> Doubles:
    """Probabilities of Poisson demand, to a tail of 1e-15. Raises ValueError for a mean that is not 0 or more."""
    checks.not_negative(mean=mean)
    most = int(stats.poisson.isf(_TAIL, mean)) + 2 if mean > 0 else 0
    mass = stats.poisson.pmf(np.arange(most + 1), mean)
    return np.asarray(mass / mass.sum())  # for large means the terms are only good to 1e-10


def normal_pmf(mean: float, sd: float) -> Doubles:
    """Normal demand rounded to whole units; what is below 0 counts as 0."""
    checks.not_negative(mean=mean)
    checks.positive(sd=sd)
    ends = np.arange(int(np.ceil(mean + 8.2 * sd)) + 1) + 0.5
    return np.diff(stats.norm.cdf(ends, mean, sd), prepend=0.0)


def sum_pmf(pmf: npt.ArrayLike, periods: int) -> Doubles:
    """Law of the total of independent demands of a whole number of periods; of none, it is 0 for certain."""
    checks.whole(periods=periods)
    each = checks.probabilities("pmf", pmf)
    total: Doubles = np.ones(1)
    for _ in range(int(periods)):
        # the direct sum keeps small tails exact; Fourier noise only matters where there are many terms anyway
        total = np.convolve(total, each) if min(len(total), len(each)) < 500 else signal.fftconvolve(total, each)
    return np.maximum(total, 0.0)


def expected_shortage(pmf: Doubles, levels: npt.ArrayLike) -> Doubles:
    """E[(D - level)+] of demand with these probabilities, for whole or fractional levels of any sign."""
    at = np.asarray(levels, float)
    units = np.arange(len(pmf))
    above = np.append(np.cumsum(pmf[::-1])[::-1], 0.0)  # P(D >= n)
    beyond = np.append(np.cumsum((pmf * units)[::-1])[::-1], 0.0)  # E[D; D >= n]
    first = np.clip(np.floor(at).astype(int) + 1, 0, len(pmf))
    return np.asarray(beyond[first] - at * above[first])


def position_cost(holding_cost: float, stockout_cost: float, at_risk: Doubles) -> PositionCost:
    """g(y) = h E[(y - D)+] + p E[(D - y)+], D the demand at risk with these probabilities."""
    mean = float(at_risk @ np.arange(len(at_risk)))

    def g(position: npt.NDArray[np.int_]) -> Doubles:
        short = expected_shortage(at_risk, position)
        return np.asarray(holding_cost * (position - mean + short) + stockout_cost * short)

    return g


def best_position(holding_cost: float, stockout_cost: float, at_risk: Doubles) -> int:
    """The least y with P(D <= y) >= p / (p + h), which has the least g(y)."""
    ratio = stockout_cost / (stockout_cost + holding_cost)
    # rounding: the probabilities may add up to a little less than the ratio
    return min(int(np.searchsorted(np.cumsum(at_risk), ratio - 1e-12)), len(at_risk) - 1)
