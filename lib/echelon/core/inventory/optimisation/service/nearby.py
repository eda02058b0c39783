"""Better levels nearby, without a gradient: steps of falling length in one or two free levels at a time.

Where bound levels follow in whole units, the cost in the free levels is a saw; its teeth are as long as it takes a free
level to spare one unit at a bound node, often many units, so that single steps stay in the tooth where they begin. Where
levels need not be whole the valley is flat, and the last tenths of a percent drown in the noise of the gradient.
"""

import itertools

import numpy as np

from echelon.core.arrays import Doubles, Flags
from echelon.core.inventory.optimisation.service.search import Goal, P

_PAIRED = 3  # free nodes up to which two levels are also moved at once
_MOST_NODES = 16
_LONGEST, _SHORTEST = 0.25, 0.03  # steps, in standard deviations of lead-time demand


def better_nearby(goal: Goal[P], levels: Doubles, free: Flags, spread: Doubles) -> Doubles:
    """Levels (nodes,) that cost no more than the given ones; spread: standard deviation of lead-time demand."""
    unit = np.ones(len(levels)) if goal.targets.whole else _SHORTEST * spread
    longest = max(float(np.max(_LONGEST * spread / unit, where=free, initial=1.0)), 1.0)
    best, step = goal.meet(levels), 1 << int(np.log2(longest))
    while step >= 1 and 0 < free.sum() <= _MOST_NODES:
        moved = [best.levels + unit * move for move in _moves(free, step)]
        trials = [goal.meet(trial) for trial in moved if trial.min() >= 0]
        cheapest = min(trials, key=lambda point: _cost(goal, point), default=best)
        best, step = (cheapest, step) if _cost(goal, cheapest) < _cost(goal, best) else (best, step // 2)
    return best.rounded_up()[0] if goal.targets.whole else best.levels


def _cost(goal: Goal[P], point: P) -> float:
    return point.rounded_up()[1] if goal.targets.whole else point.cost


def _moves(free: Flags, step: int) -> list[Doubles]:
    """A step more or less of each free level, and of each two, also with half the step of one of them."""
    units = [np.eye(len(free))[i] for i in np.flatnonzero(free)]
    singles = [sign * step * unit for unit in units for sign in (1, -1)]
    if len(units) > _PAIRED:
        return singles
    signed = {size * sign for size in (step, max(step // 2, 1)) for sign in (1, -1)}
    sizes = [pair for pair in itertools.product(sorted(signed), repeat=2) if step in np.abs(pair)]
    return singles + [a * one + b * other for one, other in itertools.combinations(units, 2) for a, b in sizes]
