"""Plan one SKU: optimise the levels of its network by simulation, certify them on fresh paths, describe the result."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from echelon.core.inventory.analytic import analytic_fill_rate, analytic_levels
from echelon.core.inventory.certification import certify
from echelon.core.inventory.lead_time_demand import LeadTimeDemand, lead_time_demand
from echelon.core.inventory.optimise import Point, Targets, best_point, explore, meet_targets
from echelon.core.inventory.problem import Problem
from echelon.core.inventory.shadow_prices import ShadowPrices
from echelon.core.inventory.simulation.layout import Doubles, Flags
from echelon.core.inventory.simulation.paths import PathSource
from echelon.core.inventory.simulation.simulator import Measures, Simulator, warm_up_periods

_FEW = 64  # replications
_TOLERANCE = 5e-3  # of the fill rate when it is refined; what is missing is made up by a Newton step


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
    targets = _targets(problem, ltd)
    if not np.any(ltd.rate > 0):
        return _describe(problem, np.zeros(len(problem.nodes)), ltd, None, "ok")
    source = PathSource(problem, size.periods, warm_up_periods(problem))
    simulator = Simulator(problem, source.draw("optimise", size.replications))
    point, prices = _optimised(problem, simulator, targets, ltd)
    fresh = simulator.on(source.draw("refine", size.certification_replications))
    levels = _refined(fresh, targets, np.where(ltd.rate > 0, point.levels, 0.0), prices)
    certified = certify(fresh, source, targets, levels, prices, ltd.sd)
    return _describe(problem, certified.levels, ltd, certified.measures, certified.status)


def optimal_levels(problem: Problem, size: SimulationSize, warm_up: int) -> Doubles:
    """Levels of least cost on the optimiser's paths, neither refined nor certified: for comparisons between problems on
    the same random numbers, which need the same warm_up."""
    ltd = lead_time_demand(problem)
    source = PathSource(problem, size.periods, warm_up)
    simulator = Simulator(problem, source.draw("optimise", size.replications))
    targets = _targets(problem, ltd)
    return np.where(ltd.rate > 0, _whole(_optimised(problem, simulator, targets, ltd)[0], targets), 0.0)


def _optimised(problem: Problem, simulator: Simulator, targets: Targets, ltd: LeadTimeDemand) -> tuple[Point, ShadowPrices]:
    """Levels of least cost on the simulator's paths and the prices there. The search begins on the first of the paths:
    they show where to go as well as all do."""
    observed = _observed(targets, simulator)
    unseen = _unseen(problem, targets.bound & ~observed.bound)
    few = simulator.on(simulator.paths.first(_FEW))
    near = explore(few, _observed(observed, few), unseen, ltd.lead_mean, ltd.sd)
    return best_point(simulator, observed, unseen, ltd.lead_mean, ltd.sd, near), near.prices


def _whole(point: Point, targets: Targets) -> Doubles:
    """The levels, rounded up where they are counted."""
    return point.rounded_up()[0] if targets.whole else point.levels


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


def _targets(problem: Problem, ltd: LeadTimeDemand) -> Targets:
    """Targets of nodes whose customers ask for anything."""
    wanted = [np.nan if node.target_fill_rate is None else node.target_fill_rate for node in problem.nodes]
    asked = np.array([node.demand is not None and node.demand.rate > 0 for node in problem.nodes])
    # a cost of zero would leave the levels upstream undecided
    hold = np.maximum(_hold(problem), 1e-9 + 1e-6 * _hold(problem).max())
    return Targets(np.where(asked & (ltd.rate > 0), wanted, np.nan), hold, problem.counts)


def _observed(targets: Targets, simulator: Simulator) -> Targets:
    """A target binds only where the paths show demand."""
    return replace(targets, fill_rate=np.where(simulator.demand > 0, targets.fill_rate, np.nan))


def _unseen(problem: Problem, unseen: Flags) -> Doubles:
    """Analytic levels of nodes whose paths show no demand at all, nan elsewhere."""
    return np.where(unseen, analytic_levels(problem), np.nan) if unseen.any() else np.full(len(unseen), np.nan)


def _refined(fresh: Simulator, targets: Targets, levels: Doubles, prices: ShadowPrices) -> Doubles:
    """Meet the targets once more on more and fresh paths: levels that are best on few paths are a little too low."""
    return _whole(meet_targets(fresh, _observed(targets, fresh), levels, prices, _TOLERANCE), targets)


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
