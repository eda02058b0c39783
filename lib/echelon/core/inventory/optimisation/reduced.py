"""The search for least holding cost while service targets are kept met: what all kinds of targets have in common.

Given the levels upstream, each customers' node needs the least level that meets its target. That leaves a cost in the
upstream levels alone, whose (reduced) gradient weighs the targets with their shadow prices; it is driven to zero by
safeguarded secant steps per node. Multiplier updates would stall on the kinks of whole levels.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from echelon.core.inventory.simulation.layout import Doubles, Flags

_STARTS = (-1.0, 0.5, 2.0)  # safety factors upstream, to start from the right valley
_EARLIER_STEP = 0.05  # of the spread: first step from levels of an earlier plan
_SEARCH_STEPS = 8
_ROUNDING = 1e-2  # a level this little above a whole number is that number
_WORTHWHILE = 2e-4  # of the cost: a step that promises less is not simulated
_POLISH_NODES = 8
_POLISH_SPREAD = 25.0  # units: with a greater spread of lead-time demand one unit hardly matters


@dataclass(frozen=True)
class Point:
    """Levels that meet the targets (to first order, from a simulation close by), what they cost, the shadow prices of
    the targets (holding cost per unit more served; 0 where the gradient finds them itself) and the share of stock that
    would be left over, as a cost."""

    levels: Doubles
    cost: float
    price: Doubles
    surplus: Doubles

    def rounded_up(self) -> tuple[Doubles, float]:
        """The next whole levels and their cost: on hand is linear in a level between whole numbers."""
        whole = np.ceil(self.levels - _ROUNDING)
        return whole, self.cost + float(self.surplus @ (whole - self.levels))


class Goal(Protocol):
    """Service targets on one set of paths."""

    @property
    def bound(self) -> Flags:
        """Nodes whose level is decided by a target."""

    @property
    def hold(self) -> Doubles:
        """Holding cost per unit."""

    @property
    def whole(self) -> bool:
        """Whether levels are whole numbers."""

    def meet(self, levels: Doubles) -> Point:
        """Least levels of the bound nodes that meet the targets, the other levels given."""

    def gradient(self, point: Point) -> Doubles:
        """Derivative of the cost in every other level while the bound levels follow to keep the targets met."""


@dataclass(frozen=True)
class Start:
    """Where the search begins: mean and standard deviation of lead-time demand per node (the scale of its steps), levels
    that are given (nan elsewhere), and levels of an earlier plan, None without one."""

    middle: Doubles
    spread: Doubles
    fixed: Doubles
    earlier: Doubles | None = None


def least_cost(goal: Goal, start: Start) -> Doubles:
    """Levels (nodes,) of least holding cost that meet the targets on the goal's paths.

    With levels of an earlier plan the search starts from them alone, with shorter steps.
    """
    free = ~goal.bound & np.isnan(start.fixed) & (start.spread > 0)
    first = np.where(np.isnan(start.fixed), start.middle + start.spread, start.fixed)
    if start.earlier is not None:
        first = np.where(np.isnan(start.fixed), start.earlier, start.fixed)
    cold = start.earlier is None and bool(free.any())
    begin = _best_start(goal, first, start, free) if cold else goal.meet(first)
    length = start.spread * (0.5 if start.earlier is None else _EARLIER_STEP)
    best = _search(goal, begin, length, start.spread, free) if free.any() else begin
    if not goal.whole:
        return best.levels
    rounded = _rounded(goal, best, free)
    if start.earlier is not None:  # whole numbers are jagged: never worse than the earlier plan
        rounded = min(rounded, _rounded(goal, begin, free), key=_whole_cost)
    return _polished(goal, rounded, free & (start.spread <= _POLISH_SPREAD)).rounded_up()[0]


def _best_start(goal: Goal, levels: Doubles, start: Start, free: Flags) -> Point:
    """The cheapest of a few common safety factors upstream."""
    points: list[Point] = []
    for factor in _STARTS:
        levels = np.where(free, np.maximum(start.middle + factor * start.spread, 0), levels)
        points.append(goal.meet(levels))
        levels = points[-1].levels
    return min(points, key=lambda point: point.cost)


def _reduced_gradient(goal: Goal, point: Point, free: Flags) -> Doubles:
    """The goal's gradient in the free levels that can still fall."""
    gradient = goal.gradient(point)
    at_zero = (point.levels <= 0) & (gradient > 0)
    return np.where(free & ~at_zero, gradient, 0.0)


def _search(goal: Goal, best: Point, first: Doubles, spread: Doubles, free: Flags) -> Point:
    """Secant steps per free node, the first of the given lengths; one that costs more is halved and taken again."""
    gradient = _reduced_gradient(goal, best, free)
    step = -np.sign(gradient) * first
    for _ in range(_SEARCH_STEPS):
        if np.all(np.abs(step) <= 0.03 * spread) or abs(gradient @ step) <= _WORTHWHILE * best.cost:
            break
        trial = goal.meet(np.maximum(best.levels + step, 0) * free + best.levels * ~free)
        slope = _reduced_gradient(goal, trial, free)
        moved = np.where(free, trial.levels - best.levels, 0.0)
        if trial.cost < best.cost:
            step = _secant(slope, gradient, moved, spread)
            best, gradient = trial, slope
        else:
            back = _secant(gradient, slope, -moved, spread)
            step = np.clip(back, -0.5 * np.abs(moved), 0.5 * np.abs(moved))
    return best


def _secant(gradient: Doubles, before: Doubles, moved: Doubles, spread: Doubles) -> Doubles:
    """Step to the zero of the gradient as seen from two points, at most twice the spread."""
    change = gradient - before
    curved = change * moved > 0
    step = -gradient * moved / np.where(curved, change, 1.0)
    downhill = -np.sign(gradient) * np.abs(moved)
    return np.clip(np.where(curved, step, downhill), -2 * spread, 2 * spread)


def _rounded(goal: Goal, point: Point, free: Flags) -> Point:
    """The free levels rounded, the bound ones as they are then needed."""
    return goal.meet(np.where(free, np.rint(point.levels), point.levels))


def _whole_cost(point: Point) -> float:
    return point.rounded_up()[1]


def _polished(goal: Goal, best: Point, small: Flags) -> Point:
    """Each of a few small levels the best of its neighbours; more of them when there is one.

    Rounding up the bound levels makes the cost jagged, so the neighbours are tried one by one.
    """
    movable = np.flatnonzero(small)
    if len(movable) <= _POLISH_NODES:
        reach = 3 if len(movable) == 1 else 1
        for node in movable[np.argsort(-goal.hold[movable], kind="stable")]:
            best = _best_neighbour(goal, best, int(node), reach)
    return best


def _best_neighbour(goal: Goal, centre: Point, node: int, reach: int) -> Point:
    """The cheapest whole plan with one free level moved by at most `reach`."""
    points = [centre]
    for shift in [*range(-reach, 0), *range(1, reach + 1)]:
        if centre.levels[node] + shift >= 0:
            levels = centre.levels.copy()
            levels[node] += shift
            points.append(goal.meet(levels))
    return min(points, key=_whole_cost)
