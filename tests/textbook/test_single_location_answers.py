"""Every known answer for a single location, each by the solver of its kind (sources in reference/*.json)."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from echelon.textbook import eoq
from echelon.textbook.demand_laws import poisson_pmf
from echelon.textbook.single_location import base_stock, reorder_heuristics
from echelon.textbook.single_location.order_up_to import ss_cost, ss_poisson, ss_power_approximation
from echelon.textbook.single_location.reorder_point import NormalSystem, rq_poisson, rq_poisson_cost
from echelon.textbook.single_location.service import service_normal
from support.inventory.known_answers import instances


def economic_quantity(i: dict[str, float], expected: dict[str, float]) -> None:
    lot = eoq.economic_order_quantity(**i)
    assert (lot.quantity, lot.cost) == pytest.approx((expected["Q"], expected["cost"]), rel=1e-9)


def all_units_discount(i: dict[str, Any], expected: dict[str, float]) -> None:
    check_discount(eoq.eoq_all_units_discount, i, expected)


def incremental_discount(i: dict[str, Any], expected: dict[str, float]) -> None:
    check_discount(eoq.eoq_incremental_discount, i, expected)


def check_discount(solve: Callable[..., Any], i: dict[str, Any], expected: dict[str, float]) -> None:
    lot = solve(i["fixed_cost"], i["holding_cost_rate"], i["demand_rate"], i["breakpoints"], i["unit_costs"])
    assert (lot.quantity, lot.cost) == pytest.approx((expected["Q"], expected["cost"]), rel=1e-6)


def newsvendor(i: dict[str, float], expected: dict[str, float]) -> None:
    found = base_stock.newsvendor_normal(i["holding_cost"], i["stockout_cost"], i["demand_mean"], i["demand_sd"])
    assert (found.level, found.cost) == pytest.approx((expected["S"], expected["cost"]), rel=1e-8)


def normal_base_stock(i: dict[str, float], expected: dict[str, float]) -> None:
    demand = i["demand_mean"], i["demand_sd"], i["lead_time"]
    found = base_stock.base_stock_normal(i["holding_cost"], i["stockout_cost"], *demand)
    assert (found.level, found.cost) == pytest.approx((expected["S"], expected["cost"]), rel=1e-8)


def disruptions(i: dict[str, float], expected: dict[str, float]) -> None:
    chances = i["disruption_prob"], i["recovery_prob"]
    found = base_stock.base_stock_disruptions(i["holding_cost"], i["stockout_cost"], i["demand"], *chances)
    assert (found.level, found.cost) == pytest.approx((expected["S"], expected["cost"]), rel=1e-7)


def order_up_to(i: dict[str, int], expected: dict[str, float]) -> None:
    costs = i["holding_cost"], i["stockout_cost"], i["fixed_cost"]
    found = ss_poisson(*costs, i["demand_mean"], i.get("lead_time", 0))
    assert (found.reorder_point, found.order_up_to_level) == (expected["s"], expected["S"])
    assert found.cost == pytest.approx(expected["cost"], rel=2e-5)  # printed with three decimals
    law = poisson_pmf(i["demand_mean"])
    assert ss_cost((int(expected["s"]), int(expected["S"])), *costs, law) == pytest.approx(found.cost, rel=1e-9)


def power_approximation(i: dict[str, float], expected: dict[str, float]) -> None:
    costs = i["holding_cost"], i["stockout_cost"], i["fixed_cost"]
    found = ss_power_approximation(*costs, i["demand_mean"], i["demand_sd"])
    assert (found.reorder_point, found.order_up_to_level) == pytest.approx((expected["s"], expected["S"]), rel=1e-9)


def reorder_poisson(i: dict[str, float], expected: dict[str, float]) -> None:
    inputs = i["holding_cost"], i["stockout_cost"], i["fixed_cost"], i["demand_mean"], i["lead_time"]
    found = rq_poisson(*inputs)
    assert (found.reorder_point, found.quantity) == (expected["r"], expected["Q"])
    assert found.cost == pytest.approx(expected["cost"], rel=1e-6)
    assert rq_poisson_cost((int(expected["r"]), int(expected["Q"])), *inputs) == pytest.approx(found.cost, rel=1e-9)


HEURISTICS = {
    "eil": reorder_heuristics.expected_inventory_level,
    "eoqb": reorder_heuristics.eoqb,
    "eoqss": reorder_heuristics.eoq_and_safety_stock,
    "loss": reorder_heuristics.loss_function,
}


def reorder_normal(i: dict[str, float], expected: dict[str, Any]) -> None:
    lead_time = i["demand_mean"] * i["lead_time"], i["demand_sd"] * np.sqrt(i["lead_time"])
    system = NormalSystem(i["holding_cost"], i["stockout_cost"], i["fixed_cost"], i["demand_mean"], *lead_time)
    for name, solve in HEURISTICS.items():
        found, known = solve(system), expected[name]
        assert (found.reorder_point, found.quantity) == pytest.approx((known["r"], known["Q"]), rel=1e-6)
        if "cost" in known:
            assert found.cost == pytest.approx(known["cost"], rel=1e-8)
        if name != "eil":  # it has another cost model
            assert found.cost >= system.best_policy().cost * (1 - 1e-9)
    for known in expected.get("exact_cost_at", []):
        assert system.cost(known["r"], known["Q"]) == pytest.approx(known["cost"], rel=1e-8)
    for known in expected.get("optimal_r_for_Q", []):
        assert system.best_reorder_point(known["Q"]) == pytest.approx(known["r"], rel=1e-8)


SOLVERS = {
    "eoq_ex": economic_quantity,
    "eoq_pr": economic_quantity,
    "eoq_allunits": all_units_discount,
    "eoq_incr": incremental_discount,
    "newsvendor_normal": newsvendor,
    "base_stock_normal": normal_base_stock,
    "base_stock_disruptions": disruptions,
    "sS_poisson": order_up_to,
    "sS_zheng_federgruen": order_up_to,
    "sS_power_approx": power_approximation,
    "rQ_poisson_exact": reorder_poisson,
    "rQ_normal": reorder_normal,
}


@pytest.mark.parametrize("case", instances("single_echelon"), ids=lambda c: c["id"])
def test_known_answer(case: dict[str, Any]) -> None:
    (solve,) = (solver for start, solver in SOLVERS.items() if case["id"].startswith(start))
    solve(case["inputs"], case["expected"])


@pytest.mark.parametrize("case", instances("service_levels_closed_form"), ids=lambda c: c["id"])
def test_service_of_order_up_to_policies(case: dict[str, Any]) -> None:
    i, expected = case["inputs"], case["expected"]
    found = service_normal(i["order_up_to"], i["mean"], i["sd"], i["lead_time"], i["review"])
    assert found.cycle_service_level == pytest.approx(expected["alpha_cycle"], abs=1e-9)
    assert found.fill_rate == pytest.approx(expected["fill_rate_beta"], abs=1e-9)
    assert found.ready_rate == pytest.approx(expected["period_no_stockout"], abs=1e-9)
    assert found.backorders == pytest.approx(expected["expected_backorders_end"], abs=1e-8)
