"""Plans of networks of any shape: targets certified, cost near the least, gaps found, same as the fast plan on trees."""

from dataclasses import replace

import numpy as np
import pytest
from echelon.core.inventory.kernels.network.costs import NetworkMeasures, yearly_costs
from echelon.core.inventory.model.lead_time import LeadTime, ProblemError
from echelon.core.inventory.model.supply_network import OUTSIDE, Disruption, Link, Policy, SupplyNetwork, UnitCosts
from echelon.core.inventory.planning.plan import NetworkPlan, plan_network
from echelon.core.inventory.planning.stock_plan import SimulationSize
from support.inventory.small_networks import bicycle, dual_sourced_warehouse, perishable_store
from support.inventory.small_problems import as_general, warehouse_and_stores

SIZE = SimulationSize(60, 64, 256)


@pytest.mark.parametrize("network", [bicycle(), dual_sourced_warehouse(), perishable_store()], ids=lambda one: one.sku)
def test_targets_are_met_and_certified(network: SupplyNetwork) -> None:
    plan = plan_network(network, SIZE).plan
    assert plan.status == "ok"
    asked = np.isfinite(plan.target_fill_rate)
    missing = plan.target_fill_rate - plan.customer_fill_rate - plan.customer_fill_rate_se
    assert (missing[asked] <= 0).all()
    assert (plan.customer_fill_rate[asked] <= plan.target_fill_rate[asked] + 0.03).all()


def test_a_tree_is_planned_as_by_the_fast_simulator() -> None:
    problem = warehouse_and_stores(stores=3)
    fast, general = plan_network(problem, SIZE).plan, plan_network(as_general(problem), SIZE).plan
    assert general.holding_cost.sum() == pytest.approx(fast.holding_cost.sum(), rel=0.05)
    np.testing.assert_allclose(general.customer_fill_rate[1:], fast.customer_fill_rate[1:], atol=0.015)


def test_a_target_out_of_reach_is_named() -> None:
    store = perishable_store().nodes[0]
    short_lived = replace(store, shelf_life=1, target_fill_rate=0.999, policy=Policy(storage_capacity=9.0))
    status = plan_network(replace(perishable_store(), nodes=(short_lived,)), SIZE).plan.status
    assert status.startswith("target not reached at store: fill rate 0.")


def test_a_target_out_of_reach_costs_no_stock_that_serves_no_one() -> None:
    """Units that last a day: more than a day's demand can't be sold, however much is there."""
    store = replace(perishable_store().nodes[0], shelf_life=1, target_fill_rate=0.9999, policy=Policy())
    link = replace(store.links[0], lead_time=LeadTime((1, 4), (0.5, 0.5)), disruption=Disruption(20.0, 5.0))
    network = replace(perishable_store(), nodes=(replace(store, links=(link,)),))
    found = plan_network(network, SIZE)
    assert found.plan.status.startswith("target not reached")
    level, demand = found.plan.base_stock_level[0], store.demand
    assert demand is not None
    assert level <= demand.rate * 6 + 6 * np.sqrt(demand.variance_of_sum(6.0))


def test_a_target_out_of_reach_leaves_what_is_not_linked_to_it_as_it_is() -> None:
    """A shop whose target is met and one that can't meet its own, in one network without a common source."""
    fresh = replace(perishable_store().nodes[0], shelf_life=1, target_fill_rate=0.999, policy=Policy(storage_capacity=9.0))
    calm = replace(warehouse_and_stores(stores=1).nodes[1], name="calm", links=(Link(OUTSIDE, LeadTime.fixed(3)),))
    both = plan_network(SupplyNetwork("salad", (fresh, calm), 3), SIZE).plan
    alone = plan_network(SupplyNetwork("salad", (as_general(SupplyNetwork("salad", (calm,), 3)).nodes), 3), SIZE).plan
    assert both.status.startswith("target not reached at store") and "calm" not in both.status
    assert both.base_stock_level[1] == pytest.approx(alone.base_stock_level[0], abs=2)
    assert both.customer_fill_rate[1] + both.customer_fill_rate_se[1] >= both.target_fill_rate[1]


def with_order_cost(gap: float) -> SupplyNetwork:
    """The warehouse pays for each order; with gap 0 its order quantity is to be found."""
    network = dual_sourced_warehouse(stores=2)
    policy = Policy(kind="sS", gap=gap, calendar=(True,) + (False,) * 6)
    warehouse = replace(network.nodes[0], policy=policy, costs=UnitCosts(order=20.0))
    return replace(network, nodes=(warehouse, *network.nodes[1:]))


def yearly(planned: NetworkPlan) -> float:
    """Holding and order cost."""
    assert isinstance(planned.measures, NetworkMeasures)
    costs = yearly_costs(planned.measures, planned.network, 365.0)
    return float(costs["holding"].network.mean + costs["order"].network.mean)


def test_the_order_quantity_is_that_of_least_cost() -> None:
    found = plan_network(with_order_cost(0.0), SIZE)
    gap = found.network.nodes[0].policy.gap
    assert gap > 1
    assert found.plan.base_stock_level[0] - found.plan.reorder_point[0] == pytest.approx(gap)
    for factor in (0.4, 2.5):
        assert yearly(found) < yearly(plan_network(with_order_cost(gap * factor), SIZE))


def test_a_broken_network_is_refused() -> None:
    store = perishable_store().nodes[0]
    with pytest.raises(ProblemError, match="store: nothing supplies it"):
        plan_network(replace(perishable_store(), nodes=(replace(store, links=()),)), SIZE)
