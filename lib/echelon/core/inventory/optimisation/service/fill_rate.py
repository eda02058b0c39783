"""Least holding cost subject to fill-rate targets, by sample-average approximation on common random numbers.

The search (`search.py`) is steered by one adjoint pass with the targets' shadow prices as weights. It begins on few paths,
where targets need not be met exactly, and ends on all.
"""

from dataclasses import dataclass, replace

import numpy as np

from echelon.core.arrays import Doubles, Flags
from echelon.core.inventory.optimisation.service.search import Search, best_start, descend, polished
from echelon.core.inventory.optimisation.service.shadow_prices import ShadowPrices
from echelon.core.inventory.optimisation.service.targets import TOLERANCE, ServedPoint, Targets, meet_targets
from echelon.core.inventory.optimisation.system import System

_AFAR = 1e-2  # of the fill rate, while the search is far from its end
_ROUGH = 5e-3  # the same near its end
_WORTHWHILE = 8e-4  # of the cost


@dataclass(frozen=True)
class Valley:
    """Levels (nodes,) near the least cost, second derivatives (nodes, nodes) of the cost there (None: not known) and the
    prices of the targets."""

    levels: Doubles
    curvature: Doubles | None
    prices: ShadowPrices


@dataclass(frozen=True)
class FillRateGoal:
    """The goal of `search`: targets on the paths of a system. tolerance: of the fill rate."""

    system: System
    targets: Targets
    prices: ShadowPrices
    tolerance: float

    def meet(self, levels: Doubles) -> ServedPoint:
        return meet_targets(self.system, self.targets, levels, self.prices, self.tolerance)

    def gradient(self, point: ServedPoint) -> Doubles:
        return self.prices.gradient(self.system, point.levels, point.slope, point.surplus)

    def rougher(self) -> "FillRateGoal":
        return replace(self, tolerance=_ROUGH)


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


def valley_at(levels: Doubles, targets: Targets) -> Valley:
    """Where a search goes on from the levels of an earlier plan, when no more is known of it."""
    return Valley(levels, None, ShadowPrices(targets.bound, targets.hold))


def best_point(
    simulator: System,
    targets: Targets,
    fixed: Doubles,
    middle: Doubles,
    spread: Doubles,
    near: Valley | None = None,
    tolerance: float = TOLERANCE,
) -> ServedPoint:
    """The same before levels that a target decides are rounded up: to meet the targets on other paths. tolerance: of the
    fill rate, as exactly as the targets are met on these ones."""
    near = explore(simulator, targets, fixed, middle, spread) if near is None else near
    goal = FillRateGoal(simulator, targets, near.prices, tolerance)
    search = Search(goal, _free(targets, fixed, spread), spread, _WORTHWHILE)
    best = goal.meet(np.where(np.isnan(fixed), near.levels, fixed))
    if search.free.any():
        best = descend(search, best, near.curvature)[0]
    return polished(search, best) if targets.whole else goal.meet(best.levels)


def optimise_near(simulator: System, targets: Targets, start: Doubles, spread: Doubles, prices: ShadowPrices) -> Doubles:
    """The same from levels that are nearly best already, without rounding: for comparisons. Unbound nodes without spread
    stay at them. prices: those of a similar network, which are changed to this one's."""
    goal = FillRateGoal(simulator, targets, prices, _ROUGH)
    search = Search(goal, ~targets.bound & (spread > 0), spread, 1.5 * _WORTHWHILE)
    best = goal.meet(start)
    if not search.free.any():
        return best.levels
    return goal.meet(descend(search, best, np.diag(search.usual_curvature))[0].levels).levels


def explore(simulator: System, targets: Targets, fixed: Doubles, middle: Doubles, spread: Doubles) -> Valley:
    """About where the least cost lies: arguments as for `optimise`."""
    goal = FillRateGoal(simulator, targets, ShadowPrices(targets.bound, targets.hold), _AFAR)
    search = Search(goal, _free(targets, fixed, spread), spread, 1.5 * _WORTHWHILE)
    start = goal.rougher().meet(np.where(np.isnan(fixed), middle + spread, fixed))
    if not search.free.any():
        return Valley(start.levels, None, goal.prices)
    goal.gradient(start)  # teaches the prices, without which what is missing to a target has no value
    best, curvature = descend(search, best_start(search, start.levels, middle), None)
    return Valley(best.levels, curvature, goal.prices)


def tolerance_together(targets: Targets) -> float:
    """Tolerance of the fill rate where only the cost of all nodes together matters: what is missing at one is left over at
    another, the more so the more nodes there are."""
    return float(min(TOLERANCE * np.sqrt(max(targets.bound.sum(), 1)), _ROUGH))


def _free(targets: Targets, fixed: Doubles, spread: Doubles) -> Flags:
    """Nodes whose level is decided by the search."""
    return ~targets.bound & np.isnan(fixed) & (spread > 0)
