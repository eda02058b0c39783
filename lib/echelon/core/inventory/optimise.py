"""Least holding cost subject to fill-rate targets, by sample-average approximation on common random numbers.

Given the levels upstream, each customers' node needs the least level that meets its target: secant steps inside a
bracket, all nodes at once. That leaves a cost in the upstream levels alone, whose (reduced) gradient is one adjoint
pass with the targets' shadow prices as weights; it is driven to zero by safeguarded secant steps per node.
"""

from dataclasses import dataclass

import numpy as np

from echelon.core.inventory.simulation.layout import Doubles, Flags
from echelon.core.inventory.simulation.simulator import Simulator, Totals

_TOLERANCE = 1e-3  # of the fill rate; what is missing is made up by one Newton step without simulation
_STARTS = (-1.0, 0.5, 2.0)  # safety factors upstream, to start from the right valley
_SEARCH_STEPS = 8
_MOST_STEPS = 60
_ROUNDING = 1e-2  # a level this little above a whole number is that number
_WORTHWHILE = 2e-4  # of the cost: a step that promises less is not simulated
_POLISH_NODES = 8
_POLISH_SPREAD = 25.0  # units: with a greater spread of lead-time demand one unit hardly matters
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
    """Levels that meet the targets (to first order, from a simulation close by), what they cost, the shadow prices of
    the targets (holding cost per unit more served) and the share of stock that would be left over, as a cost."""

    levels: Doubles
    cost: float
    price: Doubles
    surplus: Doubles

    def rounded_up(self) -> tuple[Doubles, float]:
        """The next whole levels and their cost: on hand is linear in a level between whole numbers."""
        whole = np.ceil(self.levels - _ROUNDING)
        return whole, self.cost + float(self.surplus @ (whole - self.levels))


def fill_gap(simulator: Simulator, totals: Totals, targets: Targets) -> Doubles:
    """Units that are missing to the target at each node (negative: more than needed, 0 without a target)."""
    needed = totals.unmet - (1 - targets.fill_rate) * simulator.demand
    return np.where(targets.bound, needed, 0.0)


def meet_targets(simulator: Simulator, targets: Targets, levels: Doubles) -> Point:
    """Least levels of the bound nodes that meet the targets, the other levels given."""
    levels = np.maximum(np.array(levels, float), 0.0)
    low, high = np.full(len(levels), -1.0), np.full(len(levels), np.inf)
    before, gap_before = levels, np.zeros(len(levels))
    for _ in range(_MOST_STEPS):
        totals = simulator.totals(levels)
        gap = fill_gap(simulator, totals, targets)
        low = np.where(targets.bound & (gap > 0), np.maximum(low, levels), low)
        high = np.where(targets.bound & (gap <= 0), np.minimum(high, levels), high)
        moving = targets.bound & ~_settled(simulator, targets, gap, levels, low, high)
        if not moving.any():
            break
        slope = _seen_slope(totals.slope, gap_before - gap, levels - before)
        before, gap_before = levels, gap
        levels = np.where(moving, _next(slope, gap, levels, low, high), levels)
    return _point(targets, levels, totals, gap, low, high)


def _settled(simulator: Simulator, targets: Targets, gap: Doubles, levels: Doubles, low: Doubles, high: Doubles) -> Flags:
    """Nodes that need no further step: target hit, bracket closed, or zero stock suffices."""
    hit = np.abs(gap) <= _TOLERANCE * simulator.demand
    closed = high <= np.floor(low) + 1 if targets.whole else high - low <= 1e-3 * levels
    return hit | closed | ((gap <= 0) & (levels <= 0))


def _seen_slope(slope: Doubles, closed: Doubles, moved: Doubles) -> Doubles:
    """Units more served per unit of level: as the last step showed it, else by counting (`Totals.slope`).

    Counting says too much where the source is short, since what one location gains another lacks; Newton steps would
    then creep. The secant is kept within a factor of the count, so that noise between neighbours can't throw it far.
    """
    seen = closed / np.where(moved != 0, moved, 1.0)
    return np.where(moved != 0, np.clip(seen, slope / _LARGEST_STEP, np.maximum(slope, 1e-9)), slope)


def _next(slope: Doubles, gap: Doubles, levels: Doubles, low: Doubles, high: Doubles) -> Doubles:
    """A Newton step where it stays in the bracket, else its middle, or twice the level while it is open above."""
    newton = levels + gap / np.maximum(slope, 1e-9)
    widest = np.where(np.isfinite(high), high, 2 * levels + 4)
    fallback = np.where(np.isfinite(high), (np.maximum(low, 0) + high) / 2, widest)
    inside = (newton > low) & (newton < widest)
    return np.maximum(np.where(inside, newton, fallback), 0.0)


def _point(targets: Targets, levels: Doubles, totals: Totals, gap: Doubles, low: Doubles, high: Doubles) -> Point:
    """One last Newton step, inside the bracket, on cost and levels."""
    slope = np.maximum(totals.slope, 1.0)
    surplus = np.where(targets.bound, targets.hold * totals.covered, 0.0)
    step = np.clip(gap / slope, np.maximum(low, 0) - levels, high - levels)
    step = np.where(targets.bound, step, 0.0)
    cost = float(targets.hold @ totals.on_hand + surplus @ step)
    return Point(levels + step, cost, surplus / slope, surplus)


def optimise(simulator: Simulator, targets: Targets, fixed: Doubles, middle: Doubles, spread: Doubles) -> Doubles:
    """Levels (nodes,) of least holding cost on these paths.

    fixed: levels that are given, nan elsewhere. `middle` and `spread` are mean and standard deviation of lead-time
    demand per node: where the search starts and the length of its first step.
    """
    free = ~targets.bound & np.isnan(fixed) & (spread > 0)
    start = np.where(np.isnan(fixed), middle + spread, fixed)
    if not free.any():
        best = meet_targets(simulator, targets, start)
    else:
        best = _search(simulator, targets, _best_start(simulator, targets, start, middle, spread, free), spread, free)
    small = free & (spread <= _POLISH_SPREAD)
    return _whole_levels(simulator, targets, best, free, small) if targets.whole else best.levels


def optimise_near(simulator: Simulator, targets: Targets, start: Doubles, spread: Doubles) -> Doubles:
    """The same from levels that are nearly best already, without rounding. Unbound nodes without spread stay at them."""
    free = ~targets.bound & (spread > 0)
    best = meet_targets(simulator, targets, start)
    return (_search(simulator, targets, best, spread, free) if free.any() else best).levels


def _best_start(
    simulator: Simulator, targets: Targets, levels: Doubles, middle: Doubles, spread: Doubles, free: Flags
) -> Point:
    """The cheapest of a few common safety factors upstream."""
    points: list[Point] = []
    for factor in _STARTS:
        levels = np.where(free, np.maximum(middle + factor * spread, 0), levels)
        points.append(meet_targets(simulator, targets, levels))
        levels = points[-1].levels
    return min(points, key=lambda point: point.cost)


def _reduced_gradient(simulator: Simulator, targets: Targets, point: Point, free: Flags) -> Doubles:
    """Derivative of the cost in the free levels while the bound levels follow to keep the targets met."""
    _, gradient = simulator.gradient(point.levels, targets.hold, point.price)
    at_zero = (point.levels <= 0) & (gradient > 0)
    return np.where(free & ~at_zero, gradient, 0.0)


def _search(simulator: Simulator, targets: Targets, best: Point, spread: Doubles, free: Flags) -> Point:
    """Secant steps per free node; a step that costs more is halved and taken again from the best point."""
    gradient = _reduced_gradient(simulator, targets, best, free)
    step = -np.sign(gradient) * 0.5 * spread
    for _ in range(_SEARCH_STEPS):
        if np.all(np.abs(step) <= 0.03 * spread) or abs(gradient @ step) <= _WORTHWHILE * best.cost:
            break
        trial = meet_targets(simulator, targets, np.maximum(best.levels + step, 0) * free + best.levels * ~free)
        slope = _reduced_gradient(simulator, targets, trial, free)
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


def _whole_levels(simulator: Simulator, targets: Targets, point: Point, free: Flags, small: Flags) -> Doubles:
    """Whole levels: those of bound nodes rounded up, each free and small one the best of its neighbours.

    Rounding makes the cost jagged, so the neighbours are tried one by one; more of them when there is one free node.
    """
    movable = np.flatnonzero(small)
    best = meet_targets(simulator, targets, np.where(free, np.rint(point.levels), point.levels))
    if len(movable) <= _POLISH_NODES:
        reach = 3 if len(movable) == 1 else 1
        for node in movable[np.argsort(-targets.hold[movable], kind="stable")]:
            best = _best_neighbour(simulator, targets, best, int(node), reach)
    return best.rounded_up()[0]


def _best_neighbour(simulator: Simulator, targets: Targets, centre: Point, node: int, reach: int) -> Point:
    """The cheapest whole plan with one free level moved by at most `reach`."""
    points = [centre]
    for shift in [*range(-reach, 0), *range(1, reach + 1)]:
        if centre.levels[node] + shift >= 0:
            levels = centre.levels.copy()
            levels[node] += shift
            points.append(meet_targets(simulator, targets, levels))
    return min(points, key=lambda point: point.rounded_up()[1])
