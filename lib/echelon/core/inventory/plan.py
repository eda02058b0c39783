"""Plan one SKU: optimise the levels of its network by simulation, certify them on fresh paths, describe the result."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from echelon.core.inventory.analytic import analytic_fill_rate, analytic_levels
from echelon.core.inventory.lead_time_demand import LeadTimeDemand, lead_time_demand
from echelon.core.inventory.optimise import Targets, fill_gap, meet_targets, optimise, optimise_near
from echelon.core.inventory.problem import Problem
from echelon.core.inventory.simulation.layout import Doubles, Flags
from echelon.core.inventory.simulation.paths import Paths, PathSource
from echelon.core.inventory.simulation.simulator import Measures, Simulator, warm_up_periods

_ROUNDS = 8


@dataclass(frozen=True)
class SimulationSize:
    """periods: measured per replication, after a warm-up that is added; replications: to optimise and to certify."""

    periods: int = 120
    replications: int = 256
    certification_replications: int = 1024


@dataclass(frozen=True)
class StockPlan:
    """The policy of every node (nodes,), in the order of the problem; columns as in the table `stock_levels`.

    Shares are nan where nothing was observed; an analytic plan has nan where only a simulation could tell.
    """

    names: tuple[str, ...]
    method: Literal["simulation", "analytic"]
    status: str
    base_stock_level: Doubles
    reorder_point: Doubles
    safety_stock: Doubles
    lead_time_demand: Doubles
    lead_time_demand_sd: Doubles
    target_fill_rate: Doubles
    fill_rate: Doubles
    fill_rate_se: Doubles
    customer_fill_rate: Doubles
    customer_fill_rate_se: Doubles
    cycle_service_level: Doubles
    ready_rate: Doubles
    on_hand: Doubles
    backorders: Doubles
    holding_cost: Doubles


def plan_sku(problem: Problem, size: SimulationSize = SimulationSize()) -> StockPlan:
    """Base-stock levels of least holding cost that meet every customers' fill-rate target.

    The stated service is certified: it comes from paths that the optimiser has not seen. Where a certified fill rate
    is more than a standard error below its target, the level is raised and certified again on fresh paths; `status`
    names targets that stay out of reach. Nodes without demand get level 0. Raises ProblemError on impossible input.
    """
    ltd = lead_time_demand(problem)
    targets = _targets(problem, ltd.rate)
    if not np.any(ltd.rate > 0):
        return _describe(problem, np.zeros(len(problem.nodes)), ltd, None, "ok")
    source = PathSource(problem, size.periods, warm_up_periods(problem))
    levels = _refined(problem, source, size, targets, _optimised(problem, source, size, targets, ltd))
    levels, measures, status = _certify(problem, source, size, targets, levels, ltd)
    return _describe(problem, levels, ltd, measures, status)


def levels_near(problem: Problem, paths: Paths, start: Doubles, spread: Doubles) -> Doubles:
    """Levels of least cost on some paths as searched for from `start`, not rounded, refined or certified: for comparisons
    between problems on the same random numbers. spread: length of a step upstream, units (nodes,)."""
    rate = problem.rates
    simulator, targets = Simulator(problem, paths), _targets(problem, rate)
    observed = _observed(targets, simulator)
    fixed = (rate <= 0) | (targets.bound & ~observed.bound)
    return np.where(rate > 0, optimise_near(simulator, observed, start, np.where(fixed, 0.0, spread)), 0.0)


def _optimised(problem: Problem, source: PathSource, size: SimulationSize, targets: Targets, ltd: LeadTimeDemand) -> Doubles:
    simulator = Simulator(problem, source.draw("optimise", size.replications))
    observed = _observed(targets, simulator)
    unseen = _unseen(problem, targets.bound & ~observed.bound)
    levels = optimise(simulator, observed, unseen, ltd.lead_mean, ltd.sd)
    return np.where(ltd.rate > 0, levels, 0.0)


def plan_analytic(problem: Problem, reason: str) -> StockPlan:
    """The fallback: analytic levels; `reason` becomes the status."""
    ltd = lead_time_demand(problem)
    levels = analytic_levels(problem)
    plan = _describe(problem, levels, ltd, None, reason)
    on_hand = np.maximum(levels - ltd.mean + 0.5 * ltd.rate, 0)
    return replace(
        plan,
        fill_rate=analytic_fill_rate(problem, levels, ltd),
        on_hand=on_hand,
        holding_cost=on_hand * _hold(problem),
        method="analytic",
    )


def _hold(problem: Problem) -> Doubles:
    return np.array([node.holding_cost for node in problem.nodes])


def _targets(problem: Problem, rate: Doubles) -> Targets:
    """Targets of nodes whose customers ask for anything."""
    wanted = [np.nan if node.target_fill_rate is None else node.target_fill_rate for node in problem.nodes]
    asked = np.array([node.demand is not None and node.demand.rate > 0 for node in problem.nodes])
    # a cost of zero would leave the levels upstream undecided
    hold = np.maximum(_hold(problem), 1e-9 + 1e-6 * _hold(problem).max())
    return Targets(np.where(asked & (rate > 0), wanted, np.nan), hold, problem.counts)


def _observed(targets: Targets, simulator: Simulator) -> Targets:
    """A target binds only where the paths show demand."""
    return replace(targets, fill_rate=np.where(simulator.demand > 0, targets.fill_rate, np.nan))


def _unseen(problem: Problem, unseen: Flags) -> Doubles:
    """Analytic levels of nodes whose paths show no demand at all, nan elsewhere."""
    return np.where(unseen, analytic_levels(problem), np.nan) if unseen.any() else np.full(len(unseen), np.nan)


def _refined(problem: Problem, source: PathSource, size: SimulationSize, targets: Targets, levels: Doubles) -> Doubles:
    """Meet the targets once more on more and fresh paths: levels that are best on few paths are a little too low."""
    simulator = Simulator(problem, source.draw("refine", size.certification_replications))
    point = meet_targets(simulator, _observed(targets, simulator), levels)
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
    return levels, measures, _shortfall(problem, targets, measures, short)


def _raised(simulator: Simulator, targets: Targets, levels: Doubles, se: Doubles, ltd: LeadTimeDemand) -> Doubles:
    """Levels that would have met the targets on these paths with half a standard error to spare, to first order; at
    least one unit (1 % of the standard deviation of lead-time demand) more."""
    totals = simulator.totals(levels)
    spare = 0.5 * simulator.demand * np.nan_to_num(se)
    step = (fill_gap(simulator, totals, targets) + spare) / np.maximum(totals.slope, 1e-9)
    step = np.clip(step, 0.01 * ltd.sd, np.maximum(levels, ltd.sd))
    return levels + (np.maximum(np.ceil(step), 1) if targets.whole else step)


def _shortfall(problem: Problem, targets: Targets, measures: Measures, short: Flags) -> str:
    """Targets that were not reached, in words."""
    missed = [
        f"{problem.nodes[i].name}: fill rate {measures.customer_fill_rate.mean[i]:.4f} certified, "
        f"{targets.fill_rate[i]:.4f} asked"
        for i in np.flatnonzero(short)
    ]
    return "target not reached at " + "; ".join(missed)


def _describe(problem: Problem, levels: Doubles, ltd: LeadTimeDemand, measures: Measures | None, status: str) -> StockPlan:
    """Every number of the plan."""
    unknown, zero = np.full(len(levels), np.nan), np.zeros(len(levels))
    known = measures is not None
    on_hand = measures.on_hand.mean if measures else zero
    unit = 1.0 if problem.counts else 0.0
    target = [np.nan if node.target_fill_rate is None else node.target_fill_rate for node in problem.nodes]
    return StockPlan(
        names=tuple(node.name for node in problem.nodes),
        method="simulation",
        status=status,
        base_stock_level=levels + 0.0,  # no negative zero
        reorder_point=np.maximum(levels - unit, 0.0),
        safety_stock=np.maximum(levels - ltd.mean, 0.0),
        lead_time_demand=ltd.mean,
        lead_time_demand_sd=ltd.sd,
        target_fill_rate=np.array(target),
        fill_rate=measures.fill_rate.mean if measures else unknown,
        fill_rate_se=measures.fill_rate.se if measures else unknown,
        customer_fill_rate=measures.customer_fill_rate.mean if measures else unknown,
        customer_fill_rate_se=measures.customer_fill_rate.se if measures else unknown,
        cycle_service_level=measures.cycle_service_level.mean if measures else unknown,
        ready_rate=measures.ready_rate.mean if measures else unknown,
        on_hand=on_hand,
        backorders=measures.backorders.mean if known and measures else zero,
        holding_cost=on_hand * _hold(problem),
    )
