"""An earlier release is brought back; files that a release within the retention needs are never removed."""

import json
import os
import shutil
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import deltalake
import pytest
from echelon.errors import ConfigurationError, EchelonError
from echelon.lake import delta
from echelon.lake.contracts import TABLES
from echelon.lake.lake import Lake
from echelon.lake.releases.release import release
from echelon.lake.releases.rollback import rollback
from echelon.lake.releases.vacuum import vacuum
from echelon.lake.visible import all_releases, newest_release

OpenLake = Callable[..., Lake]
DAY = 24 * 60 * 60


def released(lake: Lake, *locations: str) -> Lake:
    """A release in which these are the locations."""
    rows = [(name, "store", 0.25, None) for name in locations]
    lake.run.run_date = date(2026, 2, len(locations))
    lake.publish({"locations": lake.spark.createDataFrame(rows, TABLES["locations"].ddl)})
    release(lake)
    return lake


@pytest.fixture(scope="module")
def two_releases(open_lake: OpenLake, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tables after two releases: made once, copied for each test."""
    output = tmp_path_factory.mktemp("two") / "out"
    released(open_lake(output), "North")
    released(open_lake(output), "North", "South")
    return output


@pytest.fixture
def two(two_releases: Path, new_lake: OpenLake, tmp_path: Path) -> Lake:
    """The lake after two releases, as the next run opens it."""
    shutil.copytree(two_releases, tmp_path / "out")
    return new_lake()


def newest_rows(lake: Lake) -> set[str]:
    """What a reader sees who opens the folder without looking at releases."""
    return set(deltalake.DeltaTable(lake.path("locations")).to_pandas()["location"])


def visible_rows(lake: Lake) -> set[str]:
    newest = newest_release(lake.spark, lake.output)
    assert newest is not None
    return {row["location"] for row in delta.read(lake.spark, lake.path("locations"), newest["tables"]["locations"]).collect()}


def test_an_earlier_release_comes_back_for_all_readers(two: Lake, new_lake: OpenLake) -> None:
    first, second = all_releases(two.spark, two.output)
    rollback(two, str(first["release"]))
    assert newest_rows(two) == visible_rows(two) == {"North"}
    third = all_releases(two.spark, two.output)[-1]
    assert (third["release"], third["restores"], third["run_id"]) == (3, 1, first["run_id"])
    assert third["run_date"] == date(2026, 2, 1)
    kept = delta.read(two.spark, two.path("check_results")).select("run_id").distinct().count()
    assert kept == 2, "the record of the run that was taken back is gone"
    rollback(new_lake(), str(second["run_id"]))
    assert newest_rows(two) == {"North", "South"}


def test_a_release_that_is_not_there_or_visible_already(two: Lake) -> None:
    with pytest.raises(ConfigurationError, match=r"there is no release '9'; the newest ones are 1 \(.*\), 2 \("):
        rollback(two, "9")
    with pytest.raises(ConfigurationError, match="release '2' is the one that readers see now"):
        rollback(two, "2")
    assert len(all_releases(two.spark, two.output)) == 2


def test_a_version_whose_files_are_gone_leaves_the_release_as_it_is(two: Lake) -> None:
    first = all_releases(two.spark, two.output)[0]
    for file in deltalake.DeltaTable(two.path("locations"), version=first["tables"]["locations"]).file_uris():
        Path(file).unlink()
    with pytest.raises(EchelonError, match=r"rollback: version \d+ of 'locations' can't be brought back"):
        rollback(two, "1")
    assert visible_rows(two) == newest_rows(two) == {"North", "South"}


def age(lake: Lake, days: int) -> None:
    """Make the table look as if everything in it had happened so many days ago, and Delta forget what it knows of it."""
    path = Path(lake.path("locations"))
    for checksum in (path / "_delta_log").glob("*.crc"):
        checksum.unlink()
    for commit in (path / "_delta_log").glob("*.json"):
        lines = [json.loads(line) for line in commit.read_text().splitlines()]
        for line in lines:
            if "remove" in line:
                line["remove"]["deletionTimestamp"] -= days * DAY * 1000
        commit.write_text("\n".join(map(json.dumps, lines)))
    for file in path.rglob("*"):
        os.utime(file, (time.time() - days * DAY,) * 2)
    java: Any = lake.spark._jvm
    java.org.apache.spark.sql.delta.DeltaLog.clearCache()


def files(lake: Lake) -> int:
    return len(list(Path(lake.path("locations")).glob("*.parquet")))


def test_vacuum_keeps_what_the_retention_asks_for_and_removes_the_rest(two: Lake, new_lake: OpenLake) -> None:
    there = files(two)
    retention = TABLES["locations"].retention_days
    age(two, retention - 1)
    assert vacuum(two)["locations"] == f"versions younger than {retention} days kept"
    assert files(two) == there
    age(two, retention + 1)
    vacuum(new_lake())
    assert 0 < files(two) < there
    assert visible_rows(two) == {"North", "South"}


def test_vacuum_leaves_alone_what_a_run_published_and_did_not_release(two: Lake, new_lake: OpenLake) -> None:
    cut_off = new_lake()
    cut_off.publish({"locations": two.spark.createDataFrame([("West", "store", 0.2, None)], TABLES["locations"].ddl)})
    cut_off.settle()
    age(two, 400)
    there = files(two)
    assert vacuum(new_lake())["locations"].startswith("left alone: a run was cut off")
    assert files(two) == there


def test_nothing_to_vacuum_yet(lake: Lake) -> None:
    with pytest.raises(EchelonError, match="there is no release yet"):
        vacuum(lake)
