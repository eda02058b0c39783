"""Stock explained: the parts add up, point at the right cause, and are what exact formulas say."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from echelon.core.arrays import Doubles
from echelon.core.inventory.explanation.cause_names import CAUSES
from echelon.core.inventory.explanation.causes import Evidence
from echelon.core.inventory.explanation.explain import explain_stock
from echelon.core.inventory.model.demand import Demand
from echelon.core.inventory.model.lead_time import LeadTime
from echelon.core.inventory.model.supply_network import SupplyNetwork, tree_point
from echelon.core.inventory.planning.lead_time_demand import lead_time_demand
from echelon.core.inventory.planning.plan import plan_network
from echelon.core.inventory.planning.stock_plan import SimulationSize
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import brentq
from support.inventory.small_problems import problems, warehouse_and_stores

SMALL = SimulationSize(periods=80, replications=128, certification_replications=128)


def single(lead_time: LeadTime, demand: Demand, **changes: Any) -> SupplyNetwork:
    return SupplyNetwork("one", (tree_point("n", "s", -1, lead_time, 1.0, demand, 0.95, **changes),))


def explained(
    problem: SupplyNetwork, levels: Doubles | None = None, evidence: list[Evidence] | None = None, **size: Any
) -> Any:
    """Safety stock and lead-time demand by cause; without levels, of the plan."""
    levels = plan_network(problem, SMALL).plan.base_stock_level if levels is None else levels
    found = explain_stock(problem, levels, evidence or [Evidence()] * len(problem.nodes), **({"periods": 80} | size))
    return (dict(zip(CAUSES, part, strict=True)) for part in (found.safety_stock, found.lead_time_demand))


@given(problems(most_nodes=4), st.floats(0, 20), st.floats(-0.4, 0.4), st.sampled_from([None, 0.0, 2.5]))
@settings(max_examples=12)
def test_parts_add_up_whatever_the_network_and_the_levels(
    problem: SupplyNetwork, level: float, bias: float, promised: float | None
) -> None:
    """Also for levels that are no plan's."""
    nodes = tuple(replace(n, target_fill_rate=0.9 if n.demand else None) for n in problem.nodes)
    problem = replace(problem, nodes=nodes)
    levels = np.full(len(nodes), level)
    ltd = lead_time_demand(problem).mean
    found = explain_stock(problem, levels, [Evidence(promised, bias)] * len(nodes), 20, 64)
    np.testing.assert_allclose(found.safety_stock.sum(axis=0), levels - ltd, atol=1e-9)
    np.testing.assert_allclose(found.lead_time_demand.sum(axis=0), ltd, atol=1e-9)


def test_causes_that_are_not_there_explain_nothing() -> None:
    safety, _ = explained(warehouse_and_stores(stores=2))
    for name in ("review_period", "lots", "supplier_unreliability", "forecast_bias"):
        assert np.all(safety[name] == 0), name
    assert safety["upstream_shortage"][0] == 0
    assert np.all(safety["demand_variability"][1:] > 0)


def gamma_level(mean: float, shape: float, lead: int, fill_rate: float) -> float:
    """Base-stock level of one node with gamma demand, fixed lead time and backorders: demand over n periods is gamma with
    n times the shape, and what is not served at once is E(X(L + 1) - S)+ - E(X(L) - S)+."""
    if shape == 0:
        return mean * (lead + fill_rate)

    def excess(level: float, periods: int) -> float:
        demand = stats.gamma(periods * shape, scale=mean / shape)
        grown = stats.gamma(periods * shape + 1, scale=mean / shape)
        return demand.mean() * grown.sf(level) - level * demand.sf(level) if periods else 0.0

    return brentq(lambda s: excess(s, lead + 1) - excess(s, lead) - (1 - fill_rate) * mean, 1e-6, 40 * mean * (lead + 1))


def test_parts_are_those_of_exact_levels() -> None:
    """Target, length and variability of one node: its exact levels switched off in both orders."""
    mean, shape, lead = 20.0, 2.0, 4

    def held(target: bool, length: bool, noise: bool) -> float:
        after = lead if length else 0
        return gamma_level(mean, shape if noise else 0, after, 0.95 if target else 0.9) - mean * (after + 1)

    orders = [("target", "length", "noise"), ("noise", "length", "target")]
    exact = dict.fromkeys(orders[0], 0.0)
    for order in orders:
        on = dict.fromkeys(order, True)
        for name in order:
            before = held(**on)
            on[name] = False
            exact[name] += (before - held(**on)) / 2
    problem = single(LeadTime.fixed(lead), Demand(np.full(14, mean), 1 / shape, counts=False))
    safety, _ = explained(problem, np.array([gamma_level(mean, shape, lead, 0.95)]), replications=512)
    for name, key in [("target", "target"), ("lead_time_mean", "length"), ("demand_variability", "noise")]:
        assert safety[name][0] == pytest.approx(exact[key], abs=0.03 * sum(exact.values())), name
    assert safety["remainder"][0] == pytest.approx(held(False, False, False), abs=0.5)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("demand_variability", single(LeadTime.fixed(0), Demand(np.full(14, 80.0), 0.5))),
        ("forecast_error", single(LeadTime.fixed(0), Demand(np.full(14, 80.0), 0.0, 0.5, counts=False))),
        ("lead_time_variability", single(LeadTime((0, 8), (0.5, 0.5)), Demand(np.full(14, 20.0), counts=False))),
    ],
)
def test_the_only_source_there_is_explains_the_stock(name: str, problem: SupplyNetwork) -> None:
    safety, _ = explained(problem)
    part = safety[name][0]
    assert part > 10
    others = [abs(safety[other][0]) for other in CAUSES if other != name]
    assert max(others) < 0.35 * part


def test_review_period_costs_cycle_stock_and_saves_safety_stock() -> None:
    """With certain demand a week's order serves 95 % of the week from less than the week's demand."""
    problem = single(LeadTime.fixed(0), Demand(np.full(14, 20.0), counts=False), review_period=7)
    safety, demand = explained(problem, np.array([133.0]), periods=84)
    assert demand["review_period"][0] == pytest.approx(120)
    # 95 % (target off: 90 %) of what a day and a week ask for: 1, 2, 7 and 14 units short
    assert safety["review_period"][0] == pytest.approx(-(6 + 12) / 2, abs=0.1)
    assert safety["target"][0] == pytest.approx((7 + 1) / 2, abs=0.1)


def test_lateness_beyond_the_promise_is_the_suppliers() -> None:
    problem = single(LeadTime((3, 9), (0.5, 0.5)), Demand(np.full(14, 20.0), counts=False))
    late, late_demand = explained(problem, evidence=[Evidence(promised_periods=3.0)])
    assert late["lead_time_variability"][0] == 0
    assert late["supplier_unreliability"][0] > 20
    assert late_demand["supplier_unreliability"][0] == pytest.approx(3 * 20)
    assert late_demand["lead_time_mean"][0] == pytest.approx(3 * 20)
    natural, _ = explained(problem, evidence=[Evidence()])
    assert natural["supplier_unreliability"][0] == 0
    assert natural["lead_time_variability"][0] > 20


@pytest.mark.parametrize("bias", [0.25, -0.2])
def test_bias_is_what_a_forecast_that_is_wrong_on_average_adds(bias: float) -> None:
    problem = single(LeadTime.fixed(0), Demand(np.full(14, 20.0), counts=False))
    safety, demand = explained(problem, np.array([19.0]), [Evidence(bias=bias)])
    assert demand["forecast_bias"][0] == pytest.approx(20 - 20 / (1 + bias))
    assert demand["remainder"][0] == pytest.approx(20 / (1 + bias))
    assert abs(safety["forecast_bias"][0]) < 0.5  # nothing varies: 5 % of the difference


def test_shortage_upstream_is_seen_at_the_store() -> None:
    problem = warehouse_and_stores(stores=2)
    dear = replace(problem.nodes[0], holding_cost=50.0)  # a warehouse that had better hold nothing
    safety, _ = explained(replace(problem, nodes=(dear, *problem.nodes[1:])))
    assert np.all(safety["upstream_shortage"][1:] > 2)
