"""Least holding cost subject to fill-rate targets, by sample-average approximation on common random numbers.

Given the levels upstream, each customers' node needs the least level that meets its target: secant steps inside a
bracket, all nodes at once. That leaves a cost in the upstream levels alone, whose (reduced) gradient is one adjoint
pass with the targets' shadow prices as weights; it is driven to zero by safeguarded secant steps per node.
"""

from dataclasses import dataclass, replace

import numpy as np

from echelon.core.inventory.shadow_prices import Counted, ShadowPrices
from echelon.core.inventory.simulation.layout import Doubles, Flags
from echelon.core.inventory.simulation.simulator import Simulator, Totals

_TOLERANCE = 1e-3  # of the fill rate
_ROUGH = 5e-3  # the same while the search is far from its end
_ROUGHEST = 3e-2  # and to choose a start
_STARTS = (-1.0, 0.25, 1.5)  # safety factors upstream, to start from the right valley
_SEARCH_STEPS = 8
_LONGEST_STEP = 1.0  # spreads
_USUAL_CURVATURE = 0.15  # of the holding cost of one spread
_MOST_STEPS = 60
_ROUNDING = 1e-2  # a level this little above a whole number is that number
_WORTHWHILE = 4e-4  # of the cost: a step that promises less is not simulated
_POLISH_NODES = 8
_POLISH_SPREAD = 25.0  # units: with a greater spread of lead-time demand one unit hardly matters
_NOTHING = 1e-12  # in place of a curvature or a spread of zero
_LEAST_UNMET = 1e-4  # of the demand: less counts as this much where its logarithm is taken
_FARTHEST = 0.5  # of the logarithm of unmet demand: a step so long is not taken without simulation
_LARGEST_STEP = 50.0  # times the step that counting alone would take


@dataclass(frozen=True)
class Targets:
    """fill_rate: nan where a node has no target; hold: holding cost per unit; whole: levels are whole numbers."""

    fill_rate: Doubles
    hold: Doubles
    whole: bool

    @property
    def bound(self) -> Flags:
        """Nodes whose level is decided by a target."""
        return np.isfinite(self.fill_rate)


@dataclass(frozen=True)
class Point:
    """Levels that meet the targets (to first order, from a simulation close by), and what they cost."""

    levels: Doubles
    cost: float
    counted: Counted

    def rounded_up(self) -> tuple[Doubles, float]:
        """The next whole levels and their cost: on hand is linear in a level between whole numbers."""
        whole = np.ceil(self.levels - _ROUNDING)
        return whole, self.cost + float(self.counted.surplus @ (whole - self.levels))


@dataclass(frozen=True)
class Valley:
    """Levels (nodes,) near the least cost, second derivatives (nodes, nodes) of the cost there and the prices of the
    targets."""

    levels: Doubles
    curvature: Doubles
    prices: ShadowPrices


def fill_gap(simulator: Simulator, totals: Totals, targets: Targets) -> Doubles:
    """Units that are missing to the target at each node (negative: more than needed, 0 without a target)."""
    needed = totals.unmet - (1 - targets.fill_rate) * simulator.demand
    return np.where(targets.bound, needed, 0.0)


def meet_targets(
    simulator: Simulator, targets: Targets, levels: Doubles, prices: ShadowPrices | None = None, tolerance: float = _TOLERANCE
) -> Point:
    """Least levels of the bound nodes that meet the targets, the other levels given.

    tolerance: of the fill rate; what is missing is made up by one Newton step without simulation.
    """
    prices = ShadowPrices(targets.bound, targets.hold) if prices is None else prices
    levels = np.maximum(np.array(levels, float), 0.0)
    low, high = np.full(len(levels), -1.0), np.full(len(levels), np.inf)
    before, excess_before = levels, np.zeros(len(levels))
    for _ in range(_MOST_STEPS):
        totals = simulator.totals(levels)
        gap = fill_gap(simulator, totals, targets)
        low = np.where(targets.bound & (gap > 0), np.maximum(low, levels), low)
        high = np.where(targets.bound & (gap <= 0), np.minimum(high, levels), high)
        excess, decay = _excess(simulator, totals, gap, prices)
        hit = (np.abs(gap) <= tolerance * simulator.demand) & (np.abs(excess) <= _FARTHEST)
        moving = targets.bound & ~hit & ~_settled(targets, gap, levels, low, high)
        if not moving.any():
            break
        decay = _seen_decay(decay, excess_before - excess, levels - before)
        before, excess_before = levels, excess
        levels = np.where(moving, _next(excess / decay, levels, low, high), levels)
    return _point(simulator, targets, levels, totals, gap, low, high, prices)


def _settled(targets: Targets, gap: Doubles, levels: Doubles, low: Doubles, high: Doubles) -> Flags:
    """Nodes that need no further step: bracket closed, or zero stock suffices."""
    closed = high <= np.floor(low) + 1 if targets.whole else high - low <= 1e-3 * levels
    return closed | ((gap <= 0) & (levels <= 0))


def _excess(simulator: Simulator, totals: Totals, gap: Doubles, prices: ShadowPrices) -> tuple[Doubles, Doubles]:
    """Logarithm of unmet demand over what the target allows, and how much it falls per unit of level.

    Unmet demand falls about exponentially in the level, so that steps to the zero of the logarithm hit from afar.
    """
    least = np.maximum(_LEAST_UNMET * simulator.demand, _NOTHING)
    unmet = np.maximum(totals.unmet, least)
    return np.log(unmet / np.maximum(totals.unmet - gap, least)), np.maximum(totals.slope * prices.effect / unmet, _NOTHING)


def _seen_decay(decay: Doubles, fallen: Doubles, moved: Doubles) -> Doubles:
    """How much the excess falls per unit of level: by counting (`Totals.slope`), or as the last step showed it where
    that is much less or more.

    Counting says too much where the source is short, since what one location gains another lacks; Newton steps would
    then creep. The secant is kept within a factor of the count, so that noise between neighbours can't throw it far.
    """
    seen = fallen / np.where(moved != 0, moved, 1.0)
    trusted = (moved != 0) & ((seen < 0.5 * decay) | (seen > 1.5 * decay))
    return np.where(trusted, np.clip(seen, decay / _LARGEST_STEP, 3 * decay), decay)


def _next(step: Doubles, levels: Doubles, low: Doubles, high: Doubles) -> Doubles:
    """The step where it stays in the bracket, else its middle, or twice the level while it is open above."""
    widest = np.where(np.isfinite(high), high, 2 * levels + 4)
    fallback = np.where(np.isfinite(high), (np.maximum(low, 0) + high) / 2, widest)
    inside = (levels + step > low) & (levels + step < widest)
    return np.maximum(np.where(inside, levels + step, fallback), 0.0)


def _point(
    simulator: Simulator,
    targets: Targets,
    levels: Doubles,
    totals: Totals,
    gap: Doubles,
    low: Doubles,
    high: Doubles,
    prices: ShadowPrices,
) -> Point:
    """One last step, inside the bracket, on cost and levels."""
    excess, decay = _excess(simulator, totals, gap, prices)
    surplus = np.where(targets.bound, targets.hold * totals.covered, 0.0)
    step = np.where(targets.bound, np.clip(excess / decay, np.maximum(low, 0) - levels, high - levels), 0.0)
    cost = float(targets.hold @ totals.on_hand + (surplus * prices.factor * prices.effect) @ step)
    slope = totals.slope * np.exp(np.clip(-decay * step, -_FARTHEST, _FARTHEST))  # at the end of the step
    return Point(levels + step, cost, Counted(np.maximum(slope, 1.0), surplus))


@dataclass(frozen=True)
class _Search:
    """What stays the same while the levels upstream are sought."""

    simulator: Simulator
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
    simulator: Simulator, targets: Targets, fixed: Doubles, middle: Doubles, spread: Doubles, near: Valley | None = None
) -> Doubles:
    """Levels (nodes,) of least holding cost on these paths.

    fixed: levels that are given, nan elsewhere. `middle` and `spread` are mean and standard deviation of lead-time
    demand per node: where the search starts and the length of its first step. `near`, from a search on fewer paths or
    an earlier plan, takes the place of the search from afar.
    """
    point = best_point(simulator, targets, fixed, middle, spread, near)
    return point.rounded_up()[0] if targets.whole else point.levels


def best_point(
    simulator: Simulator, targets: Targets, fixed: Doubles, middle: Doubles, spread: Doubles, near: Valley | None = None
) -> Point:
    """The same before levels that a target decides are rounded up: to meet the targets on other paths."""
    near = explore(simulator, targets, fixed, middle, spread) if near is None else near
    search = _Search(simulator, targets, spread, _free(targets, fixed, spread), near.prices, _TOLERANCE, _WORTHWHILE)
    best = search.meet(np.where(np.isnan(fixed), near.levels, fixed))
    if search.free.any():
        best = _descend(search, best, near.curvature)[0]
    return _polished(search, best) if targets.whole else search.meet(best.levels)


def explore(simulator: Simulator, targets: Targets, fixed: Doubles, middle: Doubles, spread: Doubles) -> Valley:
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
    search = replace(search, tolerance=_ROUGHEST)
    points: list[Point] = []
    for factor in _STARTS:
        levels = np.where(search.free, np.maximum(middle + factor * search.spread, 0), levels)
        points.append(search.meet(levels))
        levels = points[-1].levels
    return min(points, key=lambda point: point.cost)


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
            most = 0.5 * np.abs(way).max()
        step = _newton(curvature, gradient, most)
    return best, curvature


def _newton(curvature: Doubles, gradient: Doubles, most: float) -> Doubles:
    """Step to the zero of the gradient; shortened so that no level moves more than `most`."""
    step = -np.linalg.solve(curvature, gradient)
    return step * min(1.0, most / max(np.abs(step).max(), _NOTHING))


def _scaled(curvature: Doubles, change: Doubles, way: Doubles) -> Doubles:
    """The guess made as large as the first step shows (Nocedal & Wright, eq. 6.20)."""
    return np.asarray(curvature * np.clip((change @ way) / (way @ curvature @ way), 0.2, 5.0))


def _updated(curvature: Doubles, change: Doubles, way: Doubles) -> Doubles:
    """BFGS update, left out where the cost seems to curve down."""
    along, before = change @ way, curvature @ way
    if along <= 1e-6 * np.linalg.norm(change) * np.linalg.norm(way):
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
