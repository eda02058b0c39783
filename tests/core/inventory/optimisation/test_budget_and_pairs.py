"""The most service within a budget; level and gap of (s, S) and (r, Q) policies against exact optima."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from echelon.core.arrays import Doubles, Ints
from echelon.core.inventory.kernels.drawing.paths import PathSource
from echelon.core.inventory.kernels.tree.simulator import TreeSimulator
from echelon.core.inventory.model.demand import Demand
from echelon.core.inventory.model.lead_time import LeadTime
from echelon.core.inventory.model.supply_network import SupplyNetwork, tree_point
from echelon.core.inventory.optimisation.cost.budget import exchange_curve, most_service, most_service_whole
from echelon.core.inventory.optimisation.cost.costs import Costs
from echelon.core.inventory.optimisation.cost.pairs import best_pair
from echelon.core.inventory.optimisation.cost.penalty import least_cost_levels
from echelon.core.inventory.optimisation.service.fill_rate import optimise
from echelon.core.inventory.optimisation.service.targets import Targets
from echelon.core.inventory.planning.lead_time_demand import lead_time_demand
from echelon.core.inventory.planning.warm_up import warm_up_periods
from echelon.textbook.single_location.order_up_to import _Costs, ss_poisson
from echelon.textbook.single_location.reorder_point import rq_poisson
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from support.inventory.small_problems import warehouse_and_stores, with_terms


def simulated(problem: SupplyNetwork, replications: int = 256) -> TreeSimulator:
    return TreeSimulator(problem, PathSource(problem, 80, warm_up_periods(problem)).draw("optimise", replications))


def served(simulator: TreeSimulator, levels: Doubles) -> float:
    return 1 - simulator.totals(levels).unmet.sum() / simulator.demand.sum()


def spent(simulator: TreeSimulator, value: Doubles, levels: Doubles) -> float:
    return float(value @ simulator.totals(levels).on_hand / simulator.scale)


def two_shops() -> tuple[TreeSimulator, Doubles]:
    """Two shops supplied from outside, of different demand and value."""
    demands, value = (2.0, 5.0), np.array([3.0, 1.0])
    nodes = [tree_point(f"n{i}", "", -1, LeadTime.fixed(3), 1.0, Demand(np.full(1, m))) for i, m in enumerate(demands)]
    return simulated(SupplyNetwork("shops", tuple(nodes))), value


@pytest.mark.parametrize("budget", [6.0, 15.0, 30.0])
def test_no_other_whole_plan_of_two_shops_serves_more(budget: float) -> None:
    simulator, value = two_shops()
    found = most_service_whole(simulator, value, budget, np.array([12.0, 26.0]), [])
    plans = [np.array(plan, float) for plan in itertools.product(range(25), range(45))]
    # every shop's totals depend on its own level alone
    own = [simulator.totals(np.array([float(level), float(level)])) for level in range(45)]
    left = 1 - simulator.totals(found.levels).unmet.sum() / simulator.demand.sum()
    assert found.spent <= budget
    best = 0.0
    for a, b in plans:
        money = value @ [own[int(a)].on_hand[0], own[int(b)].on_hand[1]] / simulator.scale
        if money <= budget:
            best = max(best, 1 - (own[int(a)].unmet[0] + own[int(b)].unmet[1]) / simulator.demand.sum())
    assert left == found.fill_rate
    assert found.fill_rate >= best - 1e-3


def test_a_budget_buys_at_least_what_the_cheapest_plan_for_targets_gives() -> None:
    problem = warehouse_and_stores(stores=3)
    simulator, ltd = simulated(problem), lead_time_demand(problem)
    hold = np.array([node.holding_cost for node in problem.nodes])
    targets = Targets(np.array([np.nan, 0.95, 0.95, 0.95]), hold, True)
    levels = optimise(simulator, targets, np.full(4, np.nan), ltd.lead_mean, ltd.sd)
    budget, start = spent(simulator, hold, levels), ltd.mean + ltd.sd
    smooth = most_service(simulator, hold, budget, start)
    whole = most_service_whole(simulator, hold, budget, start, [(0, 1), (0, 2), (0, 3)])
    for found in (smooth, whole):
        assert found.spent <= budget * (1 + 1e-9)
        assert found.fill_rate == pytest.approx(served(simulator, found.levels))
        assert found.fill_rate >= served(simulator, levels) - 5e-4
    assert smooth.spent > 0.999 * budget
    np.testing.assert_array_equal(whole.levels, np.rint(whole.levels))


def test_more_money_buys_more_service_at_falling_returns() -> None:
    simulator, value = two_shops()
    curve = exchange_curve(simulator, value, [5.0, 15.0, 45.0, 135.0, 405.0], np.array([12.0, 26.0]))
    money, service = (np.array([getattr(point, name) for point in curve]) for name in ("spent", "fill_rate"))
    assert np.all(np.diff(money) > 0) and np.all(np.diff(service) > 0)
    assert np.all(np.diff(np.diff(service) / np.diff(money)) < 0)


@pytest.mark.parametrize("budget", [0.0, 1e5])
def test_budgets_beyond_the_ends_of_the_curve(budget: float) -> None:
    simulator, value = two_shops()
    found = most_service_whole(simulator, value, budget, np.array([12.0, 26.0]), [])
    assert found.spent <= budget
    assert found.fill_rate > 0.9999 if budget else found.fill_rate < 0.05


def periodic_cost(hold: float, shortage: float, fixed: float, mean: float, lead: int) -> Callable[..., Any]:
    """Exact average cost of an (s, S) policy (Zheng & Federgruen)."""
    risk = mean * (lead + 1)

    def position_cost(position: Ints) -> Doubles:
        short = risk * stats.poisson.sf(position - 2, risk) - position * stats.poisson.sf(position - 1, risk)
        return hold * (position - risk + short) + shortage * short

    pmf = stats.poisson.pmf(np.arange(int(mean + 12 * np.sqrt(mean) + 20)), mean)
    costs = _Costs(position_cost, fixed, pmf)
    return lambda level, gap: costs.average(level - gap, level)


positive = st.floats(0.0, 1.0)


@settings(max_examples=12)
@given(positive, positive, positive, st.integers(0, 3))
def test_pair_search_finds_the_optimal_order_up_to_policy(penalty: float, fixed: float, rate: float, lead: int) -> None:
    """Gaps of a fraction of a period's demand to many periods'."""
    hold, shortage, fixed, mean = 1.0, 2 * 30**penalty, 300**fixed, 0.5 * 60**rate
    cost = periodic_cost(hold, shortage, fixed, mean, lead)
    start = round(mean * (lead + 1) + np.sqrt(mean * (lead + 1)))
    found = best_pair(cost, start, round(np.sqrt(2 * fixed * mean / hold)))
    exact = ss_poisson(hold, shortage, fixed, mean, lead)
    assert found.cost == pytest.approx(exact.cost, rel=1e-9)


def test_pair_search_where_an_order_every_period_beats_every_second() -> None:
    """Two valleys: gaps of one and of two periods' demand."""
    found = best_pair(periodic_cost(1.36, 67.06, 49.95, 41.5, 3), 180, 55)
    assert found.cost == pytest.approx(ss_poisson(1.36, 67.06, 49.95, 41.5, 3).cost, rel=1e-9)


@settings(max_examples=12)
@given(positive, positive, positive, st.floats(0.2, 5.0))
def test_pair_search_finds_the_optimal_reorder_point_and_quantity(
    penalty: float, fixed: float, rate: float, lead: float
) -> None:
    hold, shortage, fixed, mean = 1.0, 2 * 30**penalty, 300**fixed, 0.5 * 30**rate
    units = np.arange(0, int(mean * lead + 12 * np.sqrt(mean * lead) + 20))
    demand = stats.poisson.pmf(units, mean * lead)

    def cost(reorder_point: int, quantity: int) -> float:
        left = reorder_point + 1 + np.arange(quantity)[:, None] - units
        per_position = (hold * np.maximum(left, 0) + shortage * np.maximum(-left, 0)) @ demand
        return (fixed * mean + per_position.sum()) / quantity

    found = best_pair(cost, round(mean * lead), round(np.sqrt(2 * fixed * mean / hold)))
    assert found.cost == pytest.approx(rq_poisson(hold, shortage, fixed, mean, lead).cost, rel=1e-6)


def test_level_by_the_straight_through_gradient_and_pair_search_on_a_simulated_cost() -> None:
    """Lots of the fast kernel: level and lot size of one node, the same random numbers for all pairs."""
    node = tree_point("n", "", -1, LeadTime.fixed(2), 1.0, Demand(np.full(1, 4.0)))
    paths = PathSource(SupplyNetwork("p", (node,)), 200, 20).draw("optimise", 128)
    costs = Costs(np.ones(1), np.full(1, 15.0), np.zeros(1))

    def lots_of(lot: int) -> TreeSimulator:
        return TreeSimulator(SupplyNetwork("p", (with_terms(node, lot_size=float(lot)),)), paths)

    def cost(level: int, lot: int) -> float:
        simulator = lots_of(lot)
        return costs.by_node(simulator.totals(np.array([float(level)])))[0] / simulator.scale + 20 * 4.0 / lot

    gap = round(np.sqrt(2 * 20 * 4))
    level = round(least_cost_levels(lots_of(gap), costs, np.array([14.0]))[0])
    assert cost(level, gap) < 1.02 * min(cost(other, gap) for other in range(4, 24))
    found = best_pair(cost, level, gap)
    around = itertools.product(range(found.level - 4, found.level + 5, 2), range(found.gap - 6, found.gap + 7, 3))
    assert found.cost <= min(cost(level, lot) for level, lot in around)
