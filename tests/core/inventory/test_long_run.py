"""The event loop for the long run against closed forms, and the library's simulator against the event loop. A night's size:
NIGHTLY=1 (make nightly)."""

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from echelon.api import Demand, Disruption, LeadTime, Link, Point, Policy, SupplyNetwork, every, tree_point
from echelon.core.inventory.kernels import layout
from echelon.core.inventory.kernels.drawing.paths import Paths, PathSource
from echelon.core.inventory.kernels.network.simulator import NetworkSimulator
from echelon.core.inventory.kernels.simulators import simulator_for
from echelon.textbook.demand_laws import expected_shortage, poisson_pmf
from echelon.textbook.single_location.order_up_to import ss_cost
from echelon.textbook.single_location.service import service_poisson
from hypothesis import given, settings
from hypothesis import strategies as st
from support.examples import by_night
from support.inventory.measured import BOTH, GENERAL
from support.inventory.small_networks import networks
from support.long_run import LongRun, long_run
from support.long_run.cases import reachable
from support.long_run.drawn import Chance
from support.long_run.loop import MEASURES, run
from support.long_run.packed import packed_links, packed_points
from support.long_run.result import started

Array = npt.NDArray[Any]
KINDS = {name: kind for name, kind in BOTH.items() if name in MEASURES}
OF_THE_GENERAL_ONE = {name: kind for name, kind in GENERAL.items() if name in MEASURES}
MEAN, LEAD = 4.0, 3
POISSON = Demand(np.array([MEAN]))
STANDARD_ERRORS = 5.0  # so many that chance alone never shows among the few thousand comparisons


def shop(**changes: Any) -> Point:
    return replace(tree_point("shop", "maker", -1, LeadTime.fixed(LEAD), 1.0, demand=POISSON), **changes)


def alone(**changes: Any) -> SupplyNetwork:
    return SupplyNetwork("A", (shop(**changes),))


def is_near(found: LongRun, measure: str, expected: float, point: int = -1) -> bool:
    return abs(found.mean(measure)[point] - expected) < STANDARD_ERRORS * found.mean_se(measure)[point]


def short(periods: float, level: float) -> float:
    """E[(demand of so many periods - level)+]."""
    return float(expected_shortage(poisson_pmf(MEAN * periods), level)) if periods else max(-level, 0.0)


@pytest.mark.parametrize(("level", "review"), [(16, 1), (20, 1), (32, 5)])
def test_base_stock_is_that_of_the_closed_form(level: int, review: int) -> None:
    found = long_run(alone(policy=Policy(calendar=every(review))), [level])
    fill_rate = service_poisson(level, MEAN, LEAD, review).fill_rate
    assert abs(found.customer_fill_rate[0] - fill_rate) < STANDARD_ERRORS * found.customer_fill_rate_se[0]
    backorders = np.mean([short(LEAD + k, level) for k in range(1, review + 1)])
    on_hand = float(level - MEAN * (LEAD + (1 + review) / 2) + backorders)
    assert is_near(found, "on_hand", on_hand) and is_near(found, "backorders", float(backorders))
    assert is_near(found, "pipeline", MEAN * LEAD)


@pytest.mark.parametrize(("reorder", "quantity"), [(14, 10), (9, 25), (14, 400)])
def test_reorder_point_and_quantity_are_those_of_the_closed_form(reorder: int, quantity: int) -> None:
    """The position after ordering is uniform on R + 1 to R + Q (Hadley & Whitin, 1963)."""
    found = long_run(alone(policy=Policy("RQ", gap=float(quantity))), [reorder], periods=100_000)
    positions = range(reorder + 1, reorder + quantity + 1)
    backorders = np.mean([short(LEAD + 1, level) for level in positions])
    unmet = backorders - np.mean([short(LEAD, level) for level in positions])
    on_hand = np.mean(positions) - MEAN * (LEAD + 1) + backorders
    assert is_near(found, "unmet", float(unmet)) and is_near(found, "on_hand", float(on_hand))


def test_reorder_point_and_order_up_to_level_cost_what_theory_says() -> None:
    found = long_run(alone(policy=Policy("sS", gap=15.0)), [30], periods=100_000)
    cost = found.mean("on_hand")[0] + 9 * found.mean("backorders")[0]
    expected = ss_cost((15, 30), 1.0, 9.0, 0.0, poisson_pmf(MEAN), LEAD)
    se = found.mean_se("on_hand")[0] + 9 * found.mean_se("backorders")[0]
    assert abs(cost - expected) < STANDARD_ERRORS * se


def test_what_a_hub_owes_delays_its_shop() -> None:
    """Stock of the shop: level - what the hub owed a lead time ago - demand since."""
    levels, leads = (8, 20), (2, LEAD)
    hub = tree_point("hub", "maker", -1, LeadTime.fixed(leads[0]), 1.0)
    found = long_run(SupplyNetwork("A", (hub, shop(links=(Link(0, LeadTime.fixed(LEAD)),)))), levels)
    owed = np.zeros(200)
    for demand, weight in enumerate(poisson_pmf(MEAN * leads[0])):
        owed[max(demand - levels[0], 0)] += weight
    law = np.convolve(owed, poisson_pmf(MEAN * (leads[1] + 1)))
    backorders = float(np.maximum(np.arange(len(law)) - levels[1], 0) @ law)
    assert is_near(found, "backorders", backorders)
    assert is_near(found, "backorders", float(owed @ np.arange(200)), 0)


def test_what_lives_for_a_period_is_sold_or_wasted() -> None:
    daily = shop(links=(Link(-1, LeadTime.fixed(0)),), shelf_life=1, backorder_share=0.0)
    found = long_run(SupplyNetwork("A", (daily,)), [6])
    assert is_near(found, "lost", short(1, 6)) and is_near(found, "waste", 6 - MEAN + short(1, 6))
    assert found.mean("on_hand")[0] == 0


def test_an_interrupted_lane_ships_nothing() -> None:
    """Without a lead time, and with stock for one period only, demand of the time down waits."""
    often = Link(-1, LeadTime.fixed(0), disruption=Disruption(12.0, 4.0))
    found = long_run(SupplyNetwork("A", (shop(links=(often,), demand=Demand(np.array([1.0]), counts=False)),)), [1])
    assert abs(found.customer_fill_rate[0] - 0.75) < STANDARD_ERRORS * found.customer_fill_rate_se[0]


def test_less_capacity_than_demand_serves_nobody_who_waits() -> None:
    limited = Link(-1, LeadTime.fixed(LEAD), capacity=0.9 * MEAN)
    assert long_run(alone(links=(limited,)), [50], warm_up=20_000).customer_fill_rate[0] == 0
    lost = long_run(alone(links=(limited,), backorder_share=0.0), [50])
    assert abs(lost.customer_fill_rate[0] - 0.9) < 0.005


def of_paths(network: SupplyNetwork, paths: Paths, r: int) -> Chance:
    """What chance brought the simulator in one replication."""
    rows = np.cumsum([point.demand is not None for point in network.nodes]) - 1
    none = np.zeros(paths.periods)
    demand = [paths.demand[0, :, row, r] if point.demand else none for row, point in zip(rows, network.nodes, strict=True)]
    lead = _by_row(paths.lead, r, np.int64)
    processing = np.zeros((len(rows), paths.periods), np.int64)
    processing = processing if paths.processing is None else _by_row(paths.processing, r, np.int64)
    up = np.ones(lead.shape, bool) if paths.up is None else _by_row(paths.up, r, bool)
    return Chance(np.array(demand, float), processing, lead, up)


def _by_row(values: Array, r: int, kind: Any) -> Array:
    return np.ascontiguousarray(values[0, :, :, r].T, dtype=kind)


@settings(max_examples=by_night(60, 3000))
@given(networks(), st.data())
def test_simulator_does_what_the_documents_say(network: SupplyNetwork, data: st.DataObject) -> None:
    """Every kind of network that Python reaches: the same measures on the same paths."""
    periods, warm_up = 60, 5
    levels = [float(data.draw(st.integers(0, 25))) for _ in network.nodes]
    paths = replace(PathSource(network, periods, warm_up).draw("test", 64), start=None)
    found = NetworkSimulator(network, paths).measure(np.array(levels)).sums
    points, links = packed_points(network, levels), packed_links(network)
    for r in (0, 41):
        state = started(network, points, links.source.size, paths.periods)
        expected: Array = run(points, links, of_paths(network, paths, r), state, warm_up, periods)
        for name, kind in (KINDS | OF_THE_GENERAL_ONE).items():
            want = expected[MEASURES.index(name), 0]
            np.testing.assert_allclose(found[kind][:, r], want, rtol=1e-6, atol=1e-6, err_msg=name)


@settings(max_examples=by_night(12, 300), derandomize=True)
@given(reachable(), st.data())
def test_simulator_and_event_loop_agree_for_long(network: SupplyNetwork, data: st.DataObject) -> None:
    """Each with random numbers of its own: what inputs reach, from the same start, for a long time."""
    periods, warm_up, replications = by_night(1000, 5000), 400, 64
    network = with_gaps(network)
    review = np.array([node.policy.review_period for node in network.nodes])
    cover = network.rates * (1 + review + [node.mean_lead for node in network.nodes])
    levels = np.ceil(cover * [data.draw(st.sampled_from([0.7, 1.0, 1.4])) for _ in network.nodes])
    paths = replace(PathSource(network, periods, warm_up).draw("test", replications), start=None)
    sums = simulator_for(network, paths).measure(levels).sums
    expected = long_run(network, levels, periods, warm_up, replications=replications, batches=1)
    for name, kind in (KINDS | (OF_THE_GENERAL_ONE if len(sums) > layout.SUMS else {})).items():
        per_period = sums[kind] / periods
        se = np.hypot(per_period.std(axis=1, ddof=1) / np.sqrt(replications), expected.mean_se(name))
        differs = np.abs(per_period.mean(axis=1) - expected.mean(name))
        assert np.all(differs <= STANDARD_ERRORS * se + 1e-3 * np.abs(expected.mean(name)) + 1e-6), (name, differs, se)


def with_gaps(network: SupplyNetwork) -> SupplyNetwork:
    """Order quantities that a plan would find."""
    return replace(network, nodes=tuple(_with_gap(node) for node in network.nodes))


def _with_gap(node: Point) -> Point:
    gap = 12.0 if node.policy.kind == "sS" else 0.0
    return replace(node, policy=replace(node.policy, gap=gap))
