"""Which release readers see: the newest row of the table `releases`."""

from collections.abc import Iterable
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from echelon.errors import EchelonError
from echelon.lake import delta
from echelon.lake.files import absolute, kind
from echelon.lake.no_table import refuse_no_table

Row = dict[str, Any]


def all_releases(spark: SparkSession, output: str) -> list[Row]:
    """The rows of `releases`, oldest first; none before the first release."""
    path = table_path(output, "releases")
    if not delta.exists(spark, path):
        return []
    return [row.asDict() for row in delta.read(spark, path).orderBy("release").collect()]


def newest_release(spark: SparkSession, output: str) -> Row | None:
    """The row of the release that is visible now, None before the first."""
    releases = all_releases(spark, output)
    return releases[-1] if releases else None


def refuse_unreleased(output: str) -> None:
    """Raises EchelonError where there is no release, or something else in its place, without Spark. `visible_release` is sure;
    this takes no time."""
    place = table_path(output, "releases")
    refuse_no_table(place)
    if kind(place) != "folder":
        raise EchelonError(f"{output}: there is no release yet: run `echelon plan` first")


def visible_release(spark: SparkSession, output: str) -> Row:
    """The row of the release that is visible now. Raises EchelonError before the first."""
    refuse_no_table(table_path(output, "releases"))
    newest = newest_release(spark, output)
    if newest is None:
        raise EchelonError(f"{output}: there is no release yet: run `echelon plan` first")
    return newest


def open_tables(spark: SparkSession, output: str, release: Row, names: Iterable[str]) -> dict[str, DataFrame]:
    """Tables of a release by name, each at the release's version. Opening one takes a few hundred milliseconds.

    Raises EchelonError where something else lies in a table's place.
    """
    places = {name: table_path(output, name) for name in names}
    for place in places.values():
        refuse_no_table(place)
    return {name: delta.read(spark, place, release["tables"][name]) for name, place in places.items()}


def table_path(output: str, name: str) -> str:
    """Where a table lies."""
    return f"{absolute(output)}/tables/{name}"
