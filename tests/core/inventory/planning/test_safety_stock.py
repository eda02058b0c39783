"""Safety stock of a point alone and of its echelon, by their textbook definitions and uncut; readiness when demand is rare."""

from dataclasses import replace

import numpy as np
import pytest
from echelon.core.inventory.model.demand import Demand, Shape
from echelon.core.inventory.model.lead_time import LeadTime
from echelon.core.inventory.model.supply_network import (
    OUTSIDE,
    Link,
    Point,
    Policy,
    SupplyNetwork,
    UnitCosts,
    tree_point,
)
from echelon.core.inventory.planning.analytic import plan_analytic
from echelon.core.inventory.planning.plan import plan_network
from echelon.core.inventory.planning.stock_plan import SimulationSize
from echelon.core.inventory.planning.warm_up import slowest_lane
from support.inventory.small_problems import with_terms

SIZE = SimulationSize(periods=60, replications=64, certification_replications=128)
FAR, NEAR = LeadTime((20, 30), (0.5, 0.5)), LeadTime.fixed(2)


def tree(rate: float = 3.0) -> SupplyNetwork:
    """Maker -> Hub -> Depot -> Shop, and Hub -> Stall."""
    hub = tree_point("Hub", "Maker", -1, FAR, 1.0, review_period=7)
    depot = tree_point("Depot", "Hub", 0, LeadTime.fixed(5), 1.2)
    demands = Demand(np.full(28, rate), 0.3), Demand(np.full(28, 1.0), 0.3)
    stall = tree_point("Stall", "Hub", 0, NEAR, 2.0, demands[1], 0.9, review_period=3)
    shop = tree_point("Shop", "Depot", 1, NEAR, 2.0, demands[0], 0.95)
    return SupplyNetwork("S", (hub, depot, stall, shop))


@pytest.mark.parametrize("how", ["simulation", "analytic"])
def test_both_views_are_those_of_the_textbook(how: str) -> None:
    problem = tree()
    plan = plan_network(problem, SIZE).plan if how == "simulation" else plan_analytic(problem, "why not")
    level, safety = plan.base_stock_level, plan.safety_stock
    hub, depot, stall, shop = range(4)
    np.testing.assert_allclose(safety, level - np.array([4 * (25 + 7), 3 * (5 + 1), 1 * (2 + 3), 3 * (2 + 1)]))
    echelon = [level.sum(), level[depot] + level[shop], level[stall], level[shop]]
    np.testing.assert_allclose(plan.echelon_base_stock_level, echelon)
    # demand of customers downstream over all lead times and review periods on the way to them
    way = [3 * (32 + 6 + 3) + 1 * (32 + 5), 3 * (6 + 3), 1 * 5, 3 * 3]
    np.testing.assert_allclose(plan.echelon_safety_stock, np.array(echelon) - way)
    np.testing.assert_allclose(plan.echelon_safety_stock[[hub, depot]], [safety.sum(), safety[depot] + safety[shop]])


def test_a_warehouse_whose_stores_make_up_for_it_shows_its_negative_buffer() -> None:
    """Stock costs nearly nothing in the shop, so none is held in the warehouse in front of it."""
    hub = tree_point("Hub", "Maker", -1, FAR, 1.0)
    shop = tree_point("Shop", "Hub", 0, NEAR, 1.001, Demand(np.full(28, 3.0), 0.3), 0.95)
    plan = plan_network(SupplyNetwork("S", (hub, shop)), SIZE).plan
    assert plan.safety_stock[0] < -5 and plan.echelon_safety_stock[0] > 0
    assert plan.safety_stock[0] == pytest.approx(plan.base_stock_level[0] - plan.lead_time_demand[0])


def two_sources(order_cost: float = 0.0) -> SupplyNetwork:
    """Two hubs share the orders of a shop 3 to 1."""
    policy = Policy("sS") if order_cost else Policy()
    hubs = [Point(name, (Link(OUTSIDE, LeadTime.fixed(6), supplier="Maker"),), holding_cost=1.0) for name in ("East", "West")]
    links = (Link(0, NEAR, share=0.75, supplier="East"), Link(1, NEAR, share=0.25, supplier="West"))
    demand = Demand(np.full(28, 4.0), 0.2)
    shop = Point(
        "Shop", links, policy=policy, demand=demand, holding_cost=2.0, target_fill_rate=0.9, costs=UnitCosts(order=order_cost)
    )
    return SupplyNetwork("S", (*hubs, shop))


@pytest.mark.parametrize("how", ["simulation", "analytic"])
def test_of_several_sources_each_echelon_has_its_share(how: str) -> None:
    network = two_sources()
    plan = plan_network(network, SIZE).plan if how == "simulation" else plan_analytic(network, "why not")
    east, west, shop = plan.base_stock_level
    np.testing.assert_allclose(plan.echelon_base_stock_level, [east + 0.75 * shop, west + 0.25 * shop, shop])
    np.testing.assert_allclose(plan.safety_stock, [east - 3 * 7, west - 1 * 7, shop - 4 * 3])
    np.testing.assert_allclose(plan.echelon_safety_stock[0], east + 0.75 * shop - 3 * (7 + 3))


@pytest.mark.parametrize("how", ["simulation", "analytic"])
def test_with_an_order_cost_safety_stock_lies_below_the_reorder_point(how: str) -> None:
    network = two_sources(order_cost=40.0)
    plan = plan_network(network, SIZE).plan if how == "simulation" else plan_analytic(network, "why not")
    assert plan.base_stock_level[2] - plan.reorder_point[2] > 1
    assert plan.safety_stock[2] == pytest.approx(plan.reorder_point[2] - plan.lead_time_demand[2])


def test_points_that_serve_no_one_have_no_safety_stock() -> None:
    network = two_sources(order_cost=40.0)
    quiet = replace(network.nodes[2], demand=Demand(np.zeros(28)))
    plan = plan_network(replace(network, nodes=(*network.nodes[:2], quiet)), SIZE).plan
    assert plan.safety_stock.tolist() == [0, 0, 0] == plan.echelon_safety_stock.tolist()


@pytest.mark.parametrize("lost", [True, False])
def test_readiness_counts_periods_with_demand_alone(lost: bool) -> None:
    """One large order in forty periods, from stock for the usual small one: idle periods must not make it look ready."""
    rare = Demand(np.full(28, 0.1), 0.0, shape=Shape(active_share=0.02))
    shop = tree_point("Shop", "Maker", -1, NEAR, 1.0, rare, 0.3, lost_sales=lost)
    plan = plan_network(SupplyNetwork("S", (shop,)), SIZE).plan
    assert plan.ready_rate[0] < 0.6
    network = SupplyNetwork(
        "S", (Point("Hub", (Link(OUTSIDE, NEAR),)), Point("Shop", (Link(0, NEAR),), demand=rare, target_fill_rate=0.3))
    )
    general = plan_network(network, SIZE).plan
    assert np.isnan(general.ready_rate[0]) and general.ready_rate[1] < 0.6


def test_the_slowest_lane_on_the_way() -> None:
    assert slowest_lane(tree()).tolist() == [32, 32, 32, 32]
    near = replace(tree(), nodes=(with_terms(tree().nodes[0], lead_time=NEAR, calendar=(True,)), *tree().nodes[1:]))
    assert slowest_lane(near).tolist() == [3, 6, 5, 6]
    slow = replace(two_sources().nodes[1], links=(Link(OUTSIDE, LeadTime.fixed(90)),))
    network = replace(two_sources(), nodes=(two_sources().nodes[0], slow, two_sources().nodes[2]))
    assert slowest_lane(network).tolist() == [7, 91, 91]
    links = tuple(replace(link, priority=1 + n) for n, link in enumerate(network.nodes[2].links))
    reserve = replace(network, nodes=(*network.nodes[:2], replace(network.nodes[2], links=links, sourcing="priority")))
    assert slowest_lane(reserve).tolist() == [7, 91, 7], "a lane that only stands in does not count"
