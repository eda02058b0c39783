"""Whole plans of small networks: no cheaper one is found nearby by trying all of them on other paths."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from echelon.core.arrays import Doubles
from echelon.core.inventory.kernels.drawing.paths import PathSource
from echelon.core.inventory.kernels.simulators import simulator_for
from echelon.core.inventory.model.demand import Demand
from echelon.core.inventory.model.lead_time import LeadTime
from echelon.core.inventory.model.supply_network import OUTSIDE, Link, Point, SupplyNetwork, tree_point
from echelon.core.inventory.planning.plan import plan_network
from echelon.core.inventory.planning.warm_up import measured_periods, warm_up_periods
from echelon.core.inventory.planning.whole_levels import is_small, worth_moving


def demand(rate: float, dispersion: float = 0.0) -> Demand:
    return Demand(np.full(28, rate), dispersion)


def tree(*shops: Demand, lot: float = 0.0) -> SupplyNetwork:
    hub = tree_point("hub", "maker", OUTSIDE, LeadTime.fixed(10), 0.5, lot_size=lot)
    points = [tree_point(f"shop {i}", "hub", 0, LeadTime.fixed(2), 1.0, d, 0.95) for i, d in enumerate(shops)]
    return SupplyNetwork("sku", (hub, *points))


def chain() -> SupplyNetwork:
    first = tree_point("first", "maker", OUTSIDE, LeadTime.fixed(14), 0.4)
    second = tree_point("second", "first", 0, LeadTime.fixed(4), 0.6)
    return SupplyNetwork("sku", (first, second, tree_point("shop", "second", 1, LeadTime.fixed(1), 1.0, demand(1.0), 0.95)))


def assembly() -> SupplyNetwork:
    parts = [Point(f"part {i}", (Link(OUTSIDE, LeadTime.fixed(days)),), holding_cost=0.4) for i, days in enumerate((5, 9))]
    links = tuple(Link(i, LeadTime.fixed(0)) for i in range(2))
    bike = Point("bike", links, sourcing="assembly", demand=demand(1.5), target_fill_rate=0.95, holding_cost=1.0)
    return SupplyNetwork("sku", (*parts, bike))


NETWORKS = {
    "lumpy": tree(demand(1.0, 8.0), demand(0.5, 20.0)),
    "very lumpy": tree(demand(0.3, 40.0), demand(0.1, 60.0)),
    "lots": tree(demand(1.0, 8.0), lot=12.0),
    "three echelons": chain(),
    "assembly": assembly(),
    "a single shop": SupplyNetwork(
        "sku", (tree_point("shop", "maker", OUTSIDE, LeadTime.fixed(5), 1.0, demand(0.3, 0.3), 0.999),)
    ),
}


def cheapest_nearby(network: SupplyNetwork, levels: Doubles) -> tuple[float, float]:
    """Cost of the levels, and of the cheapest that serve the targets, of all within three units at up to two points."""
    source = PathSource(network, measured_periods(network, 112), warm_up_periods(network))
    simulator = simulator_for(network, source.draw("judge", 2048)).expecting()
    hold = np.array([point.holding_cost for point in network.nodes])
    target = np.array([-1.0 if point.target_fill_rate is None else point.target_fill_rate for point in network.nodes])

    def judged(tried: Doubles) -> tuple[float, bool]:
        measures = simulator.measure(tried)
        service = np.nan_to_num(measures.customer_fill_rate.mean)
        sure = service - 2 * np.nan_to_num(measures.customer_fill_rate.se)
        return float(hold @ measures.on_hand.mean), bool(np.all(sure >= target))

    moves = [np.zeros(len(levels)), *(-step * one for one in np.eye(len(levels)) for step in (1, 2, 3))]
    for i, j in itertools.permutations(range(len(levels)), 2):
        moves += [a * np.eye(len(levels))[i] + b * np.eye(len(levels))[j] for a in (-3, -2, -1) for b in (0, 1, 2, 3)]
    costs = [judged(levels + move) for move in moves if np.all(levels + move >= 0)]
    return costs[0][0], min([costs[0][0], *(cost for cost, served in costs if served)])


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_no_whole_plan_nearby_is_cheaper(network: SupplyNetwork) -> None:
    plan = plan_network(network).plan
    assert plan.status == "ok"
    cost, cheapest = cheapest_nearby(network, plan.base_stock_level)
    assert cost <= 1.005 * cheapest


def test_the_search_is_for_a_few_small_levels_of_few_points() -> None:
    serves, sd = np.array([True, True, False]), np.array([3.0, 24.0, 1.0])
    assert worth_moving(serves, sd).tolist() == [True, True, False]
    assert worth_moving(serves, 10 * sd).tolist() == [False, False, False]
    assert is_small(np.array([True, True])) and not is_small(np.array([False, False])) and not is_small(np.ones(6, np.bool_))


def test_amounts_are_not_searched_by_units() -> None:
    network = NETWORKS["lumpy"]
    shops = [replace(p, demand=p.demand and replace(p.demand, counts=False)) for p in network.nodes]
    plan = plan_network(replace(network, nodes=tuple(shops))).plan
    assert plan.status == "ok" and np.any(plan.base_stock_level % 1 > 0)
