"""The checks of raw facts read them three times, however many they are: once for keys and what can be added up with them, and
once for the row count and once for all other aggregates, as Great Expectations takes them."""

from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest
from echelon.lake.contracts import TABLES
from echelon.lake.guard import Find, check, prepare
from pyspark.sql import DataFrame, SparkSession

SALES = [("A", "North", date(2026, 1, 1) + timedelta(days=n), float(n), 1.0, n - 1.0, None, 1) for n in range(1, 40)]
OTHERS: dict[str, list[tuple[object, ...]]] = {
    "items": [("A", None, None, 1.0, None)],
    "locations": [("North", "store", 0.25)],
    "reconciliation": [("2026-01", 30, 30, 0, 435.0, 435.0, 0.0), ("2026-02", 9, 9, 0, 306.0, 306.0, 0.0)],
    "released_sales": SALES,
}


def finder(spark: SparkSession, others: dict[str, list[tuple[object, ...]]]) -> Find:
    """Gives the tables that the suite refers to."""
    return lambda name: spark.createDataFrame(others[name], TABLES[name.removeprefix("released_")].ddl)  # type: ignore[arg-type]


def kept(_: str, frame: DataFrame) -> DataFrame:
    return frame.localCheckpoint()


def failed(spark: SparkSession, rows: list[tuple[object, ...]], suites: Path) -> set[str | None]:
    frame = spark.createDataFrame(rows, TABLES["sales"].ddl)  # type: ignore[arg-type]
    results = check(frame, TABLES["sales"], prepare(frame, TABLES["sales"], suites, finder(spark, OTHERS), kept))
    return {result.subject for result in results if not result.success}


def records_read(spark: SparkSession) -> int:
    """Rows that all stages so far have read from files and caches."""
    quantiles = spark.sparkContext._gateway.new_array(spark.sparkContext._gateway.jvm.double, 0)  # type: ignore[union-attr]
    stages = spark._jsc.sc().statusStore().stageList(None, False, False, quantiles, None)  # type: ignore[attr-defined]
    return sum(stages.apply(number).inputRecords() for number in range(stages.size()))


def test_one_pass_for_keys_and_the_librarys_two_for_all_aggregates(spark: SparkSession, root: Path, tmp_path: Path) -> None:
    days = [date(2024, 1, 1) + timedelta(days=n) for n in range(600)]
    skus = [f"A{number}" for number in range(40)]
    rows = [(sku, "North", day, 1.0, 0.0, 1.0, None, 1) for day in days for sku in skus]
    by_month = Counter(row[2].strftime("%Y-%m") for row in rows)
    others = OTHERS | {
        "items": [(sku, None, None, 1.0, None) for sku in skus],
        "released_sales": rows[: len(skus)],  # the first day
        "reconciliation": [(month, n, n, 0, float(n), float(n), 0.0) for month, n in by_month.items()],
    }
    spark.createDataFrame(rows, TABLES["sales"].ddl).write.parquet(str(tmp_path / "sales"))
    frame = spark.read.parquet(str(tmp_path / "sales"))
    before = records_read(spark)
    results = check(frame, TABLES["sales"], prepare(frame, TABLES["sales"], root / "expectations", finder(spark, others), kept))
    assert all(result.success for result in results) and len(results) > 20
    assert round((records_read(spark) - before) / len(rows)) == 3  # the rest is the summary, which is small


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
