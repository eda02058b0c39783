"""Least holding cost subject to fill-rate targets, by sample-average approximation on common random numbers.

Each customers' node gets the least level that meets its target by secant steps inside a bracket, all nodes at once; the
levels upstream are those of least cost then (`reduced`), with one adjoint pass for the gradient of all.
"""

from dataclasses import dataclass

import numpy as np

from echelon.core.inventory.optimisation.reduced import Point, Start, least_cost
from echelon.core.inventory.optimisation.system import System
from echelon.core.inventory.simulation.layout import Doubles, Flags
from echelon.core.inventory.simulation.simulator import Totals

_TOLERANCE = 1e-3  # of the fill rate; what is missing is made up by one Newton step without simulation
_MOST_STEPS = 60
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


def fill_gap(simulator: System, totals: Totals, targets: Targets) -> Doubles:
    """Units that are missing to the target at each node (negative: more than needed, 0 without a target)."""
    needed = totals.unmet - (1 - targets.fill_rate) * simulator.demand
    return np.where(targets.bound, needed, 0.0)


def meet_targets(simulator: System, targets: Targets, levels: Doubles) -> Point:
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


def _settled(simulator: System, targets: Targets, gap: Doubles, levels: Doubles, low: Doubles, high: Doubles) -> Flags:
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


@dataclass(frozen=True)
class _FillRates:
    """The goal of `reduced`."""

    simulator: System
    targets: Targets

    @property
    def bound(self) -> Flags:
        return self.targets.bound

    @property
    def hold(self) -> Doubles:
        return self.targets.hold

    @property
    def whole(self) -> bool:
        return self.targets.whole

    def meet(self, levels: Doubles) -> Point:
        return meet_targets(self.simulator, self.targets, levels)

    def gradient(self, point: Point) -> Doubles:
        return self.simulator.gradient(point.levels, self.targets.hold, point.price)[1]


def optimise(
    simulator: System,
    targets: Targets,
    fixed: Doubles,
    middle: Doubles,
    spread: Doubles,
    earlier: Doubles | None = None,
) -> Doubles:
    """Levels (nodes,) of least holding cost that meet the targets on these paths; fixed, middle, spread and earlier as in
    `Start`."""
    return least_cost(_FillRates(simulator, targets), Start(middle, spread, fixed, earlier))
