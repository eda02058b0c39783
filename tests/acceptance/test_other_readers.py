"""Every table of a release as deltalake, DuckDB and polars read it, against what Spark reads: same rows, same sums."""

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import deltalake
import duckdb
import polars
import pyarrow.compute
import pytest
from echelon.lake import delta
from echelon.lake.contracts import TABLES
from echelon.reading import Release, read_release
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import NumericType
from support.plans import Plan

pytestmark = pytest.mark.slow
Sums = dict[str, float | None]


def numeric(frame: DataFrame) -> list[str]:
    """The columns that can be added up."""
    return [field.name for field in frame.schema if isinstance(field.dataType, NumericType)]


def by_spark(frame: DataFrame, columns: list[str]) -> Sums:
    row = frame.agg(F.count("*").alias("rows"), *(F.sum(name).alias(name) for name in columns)).collect()[0]
    return row.asDict()


def by_deltalake(release: Release, name: str, columns: list[str]) -> Sums:
    table = release.table(name).to_pyarrow_table()
    return {"rows": table.num_rows} | {name: pyarrow.compute.sum(table[name]).as_py() for name in columns}


def by_duckdb(release: Release, name: str, columns: list[str]) -> Sums:
    """Over Arrow: DuckDB's own Delta extension is fetched from the network."""
    table = duckdb.from_arrow(release.table(name).to_pyarrow_dataset())
    sums = ", ".join(["count(*) AS rows", *(f'sum("{name}") AS "{name}"' for name in columns)])
    found = table.aggregate(sums)
    return dict(zip(found.columns, found.fetchall()[0], strict=True))


def by_polars(release: Release, name: str, columns: list[str]) -> Sums:
    """A sum of no value is 0 to polars, null to the others."""
    frame = polars.read_delta(release.path(name), version=release.versions[name])
    total: Sums = {name: float(frame[name].cast(polars.Float64).sum()) if frame[name].count() else None for name in columns}
    return {"rows": float(frame.height), **total}


@pytest.fixture(scope="module")
def expected(spark: SparkSession, small: tuple[Path, Plan]) -> dict[str, Sums]:
    """Rows and sums of every table as Spark reads it; a few tables side by side, as each takes many round trips."""

    def of(name: str) -> Sums:
        frame = delta.read(spark, str(small[1].output / "tables" / name))
        return by_spark(frame, numeric(frame))

    with ThreadPoolExecutor(max_workers=4) as pool:
        names = [name for name in TABLES if name != "releases"]
        return dict(zip(names, pool.map(of, names), strict=True))


@pytest.mark.parametrize("read", [by_deltalake, by_duckdb, by_polars])
def test_rows_and_sums_are_those_of_spark(
    read: Callable[[Release, str, list[str]], Sums], expected: dict[str, Sums], small: tuple[Path, Plan]
) -> None:
    differing, release = [], read_release(str(small[1].output))
    for name, sums in expected.items():
        found = read(release, name, [column for column in sums if column != "rows"])
        assert set(found) == set(sums), name
        differing += [(name, column, found[column], value) for column, value in sums.items() if not same(found[column], value)]
    assert differing == []


def same(found: float | None, wanted: float | None) -> bool:
    """Equal but for the order in which doubles are added."""
    if found is None or wanted is None:
        return found is wanted
    return math.isclose(found, wanted, rel_tol=1e-9, abs_tol=1e-9)


def test_there_is_something_to_add_up(expected: dict[str, Sums]) -> None:
    """So that the comparison can fail: most tables have rows, and sums that are not 0."""
    sums = [value for table in expected.values() for column, value in table.items() if column != "rows"]
    assert sum(1 for value in sums if value) > len(sums) / 2
    empty = {name for name, table in expected.items() if not table["rows"]}
    # The included data have no history of stock and no signals, so no promotions; no forecasts are explained unless asked for.
    beside = {"stock_history", "signals", "promotion_uplift", "forecast_explanations"}
    assert empty <= {"unmatched_returns", "exceptions", "stock_changes", *beside}  # stock_changes: of a first release


@pytest.mark.parametrize("name", TABLES)
def test_any_reader_of_version_1_can_open_it(name: str, small: tuple[Path, Plan]) -> None:
    protocol = deltalake.DeltaTable(small[1].output / "tables" / name).protocol()
    assert protocol.min_reader_version == 1
    assert not protocol.reader_features
