"""One row per finished run makes its tables visible together."""

from datetime import UTC, datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from echelon.code import code_version
from echelon.errors import EchelonError
from echelon.lake import delta
from echelon.lake.contracts import TABLES
from echelon.lake.lake import Lake
from echelon.lake.schema import spark_schema
from echelon.lake.visible import Row, all_releases, newest_release


def release(lake: Lake) -> int:
    """Publish the check results, then append the row of the release; returns its number.

    A run that was killed after its row was written and goes on does not write another one. Raises EchelonError when
    nobody has ingested anything yet.
    """
    if lake.run.run_date is None:
        raise EchelonError("no sales were ingested yet: run the stage 'ingest' first")
    releases = all_releases(lake.spark, lake.output)
    number = next((row["release"] for row in releases if row["run_id"] == lake.run.run_id), None)
    if number is None:
        number = len(releases) + 1
        results = record_checks(lake)
        lake.settle()
        append_release(lake, _row(lake, number, results, releases[-1] if releases else None))
    lake.run.finished = True
    lake.run.save(lake.output)
    return int(number)


def record_checks(lake: Lake) -> list[Row]:
    """Publish the results of this run, and with them those of the tables that it takes over from the newest release.

    A blocked run records its own results too: that is where its reason is kept.
    """
    results = [result for result in lake.run.checks if result.table != "check_results"]  # a run that goes on has its own too
    own = [{"run_id": lake.run.run_id, "checked_by": lake.run.run_id, **vars(result)} for result in results]
    checked = {result.table for result in results}
    taken_over = [row | {"run_id": lake.run.run_id} for row in _released_checks(lake) if row["table"] not in checked]
    lake.publish({"check_results": _frame(lake, "check_results", own + taken_over)})
    return own + taken_over


def append_release(lake: Lake, row: Row) -> None:
    """Make a set of versions visible."""
    lake.append("releases", _frame(lake, "releases", [row]))


def _released_checks(lake: Lake) -> list[Row]:
    newest = newest_release(lake.spark, lake.output)
    if newest is None:
        return []
    everything = delta.read(lake.spark, lake.path("check_results"))
    return [row.asDict() for row in everything.where(F.col("run_id") == newest["run_id"]).collect()]


def _frame(lake: Lake, name: str, rows: list[Row]) -> DataFrame:
    return lake.spark.createDataFrame(rows, spark_schema(TABLES[name]))


def _row(lake: Lake, number: int, results: list[Row], before: Row | None) -> Row:
    return {
        "release": number,
        "run_id": lake.run.run_id,
        "run_date": lake.run.run_date,
        "published_at": datetime.now(UTC),
        "tables": lake.released | lake.run.tables,
        "checks": len(results),
        "warnings": sum(not row["success"] for row in results),
        "configuration": lake.run.configuration,
        "code": code_version(),
        "inputs": (before["inputs"] or {} if before else {}) | lake.run.inputs,
        "restores": None,
    }
