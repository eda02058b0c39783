"""Which networks the fast simulator says all about, and that the simulator is chosen by that."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from echelon.core.inventory.kernels.drawing.paths import PathSource
from echelon.core.inventory.kernels.network.simulator import NetworkSimulator
from echelon.core.inventory.kernels.simulators import simulator_for
from echelon.core.inventory.kernels.tree.simulator import TreeSimulator
from echelon.core.inventory.model.lead_time import LeadTime
from echelon.core.inventory.model.supply_network import Disruption, Link, Policy, Start, SupplyNetwork, UnitCosts, every
from support.inventory.small_networks import bicycle, dual_sourced_warehouse, perishable_store
from support.inventory.small_problems import as_general, warehouse_and_stores

TREE = warehouse_and_stores(stores=2)
LINK = TREE.nodes[1].links[0]


def with_store(**changes: Any) -> SupplyNetwork:
    """The tree with another first store."""
    return replace(TREE, nodes=(TREE.nodes[0], replace(TREE.nodes[1], **changes), TREE.nodes[2]))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"backorder_share": 0.0},
        {"holding_cost": 9.0, "costs": UnitCosts(order=5.0, waste=1.0)},
        {"policy": Policy(calendar=every(7), lot_size=12.0, moq=24.0)},
        {"sourcing": "priority", "customer_rank": 4, "issue": "LIFO"},
        {"links": (replace(LINK, priority=3, rank=2, supplier="Hub", lead_time=LeadTime.fixed(0)),)},
        {"demand": None, "target_fill_rate": None},
    ],
)
def test_lots_reviews_lost_sales_and_costs_leave_it_a_tree(changes: dict[str, object]) -> None:
    network = with_store(**changes)
    assert network.is_order_up_to_tree
    assert isinstance(simulator_for(network, PathSource(network, 8, 4).draw("x", 64)), TreeSimulator)


@pytest.mark.parametrize(
    "changes",
    [
        {"backorder_share": 0.5},
        {"shelf_life": 3},
        {"processing": LeadTime.fixed(1)},
        {"allocation": "fcfs"},
        {"start": Start(backorders=2.0)},
        {"policy": Policy("sS", gap=4.0)},
        {"policy": Policy(calendar=(True, True, False))},
        {"policy": Policy(calendar=(False, True))},
        {"policy": Policy(profile=(1.0, 1.2))},
        {"policy": Policy(order_capacity=5.0)},
        {"policy": Policy(storage_capacity=5.0)},
        {"links": (replace(LINK, share=0.5), Link(-1, LeadTime.fixed(3), share=0.5))},
        {"links": (replace(LINK, capacity=5.0),)},
        {"links": (replace(LINK, crossing=False),)},
        {"links": (replace(LINK, disruption=Disruption(9.0, 2.0)),)},
        {"links": (replace(LINK, quantity=2.0),), "sourcing": "assembly"},
    ],
)
def test_anything_else_makes_it_more_than_a_tree(changes: dict[str, object]) -> None:
    network = with_store(**changes)
    assert not network.is_order_up_to_tree
    assert isinstance(simulator_for(network, PathSource(network, 8, 4).draw("x", 64)), NetworkSimulator)


def test_named_networks_are_no_trees() -> None:
    assert not any(network.is_order_up_to_tree for network in (bicycle(), dual_sourced_warehouse(), perishable_store()))


def test_both_kinds_of_network_take_the_same_paths() -> None:
    general = as_general(TREE)
    assert not general.is_order_up_to_tree
    fast, slow = (PathSource(network, 20, 7).draw("x", 64) for network in (TREE, general))
    np.testing.assert_array_equal(fast.demand, slow.demand)
    np.testing.assert_array_equal(fast.lead, slow.lead)


def test_sums_downstream_count_quantities_and_shares() -> None:
    network = bicycle()
    np.testing.assert_allclose(network.echelon_sum(np.array([1.0, 10.0, 100.0])), [101.0, 210.0, 100.0])
    sold = network.nodes[2].demand
    assert sold is not None
    np.testing.assert_allclose(network.rates, np.array([1.0, 2.0, 1.0]) * sold.rate)
    assert (network.parents, network.inner.tolist()) == ([-1, -1, 0], [True, True, False])
