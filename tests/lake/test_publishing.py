"""Publishing to real Delta tables under real Great Expectations: what gets through, what is refused, who can read it."""

import json
import shutil
from collections.abc import Callable, Mapping
from datetime import date, datetime, tzinfo
from pathlib import Path

import deltalake
import duckdb
import polars
import pytest
from echelon.errors import CheckBlocked, EchelonError
from echelon.lake import delta
from echelon.lake.checks.guard import Check, check, prepare
from echelon.lake.checks.suites import QUERY
from echelon.lake.contracts import TABLES
from echelon.lake.lake import Lake
from echelon.lake.releases.release import release
from echelon.lake.releases.run_dates import released_run_date
from echelon.lake.run_state import RunState
from echelon.lake.visible import all_releases, newest_release
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

OpenLake = Callable[..., Lake]
Row = tuple[object, ...]
STOCK: list[Row] = [("A", "North", 5.0, 0.0, 0.0), ("A", "South", 7.5, 1.0, 0.0), ("B", "North", 0.0, 12.0, 3.0)]


def stock(spark: SparkSession, rows: list[Row] | None = None) -> DataFrame:
    return spark.createDataFrame(rows if rows is not None else STOCK, TABLES["stock"].ddl)


def references(spark: SparkSession) -> dict[str, DataFrame]:
    """What the SKUs and locations of the stock refer to."""
    items = [(sku, None, None, 1.0, None, None) for sku in ("A", "B", "C")]
    locations = [(name, "store", 0.25, None) for name in ("North", "South")]
    return {
        "items": spark.createDataFrame(items, TABLES["items"].ddl),
        "locations": spark.createDataFrame(locations, TABLES["locations"].ddl),
    }


@pytest.fixture(scope="module")
def first_release(open_lake: OpenLake, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RunState]:
    """Tables after the release of stock and what it refers to, and the run that made them: once, copied for each test."""
    lake = open_lake(tmp_path_factory.mktemp("first") / "out")
    assert lake.publish({"stock": stock(lake.spark)} | references(lake.spark)) == {"stock": 3, "items": 3, "locations": 2}
    lake.run.run_date, lake.run.inputs = date(2026, 2, 1), {"sales": "ab", "stock": "cd"}
    assert release(lake) == 1
    lake.tidy(well=True)
    return Path(lake.output), lake.run


@pytest.fixture
def released(first_release: tuple[Path, RunState], new_lake: OpenLake, tmp_path: Path) -> Lake:
    """The lake after that release, as the next run opens it."""
    shutil.copytree(first_release[0], tmp_path / "out")
    return new_lake()


def checked(frame: DataFrame, suites: Path) -> list[Check]:
    """The suite for stock on the frame."""
    return check(frame, TABLES["stock"], prepare(frame, TABLES["stock"], suites, nothing_else, nothing_kept))


def nothing_else(name: str) -> DataFrame:
    """For suites that refer to no other table."""
    raise AssertionError(f"nobody should ask for {name}")


def nothing_kept(name: str, frame: DataFrame) -> DataFrame:
    """For tables without a summary."""
    raise AssertionError(f"nobody should keep {name}: {frame}")


def committed(lake: Lake) -> DataFrame:
    """What everybody else sees."""
    return delta.read(lake.spark, lake.path("stock"))


def suites_with(folder: Path, name: str, *entries: Mapping[str, object]) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps({"name": name, "expectations": list(entries)}))
    return folder


def test_the_table_is_what_its_contract_says_and_others_can_read_it(
    released: Lake, first_release: tuple[Path, RunState]
) -> None:
    path = released.path("stock")
    described = released.spark.sql(f"DESCRIBE DETAIL delta.`{path}`").collect()[0]
    assert (described["minReaderVersion"], described["description"]) == (1, TABLES["stock"].meaning)
    comments = {field.name: field.metadata["comment"] for field in committed(released).schema}
    assert comments["on_hand"] == "Units in stock, of all bins and lots together [units]"
    opened = deltalake.DeltaTable(path).to_pandas()
    assert (len(opened), opened["on_hand"].sum()) == (3, 12.5)
    assert polars.read_delta(path).select(polars.len(), polars.col("on_hand").sum()).row(0) == (3, 12.5)
    arrow = deltalake.DeltaTable(path).to_pyarrow_table()
    assert duckdb.from_arrow(arrow).aggregate("count(*), sum(on_hand)").fetchall() == [(3, 12.5)]
    assert {check.table for check in first_release[1].checks} == {"stock", "items", "locations", "check_results"}


def test_delta_itself_refuses_a_bad_row(released: Lake) -> None:
    """Also when someone writes past the guard."""
    path = released.path("stock")
    assert [field.nullable for field in deltalake.DeltaTable(path).schema().fields] == [False] * 5
    for row in (("A", "North", -1.0, 0.0, 0.0), ("", "North", 1.0, 0.0, 0.0), ("A", None, 1.0, 0.0, 0.0)):
        with pytest.raises((Py4JJavaError, PySparkException), match=r"DELTA_(VIOLATE_CONSTRAINT|NOT_NULL_CONSTRAINT)"):
            delta.append(stock(released.spark, [row]), path, "past the guard")
    assert committed(released).count() == 3


def test_a_critical_failure_publishes_nothing(released: Lake) -> None:
    good = released.spark.createDataFrame([("*", "*", 0.9)], TABLES["targets"].ddl)
    before = delta.version(released.path("stock"))
    with pytest.raises(CheckBlocked) as caught:
        released.publish({"targets": good, "stock": stock(released.spark, [*STOCK, STOCK[0], ("D", "North", -2.0, 0.0, 0.0)])})
    assert caught.value.exit_code == 4
    first, *reasons = str(caught.value).splitlines()
    assert first == "nothing was published, because critical checks failed:"
    assert sorted(reason.split(": ")[1] for reason in reasons) == [
        "expect_column_values_to_be_between (on_hand)",
        "unexpected_rows_expectation (every SKU is in items, every location in locations)",
        "unexpected_rows_expectation (key sku, location is unique)",
    ]
    assert "1 of 5 rows, for example -2.0" in str(caught.value)
    assert delta.version(released.path("stock")) == before
    assert not Path(released.path("targets")).exists()
    assert released.read("stock").count() == 3


def test_a_warning_is_published_and_recorded(new_lake: OpenLake, tmp_path: Path) -> None:
    large = {
        "type": "expect_column_values_to_be_between",
        "kwargs": {"column": "on_hand", "max_value": 6},
        "severity": "warning",
    }
    lake = new_lake(suites_with(tmp_path / "suites", "stock", large))
    assert lake.publish({"stock": stock(lake.spark)}) == {"stock": 3}
    (result,) = lake.run.checks
    assert (result.success, result.severity, result.subject, result.blocks) == (False, "warning", "on_hand", False)
    assert result.observed == "1 of 3 rows, for example 7.5"


SOUND = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "sku"}}


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        (
            [SOUND, {"type": "expect_colum_values_to_not_be_null", "kwargs": {}}],
            "expectation 2: unknown type 'expect_colum_values",
        ),
        ([SOUND, {"kwargs": {"column": "sku"}}], "expectation 2: unknown type None"),
        ([SOUND | {"severity": "info"}], "severity 'info' is not one of critical, warning"),
        ([SOUND | {"reads": ["item"]}], "expectation 1: reads item, which is no table"),
        ([], "an empty suite checks nothing"),
    ],
)
def test_a_suite_that_would_not_check_is_refused(
    lake: Lake, tmp_path: Path, entries: list[dict[str, object]], words: str
) -> None:
    folder = suites_with(tmp_path / "suites", "stock", *entries)
    with pytest.raises(EchelonError, match=words):
        checked(stock(lake.spark), folder)


def test_a_missing_or_broken_suite_is_refused(lake: Lake, tmp_path: Path) -> None:
    with pytest.raises(EchelonError, match=r"stock\.json: no suite of expectations for the table 'stock'"):
        checked(stock(lake.spark), tmp_path)
    (tmp_path / "stock.json").write_text("{")
    with pytest.raises(EchelonError, match=r"stock\.json: not a suite of expectations"):
        checked(stock(lake.spark), tmp_path)


def test_a_missing_column_is_refused_before_the_suite(lake: Lake, root: Path) -> None:
    with pytest.raises(EchelonError, match="stock: the staged table lacks the columns on_order, backorders"):
        checked(stock(lake.spark).drop("on_order", "backorders"), root / "expectations")


def test_an_expectation_that_can_not_be_evaluated_blocks(lake: Lake, tmp_path: Path) -> None:
    typo = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "on_hnad"}}
    (result,) = checked(stock(lake.spark), suites_with(tmp_path / "suites", "stock", typo))
    assert result.blocks
    assert result.observed is not None
    assert "could not be evaluated" in result.observed
    assert "on_hnad" in result.observed


def test_a_table_that_nobody_published(lake: Lake) -> None:
    with pytest.raises(EchelonError, match="there is no table 'demand' yet: run the stage 'prepare' first"):
        lake.read("demand")


class YearsAgo(datetime):
    """A clock that jumped back."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return datetime(2001, 1, 1, tzinfo=tz)


def test_nothing_is_released_before_sales_were_ingested(lake: Lake) -> None:
    assert newest_release(lake.spark, lake.output) is None
    with pytest.raises(EchelonError, match="no sales were ingested yet"):
        release(lake)


def test_releases_ascend_whatever_the_clock_says_and_name_the_versions(
    released: Lake, first_release: tuple[Path, RunState], new_lake: OpenLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on = new_lake()
    goes_on.run = first_release[1]  # a run that was killed before it noted its release
    assert release(goes_on) == 1
    monkeypatch.setattr("echelon.lake.releases.release.datetime", YearsAgo)
    released.run.run_date, released.run.inputs = date(2026, 2, 2), {"stock": "ef"}
    released.publish({"stock": stock(released.spark, STOCK[:1])})
    assert release(released) == 2
    rows = all_releases(released.spark, released.output)
    assert [(row["release"], row["run_id"]) for row in rows] == [(1, goes_on.run.run_id), (2, released.run.run_id)]
    assert rows[1]["published_at"] < rows[0]["published_at"]
    assert released_run_date(all_releases(released.spark, released.output), None, ()) == date(2026, 2, 2)
    assert [row["inputs"] for row in rows] == [{"sales": "ab", "stock": "cd"}, {"sales": "ab", "stock": "ef"}]
    sizes = [delta.read(released.spark, released.path("stock"), row["tables"]["stock"]).count() for row in rows]
    assert sizes == [3, 1]
    assert set(rows[1]["tables"]) == {"stock", "items", "locations", "check_results"}


def test_check_results_stay_and_a_run_takes_over_those_of_tables_that_it_did_not_publish(
    released: Lake, first_release: tuple[Path, RunState]
) -> None:
    before = first_release[1].run_id
    released.run.run_date = date(2026, 2, 2)
    released.publish({"stock": stock(released.spark, STOCK[:1])})
    release(released)
    first, newest = (row["checks"] for row in all_releases(released.spark, released.output))
    results = delta.read(released.spark, released.path("check_results"))
    by_run = {row["run_id"]: row["count"] for row in results.groupBy("run_id").count().collect()}
    assert by_run == {before: first, released.run.run_id: newest}
    assert first == newest
    mine = results.where(results.run_id == released.run.run_id).select("table", "checked_by").distinct().collect()
    checked_by = {row["table"]: row["checked_by"] for row in mine}
    assert checked_by == {"stock": released.run.run_id, "items": before, "locations": before}
    assert results.where("NOT success").count() == 0


def test_what_was_not_released_is_not_read(released: Lake, new_lake: OpenLake) -> None:
    released.publish({"stock": stock(released.spark, STOCK[:1])})
    released.settle()
    delta.append(stock(released.spark, [("C", "South", 99.0, 0.0, 0.0)]), released.path("stock"), "by hand")
    assert sorted(tuple(row) for row in new_lake().read("stock").collect()) == sorted(STOCK)


def test_the_run_reads_the_rows_that_it_committed(released: Lake) -> None:
    released.publish({"stock": stock(released.spark, STOCK[:2])})
    staged = released.read("stock")
    assert staged.inputFiles()[0].startswith(f"file://{released.output}/staging/")
    rows = sorted(staged.collect())
    assert len(rows) == 2
    released.tidy(well=True)
    assert sorted(released.read("stock").collect()) == sorted(committed(released).collect()) == rows


def test_finished_parts_stay_until_the_stage_ends_well(lake: Lake) -> None:
    spark = lake.spark
    parts = {"one": spark.range(2), "two": spark.range(2, 3)}
    assert lake.keep_parts("numbers", {"one": parts["one"]}).count() == 2
    lake.keep("others", spark.range(1))
    lake.end_stage(well=False)
    lake.tidy(well=False)
    never = spark.range(1).select((F.raise_error(F.lit("computed again"))).cast("bigint").alias("id"))
    again = lake.keep_parts("numbers", {"one": never, "two": parts["two"]})
    assert sorted(row["id"] for row in again.collect()) == [0, 1, 2]
    lake.end_stage(well=True)
    lake.tidy(well=True)
    assert not (Path(lake.output) / "staging").exists()


def test_queries_that_are_counted_together_are_those_that_great_expectations_evaluates(lake: Lake, tmp_path: Path) -> None:
    """One that can't be evaluated sends all of a suite to the library, which names it; the others' results stay."""
    entries = [
        {"type": QUERY, "kwargs": {"unexpected_rows_query": f"SELECT * FROM {{batch}} WHERE on_hand > {limit}"}}
        for limit in (6, 99)
    ]
    together = checked(stock(lake.spark), suites_with(tmp_path / "together", "stock", *entries))
    broken = {"type": QUERY, "kwargs": {"unexpected_rows_query": "SELECT colour FROM {batch}"}, "notes": "has a colour"}
    *alone, last = checked(stock(lake.spark), suites_with(tmp_path / "alone", "stock", *entries, broken))
    assert [check.success for check in together] == [False, True]
    assert alone == together
    assert together[0].observed is not None
    assert "observed 1, for example {'sku': 'A', 'location': 'South', 'on_hand': 7.5" in together[0].observed
    assert last.blocks
    assert "colour" in str(last.observed)


def test_the_examples_of_a_failed_check_are_the_same_whatever_the_order_of_rows(lake: Lake, tmp_path: Path) -> None:
    entries = [
        {"type": QUERY, "kwargs": {"unexpected_rows_query": "SELECT on_hand, sku FROM {batch} WHERE on_hand > 1"}},
        {"type": "expect_column_values_to_be_between", "kwargs": {"column": "on_hand", "max_value": 1.0}},
    ]
    suites = suites_with(tmp_path / "suites", "stock", *entries)
    one, other = (checked(stock(lake.spark, rows).repartition(3, "on_hand"), suites) for rows in (STOCK, STOCK[::-1]))
    assert one == other
    assert [result.observed for result in one] == [
        "observed 2, for example {'on_hand': 5.0, 'sku': 'A'}",
        "2 of 3 rows, for example 5.0, 7.5",
    ]


@pytest.mark.usefixtures("released")
def test_a_query_sees_the_tables_beside_it_and_those_of_the_last_release(new_lake: OpenLake, tmp_path: Path) -> None:
    more = {
        "type": QUERY,
        "kwargs": {
            "unexpected_rows_query": "SELECT b.sku FROM {batch} b LEFT ANTI JOIN released_stock r USING (sku, location)"
        },
        "reads": ["released_stock"],
        "notes": "nothing new",
        "severity": "warning",
    }
    second = new_lake(suites_with(tmp_path / "suites", "stock", more))
    second.publish({"stock": stock(second.spark, [*STOCK, ("C", "South", 1.0, 0.0, 0.0)])})
    (result,) = second.run.checks
    assert (result.success, result.subject) == (False, "nothing new")
    assert "observed 1, for example {'sku': 'C'}" in str(result.observed)
    third = new_lake(suites_with(tmp_path / "suites", "stock", more))
    third.publish({"stock": stock(third.spark)})
    assert third.run.checks[0].success
