"""Ready-rate and cycle-service targets at least cost: closed forms, brute force, the gradient of a quantile, warm start."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pytest
from echelon.core.arrays import Doubles
from echelon.core.inventory.kernels.drawing.paths import PathSource
from echelon.core.inventory.kernels.measures import Estimate, Measures, Totals
from echelon.core.inventory.kernels.tree.simulator import TreeSimulator
from echelon.core.inventory.model.demand import Demand
from echelon.core.inventory.model.lead_time import LeadTime
from echelon.core.inventory.model.supply_network import SupplyNetwork, tree_point
from echelon.core.inventory.optimisation.service.fill_rate import optimise, valley_at
from echelon.core.inventory.optimisation.service.no_stock_out import ShareGoal, ShareTargets, Start, least_cost_for_shares
from echelon.core.inventory.optimisation.service.targets import Targets
from echelon.core.inventory.planning.lead_time_demand import lead_time_demand
from echelon.core.inventory.planning.warm_up import warm_up_periods
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from support.inventory.small_problems import problems, warehouse_and_stores

Measure = Literal["ready_rate", "cycle_service_level"]


class Counted:
    """A simulator that counts its forward passes (a gradient counts as two)."""

    def __init__(self, simulator: TreeSimulator) -> None:
        self.simulator, self.passes = simulator, 0
        self.demand, self.scale = simulator.demand, simulator.scale

    def totals(self, levels: Doubles) -> Totals:
        self.passes += 1
        return self.simulator.totals(levels)

    def measure(self, levels: Doubles) -> Measures:
        self.passes += 1
        return self.simulator.measure(levels)

    def gradient(self, *arguments: Doubles) -> tuple[Totals, Doubles]:
        self.passes += 2
        return self.simulator.gradient(*arguments)


def chain(counts: bool = True, review: int = 1, lost: bool = False, stores: int = 2) -> SupplyNetwork:
    """A warehouse and stores that differ."""
    nodes = [tree_point("central", "outside", -1, LeadTime((3, 4), (0.5, 0.5)), 1.0)]
    for i in range(stores):
        demand = Demand(np.array([4.0 + 3 * i]), 0.3, 0.0, counts)
        lead = LeadTime((1, 2), (0.5, 0.5))
        nodes.append(tree_point(f"store {i}", "central", 0, lead, 1.5, demand, review_period=review, lost_sales=lost))
    return SupplyNetwork("chain", tuple(nodes))


def simulated(problem: SupplyNetwork, replications: int = 512, purpose: str = "optimise") -> TreeSimulator:
    return TreeSimulator(problem, PathSource(problem, 80, warm_up_periods(problem)).draw(purpose, replications))


def start_of(problem: SupplyNetwork) -> Start:
    ltd = lead_time_demand(problem)
    return Start(ltd.lead_mean, ltd.sd, np.full(len(problem.nodes), np.nan))


def targets_of(problem: SupplyNetwork, kind: Measure, share: float) -> ShareTargets:
    hold = np.array([node.holding_cost for node in problem.nodes])
    wanted = [np.nan if node.demand is None else share for node in problem.nodes]
    return ShareTargets(kind, np.array(wanted), hold, problem.counts)


def shares(simulator: TreeSimulator, kind: Measure, levels: Doubles) -> Estimate:
    return getattr(simulator.measure(levels), kind)


@pytest.mark.parametrize("kind", ["ready_rate", "cycle_service_level"])
def test_single_poisson_stage_gets_the_exact_level(kind: Measure) -> None:
    node = tree_point("n", "outside", -1, LeadTime.fixed(4), 1.0, Demand(np.full(7, 3.0)))
    problem = SupplyNetwork("p", (node,))
    level = least_cost_for_shares(simulated(problem, 2048), targets_of(problem, kind, 0.93), start_of(problem))[0]
    exact = int(stats.poisson.ppf(0.93, 15))
    if kind == "cycle_service_level":  # a period without demand counts as good even when something is owed
        exact = next(s for s in range(99) if stats.poisson.cdf(s, 15) + np.exp(-3) * stats.poisson.sf(s, 12) >= 0.93)
    assert level == exact


@pytest.mark.parametrize("review", [1, 4])
def test_single_normal_like_stage_meets_the_closed_form(review: int) -> None:
    """Gamma demand of many periods is nearly normal; the cycle's last period decides."""
    demand = Demand(np.full(1, 50.0), 0.16**2, counts=False)
    node = tree_point("n", "outside", -1, LeadTime.fixed(3), 1.0, demand, review_period=review)
    problem = SupplyNetwork("p", (node,))
    target = targets_of(problem, "cycle_service_level", 0.9)
    level = least_cost_for_shares(simulated(problem, 2048), target, start_of(problem))[0]
    periods, shape = 3 + review, 0.16**-2
    exact = stats.gamma.ppf(0.9, shape * periods, scale=50 / shape)
    assert level == pytest.approx(exact, rel=0.004)


@pytest.mark.parametrize("factor", [-0.5, 0.5, 1.5])
def test_reduced_gradient_equals_the_differences_of_the_cost(factor: float) -> None:
    """The own levels follow upstream ones as the quantile identity says."""
    problem = chain(counts=False)
    start = start_of(problem)
    goal = ShareGoal(simulated(problem, 4096), targets_of(problem, "ready_rate", 0.9), start.spread)
    central = start.middle[0] + factor * start.spread[0]
    levels = np.array([central, 20.0, 30.0])
    gradient = goal.gradient(goal.meet(levels))
    step = np.array([2.0, 0.0, 0.0])
    difference = (goal.meet(levels + step).cost - goal.meet(levels - step).cost) / 4
    scale = goal.system.scale
    assert gradient[0] / scale == pytest.approx(difference / scale, abs=0.02)
    assert np.all(np.abs(gradient[1:]) < 0.01 * scale)  # own levels: the price makes them indifferent


@pytest.mark.parametrize("kind", ["ready_rate", "cycle_service_level"])
@pytest.mark.parametrize("review", [1, 3])
@pytest.mark.parametrize("counts", [True, False])
def test_no_other_warehouse_level_is_cheaper(kind: Measure, review: int, counts: bool) -> None:
    problem = chain(counts, review)
    simulator, targets = simulated(problem), targets_of(problem, kind, 0.9)
    levels = least_cost_for_shares(simulator, targets, start_of(problem))
    found = shares(simulator, kind, levels).mean[1:]
    assert np.all(found >= 0.9) if counts else np.all(np.abs(found - 0.9) < 1e-3)
    goal = ShareGoal(simulator, targets, start_of(problem).spread)
    cheapest = np.inf
    for central in range(max(int(levels[0]) - 12, 0), int(levels[0]) + 13, 2):
        point = goal.meet(np.array([central, levels[1], levels[2]]))
        cheapest = min(
            cheapest, float(targets.hold @ simulator.totals(point.rounded_up()[0] if counts else point.levels).on_hand)
        )
    assert targets.hold @ simulator.totals(levels).on_hand <= 1.005 * cheapest


@pytest.mark.parametrize("counts", [True, False])
def test_two_levels_upstream_against_a_grid(counts: bool) -> None:
    """One unit more of the customers' node is worth several upstream, in whole units a saw with long teeth."""
    nodes = [
        tree_point("a", "", -1, LeadTime.fixed(4), 1.0),
        tree_point("b", "a", 0, LeadTime((1, 3), (0.5, 0.5)), 1.4),
    ]
    nodes.append(tree_point("c", "b", 1, LeadTime.fixed(1), 2.0, Demand(np.array([6.0]), 0.2, 0.0, counts)))
    problem = SupplyNetwork("serial", tuple(nodes))
    simulator, targets = simulated(problem, 256), targets_of(problem, "ready_rate", 0.95)
    levels = least_cost_for_shares(simulator, targets, start_of(problem))
    goal = ShareGoal(simulator, targets, start_of(problem).spread)
    cheapest = np.inf
    for a, b in itertools.product(range(16, 33, 4), range(10, 25, 2)):
        point = goal.meet(np.array([a, b, levels[2]], float))
        cheapest = min(
            cheapest, float(targets.hold @ simulator.totals(point.rounded_up()[0] if counts else point.levels).on_hand)
        )
    assert targets.hold @ simulator.totals(levels).on_hand <= 1.003 * cheapest


def test_lost_sales_keep_their_cycle_service() -> None:
    problem = chain(lost=True)
    targets = targets_of(problem, "cycle_service_level", 0.92)
    levels = least_cost_for_shares(simulated(problem), targets, start_of(problem))
    fresh = shares(simulated(problem, 2048, "fresh"), "cycle_service_level", levels)
    assert np.all(fresh.mean[1:] > 0.92 - 3 * fresh.se[1:] - 0.005)
    fewer = shares(simulated(problem), "cycle_service_level", levels - [0, 1, 1])
    assert np.all(fewer.mean[1:] < 0.92)


def test_service_that_comes_for_nothing_needs_no_stock() -> None:
    problem = chain()
    levels = least_cost_for_shares(simulated(problem, 128), targets_of(problem, "ready_rate", 0.0), start_of(problem))
    np.testing.assert_array_equal(levels[1:], 0.0)


@settings(max_examples=12)
@given(problems(lots=False), st.sampled_from(["ready_rate", "cycle_service_level"]))
def test_targets_hold_on_any_tree(problem: SupplyNetwork, kind: Measure) -> None:
    """Customers inside the network, lost sales, review periods, nodes without demand."""
    simulator = simulated(problem, 64)
    targets = targets_of(problem, kind, 0.85)
    targets = replace(targets, share=np.where(simulator.demand > 0, targets.share, np.nan))
    levels = least_cost_for_shares(simulator, targets, start_of(problem))
    found = shares(simulator, kind, levels).mean
    assert np.all(found[targets.bound] >= 0.85)
    np.testing.assert_array_equal(levels, np.rint(levels))


def passes_and_levels(problem: SupplyNetwork, plan: Callable[..., Any]) -> tuple[Doubles, int]:
    counted = Counted(simulated(problem, 256))
    return plan(counted), counted.passes


@pytest.mark.parametrize("kind", ["fill_rate", "ready_rate"])
def test_an_earlier_plan_saves_work_and_is_never_made_worse(kind: Literal["fill_rate", "ready_rate"]) -> None:
    problem = warehouse_and_stores(stores=3)
    start, hold = start_of(problem), np.array([node.holding_cost for node in problem.nodes])

    def plan(earlier: Doubles | None) -> tuple[Doubles, int]:
        def run(system: Any) -> Doubles:
            if kind == "ready_rate":
                return least_cost_for_shares(system, targets_of(problem, kind, 0.9), replace(start, earlier=earlier))
            targets = Targets(np.array([np.nan, 0.9, 0.9, 0.9]), hold, True)
            near = None if earlier is None else valley_at(earlier, targets)
            return optimise(system, targets, start.fixed, start.middle, start.spread, near)

        return passes_and_levels(problem, run)

    (cold, cold_passes), simulator = plan(None), simulated(problem, 256)
    warm, warm_passes = plan(cold)
    assert warm_passes < 0.8 * cold_passes
    assert hold @ simulator.totals(warm).on_hand <= hold @ simulator.totals(cold).on_hand
