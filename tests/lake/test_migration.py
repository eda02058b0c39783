"""A table that an earlier contract made, under a new one: additions are made, everything else is refused in words."""

from dataclasses import replace

import deltalake
import pytest
from delta.tables import DeltaTable
from echelon.errors import EchelonError
from echelon.lake import delta
from echelon.lake.contracts.contract import Column, Table
from echelon.lake.contracts.quantiles import quantile_columns
from echelon.lake.lake import Lake
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException

SIZE = Column("size", "double", "Size", "units", check="size >= 0")
NAME = Column("name", "string", "Name")
OLD = Table("shelf", "ingest", "A shelf.", ("name",), (NAME, SIZE))


@pytest.fixture
def shelf(lake: Lake) -> Lake:
    """A lake in which the table was made under the old contract."""
    path = lake.path("shelf")
    delta.ensure_table(lake.spark, OLD, path)
    delta.append(lake.spark.createDataFrame([("a", 1.0)], OLD.ddl), path, "run")
    return lake


def under(lake: Lake, *columns: Column, **changes: object) -> deltalake.DeltaTable:
    """The table after it was brought to a changed contract."""
    changed = replace(OLD, columns=columns, **changes)  # type: ignore[arg-type]
    delta.ensure_table(lake.spark, changed, lake.path("shelf"))
    return deltalake.DeltaTable(lake.path("shelf"))


def test_the_same_contract_changes_nothing(shelf: Lake) -> None:
    assert under(shelf, NAME, SIZE).version() == 1


def test_additions_are_made_and_rows_stay(shelf: Lake) -> None:
    colour = Column("colour", "string", "Colour, the shelf's own", nullable=True, allowed=("red", "blue"))
    optional = replace(SIZE, nullable=True, meaning="Size, if known", check="size between 0 and 5")
    table = under(shelf, NAME, colour, optional, retention_days=90)
    fields = {field.name: field for field in table.schema().fields}
    assert table.to_pandas().to_dict("records") == [{"name": "a", "size": 1.0, "colour": None}]
    assert fields["colour"].metadata["comment"] == "Colour, the shelf's own"
    assert (fields["size"].nullable, fields["size"].metadata["comment"]) == (True, "Size, if known [units]")
    assert table.metadata().configuration["delta.deletedFileRetentionDuration"] == "interval 90 days"
    with pytest.raises((Py4JJavaError, PySparkException), match="DELTA_VIOLATE_CONSTRAINT"):
        delta.append(
            shelf.spark.createDataFrame([("b", 9.0, "red")], "name string, size double, colour string"),
            shelf.path("shelf"),
            "run",
        )
    assert table.protocol().min_reader_version == 1


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ((NAME,), "'size' is no longer in the contract"),
        ((NAME, replace(SIZE, type="int")), "'size' was double and is int"),
        ((NAME, SIZE, Column("colour", "string", "Colour")), "'colour' may not be null, and earlier rows have no value"),
        ((NAME, replace(SIZE, check="size > 1")), r"earlier rows break the condition \(size > 1\)"),
    ],
)
def test_what_does_not_only_add_is_refused(shelf: Lake, columns: tuple[Column, ...], words: str) -> None:
    with pytest.raises(EchelonError, match=rf"another contract of 'shelf': {words}.* Publish to a new folder"):
        under(shelf, *columns)
    assert deltalake.DeltaTable(shelf.path("shelf")).version() == 1


def fan(lake: Lake, *probabilities: float) -> int:
    """A table of quantiles with one row, as a run with this list makes it; returns its version."""
    columns = quantile_columns(probabilities)
    table = Table("fan", "forecast", "A fan.", ("name",), (NAME, *columns), quantiles=tuple(c.name for c in columns))
    created = delta.ensure_table(lake.spark, table, lake.path("fan"))
    write = delta.fill if created else delta.replace
    return write(lake.spark.createDataFrame([("a", *probabilities)], table.ddl), table, lake.path("fan"), "run")


def test_other_quantiles_make_the_table_anew_and_earlier_versions_stay_as_they_were(lake: Lake) -> None:
    first, second = fan(lake, 0.05, 0.5, 0.95), fan(lake, 0.05, 0.95, 0.995)
    path = lake.path("fan")
    assert deltalake.DeltaTable(path, version=first).to_pandas().to_dict("records") == [
        {"name": "a", "q05": 0.05, "q50": 0.5, "q95": 0.95}
    ]
    newest = deltalake.DeltaTable(path)
    assert newest.version() == second
    assert newest.to_pandas().to_dict("records") == [{"name": "a", "q05": 0.05, "q95": 0.95, "q995": 0.995}]
    assert [field.nullable for field in newest.schema().fields] == [False] * 4
    assert newest.protocol().min_reader_version == 1
    with pytest.raises((Py4JJavaError, PySparkException), match="DELTA_VIOLATE_CONSTRAINT"):
        delta.append(lake.spark.createDataFrame([("b", 0.0, 0.0, -1.0)], "name string, q05 double, q95 double, q995 double"),
                     path, "run")  # fmt: skip


def test_a_release_with_other_quantiles_can_be_brought_back_and_planned_on_from(lake: Lake) -> None:
    first, _ = fan(lake, 0.05, 0.5, 0.95), fan(lake, 0.05, 0.95, 0.995)
    DeltaTable.forPath(lake.spark, lake.path("fan")).restoreToVersion(first)
    assert deltalake.DeltaTable(lake.path("fan")).to_pandas().columns.tolist() == ["name", "q05", "q50", "q95"]
    fan(lake, 0.1, 0.9)
    assert deltalake.DeltaTable(lake.path("fan")).to_pandas().to_dict("records") == [{"name": "a", "q10": 0.1, "q90": 0.9}]


def test_a_version_from_before_an_addition_is_read_with_nulls(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(delta_tables(), "shelf", OLD)
    delta.ensure_table(lake.spark, OLD, lake.path("shelf"))
    version = delta.append(lake.spark.createDataFrame([("a", 1.0)], OLD.ddl), lake.path("shelf"), "run")
    lake.run.tables["shelf"] = version
    monkeypatch.setitem(
        delta_tables(), "shelf", replace(OLD, columns=(*OLD.columns, Column("colour", "string", "", nullable=True)))
    )
    assert [tuple(row) for row in lake.read("shelf").collect()] == [("a", 1.0, None)]


def delta_tables() -> dict[str, Table]:
    """The tables that the lake knows."""
    from echelon.lake.contracts import TABLES

    return TABLES
