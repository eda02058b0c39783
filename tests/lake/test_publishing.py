"""Publishing to real Delta tables under real Great Expectations: what gets through, what is refused, who can read it."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import deltalake
import duckdb
import polars
import pytest
from echelon.errors import CheckBlocked, EchelonError
from echelon.lake import delta
from echelon.lake.contract import Column, Table
from echelon.lake.contracts import TABLES
from echelon.lake.guard import check
from echelon.lake.lake import Lake
from echelon.lake.releases import newest_number, newest_run_date, release
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

OpenLake = Callable[..., Lake]
STOCK = [("A", "North", 5.0, 0.0, 0.0), ("A", "South", 7.5, 1.0, 0.0), ("B", "North", 0.0, 12.0, 3.0)]


def stock(spark: SparkSession, rows: list[tuple[object, ...]] | None = None) -> DataFrame:
    return spark.createDataFrame(rows if rows is not None else STOCK, TABLES["stock"].ddl)  # type: ignore[arg-type]


@pytest.fixture
def published(lake: Lake) -> Lake:
    """A lake with one table."""
    assert lake.publish({"stock": stock(lake.spark)}) == {"stock": 3}
    return lake


def committed(lake: Lake) -> DataFrame:
    """What everybody else sees."""
    return delta.read(lake.spark, lake.path("stock"))


def suites_with(folder: Path, name: str, *entries: dict[str, object]) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps({"name": name, "expectations": list(entries)}))
    return folder


def test_the_table_is_what_its_contract_says_and_others_can_read_it(published: Lake) -> None:
    path = published.path("stock")
    described = published.spark.sql(f"DESCRIBE DETAIL delta.`{path}`").collect()[0]
    assert (described["minReaderVersion"], described["description"]) == (1, TABLES["stock"].meaning)
    comments = {field.name: field.metadata["comment"] for field in committed(published).schema}
    assert comments["on_hand"] == "Units in stock [units]"
    opened = deltalake.DeltaTable(path).to_pandas()
    assert (len(opened), opened["on_hand"].sum()) == (3, 12.5)
    assert polars.read_delta(path).select(polars.len(), polars.col("on_hand").sum()).row(0) == (3, 12.5)
    arrow = deltalake.DeltaTable(path).to_pyarrow_table()
    assert duckdb.from_arrow(arrow).aggregate("count(*), sum(on_hand)").fetchall() == [(3, 12.5)]
    assert {check.table for check in published.run.checks} == {"stock"}


def test_delta_itself_refuses_a_bad_row(published: Lake) -> None:
    """Also when someone writes past the guard."""
    path = published.path("stock")
    assert [field.nullable for field in deltalake.DeltaTable(path).schema().fields] == [False] * 5
    for row in (("A", "North", -1.0, 0.0, 0.0), ("", "North", 1.0, 0.0, 0.0), ("A", None, 1.0, 0.0, 0.0)):
        with pytest.raises((Py4JJavaError, PySparkException), match=r"DELTA_(VIOLATE_CONSTRAINT|NOT_NULL_CONSTRAINT)"):
            delta.append(stock(published.spark, [row]), path, "past the guard")
    assert committed(published).count() == 3


def test_a_critical_failure_publishes_nothing(published: Lake) -> None:
    good = published.spark.createDataFrame([("*", "*", 0.9)], TABLES["targets"].ddl)
    before = delta.version(published.path("stock"))
    with pytest.raises(CheckBlocked) as caught:
        published.publish(
            {"targets": good, "stock": stock(published.spark, [*STOCK, STOCK[0], ("C", "North", -2.0, 0.0, 0.0)])}
        )
    assert caught.value.exit_code == 4
    first, *reasons = str(caught.value).splitlines()
    assert first == "nothing was published, because critical checks failed:"
    assert sorted(reason.split(": ")[1] for reason in reasons) == [
        "expect_column_values_to_be_between (on_hand)",
        "unexpected_rows_expectation (key sku, location is unique)",
    ]
    assert "1 of 5 rows, for example -2.0" in str(caught.value)
    assert delta.version(published.path("stock")) == before
    assert not Path(published.path("targets")).exists()
    assert published.read("stock").count() == 3


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
        ([], "an empty suite checks nothing"),
    ],
)
def test_a_suite_that_would_not_check_is_refused(
    lake: Lake, tmp_path: Path, entries: list[dict[str, object]], words: str
) -> None:
    folder = suites_with(tmp_path / "suites", "stock", *entries)
    with pytest.raises(EchelonError, match=words):
        check(stock(lake.spark), TABLES["stock"], folder)


def test_a_missing_or_broken_suite_is_refused(lake: Lake, tmp_path: Path) -> None:
    with pytest.raises(EchelonError, match=r"stock\.json: no suite of expectations for the table 'stock'"):
        check(stock(lake.spark), TABLES["stock"], tmp_path)
    (tmp_path / "stock.json").write_text("{")
    with pytest.raises(EchelonError, match=r"stock\.json: not a suite of expectations"):
        check(stock(lake.spark), TABLES["stock"], tmp_path)


def test_a_missing_column_is_refused_before_the_suite(lake: Lake, root: Path) -> None:
    with pytest.raises(EchelonError, match="stock: the staged table lacks the columns on_order, backorders"):
        check(stock(lake.spark).drop("on_order", "backorders"), TABLES["stock"], root / "expectations")


def test_an_expectation_that_can_not_be_evaluated_blocks(lake: Lake, tmp_path: Path) -> None:
    typo = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "on_hnad"}}
    (result,) = check(stock(lake.spark), TABLES["stock"], suites_with(tmp_path / "suites", "stock", typo))
    assert result.blocks
    assert result.observed is not None
    assert "could not be evaluated" in result.observed
    assert "on_hnad" in result.observed


def test_another_contract_is_told_apart(published: Lake) -> None:
    old = TABLES["stock"]
    changed = Table(old.name, old.stage, old.meaning, old.key, (*old.columns, Column("colour", "string", "Colour")))
    with pytest.raises(EchelonError, match=r"was written by another version of Echelon: .* 'stock'"):
        delta.ensure_table(published.spark, changed, published.path("stock"))


def test_a_table_that_nobody_published(lake: Lake) -> None:
    with pytest.raises(EchelonError, match="there is no table 'demand' yet: run the stage 'prepare' first"):
        lake.read("demand")


def test_releases_ascend_and_name_the_versions(published: Lake, new_lake: OpenLake) -> None:
    assert (newest_number(published), newest_run_date(published)) == (0, None)
    with pytest.raises(EchelonError, match="no sales were ingested yet"):
        release(published)
    published.run.run_date = date(2026, 2, 1)
    published.publish({"targets": published.spark.createDataFrame([("*", "*", 0.9)], TABLES["targets"].ddl)})
    assert release(published) == 1
    assert release(published) == 1  # a run that was killed before it noted its release, and went on
    second = new_lake()
    second.run.run_date = date(2026, 2, 2)
    second.publish({"stock": stock(second.spark, STOCK[:1])})
    assert release(second) == 2
    rows = second.read("releases").orderBy("release").collect()
    assert [(row["release"], row["run_id"]) for row in rows] == [(1, published.run.run_id), (2, second.run.run_id)]
    assert newest_run_date(second) == date(2026, 2, 2)
    sizes = [delta.read(second.spark, second.path("stock"), row["tables"]["stock"]).count() for row in rows]
    assert sizes == [3, 1]
    assert rows[0]["checks"] == rows[1]["checks"] == len([check for check in published.run.checks if check.table != "releases"])
    # What a run takes over, as when one stage is run alone, it takes over with its checks.
    checked = second.read("check_results").select("table", "run_id").distinct().collect()
    assert {row["table"]: row["run_id"] for row in checked} == {"stock": second.run.run_id, "targets": published.run.run_id}
    assert set(rows[1]["tables"]) == {"stock", "targets", "check_results"}
    assert second.read("check_results").where("NOT success").count() == 0


def test_the_run_reads_the_rows_that_it_committed(published: Lake) -> None:
    staged = published.read("stock")
    assert staged.inputFiles()[0].startswith(f"file://{published.output}/staging/")
    assert sorted(staged.collect()) == sorted(committed(published).collect())
    published.tidy()
    assert sorted(published.read("stock").collect()) == sorted(committed(published).collect())


def test_kept_frames_go_when_the_run_tidies_up(lake: Lake) -> None:
    kept = lake.keep("numbers", lake.spark.range(5))
    assert kept.count() == 5
    lake.tidy()
    assert list((Path(lake.output) / "staging").iterdir()) == []
