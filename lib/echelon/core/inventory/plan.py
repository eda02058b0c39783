"""Plan one SKU: optimise the levels of its network by simulation, certify them on fresh paths, describe the result."""

from dataclasses import replace

import numpy as np

from echelon.core.inventory.analytic import analytic_fill_rate, analytic_levels
from echelon.core.inventory.lead_time_demand import LeadTimeDemand, lead_time_demand
from echelon.core.inventory.optimisation.fill_rate import Targets, fill_gap, meet_targets, optimise
from echelon.core.inventory.problem import Problem
from echelon.core.inventory.simulation.layout import Doubles, Flags
from echelon.core.inventory.simulation.paths import PathSource
from echelon.core.inventory.simulation.simulator import Measures, Simulator, warm_up_periods
from echelon.core.inventory.stock_plan import (
    DEFAULT_SIZE,
    SimulationSize,
    StockPlan,
    describe,
    holding_costs,
    observed,
    shortfall,
    targets_of,
)

_ROUNDS = 8


def plan_sku(problem: Problem, size: SimulationSize = DEFAULT_SIZE) -> StockPlan:
    """Base-stock levels of least holding cost that meet every customers' fill-rate target.

    The stated service is certified: it comes from paths that the optimiser has not seen. Where a certified fill rate
    is more than a standard error below its target, the level is raised and certified again on fresh paths; `status`
    names targets that stay out of reach. Nodes without demand get level 0. Raises ProblemError on impossible input.
    """
    ltd = lead_time_demand(problem)
    targets = targets_of(problem, ltd)
    if not np.any(ltd.rate > 0):
        return describe(problem, np.zeros(len(problem.nodes)), ltd, None, "ok")
    source = PathSource(problem, size.periods, warm_up_periods(problem))
    levels = _refined(problem, source, size, targets, _optimised(problem, source, size, targets, ltd))
    levels, measures, status = _certify(problem, source, size, targets, levels, ltd)
    return describe(problem, levels, ltd, measures, status)


def optimal_levels(problem: Problem, size: SimulationSize, warm_up: int) -> Doubles:
    """Levels of least cost on the optimiser's paths, neither refined nor certified: for comparisons between problems on
    the same random numbers, which need the same warm_up."""
    ltd = lead_time_demand(problem)
    source = PathSource(problem, size.periods, warm_up)
    return _optimised(problem, source, size, targets_of(problem, ltd), ltd)


def _optimised(problem: Problem, source: PathSource, size: SimulationSize, targets: Targets, ltd: LeadTimeDemand) -> Doubles:
    simulator = Simulator(problem, source.draw("optimise", size.replications))
    seen = observed(targets, simulator)
    unseen = _unseen(problem, targets.bound & ~seen.bound)
    levels = optimise(simulator, seen, unseen, ltd.lead_mean, ltd.sd)
    return np.where(ltd.rate > 0, levels, 0.0)


def plan_analytic(problem: Problem, reason: str) -> StockPlan:
    """The fallback: analytic levels; `reason` becomes the status."""
    ltd = lead_time_demand(problem)
    levels = analytic_levels(problem)
    plan = describe(problem, levels, ltd, None, reason)
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


def _refined(problem: Problem, source: PathSource, size: SimulationSize, targets: Targets, levels: Doubles) -> Doubles:
    """Meet the targets once more on more and fresh paths: levels that are best on few paths are a little too low."""
    simulator = Simulator(problem, source.draw("refine", size.certification_replications))
    point = meet_targets(simulator, observed(targets, simulator), levels)
    return point.rounded_up()[0] if targets.whole else point.levels


def _certify(
    problem: Problem, source: PathSource, size: SimulationSize, targets: Targets, levels: Doubles, ltd: LeadTimeDemand
) -> tuple[Doubles, Measures, str]:
    """Measure on fresh paths; raise what falls short by more than a standard error and measure again."""
    for attempt in range(_ROUNDS):
        paths = source.draw(f"certify {attempt}", size.certification_replications)
        simulator = Simulator(problem, paths)
        measures = simulator.measure(levels)
        service = measures.customer_fill_rate
        short = service.mean + service.se < targets.fill_rate
        if not short.any():
            return levels, measures, "ok"
        if attempt < _ROUNDS - 1:
            levels = np.where(short, _raised(simulator, targets, levels, service.se, ltd), levels)
    return levels, measures, shortfall(problem, targets, measures, short)


def _raised(simulator: Simulator, targets: Targets, levels: Doubles, se: Doubles, ltd: LeadTimeDemand) -> Doubles:
    """Levels that would have met the targets on these paths with half a standard error to spare, to first order; at
    least one unit (1 % of the standard deviation of lead-time demand) more."""
    totals = simulator.totals(levels)
    spare = 0.5 * simulator.demand * np.nan_to_num(se)
    step = (fill_gap(simulator, totals, targets) + spare) / np.maximum(totals.slope, 1e-9)
    step = np.clip(step, 0.01 * ltd.sd, np.maximum(levels, ltd.sd))
    return levels + (np.maximum(np.ceil(step), 1) if targets.whole else step)
