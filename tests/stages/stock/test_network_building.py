"""From tables to one SKU's planning problem."""

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from echelon.core.forecast.distributions.shape import SHAPE_COLUMNS
from echelon.core.inventory.model.demand import Shape
from echelon.errors import InputRefused
from echelon.lake.contracts import TABLES
from echelon.stages import stock
from echelon.stages.stock.long_lead_times import shortened
from echelon.stages.stock.network_building import Lanes, make_network, planning_rows, shared_lanes, with_targets
from pyspark.sql import SparkSession
from support.in_memory import Rows, context
from support.small_business import LANES, LEAD_TIMES, LOCATIONS, SIZE, lead_time, rows

DAYS = [date(2026, 1, 1), None]
DELIVERIES: Rows = [
    ("late", "Maker", "Hub", None, *DAYS, date(2026, 10, 28)),
    ("usual", "Maker", "Hub", None, *DAYS, date(2026, 1, 15)),
    ("elsewhere", "Maker", "South", None, *DAYS, date(2026, 10, 30)),
]


def lanes(spark: SparkSession, lead_times: Rows = LEAD_TIMES, **sections: Any) -> Lanes:
    tables = {"lanes": LANES, "locations": LOCATIONS, "lead_times": lead_times, "deliveries": DELIVERIES}
    made = context(spark, tables, **sections)
    return shared_lanes(made, made.lake.read("lead_times"))


def test_the_network_upstream_of_the_customers(spark: SparkSession) -> None:
    problem = make_network("A", rows(), lanes(spark))
    nodes = {node.name: node for node in problem.nodes}
    names = [node.name for node in problem.nodes]
    parents = {name: names[parent] if parent >= 0 else None for name, parent in zip(names, problem.parents, strict=True)}
    assert parents == {"Hub": None, "North": "Hub", "South": None}, "the lane with the lowest priority is the planned one"
    assert {name: node.holding_cost for name, node in nodes.items()} == pytest.approx({"Hub": 0.4, "North": 0.5, "South": 0.6})
    assert {name: node.target_fill_rate for name, node in nodes.items()} == {"Hub": None, "North": 0.95, "South": 0.9}
    assert {name: node.backorder_share == 0 for name, node in nodes.items()} == {"Hub": False, "North": True, "South": True}
    terms = nodes["South"].policy
    assert (terms.moq, terms.lot_size, terms.review_period) == (48.0, 12.0, 10)
    assert nodes["North"].demand is not None
    assert nodes["North"].demand.dispersion == 0.2
    lumpy = make_network("A", rows(active_share=0.3, large_share=0.02, level_correlation=0.1), lanes(spark)).nodes[-1].demand
    assert lumpy is not None and lumpy.shape == Shape(0.3, 0.02, 1.0, 0.0) and lumpy.level_correlation == 0.1
    assert stock.echelons(problem) == [1 if name in ("Hub", "South") else 2 for name in (n.name for n in problem.nodes)]


def test_levels_stray_further_the_longer_the_longest_way(spark: SparkSession) -> None:
    """Horizons of 4 days. South orders every 10 days and waits 3; North waits for Hub's orders, which must last longest."""
    shared = lanes(spark)
    problem = make_network("A", rows(level_growth=0.02, level_persistence=0.9), shared)
    found = {node.name: node.demand for node in problem.nodes}
    ends = {(lane.source, lane.destination) for lane in shared.lanes}
    assert ("Hub", "North") in ends
    hub, south = (
        node.mean_lead + node.policy.review_period for name in ("Hub", "South") for node in problem.nodes if node.name == name
    )
    for name, ahead in (("North", hub), ("South", south)):
        demand = found[name]
        assert demand is not None and demand.level_persistence == 0.9
        assert demand.level_cv == pytest.approx(np.sqrt(0.09 + 0.02 * (ahead / 4 - 1)), abs=0.006)
    plain = make_network("A", rows(level_growth=None, level_persistence=None), shared).nodes[-1].demand
    assert plain is not None and (plain.level_cv, plain.level_persistence) == (0.3, 0.0), "of a release that knew neither"


def test_a_level_meets_the_path_of_demand_as_far_as_its_longest_way_lasts(spark: SparkSession) -> None:
    """Horizons of 4 days: the longest way takes seven, and all points meet as many; of the path beyond, none."""
    path = np.arange(40.0)
    problem = make_network("A", rows(mean=[path, 2 * path], horizon=4), lanes(spark))
    longest = max(node.mean_lead + node.policy.review_period for node in problem.nodes)
    assert longest == 28
    for name, times in (("North", 2.0), ("South", 1.0)):
        (demand,) = (node.demand for node in problem.nodes if node.name == name)
        assert demand is not None and demand.level_periods == 4
        np.testing.assert_array_equal(demand.mean, times * path[:28])
    old = make_network("A", rows(mean=[path[:4], path[:4]], horizon=None), lanes(spark)).nodes[-1].demand
    assert old is not None and (len(old.mean), old.level_periods) == (4, 4), "of a release that knew one horizon alone"


def test_points_that_serve_no_one_are_left_out(spark: SparkSession) -> None:
    problem = make_network("A", rows().iloc[:1], lanes(spark))
    assert [node.name for node in problem.nodes] == ["South"]


def test_weeks_count_days_in_weeks(spark: SparkSession) -> None:
    problem = make_network("A", rows(), lanes(spark, run={"frequency": "W"}))
    review = {node.name: node.policy.review_period for node in problem.nodes}
    assert review == {"Hub": 2, "North": 1, "South": 1}
    (south,) = (node for node in problem.nodes if node.name == "South")
    assert south.links[0].lead_time.periods == (1, 2)


def test_backordered_demand_is_not_lost(spark: SparkSession) -> None:
    problem = make_network("A", rows(), lanes(spark, stock={"unmet_demand": "backordered"}))
    assert not any(node.backorder_share == 0 for node in problem.nodes)


def test_lead_times_that_no_simulation_holds_are_refused_with_what_they_come_from(spark: SparkSession) -> None:
    endless = lead_time("Maker", "Hub", [14, 5000])
    told = r"lane Maker -> Hub: 50% of its lead times are longer than the 254 periods .* 14 days .* of 2 days .*W or M"
    with pytest.raises(InputRefused, match=told):
        lanes(spark, [*LEAD_TIMES[1:], endless])
    with pytest.raises(InputRefused, match=r"of its deliveries, of which 'late' took longest: 300 days \(ordered 2026-01-01"):
        lanes(spark, [*LEAD_TIMES[1:], (*endless[:2], "deliveries", *endless[3:])])


def test_a_rare_lead_time_that_no_simulation_holds_counts_as_the_longest(spark: SparkSession) -> None:
    rare = lead_time("Maker", "Hub", [14] * 99 + [270])
    assert lanes(spark, [*LEAD_TIMES[1:], rare]).lead_times["Maker", "Hub"].periods == (14, 254)
    made = context(spark, {"lead_times": [rare]})
    row = made.lake.read("lead_times").collect()[0].asDict()
    assert "lane Maker -> Hub: 1.0% of the lead times are longer than 254 periods" in (shortened(row, 1.0) or "")
    assert shortened(row, 7.0) is None


def test_the_most_exact_target_wins(spark: SparkSession) -> None:
    targets: Rows = [("*", "*", 0.9), ("*", "North", 0.92), ("A", "*", 0.95), ("A", "North", 0.98)]
    series = [(sku, place) for sku in "AB" for place in ("North", "South")]
    frame = spark.createDataFrame(series, "sku string, location string")
    found = with_targets(frame, spark.createDataFrame(targets, TABLES["targets"].ddl)).collect()
    assert {(row["sku"], row["location"]): row["fill_rate"] for row in found} == {
        ("A", "North"): 0.98,
        ("A", "South"): 0.95,
        ("B", "North"): 0.92,
        ("B", "South"): 0.9,
    }


def test_planning_rows_have_target_and_cost(spark: SparkSession) -> None:
    made = context(spark, {"items": [("A", None, None, 2.5, None)], "targets": [("*", "*", 0.9)]})
    shape = ", ".join(f"{name} double" for name in SHAPE_COLUMNS)
    schema = (
        f"sku string, location string, mean array<double>, {shape}, level_cv double, level_correlation double, "
        "level_persistence double, level_growth double, horizon int, counts boolean, underdispersed boolean"
    )
    known = spark.createDataFrame([("A", "North", [1.0], 0.1, 1.0, 0.0, 1.0, 0.0, 0.2, 0.0, 0.9, 0.1, 1, True, None)], schema)
    (row,) = planning_rows(made, known).collect()
    assert (row["fill_rate"], row["unit_cost"], row["mean"]) == (0.9, 2.5, [1.0])


def test_a_bucket_is_planned_sku_by_sku_whatever_its_order(spark: SparkSession) -> None:
    shared = lanes(spark)
    both = pd.concat([rows(), rows(sku="B", dispersion=0.5)])
    together = stock._plan_bucket(both, shared, SIZE)
    shuffled = stock._plan_bucket(both.sample(frac=1, random_state=3), shared, SIZE)
    alone = stock._plan_bucket(rows(), shared, SIZE)
    pd.testing.assert_frame_equal(together, shuffled)
    pd.testing.assert_frame_equal(together[together["sku"] == "A"], alone)
    parts = ["safety_parts", "demand_parts", "unit_cost", "unexplained"]
    assert list(together.columns) == [*TABLES["stock_levels"].column_names, *parts]
    assert together["method"].tolist() == ["simulation"] * 6


def test_a_sku_that_fails_gets_analytic_levels_and_the_reason(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = make_network("A", rows(), lanes(spark))

    def broken(*_: object) -> None:
        raise ArithmeticError("levels\n do not converge")

    monkeypatch.setattr(stock, "plan_network", broken)
    plan = stock.plan_or_fall_back(problem, SIZE)
    assert plan.method == "analytic"
    assert "ArithmeticError: levels do not converge" in plan.status
    assert (plan.base_stock_level > 0).all()
    table = stock._table(problem, plan)
    assert table["fill_rate_se"].tolist() == [None] * 3, "not simulated, so no standard error"
