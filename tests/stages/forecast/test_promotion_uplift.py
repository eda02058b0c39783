"""What promotions were worth, against ratios by hand."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from echelon.lake.contracts import TABLES
from echelon.stages.forecast.promotion_uplift import uplift_table
from pyspark.sql import SparkSession
from support.cells import at
from support.in_memory import Rows, context

_COMPARED = (
    "sku string, location string, cutoff date, actual array<double>, `with` array<double>, without array<double>, "
    "promoted array<string>"
)
FLYER, BOTH, NONE = "flyer", "flyer + price cut", ""
ON = [FLYER, NONE, BOTH, NONE]


def row(sku: str, actual: list[float], promoted: list[str], location: str = "North") -> tuple[object, ...]:
    """Without drivers 10 a day are forecast, with them 16 where something is on."""
    told = [16.0 if on else 10.0 for on in promoted]
    return sku, location, date(2026, 2, 2), actual, told, [10.0] * 4, promoted


@pytest.fixture(scope="module")
def table(spark: SparkSession) -> pd.DataFrame:
    """Ten kinds of tea, a cup that has nothing but promotions in the South, and what never has one."""
    tea = [f"T{number}" for number in range(10)]
    rows = [row(sku, [20.0 + number, 8.0, 30.0, 12.0], ON) for number, sku in enumerate(tea)]
    rows += [row("cup", [15.0, 10.0, 10.0, 10.0], [FLYER, NONE, NONE, NONE]), row("cup", [5.0] * 4, [FLYER] * 4, "South")]
    rows += [row("still", [99.0] * 4, [NONE] * 4)]
    items: Rows = [(sku, None, "tea") for sku in tea] + [("cup", None, None), ("still", None, "tea")]
    tables = {"items": [(sku, words, category, 1.0) for sku, words, category in items]}
    made = context(spark, tables, signals={"flyer": {"missing": 0}, "price": {"missing": "last"}})
    found = uplift_table(made, spark.createDataFrame(rows, _COMPARED)).toPandas()
    assert list(found.columns) == TABLES["promotion_uplift"].column_names
    return found.set_index(["promotion", "category"]).sort_index()


def test_uplift_is_demand_over_forecast_under_it_beside_that_in_other_periods(table: pd.DataFrame) -> None:
    tea = at(table, (FLYER, "tea"))
    assert tea[["skus", "series", "periods", "demand"]].tolist() == [10, 10, 10, 245.0]
    assert tea["uplift"] == pytest.approx((245 / 100) / (200 / 200))
    assert tea["forecast_uplift"] == pytest.approx(1.6)


def test_what_comes_together_is_a_promotion_of_its_own(table: pd.DataFrame) -> None:
    assert at(table, ((BOTH, "tea"), "uplift")) == pytest.approx(3.0)
    assert sorted(set(table.index.get_level_values("promotion"))) == [FLYER, BOTH]


def test_a_sku_counts_once_for_all_its_locations_and_an_unknown_category_is_empty(table: pd.DataFrame) -> None:
    cup = at(table, (FLYER, ""))
    assert cup[["skus", "series", "periods", "demand"]].tolist() == [1, 2, 5, 35.0]
    assert cup["uplift"] == pytest.approx((35 / 50) / (30 / 30))
    assert np.isnan(cup["uplift_low"])


def test_in_all_is_the_sum_of_the_categories(table: pd.DataFrame) -> None:
    everything = at(table, (FLYER, "all"))
    assert everything[["level", "skus", "demand"]].tolist() == ["total", 11, 280.0]
    assert everything["uplift"] == pytest.approx((280 / 150) / (230 / 230))


def test_the_interval_is_that_of_the_delta_method_over_skus(table: pd.DataFrame) -> None:
    under = np.arange(20.0, 30.0)
    influence = under / under.sum() - 0.1  # forecasts and other periods are alike in all SKUs
    error = np.sqrt((influence**2).sum() * 10 / 9)
    ends = [at(table, ((FLYER, "tea"), f"uplift_{end}")) for end in ("low", "high")]
    assert ends == pytest.approx([2.45 * np.exp(-1.96 * error), 2.45 * np.exp(1.96 * error)])


def test_without_signals_of_promotions_the_table_is_empty(spark: SparkSession) -> None:
    compared = spark.createDataFrame([row("A", [1.0] * 4, [NONE] * 4)], _COMPARED)
    for settings, frame in (({}, None), ({"weather": {"missing": "last"}}, compared)):
        found = uplift_table(context(spark, signals=settings), frame)
        assert found.columns == TABLES["promotion_uplift"].column_names
        assert found.isEmpty()
