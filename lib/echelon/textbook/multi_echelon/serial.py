"""Serial systems with stochastic service: the exact Clark-Scarf recursion, and the bounds of Shang and Song.

Stage 1 serves the customers, stage j + 1 supplies stage j. holding: echelon holding cost of stages 1, 2, ... per unit
and period; lead: their lead times in periods, each protecting that many periods of demand (0 possible); stockout: cost
per backorder and period at stage 1. All costs are above 0; ValueError names a parameter for which there is no answer.
Sources: Clark & Scarf, Management Science 6(4), 1960; Chen & Zheng, Management Science 40(11), 1994; Snyder & Shen,
Fundamentals of Supply Chain Theory, 2nd ed., section 6.2.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import signal, stats

from echelon.core.arrays import Doubles
from echelon.textbook import checks
from echelon.textbook.demand_laws import poisson_pmf, sum_pmf


@dataclass(frozen=True)
class SerialPlan:
    """Echelon base-stock levels of stages 1, 2, ... and the average cost per period (pipelines between stages
    included, as the echelon costs charge them)."""

    echelon_levels: tuple[float, ...]
    cost: float

    @property
    def local_levels(self) -> tuple[float, ...]:
        """Local base-stock levels: differences of the echelon levels made ascending."""
        least = np.minimum.accumulate(self.echelon_levels[::-1])[::-1]
        return tuple(np.diff(least, prepend=0.0).tolist())


def serial_normal(
    holding: Sequence[float], lead: Sequence[float], stockout: float, mean: float, sd: float, step: float = 0.001
) -> SerialPlan:
    """Normal demand per period on a grid of `step` standard deviations; levels are refined by a parabola through the minimum.

    The error of cost falls with the square of the step. The recursion runs on positions less the mean demand of all lead
    times up to the stage: the mean then only adds h_j x mean x (lead times below j) to the cost, the pipelines.
    Snyder & Shen, 2nd ed., example 6.1, stages from the customer upwards:

    >>> plan = serial_normal(holding=[3, 2, 2], lead=[1, 1, 2], stockout=37.12, mean=5, sd=1)
    >>> [round(level, 2) for level in plan.echelon_levels], round(plan.cost, 1)
    ([6.49, 12.02, 22.71], 47.7)
    """
    _check(holding, lead, stockout)
    checks.not_negative(mean=mean)
    checks.positive(sd=sd, step=step)

    def weights(periods: float) -> tuple[int, Doubles]:
        if periods == 0:
            return 0, np.ones(1)
        ends = int(np.ceil(8 * np.sqrt(periods) / step)) + np.array([0, 1])
        mass = np.diff(stats.norm.cdf((np.arange(-ends[0], ends[1] + 1) - 0.5) * step, 0.0, np.sqrt(periods)))
        return -int(ends[0]), mass / mass.sum()

    reach = 9 * np.sqrt(sum(lead))
    centred = _recursion(holding, lead, stockout, weights, (-2 * reach, reach), step)
    below = np.concatenate([[0.0], np.cumsum(lead)])
    levels = [float(mean * periods + sd * level) for periods, level in zip(below[1:], centred.echelon_levels, strict=True)]
    return SerialPlan(tuple(levels), float(sd * centred.cost + mean * (np.asarray(holding) @ below[:-1])))


def serial_poisson(holding: Sequence[float], lead: Sequence[float], stockout: float, mean: float) -> SerialPlan:
    """Poisson demand per period; exact to the truncation of its tail at 1e-15."""
    checks.positive(mean=mean)
    return _serial_discrete(holding, lead, stockout, lambda periods: poisson_pmf(mean * periods))


def serial_discrete(holding: Sequence[float], lead: Sequence[int], stockout: float, pmf: npt.ArrayLike) -> SerialPlan:
    """Independent demands per period of any law on 0, 1, 2, ... with probabilities pmf; lead times in whole periods."""
    for periods in lead:
        checks.whole(lead=periods)
    return _serial_discrete(holding, lead, stockout, lambda periods: sum_pmf(pmf, int(periods)))


def _serial_discrete(
    holding: Sequence[float], lead: Sequence[float], stockout: float, law: Callable[[float], Doubles]
) -> SerialPlan:
    """From the law of the demand of a number of periods. No level can be below 0 or above the most that is demanded."""
    _check(holding, lead, stockout)
    most = sum(len(law(periods)) for periods in lead)
    return _recursion(holding, lead, stockout, lambda periods: (0, law(periods)), (-most - 1, most + 1), 1.0)


def _check(holding: Sequence[float], lead: Sequence[float], stockout: float) -> None:
    """One echelon cost and one lead time per stage, all costs above 0, and some lead time at all."""
    checks.positive(stockout=stockout, **{"sum of lead": sum(lead)})
    if len(holding) != len(lead):
        raise ValueError("lead must have one lead time per stage, as holding has one cost")
    for cost, periods in zip(holding, lead, strict=True):
        checks.positive(holding=cost)
        checks.not_negative(lead=periods)


def _recursion(
    holding: Sequence[float],
    lead: Sequence[float],
    stockout: float,
    weights: Callable[[float], tuple[int, Doubles]],
    reach: tuple[float, float],
    step: float,
) -> SerialPlan:
    """C_j(y) = E[h_j (y - D) + C_{j-1}(min(y - D, S_{j-1}))], S_j its minimum (Snyder & Shen, theorem 6.1)."""
    first, last = int(np.floor(reach[0] / step)), int(np.ceil(reach[1] / step))
    position: Doubles = np.arange(first, last + 1).astype(float) * step
    induced: Doubles = (stockout + sum(holding)) * np.maximum(-position, 0.0)
    levels, least = [], 0.0
    for h, periods in zip(holding, lead, strict=True):
        low, mass = weights(periods)
        cost: Doubles = _expect(h * position + induced, low, mass)
        at, level, least = _minimum(position, cost, step)
        levels.append(level)
        induced = cost[np.minimum(np.arange(len(cost)), at)]
    return SerialPlan(tuple(levels), least)


def _expect(cost: Doubles, low: int, mass: Doubles) -> Doubles:
    """E[cost(y - D)] on the grid, D = low, low + 1, ... steps; the cost is continued as a line beyond both ends."""
    before, after = low + len(mass), max(-low, 0) + 1
    left = cost[0] + (cost[0] - cost[1]) * np.arange(before, 0, -1)
    right = cost[-1] + (cost[-1] - cost[-2]) * np.arange(1, after + 1)
    padded = np.concatenate([left, cost, right])
    full = signal.fftconvolve(padded, mass) if len(mass) > 64 else np.convolve(padded, mass)
    return full[before - low : before - low + len(cost)]


def _minimum(position: Doubles, cost: Doubles, step: float) -> tuple[int, float, float]:
    """Index of the least cost, and its place and value; on a fine grid by a parabola through three points."""
    at = int(np.argmin(cost))
    if step == 1.0:
        return at, float(position[at]), float(cost[at])
    a, b, c = cost[at - 1], cost[at], cost[at + 1]
    shift = 0.5 * (a - c) / (a - 2 * b + c)
    return at, float(position[at] + shift * step), float(b - 0.25 * (a - c) * shift)


def shang_song_bounds(
    holding: Sequence[float], lead: Sequence[float], stockout: float, quantile: Callable[[float, float], float]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Lower and upper bounds of the optimal echelon levels; their mean is a good heuristic.

    quantile(probability, periods): of the demand of a number of periods. S_j lies between the newsvendor levels of the
    demand of L_1 + ... + L_j periods at (p + h_{j+1} + ... + h_J) / (p + h_1 + ... + h_J) and
    (p + h_{j+1} + ... + h_J) / (p + h_j + ... + h_J). Source: Shang & Song, Management Science 49(5), 2003, 618-638.
    """
    _check(holding, lead, stockout)
    lower, upper, periods = [], [], 0.0
    for j in range(len(holding)):
        periods += lead[j]
        above = stockout + sum(holding[j + 1 :])
        lower.append(quantile(above / (stockout + sum(holding)), periods))
        upper.append(quantile(above / (above + holding[j]), periods))
    return tuple(lower), tuple(upper)
