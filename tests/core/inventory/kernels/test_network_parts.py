"""Parts of the general simulation: what is refused, flows, random inputs, costs and quantiles over time."""

from dataclasses import replace

import numpy as np
import pytest
from echelon.core.arrays import Doubles
from echelon.core.inventory.kernels import layout
from echelon.core.inventory.kernels.drawing.paths import PathSource
from echelon.core.inventory.kernels.network import measures
from echelon.core.inventory.kernels.network.costs import yearly_costs
from echelon.core.inventory.kernels.network.simulator import NetworkSimulator
from echelon.core.inventory.kernels.network.time_window_fill_rate import served_within
from echelon.core.inventory.model.check import check_network
from echelon.core.inventory.model.demand import Demand
from echelon.core.inventory.model.lead_time import LeadTime, ProblemError
from echelon.core.inventory.model.supply_network import OUTSIDE, Disruption, Link, Point, Policy, SupplyNetwork, UnitCosts
from echelon.core.inventory.planning.lead_time_demand import lead_time_demand
from echelon.core.inventory.planning.warm_up import warm_up_periods
from echelon.textbook.multi_echelon.guaranteed_service import place_safety_stock
from echelon.textbook.multi_echelon.service_network import ServiceNetwork, Stage, base_stock_levels
from echelon.textbook.multi_echelon.supply_network import as_supply_network
from hypothesis import given, settings
from support.inventory.small_networks import bicycle, dual_sourced_warehouse, perishable_store
from support.inventory.small_problems import problems

OUT = Link(OUTSIDE, LeadTime.fixed(1))
SHOP = Point("shop", (OUT,), demand=Demand(np.ones(1)))


@pytest.mark.parametrize(
    ("points", "words"),
    [
        ((), "no stocking points"),
        ((replace(SHOP, links=()),), "shop: nothing supplies it"),
        ((Point("depot", (OUT,)), SHOP), "depot: an orphan"),
        ((replace(SHOP, links=(Link(0, LeadTime.fixed(1)),)),), "shop, link 0 from shop: .*loop"),
        ((replace(SHOP, links=(Link(7, LeadTime.fixed(1)),)),), "link 0 from 7: there is no such point"),
        ((replace(SHOP, links=(replace(OUT, share=0.4), replace(OUT, share=0.4))),), "add up to 1"),
        ((replace(SHOP, links=(replace(OUT, quantity=0.0),)),), "quantity and capacity"),
        ((replace(SHOP, links=(replace(OUT, disruption=Disruption(0.5, 3)),)),), "at least one period"),
        ((replace(SHOP, policy=Policy(calendar=(False,))),), "allows no order"),
        ((replace(SHOP, policy=Policy("RQ")),), "order quantity Q"),
        ((replace(SHOP, policy=Policy(moq=-1.0)),), "must not be negative"),
        ((replace(SHOP, policy=Policy(storage_capacity=0.0)),), "capacities"),
        ((replace(SHOP, policy=Policy(profile=())),), "profile"),
        ((replace(SHOP, backorder_share=1.1),), "between 0 and 1"),
        ((replace(SHOP, shelf_life=-1),), "shelf life"),
        ((replace(SHOP, target_fill_rate=1.5),), "target fill rate"),
        ((replace(SHOP, holding_cost=float("nan")),), "holding cost"),
        ((replace(SHOP, demand=Demand(np.array([-1.0]))),), "mean demand"),
    ],
)
def test_a_broken_network_is_refused_by_name(points: tuple[Point, ...], words: str) -> None:
    with pytest.raises(ProblemError, match=words):
        check_network(SupplyNetwork("sku", points))


def test_named_networks_are_sound() -> None:
    for network in (bicycle(), dual_sourced_warehouse(), perishable_store()):
        check_network(network)


@settings(max_examples=50)
@given(problems())
def test_lead_time_demand_of_a_tree_adds_up_downstream(tree: SupplyNetwork) -> None:
    found, rate = lead_time_demand(tree), np.zeros(len(tree.nodes))
    for n, point in enumerate(tree.nodes):
        at = n
        while at >= 0 and point.demand is not None:
            rate[at] += point.demand.rate
            at = tree.parents[at]
    np.testing.assert_allclose(found.rate, rate)
    cover = [point.links[0].lead_time.mean + len(point.policy.calendar) for point in tree.nodes]
    np.testing.assert_allclose(found.mean, rate * cover)
    for n, point in enumerate(tree.nodes):
        if point.demand is not None and not tree.inner[n]:
            lead = point.links[0].lead_time
            variance = point.demand.variance_of_sum(lead.mean) + rate[n] ** 2 * lead.variance
            assert found.lead_sd[n] == pytest.approx(np.sqrt(variance))


def test_usage_follows_quantities_and_shares() -> None:
    np.testing.assert_allclose(bicycle().usage, [[1, 0, 1], [0, 1, 2], [0, 0, 1]])


def test_the_warm_up_keeps_the_phase_of_profiles_and_irregular_calendars() -> None:
    network = dual_sourced_warehouse()
    for policy in (Policy(profile=(1.0,) * 7), Policy(calendar=(True, True) + (False,) * 5)):
        changed = replace(network, nodes=(replace(network.nodes[0], policy=policy), *network.nodes[1:]))
        assert warm_up_periods(changed) % 7 == 0


def test_links_are_down_as_often_and_as_long_as_stated() -> None:
    link = replace(OUT, disruption=Disruption(30.0, 10.0))
    draws = PathSource(SupplyNetwork("sku", (replace(SHOP, links=(link,)),)), 400, 0).draw("test", 256)
    assert draws.up is not None
    up = draws.up[:, :, 0]
    assert up.mean() == pytest.approx(0.75, abs=0.01)
    falls = (up[:, :-1] & ~up[:, 1:]).sum() / up[:, :-1].sum()
    assert falls == pytest.approx(1 / 30, rel=0.05)


def test_shipments_never_cross_where_they_must_not() -> None:
    free = Link(OUTSIDE, LeadTime((0, 3, 9), (0.4, 0.3, 0.3)))
    network = SupplyNetwork("sku", (replace(SHOP, links=(replace(free, share=0.5), replace(free, share=0.5, crossing=False))),))
    lead = PathSource(network, 60, 0).draw("test", 64).lead.astype(int)
    due = lead + np.arange(60)[None, :, None, None]
    assert (np.diff(due[:, :, 1], axis=1) >= 0).all()
    assert (np.diff(due[:, :, 0], axis=1) < 0).any()


def simulated(network: SupplyNetwork, replications: int = 64) -> NetworkSimulator:
    before = warm_up_periods(network)
    draws = PathSource(network, 60, before).draw("test", replications)
    return NetworkSimulator(network, draws)


def test_quantiles_over_time_are_those_of_the_measured_stock() -> None:
    simulator, levels = simulated(perishable_store()), np.array([30.0])
    median, most = simulator.quantiles(levels, [0.5, 1.0])[0]
    assert median.shape == (simulator.periods, 1)
    assert (median <= most).all()
    means = simulator.quantiles(levels, np.linspace(0.5 / 64, 1 - 0.5 / 64, 64).tolist())[0, :, simulator.warm_up :].mean()
    assert means == pytest.approx(simulator.measure(levels).on_hand.mean[0], rel=0.01)


def test_costs_add_up_and_are_the_rates_times_the_measures() -> None:
    costs = UnitCosts(pipeline=1.0, backorder=36.5, lost_sale=3.0, waste=2.0, order=10.0)
    store = replace(perishable_store().nodes[0], costs=costs)
    network = SupplyNetwork("salad", (store,), 3)
    found = simulated(network).measure(np.array([30.0]))
    by_kind = yearly_costs(found, network, 365.0)
    assert by_kind["holding"].points.mean[0] == pytest.approx(2.0 * found.on_hand.mean[0])
    assert by_kind["order"].network.mean == pytest.approx(10.0 * 365 * found.orders.mean[0])
    assert by_kind["waste"].network.mean == pytest.approx(2.0 * 365 * found.waste.mean[0])
    assert by_kind["backorder"].network.mean == pytest.approx(36.5 * found.sums[layout.CUSTOMERS_OWED].mean() / 60)
    parts = [cost.network.mean for kind, cost in by_kind.items() if kind != "total"]
    assert by_kind["total"].network.mean == pytest.approx(sum(parts))
    assert min(parts) > 0
    assert found.turns(365.0)[0] == pytest.approx(365 * (found.ordered.mean[0] - found.waste.mean[0]) / found.on_hand.mean[0])


def test_the_tape_grows_when_it_is_too_short(monkeypatch: pytest.MonkeyPatch) -> None:
    levels = np.array([30.0])
    expected = simulated(perishable_store()).measure(levels).sums
    monkeypatch.setattr("echelon.core.inventory.kernels.network.simulator._ROOM", 1)
    np.testing.assert_array_equal(simulated(perishable_store()).measure(levels).sums, expected)
    assert expected.shape[0] == measures.ALL_SUMS


def test_served_within_a_waiting_time() -> None:
    """Demand of 4, 2, 6, 0, 0; what is owed at the ends shows that 4 + 2 wait one period, and 3 of the 6 two."""
    demand, owed = np.array([[4.0, 2.0, 6.0, 0.0, 0.0]]), np.array([[4.0, 2.0, 6.0, 3.0, 0.0]])
    assert served_within(demand, owed, 0) == 0.0
    assert served_within(demand, owed, 1) == pytest.approx(9 / 12)
    assert served_within(demand, owed, 2) == 1.0
    assert served_within(demand, owed, 1, warm_up=2) == pytest.approx(3 / 6)


def test_guaranteed_service_keeps_its_promise_while_demand_stays_within_its_bound() -> None:
    """A part and a shop: with demand that never varies every unit comes in time, and with a long promise without stock."""
    stages = (Stage("part", 5.0, 1.0, 1.6, 0.0), Stage("shop", 2.0, 2.0, 1.6, 0.0, outbound_time=3, demand_mean=4.0))
    network = ServiceNetwork(stages, ((0, 1),), (3.0,))
    steady = as_supply_network(network, {1: Demand(np.full(1, 4.0), counts=False)}, "steady")
    placed = place_safety_stock(network)
    draws = PathSource(steady, 40, 20).draw("test", 64)
    simulator = NetworkSimulator(steady, draws)
    asked = simulator.demand_of(2).astype(float)

    def owed(levels: Doubles) -> Doubles:
        return simulator.trace(np.append(levels, 0.0))[:, :, 1, 2].astype(float)

    assert served_within(asked, owed(base_stock_levels(network, placed)), placed.service_times[1] + 1, 20) == 1.0
    without_stock = owed(np.zeros(2))
    assert served_within(asked, without_stock, 5 + 2, 20) == 0.0
    assert served_within(asked, without_stock, 5 + 2 + 1, 20) == 1.0
