"""Plan one SKU: optimise the levels of its network by simulation, certify them on fresh paths, describe the result."""

from dataclasses import replace

import numpy as np

from echelon.core.arrays import Doubles, Flags
from echelon.core.inventory.kernels.drawing.paths import Paths, PathSource
from echelon.core.inventory.kernels.tree.simulator import Measures, Simulator, warm_up_periods
from echelon.core.inventory.model.problem import Problem
from echelon.core.inventory.optimisation.service.fill_rate import best_point, explore, optimise_near, tolerance_together
from echelon.core.inventory.optimisation.service.search import Point
from echelon.core.inventory.optimisation.service.shadow_prices import ShadowPrices
from echelon.core.inventory.optimisation.service.targets import Targets, meet_targets
from echelon.core.inventory.planning.analytic import analytic_fill_rate, analytic_levels
from echelon.core.inventory.planning.certification import certify
from echelon.core.inventory.planning.lead_time_demand import LeadTimeDemand, lead_time_demand
from echelon.core.inventory.planning.stock_plan import (
    DEFAULT_SIZE,
    SimulationSize,
    StockPlan,
    describe,
    holding_costs,
    observed,
    targets_of,
    with_safety_stock,
)

_FEW = 64  # replications
_TOLERANCE = 1.5e-2  # of the fill rate when it is refined; what is missing is made up by a Newton step


def plan_sku(problem: Problem, size: SimulationSize = DEFAULT_SIZE) -> StockPlan:
    """Base-stock levels of least holding cost that meet every customers' fill-rate target.

    The stated service is certified: it comes from paths that the optimiser has not seen. Where a certified fill rate
    is more than a standard error below its target, the level is raised and certified again on fresh paths; `status`
    names targets that stay out of reach. Nodes without demand get level 0. Raises ProblemError on impossible input.
    """
    ltd = lead_time_demand(problem)
    targets = targets_of(problem, ltd.rate)
    if not np.any(ltd.rate > 0):
        return _described(problem, np.zeros(len(problem.nodes)), ltd, None, "ok")
    source = PathSource(problem, size.periods, warm_up_periods(problem))
    paths = source.draw("optimise", size.replications)
    simulator = Simulator(problem, paths)
    point, prices = _optimised(problem, simulator, paths, targets, ltd)
    fresh = simulator.on(source.held_or_in_parts("refine", size.certification_replications))
    levels = _refined(fresh, targets, np.where(ltd.rate > 0, point.levels, 0.0), prices)
    certified = certify(fresh, source, targets, levels, prices, ltd.sd)
    return _described(problem, certified.levels, ltd, certified.measures, certified.status)


def _described(problem: Problem, levels: Doubles, ltd: LeadTimeDemand, measures: Measures | None, status: str) -> StockPlan:
    plan = describe(problem, levels, ltd, measures, status)
    return with_safety_stock(plan, np.zeros(len(levels)), problem.subtree_sum)


def levels_near(problem: Problem, paths: Paths, start: Doubles, spread: Doubles, prices: ShadowPrices) -> Doubles:
    """Levels of least cost on some paths as searched for from `start`, not rounded, refined or certified: for comparisons
    between problems on the same random numbers. spread: length of a step upstream, units (nodes,); prices: of a similar
    problem, which are changed to this one's."""
    rate = problem.rates
    simulator, targets = Simulator(problem, paths), targets_of(problem, rate)
    seen = observed(targets, simulator)
    fixed = (rate <= 0) | (targets.bound & ~seen.bound)
    return np.where(rate > 0, optimise_near(simulator, seen, start, np.where(fixed, 0.0, spread), prices), 0.0)


def counted_prices(problem: Problem) -> ShadowPrices:
    """Shadow prices of a problem's targets before anything is known but what is counted."""
    targets = targets_of(problem, problem.rates)
    return ShadowPrices(targets.bound, targets.hold)


def _optimised(
    problem: Problem, simulator: Simulator, paths: Paths, targets: Targets, ltd: LeadTimeDemand
) -> tuple[Point, ShadowPrices]:
    """Levels of least cost on the simulator's paths and the prices there. The search begins on the first of the paths:
    they show where to go as well as all do."""
    seen = observed(targets, simulator)
    unseen = _unseen(problem, targets.bound & ~seen.bound)
    few = simulator.on(paths.first(_FEW))
    near = explore(few, observed(seen, few), unseen, ltd.lead_mean, ltd.sd)
    return best_point(simulator, seen, unseen, ltd.lead_mean, ltd.sd, near, tolerance_together(seen)), near.prices


def _whole(point: Point, targets: Targets) -> Doubles:
    """The levels, rounded up where they are counted."""
    return point.rounded_up()[0] if targets.whole else point.levels


def plan_analytic(problem: Problem, reason: str) -> StockPlan:
    """The fallback: analytic levels; `reason` becomes the status."""
    ltd = lead_time_demand(problem)
    levels = analytic_levels(problem)
    plan = _described(problem, levels, ltd, None, reason)
    on_hand = np.maximum(levels - ltd.mean + 0.5 * ltd.rate, 0)
    return replace(
        plan,
        fill_rate=analytic_fill_rate(problem, levels, ltd),
        on_hand=on_hand,
        holding_cost=on_hand * holding_costs(problem),
        method="analytic",
    )


def _unseen(problem: Problem, unseen: Flags) -> Doubles:
    """Analytic levels of nodes whose paths show no demand at all, nan elsewhere."""
    return np.where(unseen, analytic_levels(problem), np.nan) if unseen.any() else np.full(len(unseen), np.nan)


def _refined(fresh: Simulator, targets: Targets, levels: Doubles, prices: ShadowPrices) -> Doubles:
    """Meet the targets once more on more and fresh paths: levels that are best on few paths are a little too low."""
    return _whole(meet_targets(fresh, targets, levels, prices, _TOLERANCE), targets)
