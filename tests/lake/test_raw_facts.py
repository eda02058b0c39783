"""The checks of raw facts read them twice, however many they are: once for keys and what can be added up with them, and once
for all aggregates of Great Expectations, which also asks for the row count: Parquet answers that without reading a column."""

from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from echelon.lake.checks.guard import Find, check, prepare
from echelon.lake.contracts import TABLES
from pyspark.sql import DataFrame, SparkSession

Row = tuple[object, ...]
SALES: list[Row] = [("A", "North", date(2026, 1, 1) + timedelta(days=n), float(n), 1.0, n - 1.0, None, 1) for n in range(1, 40)]
OTHERS: dict[str, list[Row]] = {
    "items": [("A", None, None, 1.0, None, None)],
    "locations": [("North", "store", 0.25, None)],
    "reconciliation": [("2026-01", 30, 30, 0, 435.0, 435.0, 0.0), ("2026-02", 9, 9, 0, 306.0, 306.0, 0.0)],
    "released_sales": SALES,
}


def finder(spark: SparkSession, others: dict[str, list[Row]]) -> Find:
    """Gives the tables that the suite refers to."""
    return lambda name: spark.createDataFrame(others[name], TABLES[name.removeprefix("released_")].ddl)


def kept(_: str, frame: DataFrame) -> DataFrame:
    return frame.localCheckpoint()


def failed(spark: SparkSession, rows: list[Row], suites: Path) -> set[str | None]:
    frame = spark.createDataFrame(rows, TABLES["sales"].ddl)
    results = check(frame, TABLES["sales"], prepare(frame, TABLES["sales"], suites, finder(spark, OTHERS), kept))
    return {result.subject for result in results if not result.success}


def scans(spark: SparkSession, rows: int) -> int:
    """How many stages so far have read all rows."""
    spark._jsc.sc().listenerBus().waitUntilEmpty()
    quantiles = spark.sparkContext._gateway.new_array(spark.sparkContext._gateway.jvm.double, 0)  # type: ignore[union-attr]
    stages = spark._jsc.sc().statusStore().stageList(None, False, False, quantiles, None)
    found = [stages.apply(number) for number in range(stages.size())]
    return sum(stage.inputRecords() == rows for stage in found)


def test_one_pass_for_keys_and_one_for_all_aggregates(spark: SparkSession, root: Path, tmp_path: Path) -> None:
    days = [date(2024, 1, 1) + timedelta(days=n) for n in range(600)]
    skus = [f"A{number}" for number in range(40)]
    keys = [(sku, "North", day) for day in days for sku in skus]
    rows: list[Row] = [(*key, n * 7919 % 9973 / 8, 0.0, n * 7919 % 9973 / 8, None, 1) for n, key in enumerate(keys)]
    months = pd.DataFrame({"units": [row[3] for row in rows]}).groupby([f"{day:%Y-%m}" for _, _, day in keys])["units"]
    changed: dict[str, list[Row]] = {
        "items": [(sku, None, None, 1.0, None, None) for sku in skus],
        "released_sales": rows[: len(skus)],  # the first day
        "reconciliation": [
            (month, len(units), len(units), 0, float(units.sum()), float(units.sum()), 0.0) for month, units in months
        ],
    }
    others = OTHERS | changed
    spark.createDataFrame(rows, TABLES["sales"].ddl).write.parquet(str(tmp_path / "sales"))
    frame = spark.read.parquet(str(tmp_path / "sales"))
    results = check(frame, TABLES["sales"], prepare(frame, TABLES["sales"], root / "expectations", finder(spark, others), kept))
    assert all(result.success for result in results) and len(results) > 20
    assert scans(spark, len(rows)) == 3  # the third is the row count, which Parquet answers from the ends of its files:
    counted = frame.groupBy().count()._jdf.queryExecution().toString()
    assert "ReadSchema: struct<>" in counted


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda rows: [*rows, rows[0]], "key sku, location, date is unique"),
        (lambda rows: [*rows[1:], ("B", *rows[0][1:])], "every SKU is in items"),
        (lambda rows: [*rows[1:], (*rows[0][:5], 7.0, *rows[0][6:])], "net quantity = sold - returned"),
        (lambda rows: rows[1:], "quantities and source rows by month"),
        (lambda rows: [rows[0], *rows[25:]], "no hole in the history"),
        (lambda rows: rows[5:-5], "history is not rewritten"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_each_of_them_still_fails(spark: SparkSession, root: Path, change: object, words: str) -> None:
    found = failed(spark, change(SALES), root / "expectations")  # type: ignore[operator]
    assert any(str(subject).startswith(words) for subject in found), found
