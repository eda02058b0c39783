"""The search for least holding cost while service targets are kept met: what all kinds of targets have in common.

Given the levels upstream, each customers' node needs the least level that meets its target. That leaves a cost in the
upstream levels alone, whose (reduced) gradient is driven to zero by quasi-Newton steps. Multiplier updates would stall on
the kinks of whole levels.
"""

from dataclasses import dataclass, replace
from typing import Generic, Protocol, TypeVar

import numpy as np

from echelon.core.arrays import Doubles, Flags
from echelon.core.inventory.optimisation.system import System

_STARTS = (-1.0, 0.25, 1.5)  # safety factors upstream, to start from the right valley
_STEPS = 8
_LONGEST_STEP = 1.0  # spreads
_BACKTRACKED = 0.1, 0.6  # of a step that cost more
_USUAL_CURVATURE = 0.15  # of the holding cost of one spread
_ROUNDING = 1e-2  # a level this little above a whole number is that number
_POLISH_NODES = 8
_POLISH_SPREAD = 25.0  # units: with a greater spread of lead-time demand one unit hardly matters
_NOTHING = 1e-12  # in place of a curvature or a spread of zero


def rounded_up(levels: Doubles) -> Doubles:
    """The next whole levels, of levels that are nearly whole themselves."""
    return np.asarray(np.ceil(levels - _ROUNDING))


@dataclass(frozen=True)
class Point:
    """Levels (nodes,) that meet the targets (to first order, from a simulation close by), what they cost in all measured
    periods, and the cost of one unit more at each node whose level a target decides (0 elsewhere)."""

    levels: Doubles
    cost: float
    surplus: Doubles

    def rounded_up(self) -> tuple[Doubles, float]:
        """The next whole levels and their cost: on hand is linear in a level between whole numbers."""
        whole = rounded_up(self.levels)
        return whole, self.cost + float(self.surplus @ (whole - self.levels))


P = TypeVar("P", bound=Point)


class Asked(Protocol):
    """Service targets of any kind."""

    @property
    def bound(self) -> Flags:
        """Nodes whose level is decided by a target."""

    @property
    def hold(self) -> Doubles:
        """Holding cost per unit and period."""

    @property
    def whole(self) -> bool:
        """Whether levels are whole numbers."""


class Goal(Protocol[P]):
    """Service targets on one set of paths."""

    @property
    def system(self) -> System:
        """What is simulated, on its paths."""

    @property
    def targets(self) -> Asked:
        """What is to be met."""

    def meet(self, levels: Doubles) -> P:
        """Least levels of the bound nodes that meet the targets, the other levels given."""

    def gradient(self, point: P) -> Doubles:
        """Derivative of the cost in every other level while the bound levels follow to keep the targets met."""

    def rougher(self) -> "Goal[P]":
        """The same met less exactly: to compare what lies close together."""


@dataclass(frozen=True)
class Search(Generic[P]):
    """What stays the same while the free levels are sought. spread: standard deviation of lead-time demand (nodes,), the
    unit of steps. worthwhile: share of the cost; a step that promises less is not simulated."""

    goal: Goal[P]
    free: Flags
    spread: Doubles
    worthwhile: float

    @property
    def usual_curvature(self) -> Doubles:
        """Second derivatives (nodes,) of the cost per period in the free levels, as networks usually have them."""
        return np.where(self.free, _USUAL_CURVATURE * self.goal.targets.hold * self.spread, 1.0)

    def moved(self, point: P, step: Doubles) -> P:
        """The point with its free levels moved by a step in spreads."""
        levels = np.where(self.free, np.maximum(point.levels + step * self.spread, 0.0), point.levels)
        return replace(point, levels=levels)

    def way(self, old: P, new: P) -> Doubles:
        """Way of the free levels in spreads."""
        return np.where(self.free, new.levels - old.levels, 0.0) / np.where(self.free, self.spread, 1.0)

    def gradient(self, point: P) -> Doubles:
        """Derivative of the cost per period in the free levels that can still fall, in spreads."""
        gradient = self.goal.gradient(point)
        at_zero = (point.levels <= 0) & (gradient > 0)
        return np.where(self.free & ~at_zero, gradient * self.spread, 0.0) / self.goal.system.scale


def best_start(search: Search[P], levels: Doubles, middle: Doubles) -> P:
    """The cheapest of a few common safety factors upstream; middle: mean lead-time demand (nodes,)."""
    points: list[P] = []
    for factor in _STARTS:
        levels = np.where(search.free, np.maximum(middle + factor * search.spread, 0), levels)
        points.append(search.goal.meet(levels))
        levels = points[-1].levels
    return min(points, key=lambda point: point.cost)


def descend(search: Search[P], best: P, curvature: Doubles | None) -> tuple[P, Doubles]:
    """Quasi-Newton steps (BFGS; Nocedal & Wright, Numerical Optimization, 2nd ed., eq. 6.19) of the free levels in
    spreads; a step that costs more is shortened and taken again from the best point.

    curvature: second derivatives (nodes, nodes), None where unknown. Returns the best point and the curvature there.
    The last step, which promises too little to be simulated, is taken on trust.
    """
    gradient, most, known = search.gradient(best), _LONGEST_STEP, curvature is not None
    curvature = np.diag(search.usual_curvature) if curvature is None else curvature
    step = _newton(curvature, gradient, most)
    for _ in range(_STEPS):
        if abs(gradient @ step) * search.goal.system.scale <= search.worthwhile * best.cost:
            return search.moved(best, step), curvature
        trial = search.goal.meet(search.moved(best, step).levels)
        slope, way = search.gradient(trial), search.way(best, trial)
        curvature = _updated(curvature if known else _scaled(curvature, slope - gradient, way), slope - gradient, way)
        known = True
        if trial.cost < best.cost:
            best, gradient, most = trial, slope, _LONGEST_STEP
        else:
            most = _backtracked(float(gradient @ way), (trial.cost - best.cost) / search.goal.system.scale) * np.abs(way).max()
        step = _newton(curvature, gradient, most)
    return best, curvature


def _backtracked(slope: float, rise: float) -> float:
    """Part of a step that costs more to take instead: to the least of a parabola (Nocedal & Wright, eq. 3.57)."""
    return float(np.clip(-slope / max(2 * (rise - slope), _NOTHING), *_BACKTRACKED))


def _newton(curvature: Doubles, gradient: Doubles, most: float) -> Doubles:
    """Step to the zero of the gradient; shortened so that no level moves more than `most`."""
    step = -np.linalg.solve(curvature, gradient)
    return step * min(1.0, most / max(np.abs(step).max(), _NOTHING))


def _scaled(curvature: Doubles, change: Doubles, way: Doubles) -> Doubles:
    """The guess made as large as the first step shows (Nocedal & Wright, eq. 6.20)."""
    return np.asarray(curvature * np.clip((change @ way) / max(float(way @ curvature @ way), _NOTHING), 0.2, 5.0))


def _updated(curvature: Doubles, change: Doubles, way: Doubles) -> Doubles:
    """BFGS update, left out where the cost seems to curve down."""
    along, before = change @ way, curvature @ way
    if along <= max(1e-6 * float(np.linalg.norm(change) * np.linalg.norm(way)), _NOTHING):
        return curvature
    return np.asarray(curvature + np.outer(change, change) / along - np.outer(before, before) / (way @ before))


def polished(search: Search[P], point: P) -> P:
    """Whole levels of the free nodes, each small one the best of its neighbours when those of bound nodes are rounded up.

    Rounding makes the cost jagged, so the neighbours are tried one by one; more of them when there is one free node.
    """
    movable = np.flatnonzero(search.free & (search.spread <= _POLISH_SPREAD))
    best = search.goal.meet(np.where(search.free, np.rint(point.levels), point.levels))
    goal = search.goal.rougher()
    if len(movable) <= _POLISH_NODES:
        reach = 3 if len(movable) == 1 else 1
        for node in movable[np.argsort(-goal.targets.hold[movable], kind="stable")]:
            best = _best_neighbour(goal, best, int(node), reach)
    return best


def _best_neighbour(goal: Goal[P], centre: P, node: int, reach: int) -> P:
    """The cheapest whole plan with one free level moved by at most `reach`."""
    points = [centre]
    for shift in [*range(-reach, 0), *range(1, reach + 1)]:
        if centre.levels[node] + shift >= 0:
            levels = centre.levels.copy()
            levels[node] += shift
            points.append(goal.meet(levels))
    return min(points, key=lambda point: point.rounded_up()[1])
