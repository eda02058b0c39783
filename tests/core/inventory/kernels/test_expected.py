"""Expectations in place of draws: the same in the mean, with less noise; and the phases that replications begin at."""

import numpy as np
import pytest
from echelon.core.inventory.kernels import layout
from echelon.core.inventory.kernels.drawing.order_phases import order_phases, order_quantity
from echelon.core.inventory.kernels.drawing.paths import PathSource
from echelon.core.inventory.kernels.tree.simulator import TreeSimulator
from echelon.core.inventory.model.demand import Demand, Shape
from echelon.core.inventory.model.lead_time import LeadTime
from echelon.core.inventory.model.supply_network import OUTSIDE, Link, Point, Policy, SupplyNetwork, tree_point

WAYS = {
    "lumpy": Demand(np.full(28, 0.3), 90.0),
    "wide tables": Demand(np.full(28, 400.0), 20.0, 0.4),
    "level": Demand(np.tile([2.0, 0.0, 5.0, 1.0], 7), 0.5, 0.4),
    "shape": Demand(np.full(28, 3.0), 3.0, 0.2, shape=Shape(0.5, 0.02, 6.0, 0.5)),
}


def network(demand: Demand, lost: bool) -> SupplyNetwork:
    hub = tree_point("hub", "maker", OUTSIDE, LeadTime((7, 12), (0.5, 0.5)), 1.0, demand, 0.9, 7, 12.0, 24.0)
    shop = tree_point("shop", "hub", 0, LeadTime.fixed(2), 1.0, demand, 0.9, lost_sales=lost)
    return SupplyNetwork("sku", (hub, shop))


@pytest.mark.parametrize("lost", [True, False])
@pytest.mark.parametrize("demand", WAYS.values(), ids=WAYS)
def test_expectations_agree_with_draws(demand: Demand, lost: bool) -> None:
    problem = network(demand, lost)
    levels = np.ceil(problem.rates * [20.0, 4.0] + [30.0, 10.0 + 5 * demand.rate * demand.dispersion**0.5])
    drawn = TreeSimulator(problem, PathSource(problem, 112, 56).in_chunks("draws", 8192)).measure(levels).customer_fill_rate
    expecting = TreeSimulator(problem, PathSource(problem, 112, 56).in_chunks("expectations", 2048)).expecting()
    expected = expecting.measure(levels).customer_fill_rate
    away = (expected.mean - drawn.mean) / np.hypot(expected.se, drawn.se)
    assert np.all(np.abs(away) < 3.5), away
    assert np.all(expected.se < 2.2 * drawn.se), "no more noise than draws of as many replications"
    assert expecting.demand == pytest.approx(problem.nodes[0].demand.rate * 112 * 2048 * np.ones(2), rel=1e-4)  # type: ignore[union-attr]


def test_the_slope_is_what_one_unit_more_would_serve() -> None:
    problem = network(WAYS["level"], False)
    simulator = TreeSimulator(problem, PathSource(problem, 112, 56).draw("slope", 4096)).expecting()
    levels = np.array([60.0, 12.0])
    here, more = simulator.totals(levels), simulator.totals(levels + [0.0, 1.0])  # noqa: RUF005
    assert (here.unmet - more.unmet)[1] == pytest.approx(here.slope[1], rel=0.01)


def point(name: str, source: int, **policy: float) -> Point:
    kind = "sS" if "gap" in policy else "base_stock"
    return Point(name, (Link(source, LeadTime.fixed(1)),), policy=Policy(kind=kind, **policy))  # type: ignore[arg-type]


def shop_of(source: int, **policy: float) -> Point:
    return Point("shop", (Link(source, LeadTime.fixed(1)),), policy=Policy(**policy), demand=Demand(np.ones(28)))  # type: ignore[arg-type]


def positions(*points: Point) -> list[set[float]]:
    phases = order_phases(SupplyNetwork("sku", points), "test", 64)
    return [set(np.unique(phases[:, n]).tolist()) for n in range(len(points))]


def test_positions_are_those_that_lots_lead_to() -> None:
    hub, shop = positions(point("hub", OUTSIDE, lot_size=40.0), shop_of(0, lot_size=6.0))
    assert hub == set(range(0, 40, 2)) and shop == set(range(6))
    hub, shop = positions(point("hub", OUTSIDE, lot_size=40), shop_of(0, moq=90))
    assert hub == {0, 10, 20, 30} and shop == set(range(90))


def test_who_is_asked_for_no_less_than_an_order_quantity_is_full_after_each_order() -> None:
    hub, _ = positions(point("hub", OUTSIDE, moq=90), shop_of(0, moq=90))
    assert hub == {0.0}
    hub, _ = positions(point("hub", OUTSIDE, lot_size=4, moq=60), shop_of(0, lot_size=90))
    assert hub == {0, 2}, "but for what is missing of a lot"
    hub, _ = positions(point("hub", OUTSIDE, gap=50.0), shop_of(0, moq=60))
    assert hub == {0.0}
    hub, _ = positions(point("hub", OUTSIDE, moq=90), shop_of(0, moq=30))
    assert hub == {0, 30, 60}


def test_an_order_up_to_level_without_lots_has_no_phase() -> None:
    assert positions(point("hub", OUTSIDE), shop_of(0)) == [{0.0}, {0.0}]


def test_reorder_points_are_reached_from_above() -> None:
    hub, _ = positions(point("hub", OUTSIDE, gap=5.0), shop_of(0))
    assert hub == {0, -1, -2, -3, -4}, "from S down to one above s"
    assert order_quantity(SupplyNetwork("sku", (shop_of(OUTSIDE),)), shop_of(OUTSIDE, lot_size=12.0, moq=30.0)) == 36


def test_phases_cover_the_cycle_evenly_in_every_block() -> None:
    phases = order_phases(SupplyNetwork("sku", (shop_of(OUTSIDE, lot_size=layout.BLOCK * 1.0),)), "test", 3)[:, 0]
    assert all(sorted(block) == list(range(layout.BLOCK)) for block in phases.tolist())
