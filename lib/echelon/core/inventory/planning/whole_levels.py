"""Better whole levels nearby: what a unit less at one point saves, and what a few more at another cost.

Where stock is a few units, targets are met in jumps: the continuous optimum rounded up can be a tenth dearer than the best
whole plan, in which another point takes the jump (local search over the levels of all points; Zipkin, Foundations of Inventory
Management, section 8.3, on the same for one warehouse).
"""

from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import islice

import numpy as np

from echelon.core.arrays import Doubles, Flags
from echelon.core.inventory.kernels.measures import Estimate, Measures
from echelon.core.inventory.kernels.simulators import Simulation

_MOST_POINTS = 5
_FAR = 25.0  # units of a standard deviation of lead-time demand: beyond it one unit hardly matters
_ROUNDS = 8
_TRIFLE = 1e-3  # of the cost: a smaller gain is not worth another plan, where costs are flat a search for it never ends
_TRIED = 12  # of the neighbours that seem to be better, on all paths
_DOUBTFUL = 2.0  # standard errors: what falls short by more is given up
_LESS, _MORE = (1, 2, 3), (1, 2, 3)


class WholeLevels:
    """The search on some paths. few: on the first of them, which show what may be worth a try; many: on more of them, which
    decide what is near the line, drawn if anything is; hold: holding cost (points,); movable: points whose levels may change;
    least: levels (points,)."""

    def __init__(
        self,
        simulator: Simulation,
        few: Simulation,
        many: Callable[[], Simulation],
        hold: Doubles,
        movable: Flags,
        least: Doubles,
    ) -> None:
        self._simulator, self._few, self._drawn, self._hold = simulator, few, many, hold
        self._movable, self._least = np.flatnonzero(movable).tolist(), least

    @cached_property
    def _many(self) -> Simulation:
        return self._drawn()

    def improved(self, levels: Doubles, target: Doubles, sure: float) -> Doubles:
        """Levels that cost no more, and are as sure of their targets (points,), nan without: by so many standard errors."""
        cost = self._cost(self._simulator.measure(levels))
        for _ in range(_ROUNDS):
            better = self._better(levels, cost, target, sure)
            if better is None:
                break
            levels, cost = better
        return levels

    def _better(self, levels: Doubles, cost: float, target: Doubles, sure: float) -> tuple[Doubles, float] | None:
        """The first of the most promising neighbours that is cheaper and meets the targets on all paths."""
        for other in islice(self._promising(levels, target), _TRIED):
            measures = self._simulator.measure(other)
            if _is_less(self._cost(measures), cost) and self._is_sure(other, measures, target, sure):
                return other, self._cost(measures)
        return None

    def _is_sure(self, levels: Doubles, measures: Measures, target: Doubles, sure: float) -> bool:
        """Whether all targets are met by so many standard errors, on more paths where these can't tell."""
        if not np.any(_missing(measures.customer_fill_rate, target, sure) > 0):
            return True
        if np.any(_missing(measures.customer_fill_rate, target, -_DOUBTFUL) > 0):
            return False
        return not np.any(_missing(self._many.measure(levels).customer_fill_rate, target, sure) > 0)

    def _promising(self, levels: Doubles, target: Doubles) -> Iterator[Doubles]:
        """Neighbours that are cheaper on few paths and about meet the targets there, the cheapest first."""
        here = self._cost(self._few.measure(levels))
        found = []
        for other in self._neighbours(levels):
            measures = self._few.measure(other)
            missing = _missing(measures.customer_fill_rate, target, -_DOUBTFUL)
            if _is_less(self._cost(measures), here) and not np.any(missing > 0):
                found.append((self._cost(measures), other))
        yield from (other for _, other in sorted(found, key=lambda one: one[0]))

    def _neighbours(self, levels: Doubles) -> Iterator[Doubles]:
        """Less at one point, alone or with more at another."""
        for i in self._movable:
            for less in _LESS:
                if levels[i] - less < self._least[i]:
                    continue
                fewer = levels.copy()
                fewer[i] -= less
                yield fewer
                for j in self._movable:
                    for more in _MORE if j != i else ():
                        other = fewer.copy()
                        other[j] += more
                        yield other

    def _cost(self, measures: Measures) -> float:
        return float(self._hold @ measures.on_hand.mean)


def worth_moving(serves: Flags, sd: Doubles) -> Flags:
    """Points whose level is worth a search by single units; sd: of lead-time demand, units (points,)."""
    return np.asarray(serves & (sd <= _FAR))


def is_small(movable: Flags) -> bool:
    """Whether a search pays: few points (points,), and levels of several of them may change."""
    return int(movable.sum()) > 1 and len(movable) <= _MOST_POINTS


def _is_less(cost: float, before: float) -> bool:
    return cost < (1 - _TRIFLE) * before


def _missing(service: Estimate, target: Doubles, sure: float) -> Doubles:
    return np.nan_to_num(target - (service.mean - sure * service.se), nan=-1.0)
