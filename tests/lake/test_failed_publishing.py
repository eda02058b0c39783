"""What can't be committed is said once and plainly; what was refused keeps its reason."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from echelon.config import load
from echelon.errors import CheckBlocked, EchelonError
from echelon.lake import delta
from echelon.lake.contracts import TABLES
from echelon.lake.lake import Lake
from echelon.lake.releases.release import record_checks, release
from echelon.stages.runner import run_stages
from echelon.stages.shared.context import Context
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

OpenLake = Callable[..., Lake]


def locations(lake: Lake, *rates: float) -> DataFrame:
    rows = [(f"shop {number}", "store", rate, None) for number, rate in enumerate(rates)]
    return lake.spark.createDataFrame(rows, TABLES["locations"].ddl)


def in_the_way(lake: Lake) -> None:
    """A file where the table's folder should be."""
    place = Path(lake.path("locations"))
    place.parent.mkdir(parents=True)
    place.write_text("somebody's notes")


def test_nothing_is_under_way_any_more_when_a_table_that_fails_is_told(lake: Lake) -> None:
    """A query that is under way while Spark stops can wait for its end for ever, and the run with it."""
    broken = locations(lake, 0.25).withColumn("holding_rate", F.raise_error(F.lit("no such rate")).cast("double"))
    long = lake.spark.createDataFrame([("A", None, None, 1.0, None, None)], TABLES["items"].ddl)
    long = long.withColumn("description", F.expr("reflect('java.lang.Thread', 'sleep', 2000L)"))
    with pytest.raises((Py4JJavaError, PySparkException), match="no such rate"):
        lake.publish({"locations": broken, "items": long})
    assert "_SUCCESS" in {file.name for file in Path(lake.output).glob("staging/*/tables/items/*")}


def test_a_commit_that_fails_is_raised_once_and_nothing_stays_staged(lake: Lake) -> None:
    in_the_way(lake)
    lake.publish({"locations": locations(lake, 0.25)})
    with pytest.raises((Py4JJavaError, PySparkException, OSError)):
        lake.settle()
    lake.tidy(well=False)
    assert not list(Path(lake.output).glob("staging/*/tables"))


def test_a_commit_that_fails_when_the_run_ends_is_told_in_a_line(
    lake: Lake, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def publishes_and_fails(context: Context) -> str:
        in_the_way(lake)
        context.lake.publish({"locations": locations(context.lake, 0.25)})
        raise EchelonError("the stage itself failed too")

    monkeypatch.setattr("echelon.stages.runner.STAGES", {"ingest": publishes_and_fails})
    with pytest.raises(EchelonError, match="stage 'publishing' failed: ") as caught:
        run_stages(Context(load([str(root / "conf" / "base.yaml")], []), lake.spark, lake), ["ingest"])
    assert str(caught.value.__context__.__context__) == "the stage itself failed too"  # type: ignore[union-attr]
    assert not list(Path(lake.output).glob("staging/*/tables"))


def test_a_refused_table_keeps_its_reason_once(new_lake: OpenLake) -> None:
    first = new_lake()
    first.run.run_date = date(2026, 2, 1)
    first.publish({"locations": locations(first, 0.25)})
    release(first)
    second = new_lake()
    with pytest.raises(CheckBlocked):
        second.publish({"locations": locations(second, 0.25, -1.0)})
    record_checks(second)
    second.settle()
    results = delta.read(second.spark, second.path("check_results")).where(f"run_id = '{second.run.run_id}'").toPandas()
    assert not results.duplicated(["table", "number"]).any()
    refused = results[~results["success"]]
    assert set(refused["checked_by"]) == {second.run.run_id}
    assert refused["observed"].str.contains("-1.0").any()
