"""Lead time 0, targets of 1 and 0, and units that cost nothing: levels stay finite and sensible."""

from typing import Any

import numpy as np
import pytest
from echelon.core.inventory.model.demand import Demand
from echelon.core.inventory.model.lead_time import LeadTime
from echelon.core.inventory.model.supply_network import Point, SupplyNetwork, tree_point
from echelon.core.inventory.planning.plan import plan_network
from echelon.core.inventory.planning.stock_plan import SimulationSize

SIZE = SimulationSize(periods=120, replications=128, certification_replications=256)


def shop(target: float, cost: float = 1.0, mean: float = 5.0, lead_time: int = 14) -> Point:
    demand = Demand(np.full(28, mean))
    return tree_point("Shop", "Vendor", -1, LeadTime.fixed(lead_time), cost, demand, target, review_period=7, lost_sales=True)


def level(target: float, **changes: Any) -> float:
    return float(plan_network(SupplyNetwork("A", (shop(target, **changes),), 20), SIZE).plan.base_stock_level[0])


@pytest.mark.parametrize(("mean", "exact"), [(10.0, 13.0), (1.0, 3.0)])
def test_same_day_supply_covers_a_day_and_the_depot_holds_nothing(mean: float, exact: float) -> None:
    """Exact: the least S with E[min(D, S)] >= 0.95 E[D] of the Poisson."""
    depot = tree_point("Depot", "Vendor", -1, LeadTime.fixed(0), 1.0)
    demand = Demand(np.full(28, mean))
    store = tree_point("Shop", "Depot", 0, LeadTime.fixed(0), 1.0, demand, 0.95, lost_sales=True)
    plan = plan_network(SupplyNetwork("A", (depot, store), 20), SIZE).plan
    assert plan.status == "ok"
    assert plan.base_stock_level.tolist() == [0.0, exact]


def test_a_target_of_one_has_the_highest_level_which_is_finite_and_tells_what_it_reaches() -> None:
    plan = plan_network(SupplyNetwork("A", (shop(1.0),), 20), SIZE).plan
    usual = level(0.95)
    assert usual < plan.base_stock_level[0] < 4 * usual
    assert plan.customer_fill_rate[0] >= 0.999


def test_a_target_of_zero_asks_for_next_to_nothing() -> None:
    assert level(0.0) <= 1.0


def test_units_that_cost_nothing_get_the_level_of_others() -> None:
    assert level(0.95, cost=0.0) == pytest.approx(level(0.95), rel=0.1)
