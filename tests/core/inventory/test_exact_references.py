"""Exact solvers against known answers (sources in reference/*.json) and against each other."""

import json
from pathlib import Path

import numpy as np
import pytest
from echelon.core.inventory.reference import base_stock, eoq, guaranteed_service, one_warehouse, serial
from echelon.core.inventory.reference.guaranteed_service import ServiceNetwork, Stage, place_safety_stock
from echelon.core.inventory.reference.guaranteed_service_tree import place_on_tree
from echelon.core.inventory.reference.order_up_to import ss_poisson
from echelon.core.inventory.reference.reorder_point import NormalSystem, rq_poisson
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats


def instances(name):
    return json.loads((Path(__file__).parent / "reference" / f"{name}.json").read_text())["instances"]


SINGLE = {case["id"]: case for case in instances("single_echelon")}
SERIAL = {case["id"]: case for case in instances("serial_ssm")}


@pytest.mark.parametrize("name", ["eoq_ex3_1", "eoq_pr3_1"])
def test_economic_order_quantity(name):
    lot = eoq.economic_order_quantity(**SINGLE[name]["inputs"])
    assert lot.quantity == pytest.approx(SINGLE[name]["expected"]["Q"], rel=1e-9)
    assert lot.cost == pytest.approx(SINGLE[name]["expected"]["cost"], rel=1e-9)


@pytest.mark.parametrize(
    ("name", "solve"),
    [("eoq_allunits_ex3_6", eoq.eoq_all_units_discount), ("eoq_incr_ex3_7", eoq.eoq_incremental_discount)],
)
def test_quantity_discounts(name, solve):
    inputs = dict(SINGLE[name]["inputs"])
    lot = solve(holding_rate=inputs.pop("holding_cost_rate"), **inputs)
    assert lot.quantity == pytest.approx(SINGLE[name]["expected"]["Q"], rel=1e-6)
    assert lot.cost == pytest.approx(SINGLE[name]["expected"]["cost"], rel=1e-6)


def test_backorders_and_production_approach_the_plain_quantity():
    plain = eoq.economic_order_quantity(8, 0.225, 1300)
    dear = eoq.eoq_with_backorders(8, 0.225, 1e9, 1300)
    assert dear.quantity == pytest.approx(plain.quantity)
    assert eoq.economic_production_quantity(8, 0.225, 1300, 1e12).cost == pytest.approx(plain.cost)
    planned = eoq.eoq_with_backorders(8, 0.225, 5.0, 1300)

    def cost(q, x):  # Snyder & Shen, equation 3.24
        return 0.225 * q * (1 - x) ** 2 / 2 + 5.0 * q * x**2 / 2 + 8 * 1300 / q

    assert planned.cost == pytest.approx(cost(planned.quantity, planned.backordered))
    for factor in (0.97, 1.03):
        assert cost(planned.quantity * factor, planned.backordered) > planned.cost
        assert cost(planned.quantity, planned.backordered * factor) > planned.cost


def test_newsvendor_and_base_stock():
    case = SINGLE["newsvendor_normal_ex4_3"]
    i = case["inputs"]
    found = base_stock.newsvendor_normal(i["holding_cost"], i["stockout_cost"], i["demand_mean"], i["demand_sd"])
    assert (found.level, found.cost) == pytest.approx((case["expected"]["S"], case["expected"]["cost"]), rel=1e-8)
    case = SINGLE["base_stock_normal_ex4_4"]
    i = case["inputs"]
    found = base_stock.base_stock_normal(
        i["holding_cost"], i["stockout_cost"], i["demand_mean"], i["demand_sd"], i["lead_time"]
    )
    assert (found.level, found.cost) == pytest.approx((case["expected"]["S"], case["expected"]["cost"]), rel=1e-8)


def test_discrete_newsvendor_is_the_best_of_all_levels():
    pmf = stats.poisson.pmf(np.arange(60), 9.0)
    found = base_stock.newsvendor_discrete(1.0, 6.0, pmf)
    left = np.arange(60)[:, None] - np.arange(60)[None, :]
    costs = (np.maximum(left, 0) + 6.0 * np.maximum(-left, 0)) @ pmf
    assert found.level == np.argmin(costs)
    assert found.cost == pytest.approx(costs.min())


@pytest.mark.parametrize("case", instances("service_levels_closed_form"), ids=lambda c: c["id"])
def test_service_of_order_up_to_policies(case):
    i, expected = case["inputs"], case["expected"]
    found = base_stock.service_normal(i["order_up_to"], i["mean"], i["sd"], i["lead_time"], i["review"])
    assert found.cycle_service_level == pytest.approx(expected["alpha_cycle"], abs=1e-9)
    assert found.fill_rate == pytest.approx(expected["fill_rate_beta"], abs=1e-9)
    assert found.ready_rate == pytest.approx(expected["period_no_stockout"], abs=1e-9)
    assert found.backorders == pytest.approx(expected["expected_backorders_end"], abs=1e-8)


@pytest.mark.parametrize("name", ["rQ_poisson_exact_example_5_8", "rQ_poisson_exact_problem_5_2"])
def test_reorder_point_poisson(name):
    i, expected = SINGLE[name]["inputs"], SINGLE[name]["expected"]
    found = rq_poisson(i["holding_cost"], i["stockout_cost"], i["fixed_cost"], i["demand_mean"], i["lead_time"])
    assert (found.reorder_point, found.quantity) == (expected["r"], expected["Q"])
    assert found.cost == pytest.approx(expected["cost"], rel=1e-6)


def test_reorder_point_normal():
    case = SINGLE["rQ_normal_example_5_1"]
    i = case["inputs"]
    system = NormalSystem(
        i["holding_cost"],
        i["stockout_cost"],
        i["fixed_cost"],
        i["demand_mean"],
        i["demand_mean"] * i["lead_time"],
        i["demand_sd"] * np.sqrt(i["lead_time"]),
    )
    for known in case["expected"]["exact_cost_at"]:
        assert system.cost(known["r"], known["Q"]) == pytest.approx(known["cost"], rel=1e-6)
    for known in case["expected"]["optimal_r_for_Q"]:
        assert system.best_reorder_point(known["Q"]) == pytest.approx(known["r"], rel=1e-4)
    best = system.best_policy()
    for r, q in ((1.02, 1), (0.98, 1), (1, 1.05), (1, 0.95)):
        assert system.cost(best.reorder_point * r, best.quantity * q) > best.cost


@pytest.mark.parametrize("name", [name for name in SINGLE if name.startswith(("sS_poisson", "sS_zheng"))])
def test_zheng_federgruen(name):
    i, expected = SINGLE[name]["inputs"], SINGLE[name]["expected"]
    found = ss_poisson(i["holding_cost"], i["stockout_cost"], i["fixed_cost"], i["demand_mean"], i.get("lead_time", 0))
    assert found.reorder_point == expected["s"]
    assert found.order_up_to_level == expected["S"]
    assert found.cost == pytest.approx(expected["cost"], rel=SINGLE[name]["rel_tolerance"])


def serial_inputs(case):
    i = case["inputs"]
    stages = sorted(i["lead_time"])
    return [i["echelon_holding_cost"][s] for s in stages], [i["lead_time"][s] for s in stages], i["stockout_cost"]


def test_clark_scarf_normal():
    case = SERIAL["serial_ex6_1"]
    found = serial.serial_normal(*serial_inputs(case), 5, 1)
    assert found.cost == pytest.approx(case["own_exact"]["cost"], rel=1e-6)
    assert found.echelon_levels == pytest.approx([case["own_exact"]["echelon_S"][s] for s in "123"], abs=2e-3)
    assert found.local_levels == pytest.approx([case["own_exact"]["local_S"][s] for s in "123"], abs=4e-3)


def test_clark_scarf_poisson():
    case = SERIAL["serial_ex6_1_poisson"]
    found = serial.serial_poisson(*serial_inputs(case), 5)
    assert found.cost == pytest.approx(case["own_exact"]["cost"], rel=1e-9)
    assert list(found.echelon_levels) == [case["own_exact"]["echelon_S"][s] for s in "123"]


def test_shang_song_bounds():
    case = SERIAL["serial_ex6_1"]
    lower, upper = serial.shang_song_bounds(*serial_inputs(case), lambda p, t: float(stats.norm.ppf(p, 5 * t, np.sqrt(t))))
    assert lower == pytest.approx([case["shang_song"]["lower"][s] for s in "123"], rel=1e-6)
    assert upper == pytest.approx([case["shang_song"]["upper"][s] for s in "123"], rel=1e-6)


def owmr(case):
    i = case["inputs"]
    warehouse = one_warehouse.Warehouse(i["L0"], i["h0"])
    return warehouse, one_warehouse.Retailers(i["n_retailers"], i["demand_rate_each"], i["Lr"], i["hr"], i["b"])


@pytest.mark.parametrize("case", instances("owmr_poisson_exact")[::5], ids=lambda c: c["id"])
def test_one_warehouse_exact_and_two_moment(case):
    expected = case["expected"]
    found = one_warehouse.optimal_levels(*owmr(case))
    assert (found.warehouse_level, found.retailer_level) == (expected["S0"], expected["Sr"])
    assert found.cost == pytest.approx(expected["cost"], rel=1e-9)
    assert found.fill_rate == pytest.approx(expected["fill_rate"], rel=1e-9)
    assert found.retailer_on_hand == pytest.approx(expected["retailer_on_hand"], rel=1e-9)
    assert found.retailer_backorders == pytest.approx(expected["retailer_backorders"], rel=1e-7)
    known = case["two_moment_negbin_solution"]
    close = one_warehouse.optimal_levels(*owmr(case), two_moment=True)
    assert (close.warehouse_level, close.retailer_level) == (known["S0"], known["Sr"])
    assert close.cost == pytest.approx(known["estimated_cost"], rel=1e-6)
