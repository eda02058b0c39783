"""The plan of a SKU: cheapest levels that meet the targets, honest about service, the same wherever it runs."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from echelon.core.inventory.kernels.drawing.level_factors import stratified_level_factors
from echelon.core.inventory.kernels.drawing.paths import PathSource
from echelon.core.inventory.kernels.tree.simulator import TreeSimulator
from echelon.core.inventory.model.demand import Demand
from echelon.core.inventory.model.lead_time import LeadTime, ProblemError
from echelon.core.inventory.model.supply_network import SupplyNetwork, tree_point
from echelon.core.inventory.optimisation.service.fill_rate import optimise
from echelon.core.inventory.optimisation.service.targets import Targets, fill_gap
from echelon.core.inventory.planning.analytic import plan_analytic
from echelon.core.inventory.planning.lead_time_demand import lead_time_demand
from echelon.core.inventory.planning.plan import plan_network
from echelon.core.inventory.planning.stock_plan import SimulationSize
from echelon.core.inventory.planning.warm_up import warm_up_periods
from scipy import stats
from support.inventory.small_problems import warehouse_and_stores, with_terms

SMALL = SimulationSize(periods=80, replications=128, certification_replications=256)


def stores_of(problem: SupplyNetwork) -> list[int]:
    return [i for i, node in enumerate(problem.nodes) if node.demand is not None]


def with_store(problem: SupplyNetwork, **changes: Any) -> SupplyNetwork:
    return replace(problem, nodes=(*problem.nodes[:-1], with_terms(problem.nodes[-1], **changes)))


def test_brute_force_grid_finds_nothing_cheaper() -> None:
    problem = warehouse_and_stores(stores=2)
    ltd = lead_time_demand(problem)
    simulator = TreeSimulator(problem, PathSource(problem, 80, warm_up_periods(problem)).draw("optimise", 128))
    targets = Targets(np.array([np.nan, 0.95, 0.95]), np.array([1.0, 1.2, 1.2]), True)
    found = optimise(simulator, targets, np.full(3, np.nan), ltd.lead_mean, ltd.sd)
    cheapest = np.inf
    for central in range(int(found[0]) - 12, int(found[0]) + 13, 2):
        for shift_1 in range(-4, 5):
            for shift_2 in range(-4, 5):
                levels = np.maximum([central, found[1] + shift_1, found[2] + shift_2], 0.0)
                totals = simulator.totals(levels)
                if np.all(fill_gap(simulator, totals, targets) <= 1e-6 * simulator.scale):
                    cheapest = min(cheapest, float(targets.hold @ totals.on_hand))
    totals = simulator.totals(found)
    assert np.all(fill_gap(simulator, totals, targets) <= 1e-3 * simulator.demand + 1e-9)
    assert targets.hold @ totals.on_hand <= 1.01 * cheapest


def test_certified_service_meets_the_targets() -> None:
    problem = warehouse_and_stores()
    plan = plan_network(problem, SMALL).plan
    rows = stores_of(problem)
    assert plan.status == "ok"
    assert np.all(plan.customer_fill_rate[rows] + plan.customer_fill_rate_se[rows] >= 0.95)
    np.testing.assert_array_equal(plan.base_stock_level, np.rint(plan.base_stock_level))
    np.testing.assert_array_equal(plan.fill_rate[rows], plan.customer_fill_rate[rows])
    np.testing.assert_allclose(plan.holding_cost, plan.on_hand * [n.holding_cost for n in problem.nodes])


def test_same_plan_whatever_the_order_of_the_nodes() -> None:
    problem = warehouse_and_stores(stores=3)
    central, *stores = problem.nodes
    turned = replace(problem, nodes=(central, *stores[::-1]))
    one, other = plan_network(problem, SMALL).plan, plan_network(turned, SMALL).plan
    assert dict(zip(one.names, one.base_stock_level, strict=True)) == dict(
        zip(other.names, other.base_stock_level, strict=True)
    )


def test_another_seed_draws_other_numbers() -> None:
    problem = warehouse_and_stores(stores=2)
    source = PathSource(problem, 20, 5)
    again = PathSource(replace(problem, run_seed=2), 20, 5)
    np.testing.assert_array_equal(source.draw("a", 64).demand, source.draw("a", 64).demand)
    assert np.any(source.draw("a", 64).demand != source.draw("b", 64).demand)
    assert np.any(source.draw("a", 64).demand != again.draw("a", 64).demand)


def test_stratified_levels_cover_every_quantile_once() -> None:
    factor = stratified_level_factors(0.6, np.uint64(5), (4, 256))
    place = np.sort(stats.gamma.cdf(factor * 0.6**-2, 0.6**-2) * 256, axis=1)
    assert np.all(np.abs(place - np.arange(256) - 0.5) < 0.52)
    assert np.any(np.diff(factor, axis=1) < 0)
    assert abs(factor.mean() - 1) < 2e-3


def test_stratifying_the_level_lessens_the_error_of_the_fill_rate() -> None:
    smooth = Demand(np.full(14, 20.0), 0.02, 0.4)
    problem = SupplyNetwork("smooth", (tree_point("n", "s", -1, LeadTime.fixed(2), 1.0, smooth),))
    simulators = [TreeSimulator(problem, PathSource(problem, 56, 20).draw(f"p{i}", 64)) for i in range(40)]
    measures = [s.measure(np.array([80.0])) for s in simulators]
    actual = np.std([m.customer_fill_rate.mean[0] for m in measures], ddof=1)
    assert actual < 0.5 * np.mean([m.customer_fill_rate.se[0] for m in measures])  # what independent paths would give


def test_node_without_demand_gets_level_zero() -> None:
    problem = with_store(warehouse_and_stores(), demand=Demand(np.zeros(28)))
    plan = plan_network(problem, SMALL).plan
    assert plan.base_stock_level[-1] == 0
    assert plan.on_hand[-1] == 0
    assert np.isnan(plan.fill_rate[-1])
    nothing = SupplyNetwork("dead", (with_terms(problem.nodes[-1], source=-1),))
    assert plan_network(nothing, SMALL).plan.base_stock_level.tolist() == [0.0]


def test_very_lumpy_demand() -> None:
    """0.05 a day in batches of about 100."""
    problem = with_store(warehouse_and_stores(stores=2), demand=Demand(np.full(28, 0.05), 2000.0, 0.2))
    plan = plan_network(problem, SMALL).plan
    assert plan.base_stock_level[-1] > 50
    assert plan.customer_fill_rate[-1] + plan.customer_fill_rate_se[-1] >= 0.95 or "not reached" in plan.status


@pytest.mark.parametrize("changes", [{"lost_sales": True}, {"lot_size": 12.0, "moq": 24.0}, {"review_period": 7}])
def test_lost_sales_lots_and_review_periods_meet_the_target_too(changes: dict[str, Any]) -> None:
    problem = warehouse_and_stores(stores=2, **changes)
    plan = plan_network(problem, SMALL).plan
    rows = stores_of(problem)
    assert plan.status == "ok"
    assert np.all(plan.customer_fill_rate[rows] + plan.customer_fill_rate_se[rows] >= 0.95)


def test_few_customers_at_the_warehouse_get_their_target_too() -> None:
    """Their demand is tiny beside what the stores order, so a little more stock hardly ever reaches them."""
    problem = warehouse_and_stores(stores=3)
    central = replace(problem.nodes[0], demand=Demand(np.full(28, 0.02), 1.0, 0.2), target_fill_rate=0.9)
    plan = plan_network(replace(problem, nodes=(central, *problem.nodes[1:])), SMALL).plan
    assert plan.status == "ok"
    assert plan.customer_fill_rate[0] + plan.customer_fill_rate_se[0] >= 0.9
    assert plan.customer_fill_rate[0] != plan.fill_rate[0]


def test_amounts_need_no_whole_levels() -> None:
    nodes = (tree_point("n", "s", -1, LeadTime.fixed(3), 1.0, Demand(np.full(7, 12.3), 0.2, 0.0, counts=False), 0.97),)
    plan = plan_network(SupplyNetwork("kg", nodes), SMALL).plan
    assert abs(plan.customer_fill_rate[0] - 0.97) < 4 * plan.customer_fill_rate_se[0]
    assert plan.base_stock_level[0] != np.rint(plan.base_stock_level[0])


def test_single_poisson_stage_gets_the_exact_level() -> None:
    nodes = (tree_point("n", "s", -1, LeadTime.fixed(4), 1.0, Demand(np.full(7, 3.0)), 0.95),)
    plan = plan_network(SupplyNetwork("p", nodes)).plan
    units = np.arange(200)

    def fill_rate(level: int) -> float:
        after = np.maximum(units - level, 0) @ stats.poisson.pmf(units, 15)
        before = np.maximum(units - level, 0) @ stats.poisson.pmf(units, 12)
        return float(1 - (after - before) / 3)

    exact = next(s for s in range(100) if fill_rate(s) >= 0.95)
    assert plan.base_stock_level[0] == exact
    assert plan_analytic(SupplyNetwork("p", nodes), "test").base_stock_level[0] == exact
    assert abs(plan.customer_fill_rate[0] - fill_rate(exact)) < 4 * plan.customer_fill_rate_se[0]


def test_drawn_demand_has_the_stated_moments() -> None:
    demand = Demand(np.array([0.5, 3.0, 40.0]), 0.8, 0.5)
    problem = SupplyNetwork("m", (tree_point("n", "s", -1, LeadTime.fixed(0), 1.0, demand),))
    drawn = PathSource(problem, 30, 0).draw("x", 4096).demand[:, :, 0]
    for t, mean in enumerate(demand.mean):
        sample = drawn[:, t::3].ravel().astype(float)
        variance = mean + (0.8 * 1.25 + 0.25) * mean**2
        assert abs(sample.mean() - mean) < 5 * np.sqrt(variance / 40960)
        assert abs(sample.var() / variance - 1) < 0.1
        assert np.all(sample == np.rint(sample))
    horizons = drawn.transpose(0, 2, 1).reshape(-1, 10, 3).sum(axis=2).astype(float)
    assert abs(horizons.var() / demand.variance_of_sum(3) - 1) < 0.1


def test_analytic_fallback_states_its_reason() -> None:
    plan = plan_analytic(warehouse_and_stores(), "simulation failed: test")
    assert (plan.method, plan.status) == ("analytic", "simulation failed: test")
    assert np.all(plan.fill_rate >= 0.95)


@pytest.mark.parametrize(
    ("node", "message"),
    [
        ({"source": 4}, "its source must come before it"),
        ({"target_fill_rate": 1.5}, "between 0 and 1"),
        ({"holding_cost": -1.0}, "holding cost"),
        ({"calendar": (False,)}, "allows no order"),
        ({"demand": Demand(np.array([-1.0]))}, "must be finite and not negative"),
    ],
)
def test_impossible_input_names_the_node(node: dict[str, Any], message: str) -> None:
    with pytest.raises(ProblemError, match=f"point store3.*: .*{message}"):
        plan_network(with_store(warehouse_and_stores(), **node), SMALL)


def test_lead_time_in_days_keeps_its_mean() -> None:
    lead = LeadTime.from_days([3, 10, 16], [0.2, 0.5, 0.3], 7)
    assert lead.mean == pytest.approx((3 * 0.2 + 10 * 0.5 + 16 * 0.3) / 7)
    assert LeadTime.from_days([7, 14], [0.5, 0.5], 7) == LeadTime((1, 2), (0.5, 0.5))
    with pytest.raises(ProblemError, match="add up to 1"):
        LeadTime((1, 2), (0.5, 0.6))
