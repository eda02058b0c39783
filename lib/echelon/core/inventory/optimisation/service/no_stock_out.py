"""Least holding cost subject to a share of periods (ready rate) or review cycles (cycle service level) without shortage.

An indicator has no pathwise derivative, but its expectation has: where the own level follows so that P(net >= 0) stays,
d own / d upstream = -E[d net / d upstream | net = 0] (Hong, Operations Research 57(1), 2009, theorem 2: the sensitivity
of a quantile). The condition is widened to |net| <= h (Liu & Hong, Naval Research Logistics 56, 2009). A level moves the
net stock of its own node one for one, so that the backorders at levels h below and above differ by the sum of a ramp
of that width; two adjoint passes with backorders as cost therefore give the derivative of all nodes' service at once.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from echelon.core.arrays import Doubles, Flags
from echelon.core.inventory.optimisation.service.bracket import Bracket
from echelon.core.inventory.optimisation.service.nearby import better_nearby
from echelon.core.inventory.optimisation.service.search import Point, Search, best_start, descend, polished
from echelon.core.inventory.optimisation.system import System

_RAMP = 0.1  # half the width of the ramp, in standard deviations of lead-time demand
_CLOSE = 2e-3  # the same unit: how well a level that need not be whole is found
_MOST_STEPS = 60
_WORTHWHILE = 2e-4  # of the cost


@dataclass(frozen=True)
class ShareTargets:
    """share: of periods or cycles, nan where a node has no target; hold: holding cost per unit; whole: levels are whole
    numbers. `ready_rate` and `cycle_service_level` are those of `Measures`."""

    kind: Literal["ready_rate", "cycle_service_level"]
    share: Doubles
    hold: Doubles
    whole: bool

    @property
    def bound(self) -> Flags:
        """Nodes whose level is decided by a target."""
        return np.isfinite(self.share)


@dataclass(frozen=True)
class Start:
    """Where the search begins: mean and standard deviation of lead-time demand per node (the scale of its steps), levels
    that are given (nan elsewhere), and levels of an earlier plan, None without one."""

    middle: Doubles
    spread: Doubles
    fixed: Doubles
    earlier: Doubles | None = None


@dataclass(frozen=True)
class ShareGoal:
    """The goal of `search`: targets on the paths of a system. spread: standard deviation of lead-time demand (nodes,)."""

    system: System
    targets: ShareTargets
    spread: Doubles

    def rougher(self) -> "ShareGoal":
        return self

    @property
    def _half(self) -> Doubles:
        """Half the width of the ramp at bound nodes, units."""
        return np.where(self.targets.bound, np.maximum(_RAMP * self.spread, 0.5 if self.targets.whole else 1e-9), 0.0)

    def meet(self, levels: Doubles) -> Point:
        """Least levels of the bound nodes that meet the targets, the others given: bracketing on the simulated share, all
        nodes at once. Where levels are whole they are interpolated; `Point.rounded_up` gives those that meet."""
        levels = np.maximum(np.array(levels, float), 0.0)
        levels = np.where(self.targets.bound & self.targets.whole, np.rint(levels), levels)
        bracket = Bracket(np.nan_to_num(self.targets.share), self.targets.bound, self.spread, self._width, self.targets.whole)
        for _ in range(_MOST_STEPS):
            bracket.see(levels, self._share(levels))
            if not bracket.open.any():
                break
            levels = np.where(bracket.open, bracket.next(levels), levels)
        return self._point(np.where(self.targets.bound, bracket.root(), levels))

    def raised(self, levels: Doubles) -> Doubles:
        """Levels raised where a target is just missed: rounding at one customers' node shifts what others get."""
        for _ in range(_MOST_STEPS):
            short = self.targets.bound & (self._share(levels) < self.targets.share)
            if not short.any():
                break
            levels = levels + short * self._width
        return levels

    @property
    def _width(self) -> Doubles:
        return np.ones(len(self.targets.hold)) if self.targets.whole else np.maximum(_CLOSE * self.spread, 1e-6)

    def _share(self, levels: Doubles) -> Doubles:
        measures = self.system.measure(levels)
        chosen = measures.ready_rate if self.targets.kind == "ready_rate" else measures.cycle_service_level
        return np.nan_to_num(chosen.mean, nan=1.0)

    def _point(self, levels: Doubles) -> Point:
        totals = self.system.totals(levels)
        surplus = np.where(self.targets.bound, self.targets.hold * totals.covered, 0.0)
        return Point(levels, float(self.targets.hold @ totals.on_hand), surplus)

    def gradient(self, point: Point) -> Doubles:
        """Holding cost and priced ramp, as the mean of the passes at its lower and upper end."""
        low, high = np.maximum(point.levels - self._half, 0.0), point.levels + self._half
        below, above = self.system.totals(low), self.system.totals(high)
        waits = below.owed > 0  # where sales are lost, the unmet demand stands for the backorders
        fewer = np.where(waits, above.covered - below.covered, below.slope - above.slope)
        weight = np.where(self.targets.bound, 2 * point.surplus / np.maximum(fewer, 1.0), 0.0)
        owed, unmet = weight * waits, weight * ~waits
        _, at_low = self.system.gradient(low, self.targets.hold, unmet, owed)
        _, at_high = self.system.gradient(high, self.targets.hold, -unmet, -owed)
        return 0.5 * (at_low + at_high)


def least_cost_for_shares(system: System, targets: ShareTargets, start: Start) -> Doubles:
    """Levels (nodes,) of least holding cost at which every target is met on the system's paths.

    At nodes that lose sales a ready rate says nothing (nobody waits): ask for a cycle service level there.
    """
    goal = ShareGoal(system, targets, start.spread)
    search = Search(goal, ~goal.targets.bound & np.isnan(start.fixed) & (start.spread > 0), start.spread, _WORTHWHILE)
    return goal.raised(better_nearby(goal, _searched(search, start), search.free, start.spread))


def _searched(search: Search[Point], start: Start) -> Doubles:
    """Where the search ends, from an earlier plan or from afar; never worse than the earlier plan."""
    goal, middle = search.goal, start.middle if start.earlier is None else start.earlier
    begin = goal.meet(np.where(np.isnan(start.fixed), middle, start.fixed))
    if not search.free.any():
        return begin.levels
    if start.earlier is None:
        begin = best_start(search, begin.levels, start.middle)
    best = descend(search, begin, None)[0]
    if not goal.targets.whole:
        return min(begin, goal.meet(best.levels), key=lambda point: point.cost).levels
    whole = (goal.meet(np.where(search.free, np.rint(point.levels), point.levels)) for point in (begin, best))
    best_whole = min(whole, key=lambda point: point.rounded_up()[1])
    return (polished(search, best_whole) if start.earlier is None else best_whole).levels
