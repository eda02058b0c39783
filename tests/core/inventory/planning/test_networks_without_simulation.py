"""The fallback, the classical plan and the replay on networks of any shape: on trees they are those of trees."""

from dataclasses import replace

import numpy as np
import pytest
from echelon.core.inventory.model.demand import Demand
from echelon.core.inventory.model.lead_time import LeadTime
from echelon.core.inventory.model.supply_network import OUTSIDE, Disruption, Link, Point, Policy, SupplyNetwork, UnitCosts
from echelon.core.inventory.planning.analytic import analytic_levels, plan_analytic, service_targets
from echelon.core.inventory.planning.classical import classical_levels
from echelon.core.inventory.planning.order_quantities import as_planned
from echelon.core.inventory.planning.plan import plan_network
from echelon.core.inventory.planning.stock_plan import SimulationSize
from echelon.core.inventory.planning.warm_up import warm_up_periods
from echelon.core.inventory.replay import replay
from echelon.textbook.eoq import economic_order_quantity
from hypothesis import given, settings
from support.inventory.small_networks import dual_sourced_warehouse
from support.inventory.small_problems import as_general, problems, warehouse_and_stores


def with_targets(problem: SupplyNetwork) -> SupplyNetwork:
    nodes = [
        node if node.demand is None else replace(node, target_fill_rate=0.9 + 0.01 * i) for i, node in enumerate(problem.nodes)
    ]
    return replace(problem, nodes=tuple(nodes))


@given(problems())
@settings(max_examples=40)
def test_on_a_tree_levels_are_those_of_the_tree(drawn: SupplyNetwork) -> None:
    problem = with_targets(drawn)
    network = as_general(problem)
    plan, tree = plan_analytic(network, "why"), plan_analytic(problem, "why")
    np.testing.assert_array_equal(plan.base_stock_level, analytic_levels(problem))
    for name in ("reorder_point", "lead_time_demand", "fill_rate", "on_hand", "holding_cost"):
        np.testing.assert_allclose(getattr(plan, name), getattr(tree, name), err_msg=name)
    assert (plan.method, plan.status) == ("analytic", "why")
    history = np.random.default_rng(1).poisson(2.0, (9, len(problem.nodes))).astype(float)
    np.testing.assert_allclose(classical_levels(network, history, 6), classical_levels(problem, history, 6))


def test_a_point_serves_the_highest_target_of_all_that_can_order_there() -> None:
    demand, lead = Demand(np.ones(1)), LeadTime.fixed(1)
    points = (
        Point("a", (Link(OUTSIDE, lead),)),
        Point("b", (Link(OUTSIDE, lead),)),
        Point("x", (Link(0, lead), Link(1, lead, priority=2)), "priority", demand=demand, target_fill_rate=0.95),
        Point("y", (Link(0, lead),), demand=demand, target_fill_rate=0.99),
    )
    assert service_targets(SupplyNetwork("s", points)).tolist() == [0.99, 0.95, 0.95, 0.99]


def test_an_order_cost_adds_the_economic_quantity_to_the_reorder_point() -> None:
    network = dual_sourced_warehouse(stores=2)
    point = replace(network.nodes[0], policy=Policy(kind="sS"), costs=UnitCosts(order=20.0))
    priced = replace(network, nodes=(point, *network.nodes[1:]))
    plan, free = plan_analytic(priced, "why"), plan_analytic(network, "why")
    lot = economic_order_quantity(
        20.0, point.holding_cost, 365 * sum(one.demand.rate for one in network.nodes[1:] if one.demand)
    ).quantity
    gap = plan.base_stock_level - plan.reorder_point
    assert gap[0] == pytest.approx(lot, abs=0.5 if network.counts else 1e-9)
    np.testing.assert_array_equal(plan.base_stock_level[1:], free.base_stock_level[1:])
    assert plan.fill_rate[0] >= 0.9
    assert as_planned(priced, plan).nodes[0].policy.gap == gap[0]


def test_the_chosen_order_quantity_is_found_again_in_the_plan() -> None:
    network = dual_sourced_warehouse(stores=2)
    point = replace(network.nodes[0], policy=Policy(kind="sS"), costs=UnitCosts(order=20.0))
    priced = replace(network, nodes=(point, *network.nodes[1:]))
    found = plan_network(priced, SimulationSize(30, 64, 64))
    assert as_planned(priced, found.plan).nodes[0].policy.gap == pytest.approx(found.network.nodes[0].policy.gap)


def test_without_demand_there_is_no_stock() -> None:
    """Not even an order quantity."""
    network = dual_sourced_warehouse(stores=2)
    idle = [point if point.demand is None else replace(point, demand=Demand(np.zeros(4))) for point in network.nodes]
    plan = plan_network(replace(network, nodes=tuple(idle)), SimulationSize(30, 64, 64)).plan
    assert (plan.status, plan.base_stock_level.tolist()) == ("ok", [0.0] * len(idle))


def test_replay_on_a_tree_is_that_of_the_tree() -> None:
    tree = warehouse_and_stores(stores=2)
    problem = replace(tree, nodes=(*tree.nodes[:2], replace(tree.nodes[2], backorder_share=0.0)))
    rng = np.random.default_rng(3)
    history, demand = rng.poisson(2.0, (20, 3)).astype(float), rng.poisson(2.0, (15, 3)).astype(float)
    levels, before = np.array([9.0, 7.0, 8.0]), warm_up_periods(problem)
    mine = replay(as_general(problem), levels, history, demand, 7.0, 64, before)
    tree_replay = replay(problem, levels, history, demand, 7.0, 64)
    assert (mine.names, mine.periods) == (tree_replay.names, tree_replay.periods)
    for name in ("demand", "served", "stock_out_periods", "on_hand", "backorders", "holding_cost"):
        np.testing.assert_allclose(getattr(mine, name), getattr(tree_replay, name), atol=1e-4, err_msg=name)


def test_replayed_policies_meet_the_same_interruptions() -> None:
    """Orders follow demand under any order-up-to level, so what is under way differs only where levels do: nowhere."""
    link = Link(OUTSIDE, LeadTime((1, 4), (0.5, 0.5)), disruption=Disruption(9.0, 4.0))
    network = SupplyNetwork("s", (Point("n", (link,), demand=Demand(np.ones(4)), target_fill_rate=0.9, holding_cost=1.0),))
    history, demand = np.ones((4, 1)), np.full((30, 1), 3.0)
    low, high = (replay(network, np.array([level]), history, demand, 1.0, 64, 20) for level in (500.0, 600.0))
    assert high.on_hand[0] - low.on_hand[0] == pytest.approx(100.0, abs=1e-3)
    assert low.on_hand_se[0] == pytest.approx(high.on_hand_se[0], rel=1e-3) and low.on_hand_se[0] > 0


def test_a_history_of_another_width_is_refused() -> None:
    network = SupplyNetwork("s", (Point("n", (Link(OUTSIDE, LeadTime.fixed(1)),), demand=Demand(np.ones(1))),))
    with pytest.raises(ValueError, match="at least one period of history, with one column per node"):
        replay(network, np.zeros(1), np.zeros((3, 2)), np.ones((3, 1)))
