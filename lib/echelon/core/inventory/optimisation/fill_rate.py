"""Least holding cost subject to fill-rate targets, by sample-average approximation on common random numbers.

Given the levels upstream, each customers' node needs the least level that meets its target (`targets`). That leaves a cost
in the upstream levels alone, whose (reduced) gradient is one adjoint pass with the targets' shadow prices as weights; it is
driven to zero by quasi-Newton steps.
"""

from dataclasses import dataclass, replace

import numpy as np

from echelon.core.inventory.optimisation.shadow_prices import ShadowPrices
from echelon.core.inventory.optimisation.system import System
from echelon.core.inventory.optimisation.targets import TOLERANCE, Point, Targets, meet_targets
from echelon.core.inventory.simulation.layout import Doubles, Flags

_ROUGH = 5e-3  # the same while the search is far from its end
_ROUGHEST = 1e-2  # and to choose a start
_STARTS = (-1.0, 0.25, 1.5)  # safety factors upstream, to start from the right valley
_SEARCH_STEPS = 8
_LONGEST_STEP = 1.0  # spreads
_BACKTRACKED = 0.1, 0.6  # of a step that cost more
_USUAL_CURVATURE = 0.15  # of the holding cost of one spread
_WORTHWHILE = 4e-4  # of the cost: a step that promises less is not simulated
_POLISH_NODES = 8
_POLISH_SPREAD = 25.0  # units: with a greater spread of lead-time demand one unit hardly matters
_NOTHING = 1e-12  # in place of a curvature or a spread of zero


@dataclass(frozen=True)
class Valley:
    """Levels (nodes,) near the least cost, second derivatives (nodes, nodes) of the cost there and the prices of the
    targets."""

    levels: Doubles
    curvature: Doubles
    prices: ShadowPrices


@dataclass(frozen=True)
class _Search:
    """What stays the same while the levels upstream are sought."""

    simulator: System
    targets: Targets
    spread: Doubles
    free: Flags
    prices: ShadowPrices
    tolerance: float
    worthwhile: float

    def meet(self, levels: Doubles) -> Point:
        """Least levels of the bound nodes, given the free ones."""
        return meet_targets(self.simulator, self.targets, levels, self.prices, self.tolerance)

    @property
    def usual_curvature(self) -> Doubles:
        """Second derivatives of the cost per period in the free levels, as networks usually have them."""
        return np.where(self.free, _USUAL_CURVATURE * self.targets.hold * self.spread, 1.0)

    def moved(self, point: Point, step: Doubles) -> Point:
        """The point with its free levels moved by a step in units of their spread."""
        levels = np.where(self.free, np.maximum(point.levels + step * self.spread, 0.0), point.levels)
        return replace(point, levels=levels)

    def way(self, old: Point, new: Point) -> Doubles:
        """Way of the free levels in units of their spread."""
        return np.where(self.free, new.levels - old.levels, 0.0) / np.where(self.free, self.spread, 1.0)

    def gradient(self, point: Point) -> Doubles:
        """Derivative of the cost per period in the free levels, in units of their spread, while bound levels follow."""
        gradient = self.prices.gradient(self.simulator, point.levels, point.counted)
        at_zero = (point.levels <= 0) & (gradient > 0)
        return np.where(self.free & ~at_zero, gradient * self.spread, 0.0) / self.simulator.scale


def optimise(
    simulator: System, targets: Targets, fixed: Doubles, middle: Doubles, spread: Doubles, near: Valley | None = None
) -> Doubles:
    """Levels (nodes,) of least holding cost on these paths.

    fixed: levels that are given, nan elsewhere. `middle` and `spread` are mean and standard deviation of lead-time
    demand per node: where the search starts and the length of its first step. `near`, from a search on fewer paths or
    an earlier plan, takes the place of the search from afar.
    """
    point = best_point(simulator, targets, fixed, middle, spread, near)
    return point.rounded_up()[0] if targets.whole else point.levels


def valley_at(levels: Doubles, targets: Targets, spread: Doubles) -> Valley:
    """Where a search goes on from the levels of an earlier plan, when no more is known of it."""
    curvature = np.where(spread > 0, _USUAL_CURVATURE * targets.hold * spread, 1.0)
    return Valley(levels, np.diag(curvature), ShadowPrices(targets.bound, targets.hold))


def best_point(
    simulator: System, targets: Targets, fixed: Doubles, middle: Doubles, spread: Doubles, near: Valley | None = None
) -> Point:
    """The same before levels that a target decides are rounded up: to meet the targets on other paths."""
    near = explore(simulator, targets, fixed, middle, spread) if near is None else near
    search = _Search(simulator, targets, spread, _free(targets, fixed, spread), near.prices, TOLERANCE, _WORTHWHILE)
    best = search.meet(np.where(np.isnan(fixed), near.levels, fixed))
    if search.free.any():
        best = _descend(search, best, near.curvature)[0]
    return _polished(search, best) if targets.whole else search.meet(best.levels)


def optimise_near(simulator: System, targets: Targets, start: Doubles, spread: Doubles, prices: ShadowPrices) -> Doubles:
    """The same from levels that are nearly best already, without rounding: for comparisons. Unbound nodes without spread
    stay at them. prices: those of a similar problem, which are changed to this one's."""
    free = ~targets.bound & (spread > 0)
    search = _Search(simulator, targets, spread, free, prices, _ROUGH, 3 * _WORTHWHILE)
    best = search.meet(start)
    return search.meet(_descend(search, best, np.diag(search.usual_curvature))[0].levels).levels if free.any() else best.levels


def explore(simulator: System, targets: Targets, fixed: Doubles, middle: Doubles, spread: Doubles) -> Valley:
    """About where the least cost lies: arguments as for `optimise`."""
    prices = ShadowPrices(targets.bound, targets.hold)
    search = _Search(simulator, targets, spread, _free(targets, fixed, spread), prices, _ROUGH, 3 * _WORTHWHILE)
    start = np.where(np.isnan(fixed), middle + spread, fixed)
    if not search.free.any():
        return Valley(search.meet(start).levels, np.eye(len(spread)), prices)
    best, curvature = _descend(search, _best_start(search, start, middle), None)
    return Valley(best.levels, curvature, prices)


def _free(targets: Targets, fixed: Doubles, spread: Doubles) -> Flags:
    """Nodes whose level is decided by the search."""
    return ~targets.bound & np.isnan(fixed) & (spread > 0)


def _best_start(search: _Search, levels: Doubles, middle: Doubles) -> Point:
    """The cheapest of a few common safety factors upstream."""
    rough = replace(search, tolerance=_ROUGHEST)
    points: list[Point] = []
    for factor in _STARTS:
        levels = np.where(search.free, np.maximum(middle + factor * search.spread, 0), levels)
        points.append(rough.meet(levels))
        if len(points) == 1:
            search.gradient(points[0])  # the prices, without which what is missing to a target can't be valued
        levels = points[-1].levels
    return search.meet(min(points, key=lambda point: point.cost).levels)


def _descend(search: _Search, best: Point, curvature: Doubles | None) -> tuple[Point, Doubles]:
    """Quasi-Newton steps (BFGS; Nocedal & Wright, Numerical Optimization, 2nd ed., eq. 6.19) of the free levels in units
    of their spread; a step that costs more is halved and taken again from the best point.

    curvature: second derivatives (nodes, nodes), a guess where unknown. Returns the best point and the curvature there.
    The last step, which promises too little to be simulated, is taken on trust.
    """
    gradient, most, known = search.gradient(best), _LONGEST_STEP, curvature is not None
    curvature = np.diag(search.usual_curvature) if curvature is None else curvature
    step = _newton(curvature, gradient, most)
    for _ in range(_SEARCH_STEPS):
        if abs(gradient @ step) * search.simulator.scale <= search.worthwhile * best.cost:
            return search.moved(best, step), curvature
        trial = search.meet(search.moved(best, step).levels)
        slope, way = search.gradient(trial), search.way(best, trial)
        curvature = _updated(curvature if known else _scaled(curvature, slope - gradient, way), slope - gradient, way)
        known = True
        if trial.cost < best.cost:
            best, gradient, most = trial, slope, _LONGEST_STEP
        else:
            most = _backtracked(float(gradient @ way), trial.cost - best.cost, search) * np.abs(way).max()
        step = _newton(curvature, gradient, most)
    return best, curvature


def _backtracked(slope: float, rise: float, search: _Search) -> float:
    """Part of a step that costs more to take instead: to the least of a parabola (Nocedal & Wright, eq. 3.57)."""
    rise /= search.simulator.scale
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


def _polished(search: _Search, point: Point) -> Point:
    """Whole levels of the free nodes, each small one the best of its neighbours when those of bound nodes are rounded up.

    Rounding makes the cost jagged, so the neighbours are tried one by one; more of them when there is one free node.
    """
    movable = np.flatnonzero(search.free & (search.spread <= _POLISH_SPREAD))
    best = search.meet(np.where(search.free, np.rint(point.levels), point.levels))
    search = replace(search, tolerance=_ROUGH)  # neighbours are so close that a step of the levels tells enough
    if len(movable) <= _POLISH_NODES:
        reach = 3 if len(movable) == 1 else 1
        for node in movable[np.argsort(-search.targets.hold[movable], kind="stable")]:
            best = _best_neighbour(search, best, int(node), reach)
    return best


def _best_neighbour(search: _Search, centre: Point, node: int, reach: int) -> Point:
    """The cheapest whole plan with one free level moved by at most `reach`."""
    points = [centre]
    for shift in [*range(-reach, 0), *range(1, reach + 1)]:
        if centre.levels[node] + shift >= 0:
            levels = centre.levels.copy()
            levels[node] += shift
            points.append(search.meet(levels))
    return min(points, key=lambda point: point.rounded_up()[1])
