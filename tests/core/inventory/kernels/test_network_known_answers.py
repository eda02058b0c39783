"""The general simulation against exact costs: (s,S), (r,Q) under continuous review, lost sales, spoilage, disruptions."""

from typing import Any

import numpy as np
import pytest
from echelon.core.inventory.kernels import layout
from echelon.core.inventory.kernels.drawing.paths import PathSource
from echelon.core.inventory.kernels.network import measures
from echelon.core.inventory.kernels.network.costs import NetworkMeasures
from echelon.core.inventory.kernels.network.simulator import NetworkSimulator
from echelon.core.inventory.model.demand import Demand
from echelon.core.inventory.model.lead_time import LeadTime
from echelon.core.inventory.model.supply_network import OUTSIDE, Disruption, Link, Point, Policy, SupplyNetwork
from echelon.textbook.demand_laws import poisson_pmf
from echelon.textbook.single_location.lost_sales import lost_sales_optimal_cost
from echelon.textbook.single_location.order_up_to import ss_cost, ss_poisson
from echelon.textbook.single_location.reorder_point import rq_poisson, rq_poisson_cost


def shop(policy: Policy, lead_time: int, mean: float, **changes: Any) -> SupplyNetwork:
    """One point, Poisson demand."""
    link = Link(OUTSIDE, LeadTime.fixed(lead_time), disruption=changes.pop("disruption", None))
    return SupplyNetwork("sku", (Point("shop", (link,), policy=policy, demand=Demand(np.full(1, mean)), **changes),), 5)


def measured(
    network: SupplyNetwork, level: float, periods: int = 600, replications: int = 256, warm_up: int = 150
) -> NetworkMeasures:
    draws = PathSource(network, periods, warm_up).draw("known", replications)
    return NetworkSimulator(network, draws).measure(np.array([float(level)]))


def cost_with_error(found: NetworkMeasures, rates: dict[int, float]) -> tuple[float, float]:
    """Mean cost per period and its standard error; rates by kind of sum."""
    each = sum(rate * found.sums[kind][0] for kind, rate in rates.items()) / found.periods
    return each.mean(), each.std(ddof=1) / np.sqrt(len(each))


def assert_cost(found: NetworkMeasures, rates: dict[int, float], exact: float) -> None:
    mean, error = cost_with_error(found, rates)
    assert error < 0.01 * exact
    assert abs(mean - exact) < 3.5 * error


@pytest.mark.parametrize("lead_time, mean, fixed", [(0, 4.0, 20.0), (2, 6.0, 64.0), (3, 0.7, 5.0)])
def test_order_up_to_policy_costs_what_it_should(lead_time: int, mean: float, fixed: float) -> None:
    best = ss_poisson(1.0, 9.0, fixed, mean, lead_time)
    network = shop(Policy("sS", gap=float(best.order_up_to_level - best.reorder_point)), lead_time, mean)
    exact = ss_cost((best.reorder_point, best.order_up_to_level), 1.0, 9.0, fixed, poisson_pmf(mean), lead_time)
    rates = {layout.ON_HAND: 1.0, layout.BACKORDERS: 9.0, measures.ORDER_COUNT: fixed}
    assert_cost(measured(network, best.order_up_to_level), rates, exact)


def test_continuous_review_is_a_review_in_small_periods() -> None:
    """Ten periods to the unit of time: what the discretisation adds is below two standard errors."""
    rate, lead_time, steps = 3.0, 2.0, 10
    best = rq_poisson(1.0, 12.0, 8.0, rate, lead_time)
    network = shop(Policy("RQ", gap=float(best.quantity)), int(lead_time * steps) - 1, rate / steps)
    found = measured(network, best.reorder_point, 1500, 256, 300)
    exact = rq_poisson_cost((int(best.reorder_point), int(best.quantity)), 1.0, 12.0, 8.0, rate, lead_time)
    rates = {layout.ON_HAND: 1.0, layout.BACKORDERS: 12.0, measures.ORDER_COUNT: 8.0 * steps}
    mean, error = cost_with_error(found, rates)
    assert abs(mean - exact) < 3 * error + 0.02 * exact


def test_no_base_stock_policy_beats_the_optimum_with_lost_sales() -> None:
    optimum = lost_sales_optimal_cost(1.0, 9.0, poisson_pmf(5.0), 1).cost
    network = shop(Policy(), 1, 5.0, backorder_share=0.0)
    costs = []
    for level in range(8, 17):
        mean, error = cost_with_error(measured(network, level, 300, 128, 30), {layout.ON_HAND: 1.0, measures.LOST: 9.0})
        assert mean > optimum - 3 * error
        costs.append(mean)
    assert min(costs) < 1.1 * optimum


def test_what_lives_one_period_is_a_newsvendor() -> None:
    """Ordered anew in every period: waste and shortage are those of one Poisson demand."""
    found = measured(shop(Policy(), 0, 6.0, shelf_life=1, backorder_share=0.0), 8, 300, 128, 0)
    asked = np.arange(200)
    chance = poisson_pmf(6.0)
    chance = np.pad(chance, (0, 200 - len(chance)))
    assert found.waste.mean[0] == pytest.approx(np.maximum(8 - asked, 0) @ chance, abs=4 * found.waste.se[0])
    assert found.lost_sales.mean[0] == pytest.approx(np.maximum(asked - 8, 0) @ chance, abs=4 * found.lost_sales.se[0])


def test_disruptions_cost_what_the_markov_chain_says() -> None:
    """Steady demand, zero lead time, backorders: with base stock S and n periods down in a row the stock is S - n d."""
    demand, level, up, down = 2.0, 10.0, 20.0, 4.0
    fixed = Demand(np.full(1, demand), counts=False)
    link = Link(OUTSIDE, LeadTime.fixed(0), disruption=Disruption(up, down))
    found = measured(SupplyNetwork("sku", (Point("shop", (link,), demand=fixed),), 5), level, 600, 512, 100)
    n = np.arange(400)
    chance = np.where(n == 0, up / (up + down), down / (up + down) / down * (1 - 1 / down) ** np.maximum(n - 1, 0))
    after = level - demand * (n + 1)
    assert chance.sum() == pytest.approx(1)
    assert found.on_hand.mean[0] == pytest.approx(np.maximum(after, 0) @ chance, abs=4 * found.on_hand.se[0])
    assert found.backorders.mean[0] == pytest.approx(np.maximum(-after, 0) @ chance, abs=4 * found.backorders.se[0])
