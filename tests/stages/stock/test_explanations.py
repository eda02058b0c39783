"""Why stock is needed: whose is explained, by what evidence, and what moved between two releases."""

import numpy as np
import pandas as pd
import pytest
from echelon.core.inventory.explanation.cause_names import CAUSES
from echelon.core.inventory.explanation.causes import Evidence
from echelon.core.inventory.explanation.explain import explain_stock
from echelon.lake.contracts import TABLES
from echelon.stages import stock
from echelon.stages.stock import explanations
from echelon.stages.stock.explanations import PARTS, with_evidence
from echelon.stages.stock.network_building import make_network, shared_lanes
from echelon.stages.stock.stock_changes import changes, safety_stock_by_cause
from pyspark.sql import DataFrame, SparkSession
from support.cells import at
from support.in_memory import Rows, context
from support.small_business import LANES, LEAD_TIMES, LOCATIONS, SIZE, lead_time, rows

PART = "sku string, location string, cause string, units double, value double"


def segment(sku: str, location: str, name: str, value: float) -> tuple[object, ...]:
    return (sku, location, name, "A", "X", "smooth", 9, 9, 1.0, 0.1, 0.5, 1.0, value)


def champion(name: str, bias: float, purpose: str = "plan") -> tuple[object, ...]:
    return (purpose, name, "sba", 3, 3, 1.0, 1.0, bias, 1.0, 1.0, None, "best")


@pytest.mark.parametrize(("setting", "explained"), [("all", {"A", "B", "C"}), (2, {"A", "C"}), (0, set())])
def test_the_most_valuable_skus_are_explained_with_their_segments_bias(
    spark: SparkSession, setting: object, explained: set[str]
) -> None:
    made = context(
        spark,
        {
            "segments": [
                segment("A", "North", "A-smooth", 60.0),
                segment("A", "South", "B-lumpy", 30.0),
                segment("B", "North", "A-smooth", 80.0),
                segment("C", "North", "new", 95.0),
            ],
            "champions": [champion("A-smooth", 0.1), champion("B-lumpy", -0.2), champion("A-smooth", 9.0, "replay")],
        },
        stock={"explain": setting},
    )
    wanted = spark.createDataFrame(
        [("A", "North"), ("A", "South"), ("B", "North"), ("C", "North")], "sku string, location string"
    )
    found = with_evidence(made, wanted).collect()
    assert {(row["sku"], row["location"]): row["bias"] for row in found} == {
        ("A", "North"): 0.1,
        ("A", "South"): -0.2,
        ("B", "North"): 0.1,
        ("C", "North"): 0.0,
    }
    assert {row["sku"] for row in found if row["explained"]} == explained


def test_the_causes_of_the_tables_are_those_of_the_core() -> None:
    for table, more in (("stock_explanations", ()), ("stock_changes", ("not_explained",))):
        allowed = next(column.allowed for column in TABLES[table].columns if column.name == "cause")
        assert set(allowed) == {*CAUSES, *more}


def test_a_bucket_explains_what_the_core_does_with_what_is_known(spark: SparkSession) -> None:
    """North's lane has deliveries with a promise of their own, the hub's has borrowed ones, South's has none."""
    learned = list(lead_time("Hub", "North", [1, 2, 6]))
    learned[2], learned[8] = "deliveries", 2.0
    borrowed = list(lead_time("Maker", "Hub", [12, 20]))
    borrowed[2] = "supplier"
    tables: dict[str, Rows] = {
        "lanes": LANES,
        "locations": LOCATIONS,
        "lead_times": [tuple(learned), tuple(borrowed), *LEAD_TIMES[2:]],
    }
    made = context(spark, tables)
    lanes = shared_lanes(made, made.lake.read("lead_times"))
    mine = rows(explained=True, bias=[0.2, -0.1])
    found = stock._plan_bucket(mine, lanes, SIZE)
    problem = make_network("A", mine, lanes)
    known = {"Hub": Evidence(14.0), "North": Evidence(2.0, -0.1), "South": Evidence(None, 0.2)}
    evidence = [known[node.name] for node in problem.nodes]
    expected = explain_stock(problem, found["base_stock_level"].to_numpy(float), evidence, SIZE.periods)
    np.testing.assert_array_equal(np.stack(found["safety_parts"].to_list()).T, expected.safety_stock)
    np.testing.assert_array_equal(np.stack(found["demand_parts"].to_list()).T, expected.lead_time_demand)
    assert found["unit_cost"].tolist() == [2.0] * 3
    south = at(found.set_index("location"), ("South", "safety_parts"))
    assert south[CAUSES.index("supplier_unreliability")] == pytest.approx(0, abs=0.1)  # others' searches move it a little


def test_a_sku_that_cannot_be_explained_keeps_its_plan(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    made = context(spark, {"lanes": LANES, "locations": LOCATIONS, "lead_times": LEAD_TIMES})
    lanes = shared_lanes(made, made.lake.read("lead_times"))
    monkeypatch.setattr(explanations, "explain_stock", lambda *_: 1 / 0)
    broken = stock._plan_bucket(rows(explained=True), lanes, SIZE)
    whole = stock._plan_bucket(rows(), lanes, SIZE)
    pd.testing.assert_frame_equal(broken.drop(columns="unexplained"), whole.drop(columns="unexplained"))
    assert broken["safety_parts"].isna().all()
    assert set(broken["unexplained"]) == {"ZeroDivisionError: division by zero"}
    schema = "sku string, unexplained string"
    told = spark.createDataFrame(broken[["sku", "unexplained"]].itertuples(index=False, name=None), schema)
    note = "1 SKUs could not be explained, most of them by ZeroDivisionError: division by zero"
    assert explanations.failure_note(told) == note
    assert explanations.failure_note(told.where("sku <> 'A'")) is None


def test_one_row_per_cause_at_unit_cost(spark: SparkSession) -> None:
    schema = f"sku string, location string, {PARTS}"
    numbers = [float(place) for place in range(len(CAUSES))]
    levels = spark.createDataFrame(
        [("A", "North", numbers, numbers[::-1], 2.5, None), ("B", "North", None, None, None, "why")], schema
    )
    found = explanations.explanation_rows(levels)
    assert found.columns == TABLES["stock_explanations"].column_names
    got = {row["cause"]: (row["safety_stock"], row["lead_time_demand"], row["value"]) for row in found.collect()}
    assert got == {cause: (n, m, 2.5 * n) for cause, n, m in zip(CAUSES, numbers, numbers[::-1], strict=True)}


def release(spark: SparkSession, whole: dict[str, float], explained: dict[str, dict[str, float]], cost: float) -> DataFrame:
    """Parts of a release: SKU-locations as letters."""
    told = [("S", place, "not_explained", units, units * cost) for place, units in whole.items()]
    told += [("S", place, cause, u, u * cost) for place, by_cause in explained.items() for cause, u in by_cause.items()]
    return spark.createDataFrame(told, PART)


def test_what_moved_is_told_by_cause_where_both_releases_explain(spark: SparkSession) -> None:
    before = release(
        spark,
        {"both": 10.0, "same": 5.0, "once": 7.0, "gone": 4.0, "lost": 3.0},
        {"both": {"target": 6.0, "lots": 4.0}, "same": {"target": 5.0}, "gone": {"target": 4.0}},
        2.0,
    )
    now = release(
        spark,
        {"both": 11.0, "same": 5.0, "once": 9.0, "new": 2.0},
        {"both": {"target": 8.0, "lots": 3.0}, "same": {"target": 5.0}, "once": {"target": 9.0}, "new": {"target": 2.0}},
        3.0,
    )
    found = changes(before, now)
    assert found.columns == TABLES["stock_changes"].column_names
    got = {(r["location"], r["cause"]): (r["change"], r["before"], r["now"], r["moved"], r["value"]) for r in found.collect()}
    assert got == {
        ("both", "target"): ("kept", 6.0, 8.0, 2.0, 12.0),
        ("both", "lots"): ("kept", 4.0, 3.0, -1.0, 1.0),
        ("once", "not_explained"): ("kept", 7.0, 9.0, 2.0, 13.0),
        ("new", "target"): ("new", 0.0, 2.0, 2.0, 6.0),
        ("gone", "target"): ("dropped", 4.0, 0.0, -4.0, -8.0),
        ("lost", "not_explained"): ("dropped", 3.0, 0.0, -3.0, -6.0),
    }


def test_parts_of_a_release_hold_the_whole_of_every_location(spark: SparkSession) -> None:
    """A release of before both views of safety stock has it cut at 0."""
    levels = spark.createDataFrame(
        [("A", "North", 9.0, 4.0, 5.0, 5.0), ("B", "North", 1.0, 4.0, 0.0, None), ("C", "North", 30.0, 4.0, 6.0, 6.0)],
        "sku string, location string, base_stock_level double, lead_time_demand double, safety_stock double, "
        "echelon_safety_stock double",
    )
    explained = spark.createDataFrame([("A", "North", "target", 5.0, 1.0, 10.0)], TABLES["stock_explanations"].ddl)
    items = spark.createDataFrame([("A", 2.0), ("B", 3.0), ("C", 1.0)], "sku string, unit_cost double")
    assert sorted(map(tuple, safety_stock_by_cause(levels, explained, items).collect())) == [
        ("A", "North", "not_explained", 5.0, 10.0),
        ("A", "North", "target", 5.0, 10.0),
        ("B", "North", "not_explained", -3.0, -9.0),
        ("C", "North", "not_explained", 6.0, 6.0),
    ]
