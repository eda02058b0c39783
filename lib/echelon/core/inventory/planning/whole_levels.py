"""Better whole levels nearby: what a unit less at one point saves, and what a few more at another cost.

Where stock is a few units, targets are met in jumps: the continuous optimum rounded up can be a tenth dearer than the best
whole plan, in which another point takes the jump (local search over the levels of all points; Zipkin, Foundations of Inventory
Management, section 8.3, on the same for one warehouse).
"""

from collections.abc import Callable, Iterator
from functools import cached_property, lru_cache
from itertools import islice, product

import numpy as np

from echelon.core.arrays import Doubles, Flags, Ints
from echelon.core.inventory.kernels.measures import Estimate, Measures
from echelon.core.inventory.kernels.simulators import Simulation

_MOST_POINTS = 5
_FAR = 25.0  # units of a standard deviation of lead-time demand: beyond it one unit hardly matters
_ROUNDS = 8
_TRIFLE = 1e-3  # of the cost: a smaller gain is not worth another plan, where costs are flat a search for it never ends
_TRIED = 20  # of the neighbours that seem to be better, on all paths
_DOUBTFUL = 2.0  # standard errors: what falls short by more is given up
_STEPS = range(-3, 5)
_MOVED, _UNITS = 3, 7  # points at once, and units of all their steps
_SLACK = 0.3  # of what a target leaves unmet: steps at several points miss the sum of their effects by about so much


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
            if self._cost(measures) < _worth_it(cost) and self._is_sure(other, measures, target, sure):
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
        """Neighbours that are cheaper on few paths and about meet the targets there; those that do first, then by cost."""
        here = self._few.measure(levels)
        found = []
        for moves in self._likely(levels, here, target):
            measures = self._few.measure(levels + moves)
            doubtful, short = (np.any(_missing(measures.customer_fill_rate, target, by) > 0) for by in (0.0, -_DOUBTFUL))
            if self._cost(measures) < _worth_it(self._cost(here)) and not short:
                found.append((doubtful, self._cost(measures), levels + moves))
        yield from (other for *_, other in sorted(found, key=lambda one: one[:2]))

    def _likely(self, levels: Doubles, here: Measures, target: Doubles) -> Doubles:
        """Moves (moves, points) that would be cheaper and about meet the targets if what they do were the sum of what each
        point's step does by itself. It isn't quite, so that targets need be met by a part."""
        cost, service = self._alone(levels, here)
        moves = _moves(len(self._movable))
        chosen = np.arange(len(self._movable)), moves - _STEPS[0]
        cheaper = self._cost(here) + cost[chosen].sum(axis=1) < _worth_it(self._cost(here))
        missing = _missing(here.customer_fill_rate, target, -_DOUBTFUL) - service[chosen].sum(axis=1)
        likely = moves[cheaper & np.all(np.nan_to_num(missing, nan=-1.0) <= _SLACK * (1 - np.nan_to_num(target)), axis=1)]
        steps = np.zeros((len(likely), len(levels)))
        steps[:, self._movable] = likely
        return steps

    def _alone(self, levels: Doubles, here: Measures) -> tuple[Doubles, Doubles]:
        """What each step (movable points, steps) adds to the cost, inf where it can't be made, and to the fill rates
        (..., points)."""
        cost, service = np.zeros((len(self._movable), len(_STEPS))), np.zeros((len(self._movable), len(_STEPS), len(levels)))
        for (i, point), (k, step) in product(enumerate(self._movable), enumerate(_STEPS)):
            other = levels.copy()
            other[point] += step
            if other[point] < self._least[point]:
                cost[i, k] = np.inf
            elif step:
                measures = self._few.measure(other)
                cost[i, k] = self._cost(measures) - self._cost(here)
                service[i, k] = measures.customer_fill_rate.mean - here.customer_fill_rate.mean
        return cost, service

    def _cost(self, measures: Measures) -> float:
        return float(self._hold @ measures.on_hand.mean)


def worth_moving(serves: Flags, sd: Doubles) -> Flags:
    """Points whose level is worth a search by single units; sd: of lead-time demand, units (points,)."""
    return np.asarray(serves & (sd <= _FAR))


def is_small(movable: Flags) -> bool:
    """Whether a search pays: few points (points,), of which some level may change."""
    return bool(movable.any()) and len(movable) <= _MOST_POINTS


@lru_cache
def _moves(points: int) -> Ints:
    """Steps (moves, points): less at a point at least, other steps at up to two more, and few units in all."""
    steps = np.array(list(product(_STEPS, repeat=points)))
    few = (np.count_nonzero(steps, axis=1) <= _MOVED) & (np.abs(steps).sum(axis=1) <= _UNITS)
    return np.asarray(steps[few & (steps.min(axis=1) < 0)])


def _worth_it(cost: float) -> float:
    """Whatever costs less than this is worth leaving a plan of this cost."""
    return (1 - _TRIFLE) * cost


def _missing(service: Estimate, target: Doubles, sure: float) -> Doubles:
    return np.nan_to_num(target - (service.mean - sure * service.se), nan=-1.0)
