"""One row per finished run makes its tables visible together."""

from datetime import UTC, date, datetime
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from echelon import __version__
from echelon.errors import EchelonError
from echelon.lake import delta
from echelon.lake.contracts import TABLES
from echelon.lake.lake import Lake
from echelon.lake.schema import spark_schema

Row = dict[str, Any]


def release(lake: Lake) -> int:
    """Publish the check results, then append the row of the release; returns its number.

    A run that was killed after its row was written and goes on does not write another one. Raises EchelonError when
    nobody has ingested anything yet.
    """
    if lake.run.run_date is None:
        raise EchelonError("no sales were ingested yet: run the stage 'ingest' first")
    number = _number_of(lake)
    if number is None:
        earlier = _earlier_checks(lake)
        lake.publish({"check_results": _check_results(lake, earlier)})
        number = newest_number(lake) + 1
        lake.append("releases", _frame(lake, "releases", [_row(lake, number, earlier)]))
    lake.run.finished = True
    lake.run.save(lake.output)
    return number


def newest_number(lake: Lake) -> int:
    """Number of the newest release, 0 before the first."""
    newest = newest_release(lake)
    return int(newest["release"]) if newest else 0


def newest_release(lake: Lake) -> Row | None:
    """The row of the newest release, None before the first."""
    if not delta.exists(lake.spark, lake.path("releases")):
        return None
    rows = lake.read("releases").orderBy(F.desc("release")).limit(1).collect()
    return rows[0].asDict() if rows else None


def _number_of(lake: Lake) -> int | None:
    """Number under which this run was released already, if it was."""
    if not delta.exists(lake.spark, lake.path("releases")):
        return None
    found = lake.read("releases").where(F.col("run_id") == lake.run.run_id).agg({"release": "max"}).collect()[0][0]
    return None if found is None else int(found)


def newest_run_date(lake: Lake) -> date | None:
    """The run date of the newest release, None before the first."""
    newest = newest_release(lake)
    return newest["run_date"] if newest else None


def _earlier_checks(lake: Lake) -> list[Row]:
    """Results for the tables of the release that an earlier run published."""
    if not delta.exists(lake.spark, lake.path("check_results")):
        return []
    own = {"check_results", *(result.table for result in lake.run.checks)}
    return [row.asDict() for row in lake.read("check_results").where(~F.col("table").isin(*own)).collect()]


def _check_results(lake: Lake, earlier: list[Row]) -> DataFrame:
    own = [{"run_id": lake.run.run_id, **vars(result)} for result in lake.run.checks]
    return _frame(lake, "check_results", earlier + own)


def _frame(lake: Lake, name: str, rows: list[Row]) -> DataFrame:
    return lake.spark.createDataFrame(rows, spark_schema(TABLES[name]))


def _row(lake: Lake, number: int, earlier: list[Row]) -> Row:
    return {
        "release": number,
        "run_id": lake.run.run_id,
        "run_date": lake.run.run_date,
        "published_at": datetime.now(UTC),
        "tables": _versions(lake),
        "checks": len(earlier) + len(lake.run.checks),
        "warnings": sum(not row["success"] for row in earlier) + sum(not result.success for result in lake.run.checks),
        "configuration": lake.run.configuration,
        "code": __version__,
    }


def _versions(lake: Lake) -> dict[str, int]:
    """The run's own versions, and the newest ones of tables that it did not publish."""
    published = [name for name in TABLES if name != "releases" and delta.exists(lake.spark, lake.path(name))]
    newest = {name: delta.version(lake.path(name)) for name in published}
    return newest | lake.run.tables
