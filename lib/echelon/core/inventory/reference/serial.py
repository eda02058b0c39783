"""Serial systems with stochastic service: the exact Clark-Scarf recursion, and the bounds of Shang and Song.

Stage 1 serves the customers, stage j + 1 supplies stage j. holding: echelon holding cost of stages 1, 2, ... per unit
and period; lead: their lead times in periods, each protecting that many periods of demand; stockout: cost per
backorder and period at stage 1. Sources: Clark & Scarf, Management Science 6(4), 1960; Chen & Zheng, Management
Science 40(11), 1994; Snyder & Shen, Fundamentals of Supply Chain Theory, 2nd ed., section 6.2.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import signal, stats

from echelon.core.inventory.simulation.layout import Doubles


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
    """Normal demand per period on a grid of the given step; levels are refined by a parabola through the minimum.

    The error of cost falls with the square of the step.
    """
    total = sum(lead)
    reach = 9 * sd * np.sqrt(total)

    def weights(periods: float) -> tuple[int, Doubles]:
        spread = sd * np.sqrt(periods)
        low = int(np.floor((mean * periods - 8 * spread) / step))
        points = low + np.arange(int(16 * spread / step) + 2)
        mass = np.diff(stats.norm.cdf((np.append(points, points[-1] + 1) - 0.5) * step, mean * periods, spread))
        return low, mass / mass.sum()

    return _recursion(holding, lead, stockout, weights, (-mean * total - 2 * reach, mean * total + reach), step)


def serial_poisson(holding: Sequence[float], lead: Sequence[float], stockout: float, mean: float) -> SerialPlan:
    """Poisson demand per period; exact to the truncation of its tail at 1e-14."""
    total = mean * sum(lead)

    def weights(periods: float) -> tuple[int, Doubles]:
        most = int(stats.poisson.isf(1e-14, mean * periods)) + 2
        mass = stats.poisson.pmf(np.arange(most), mean * periods)
        return 0, mass / mass.sum()

    spread = 12 * np.sqrt(total) + 20
    return _recursion(holding, lead, stockout, weights, (-3 * (total + spread), total + spread), 1.0)


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

    quantile(probability, periods): of the demand of a number of periods. Source: Shang & Song, Management Science
    49(5), 2003, 618-638, theorem 1.
    """
    lower, upper, periods = [], [], 0.0
    for j in range(len(holding)):
        periods += lead[j]
        above = stockout + sum(holding[j + 1 :])
        lower.append(quantile(above / (stockout + sum(holding)), periods))
        upper.append(quantile(above / (above + holding[j]), periods))
    return tuple(lower), tuple(upper)
