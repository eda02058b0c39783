"""What no level reaches is told, with the reason, and promised as the long run has it."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from echelon.core.inventory.model.demand import Demand
from echelon.core.inventory.model.lead_time import LeadTime
from echelon.core.inventory.model.supply_network import OUTSIDE, Disruption, Link, Point, Policy, SupplyNetwork, every
from echelon.core.inventory.planning.capacity import busy_periods, most_ordered, supplied_shares
from echelon.core.inventory.planning.plan import plan_network
from echelon.core.inventory.planning.stock_plan import SimulationSize

SIZE = SimulationSize(112, 128, 256)
LEAD = LeadTime.fixed(3)


def shop(rate: float = 10.0, *links: Link, source: int = OUTSIDE, **fields: Any) -> Point:
    given = links or (Link(source, LEAD),)
    known: dict[str, Any] = {"demand": Demand(np.full(28, rate)), "target_fill_rate": 0.95, "holding_cost": 1.0}
    return Point("shop", given, **(known | fields))


def limited(capacity: float, **fields: Any) -> SupplyNetwork:
    return SupplyNetwork("sku", (shop(10.0, Link(OUTSIDE, LEAD, capacity=capacity), **fields),))


@pytest.mark.parametrize("capacity", [9.0, 10.0])
def test_a_capacity_not_above_the_demand_serves_nothing_in_the_long_run(capacity: float) -> None:
    plan = plan_network(limited(capacity), SIZE).plan
    assert (plan.customer_fill_rate[0], plan.on_hand[0], plan.ready_rate[0], plan.holding_cost[0]) == (0, 0, 0, 0)
    assert plan.base_stock_level[0] > 0
    assert plan.status == (
        "target not reached at shop: fill rate 0.0000 certified, 0.9500 asked (shop can order "
        f"{capacity:.4g} a period in the long run, and 10 are demanded)"
    )


def test_where_sales_are_lost_a_capacity_serves_its_share() -> None:
    plan = plan_network(limited(9.0, backorder_share=0.0), SIZE).plan
    assert 0.85 < plan.customer_fill_rate[0] < 0.9 and "shop can order 9 a period" in plan.status


def test_a_queue_upstream_starves_the_points_behind_it_and_no_others() -> None:
    hub = Point("hub", (Link(OUTSIDE, LEAD, capacity=9.0),), holding_cost=0.5)
    calm = replace(shop(2.0), name="calm")
    plan = plan_network(SupplyNetwork("sku", (hub, shop(10.0, source=0), calm)), SIZE).plan
    assert plan.customer_fill_rate[1] == 0 and plan.customer_fill_rate[2] > 0.94
    assert "at shop" in plan.status and "hub can order 9 a period" in plan.status and "calm" not in plan.status


def test_a_review_period_counts_for_the_long_run() -> None:
    weekly = Policy(calendar=every(7))
    assert most_ordered(limited(70.0, policy=weekly)) == pytest.approx([10.0])
    assert supplied_shares(limited(70.1, policy=weekly)) == [1.0] and supplied_shares(limited(70.0, policy=weekly))[0] < 1


@pytest.mark.parametrize(
    ("policy", "most"),
    [
        (Policy(order_capacity=20.0, lot_size=12.0), 12.0),
        (Policy(order_capacity=20.0, moq=24.0), 0.0),
        (Policy(kind="RQ", gap=15.0, order_capacity=40.0), 30.0),
        (Policy(), np.inf),
    ],
)
def test_an_order_is_whole_lots_and_no_less_than_the_moq(policy: Policy, most: float) -> None:
    assert most_ordered(SupplyNetwork("sku", (shop(policy=policy),))) == [most]


def test_shares_priorities_and_interruptions() -> None:
    """Under shares links take turns, the fuller one more often; under priority others stand in while a link is down."""
    first, second = Link(OUTSIDE, LEAD, capacity=6.0), Link(OUTSIDE, LEAD, capacity=8.0, priority=2)
    shared = shop(10.0, replace(first, share=0.5), replace(second, share=0.5))
    turns = 8 / 14, 6 / 14  # so that each takes half of what is ordered
    assert most_ordered(SupplyNetwork("sku", (shared,))) == pytest.approx([turns[0] * 6 + turns[1] * 8])
    down = replace(first, disruption=Disruption(30.0, 10.0))
    in_turn = shop(10.0, down, second, sourcing="priority")
    assert most_ordered(SupplyNetwork("sku", (in_turn,))) == pytest.approx([0.75 * 6 + 8])
    alone = shop(10.0, down)
    assert most_ordered(SupplyNetwork("sku", (alone,))) == [6.0], "what waited leaves together"


def test_a_target_of_one_is_told_with_what_is_served() -> None:
    plan = plan_network(SupplyNetwork("sku", (shop(target_fill_rate=1.0),)), SIZE).plan
    assert plan.customer_fill_rate[0] > 0.9995
    assert "1.0000 asked (demand has no upper limit)" in plan.status
    certain = Demand(np.full(28, 10.0), counts=False)
    assert plan_network(SupplyNetwork("sku", (shop(demand=certain, target_fill_rate=1.0),)), SIZE).plan.status == "ok"


def test_a_queue_lasts_by_the_square_of_what_is_spare() -> None:
    near, far = busy_periods(limited(10.5)), busy_periods(limited(11.0))
    assert near == pytest.approx(4 * far) and far == pytest.approx(2 * 10.0 / 1.0) and busy_periods(limited(9.0)) == far
