"""Readers without Spark see the tables of one release, whatever a run that is not finished has published since."""

import re
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import polars
import pytest
from echelon.errors import EchelonError
from echelon.lake.contracts import TABLES
from echelon.lake.lake import Lake
from echelon.lake.releases.release import release
from echelon.reading import Release, read_release
from support import ROOT

PAGE = (ROOT / "docs" / "reading.md").read_text(encoding="utf-8")
RECIPE = re.findall(r"```python\n(from deltalake.*?)```", PAGE, re.DOTALL)[0]


def publish(lake: Lake, *names: str) -> None:
    """A table in which these are the locations."""
    rows = [(name, "store", 0.25, None) for name in names]
    lake.publish({"locations": lake.spark.createDataFrame(rows, TABLES["locations"].ddl)})
    lake.settle()


def released(lake: Lake, *names: str) -> None:
    lake.run.run_date = date(2026, 2, len(names))
    publish(lake, *names)
    release(lake)


@pytest.fixture(scope="module")
def output(open_lake: Callable[..., Lake], tmp_path_factory: pytest.TempPathFactory) -> str:
    """Two releases, and a newer version of a table that a run published before it was killed."""
    folder = tmp_path_factory.mktemp("reading") / "out"
    released(open_lake(folder), "North")
    released(open_lake(folder), "North", "South")
    publish(open_lake(folder), "North", "South", "Unfinished")
    return str(folder)


def by_deltalake(found: Release) -> set[str]:
    return set(found.table("locations").to_pandas()["location"])


def by_polars(found: Release) -> set[str]:
    return set(polars.read_delta(found.path("locations"), version=found.versions["locations"])["location"])


def by_duckdb(found: Release) -> set[str]:
    """Over Arrow: DuckDB's own Delta extension is fetched from the network."""
    locations = found.table("locations").to_pyarrow_dataset()  # noqa: F841 - DuckDB finds it by its name
    found_there = duckdb.sql("select location from locations")
    assert found_there is not None
    return {row[0] for row in found_there.fetchall()}


def by_recipe(found: Release) -> set[str]:
    """What docs/reading.md shows for those without Echelon."""
    names: dict[str, Any] = {}
    exec(RECIPE, names)
    return set(names["tables_of_release"](found.output, found.number)["locations"].to_pandas()["location"])


READERS = (by_deltalake, by_polars, by_duckdb, by_recipe)


@pytest.mark.parametrize("read", READERS)
def test_a_reader_sees_the_newest_release_and_not_an_unfinished_run(read: Callable[[Release], set[str]], output: str) -> None:
    assert read(read_release(output)) == {"North", "South"}


@pytest.mark.parametrize("read", READERS)
def test_a_reader_sees_an_earlier_release_by_its_number(read: Callable[[Release], set[str]], output: str) -> None:
    assert read(read_release(output, 1)) == {"North"}


def test_a_release_says_what_it_is(output: str) -> None:
    found = read_release(output)
    assert (found.number, found.run_date, set(found.versions)) == (2, date(2026, 2, 2), {"locations", "check_results"})
    assert read_release(f"{output}/").path("locations") == f"{output}/tables/locations"


def test_a_release_or_a_table_that_is_not_there(output: str, tmp_path: Path) -> None:
    with pytest.raises(EchelonError, match=r"there is no release 9$"):
        read_release(output, 9)
    with pytest.raises(EchelonError, match=r"there is no release yet$"):
        read_release(str(tmp_path))
    with pytest.raises(EchelonError, match="release 2 has no table 'orders', only check_results, locations"):
        read_release(output).table("orders")


def test_the_recipe_takes_the_newest_release(output: str) -> None:
    names: dict[str, Any] = {}
    exec(RECIPE, names)
    assert set(names["tables_of_release"](output)["locations"].to_pandas()["location"]) == {"North", "South"}
    with pytest.raises(LookupError, match=r"has no release 9, only \[1, 2\]"):
        names["tables_of_release"](output, 9)


def test_without_its_package_reading_says_which_extra_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "deltalake.exceptions", None)
    with pytest.raises(EchelonError, match=r"reading without Spark needs deltalake: pip install 'echelon\[readers\]'"):
        read_release(str(tmp_path))
