"""Least holding cost subject to fill-rate targets, by sample-average approximation on common random numbers.

Given the levels upstream, each customers' node needs the least level that meets its target: Newton steps inside a
bracket, all nodes at once. That leaves a cost in the upstream levels alone, whose (reduced) gradient is one adjoint
pass with the targets' shadow prices as weights; it is driven to zero by safeguarded secant steps per node.
"""

from dataclasses import dataclass

import numpy as np

from echelon.core.inventory.simulation.layout import Doubles, Flags
from echelon.core.inventory.simulation.simulator import Simulator, Totals

_TOLERANCE = 5e-4  # of the fill rate while searching; what is missing is made up to first order
_STARTS = (-1.0, 0.5, 2.0)  # safety factors upstream, to start from the right valley
_SEARCH_STEPS = 8
_POLISH_NODES = 8


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
    """Levels with the targets met to tolerance, their cost corrected to exactly met targets, and the shadow prices
    (holding cost per unit more served) of the targets."""

    levels: Doubles
    cost: float
    price: Doubles


def fill_gap(simulator: Simulator, totals: Totals, targets: Targets) -> Doubles:
    """Units that are missing to the target at each node (negative: more than needed, 0 without a target)."""
    needed = totals.unmet - (1 - targets.fill_rate) * simulator.demand
    return np.where(targets.bound, needed, 0.0)


def meet_targets(simulator: Simulator, targets: Targets, levels: Doubles, tolerance: float = _TOLERANCE) -> Point:
    """Least levels of the bound nodes that meet the targets, the other levels given."""
    levels = np.array(levels, float)
    low, high = np.full(len(levels), -1.0), np.full(len(levels), np.inf)
    for _ in range(60):
        totals = simulator.totals(levels)
        gap = fill_gap(simulator, totals, targets)
        short = gap > 0
        low = np.where(short & targets.bound, np.maximum(low, levels), low)
        high = np.where(~short & targets.bound, np.minimum(high, levels), high)
        open_ = targets.bound & ~_settled(simulator, gap, levels, low, high, tolerance)
        if not open_.any():
            break
        levels = np.where(open_, _next(totals, gap, levels, low, high), levels)
    return _point(targets, levels, totals, gap)


def _settled(simulator: Simulator, gap: Doubles, levels: Doubles, low: Doubles, high: Doubles, tolerance: float) -> Flags:
    """Nodes that need no further step: target hit, bracket closed, or zero stock suffices."""
    hit = np.abs(gap) <= tolerance * simulator.demand
    closed = high - low <= 1e-3 * np.maximum(1.0, levels)
    return hit | closed | ((gap <= 0) & (levels <= 0))


def _next(totals: Totals, gap: Doubles, levels: Doubles, low: Doubles, high: Doubles) -> Doubles:
    """A Newton step where it stays in the bracket, else its middle, or twice the level while it is open above."""
    newton = levels + gap / np.maximum(totals.slope, 1e-9)
    widest = np.where(np.isfinite(high), high, 2 * levels + 4)
    fallback = np.where(np.isfinite(high), (np.maximum(low, 0) + high) / 2, widest)
    inside = (newton > low) & (newton < widest)
    return np.maximum(np.where(inside, newton, fallback), 0.0)


def _point(targets: Targets, levels: Doubles, totals: Totals, gap: Doubles) -> Point:
    """Correct cost to first order for what is missing to the targets."""
    price = np.where(targets.bound, targets.hold * totals.covered / np.maximum(totals.slope, 1.0), 0.0)
    return Point(levels, float(targets.hold @ totals.on_hand + price @ gap), price)


def optimise(simulator: Simulator, targets: Targets, middle: Doubles, spread: Doubles) -> Doubles:
    """Levels (nodes,) of least holding cost on these paths. `middle` and `spread` are mean and standard deviation of
    lead-time demand per node: where the search starts and the length of its first step."""
    free = ~targets.bound & (spread > 0)
    if not free.any():
        best = meet_targets(simulator, targets, middle + spread)
    else:
        best = _search(simulator, targets, _best_start(simulator, targets, middle, spread, free), spread, free)
    return _whole_levels(simulator, targets, best, free) if targets.whole else best.levels


def _best_start(simulator: Simulator, targets: Targets, middle: Doubles, spread: Doubles, free: Flags) -> Point:
    """The cheapest of a few common safety factors upstream."""
    points: list[Point] = []
    levels = middle + spread
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
        if np.all(np.abs(step) <= 0.03 * spread):
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


def _whole_levels(simulator: Simulator, targets: Targets, point: Point, free: Flags) -> Doubles:
    """Whole levels: those of bound nodes rounded up, the free ones rounded and then moved by one while that pays."""
    best = _rounded(simulator, targets, np.where(free, np.rint(point.levels), point.levels))
    movable = np.flatnonzero(free)
    if len(movable) > _POLISH_NODES:
        return best.levels
    for node in movable[np.argsort(-targets.hold[movable], kind="stable")]:
        for direction in (-1.0, 1.0):
            best = _walk(simulator, targets, best, int(node), direction)
    return best.levels


def _walk(simulator: Simulator, targets: Targets, best: Point, node: int, direction: float) -> Point:
    """Move one level in one direction while the cost falls, with growing strides."""
    stride = direction
    while best.levels[node] + stride >= 0:
        levels = best.levels.copy()
        levels[node] += stride
        trial = _rounded(simulator, targets, levels)
        if trial.cost >= best.cost:
            return best
        best, stride = trial, 2 * stride
    return best


def _rounded(simulator: Simulator, targets: Targets, levels: Doubles) -> Point:
    """Least whole levels of the bound nodes that meet the targets, with their true cost on the sample."""
    point = meet_targets(simulator, targets, levels)
    whole = np.where(targets.bound, np.ceil(point.levels - 1e-2), point.levels)
    totals = simulator.totals(whole)
    return Point(whole, float(targets.hold @ totals.on_hand), point.price)
