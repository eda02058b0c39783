"""Without the input `stock` there are levels, but nobody knows what is there: no orders, no shortages."""

from collections.abc import Mapping
from datetime import date

import pandas as pd
import pytest
from echelon.lake.contracts import TABLES
from echelon.stages import replenish
from pyspark.sql import DataFrame, SparkSession
from support.in_memory import Rows, context
from support.small_business import LANES, LEAD_TIMES, LOCATIONS

ITEMS: Rows = [("A", "thing", None, 2.0, 5.0)]
WHERE = [("Hub", "Maker", 1, 40.0), ("North", "Hub", 2, 10.0)]


def levels() -> Rows:
    """A hub and a store that misses its target."""
    columns = TABLES["stock_levels"].column_names
    common = {"sku": "A", "method": "simulation", "status": "ok", "lead_time_demand": 5.0, "lead_time_demand_sd": 1.0}
    rates = {"target_fill_rate": 0.9, "customer_fill_rate": 0.5, "customer_fill_rate_se": 0.001}
    rest = dict.fromkeys(("safety_stock", "on_hand", "backorders", "holding_cost"), 0.0)
    found = []
    for location, source, echelon, level in WHERE:
        row = common | rest | {"location": location, "source": source, "echelon": echelon}
        row |= {"base_stock_level": level, "reorder_point": level - 1} | (rates if echelon == 2 else {})
        found.append(tuple(row.get(name) for name in columns))
    return found


def published(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch, sources: Mapping[str, object]
) -> tuple[str, dict[str, pd.DataFrame]]:
    """What the stage says, and its tables."""
    tables: dict[str, Rows] = {
        "stock_levels": levels(),
        "stock": [],
        "demand_distributions": [],
        "items": ITEMS,
        "lanes": LANES,
        "lead_times": LEAD_TIMES,
        "locations": LOCATIONS,
    }
    made = context(spark, tables, sources={"sales": {"path": "sales.csv"}, **sources})
    found: dict[str, pd.DataFrame] = {}

    def publish(frames: Mapping[str, DataFrame]) -> dict[str, int]:
        assert all(frame.columns == TABLES[name].column_names for name, frame in frames.items())
        found.update({name: frame.toPandas() for name, frame in frames.items()})
        return {name: len(frame) for name, frame in found.items()}

    monkeypatch.setattr(made.lake, "publish", publish, raising=False)
    monkeypatch.setattr(type(made), "run_date", date(2026, 11, 1))
    monkeypatch.setattr(replenish, "data_exceptions", lambda one: one.spark.createDataFrame([], TABLES["exceptions"].ddl))
    return replenish.run(made), found


def test_nothing_is_ordered_and_no_stock_is_missed_without_the_input(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    said, found = published(spark, monkeypatch, {})
    assert said == "no orders: they need the input `stock`, 1 exceptions"
    assert found["orders"].empty
    assert found["exceptions"]["kind"].tolist() == ["target_missed"]


def test_with_the_input_a_location_without_a_record_counts_as_empty(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    said, found = published(spark, monkeypatch, {"stock": {"path": "stock.csv"}})
    assert said.startswith("1 orders, ")
    assert found["orders"]["destination"].tolist() == ["Hub"]
    assert {"no_stock_record", "shortage"} <= set(found["exceptions"]["kind"])
