"""Stock in several rows of a SKU and location: of bins, of days, or given twice."""

from pathlib import Path
from typing import cast

import pytest
from echelon.lake.lake import Lake
from echelon.stages.ingest import accept, complete
from echelon.stages.shared.context import Context
from pyspark.sql import SparkSession
from support.captured import Captured
from support.ingest_files import FILES, settings


@pytest.mark.parametrize(
    ("lines", "rules", "on_hand"),
    [
        (["sku,location,bin,on_hand", "A,North,1,70", "A,North,2,70", "A,North,3,-20"], [], [120.0]),
        (["sku,location,Lot,Date,on_hand", "A,North,1,2026-01-01,70", "A,North,2,2026-01-02,70"], [], [140.0]),
        (["sku,location,Date,on_hand", "A,North,2026-01-01,70", "A,North,2026-01-02,60"], ["conflicting"] * 2, []),
        (["sku,location,on_hand", "A,North,70", "A,North,12", "A,North,70"], ["duplicate"], [82.0]),
    ],
    ids=["bins", "lots with the day they came", "days", "the same row again"],
)
def test_rows_of_stock(spark: SparkSession, tmp_path: Path, lines: list[str], rules: list[str], on_hand: list[float]) -> None:
    files = FILES | {"stock": "".join(line + "\n" for line in lines)}
    found = accept.classified(Context(settings(tmp_path, files), spark, cast(Lake, Captured())), "stock")
    assert found is not None
    assert [row["_rule"] for row in found.where("_rule IS NOT NULL").collect()] == rules
    summed = complete.stock_table(found.where("_rule IS NULL").drop("_rule"))
    assert [row["on_hand"] for row in summed.collect()] == on_hand


STOCK = ["sku,location,{},on_hand", *(f"{sku},{place},{{}},70" for sku in "AB" for place in ("North", "South"))]


def stock_rules(spark: SparkSession, folder: Path, *texts: list[str]) -> list[str]:
    """Rules that refuse rows of one file of stock, or of several beside each other."""
    for number, lines in enumerate(texts):
        (folder / f"stock-2026-01-0{number + 1}.csv").write_text("".join(line + "\n" for line in lines))
    path = str(folder / ("stock-*.csv" if len(texts) > 1 else "stock-2026-01-01.csv"))
    configuration = settings(folder, FILES | {"stock": ""}, {"stock": {"path": path}})
    found = accept.classified(Context(configuration, spark, cast(Lake, Captured())), "stock")
    assert found is not None
    return sorted({row["_rule"] or "" for row in found.collect()})


def told_by(name: str, *values: str) -> list[str]:
    """A file with a row for every SKU and location and value of a column."""
    return [STOCK[0].format(name), *(row.format(value) for value in values for row in STOCK[1:])]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("StockDate", ("2026-01-01", "2026-01-02")),
        ("Timestamp", ("2026-01-01T06:00:00Z", "2026-01-02T06:00:00Z")),
        ("created_at", ("1767247200", "1767333600")),
        ("week", ("40", "41")),
        ("month", ("2026-01", "2026-02")),
        ("period", ("202601", "202602")),
        ("ValidOn", ("01.02.2026", "02.02.2026")),
    ],
)
def test_stock_of_two_days_is_refused_whatever_the_column_is_called(
    spark: SparkSession, tmp_path: Path, name: str, values: tuple[str, ...]
) -> None:
    assert stock_rules(spark, tmp_path, told_by(name, *values)) == ["conflicting"]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("zone", ("1", "2")),
        ("days_of_cover", ("12", "14")),
        ("last_sale_date", ("2026-01-01", "2026-01-02")),
        ("BestBefore", ("2026-03-01", "2026-04-01")),
        ("valid_to", ("2026-03-01", "2026-04-01")),
    ],
)
def test_what_is_no_day_of_stock_is_added_up(spark: SparkSession, tmp_path: Path, name: str, values: tuple[str, ...]) -> None:
    assert stock_rules(spark, tmp_path, told_by(name, *values)) == [""]


def test_dates_that_differ_by_sku_are_no_days_of_stock(spark: SparkSession, tmp_path: Path) -> None:
    lines = told_by("checked", "2026-01-{}", "2026-02-{}")
    assert stock_rules(spark, tmp_path, [line.format(number + 10) for number, line in enumerate(lines)]) == [""]


def test_bins_on_two_days_are_stock_of_two_days(spark: SparkSession, tmp_path: Path) -> None:
    lines = [f"A,{place},{bin_},{day},7" for place in ("N", "S") for bin_ in (1, 2) for day in ("2026-01-01", "2026-01-02")]
    assert stock_rules(spark, tmp_path, ["sku,location,bin,counted,on_hand", *lines]) == ["conflicting"]


def test_files_that_are_named_by_their_days_are_stock_of_these(spark: SparkSession, tmp_path: Path) -> None:
    """Three rows of four are the same on both days."""
    first = told_by("zone", "1")
    second = [*first[:4], first[4].replace("70", "60")]
    assert stock_rules(spark, tmp_path, first, second) == ["", "conflicting", "duplicate"]
