"""`echelon sql` reads published tables of the newest release, and does nothing else."""

import json
import re
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from echelon.commands.query import answer, query
from echelon.commands.query_errors import one_line
from echelon.commands.query_plan import names
from echelon.config import Configuration
from echelon.errors import ConfigurationError, EchelonError
from echelon.lake import delta
from echelon.lake.contracts import TABLES
from echelon.lake.lake import Lake
from echelon.lake.places import refuse_foreign
from echelon.lake.releases.release import release
from py4j.protocol import Py4JNetworkError
from pyspark.errors import SparkRuntimeException
from pyspark.sql import SparkSession

TARGETS = [("A", "North", 0.9), ("A", "South", 0.8), ("B", "*", 0.95)]


@pytest.fixture(scope="module")
def lake(open_lake: Callable[..., Lake], tmp_path_factory: pytest.TempPathFactory, root: Path) -> Lake:
    """A release of two tables, and a newer version of one of them that was never released."""
    folder = tmp_path_factory.mktemp("sql")
    for name in ("targets", "stock", "check_results", "releases"):
        suite = json.loads((root / "expectations" / f"{name}.json").read_text())
        (folder / f"{name}.json").write_text(json.dumps(suite | {"expectations": suite["expectations"][:2]}))
    lake = open_lake(folder / "out", folder)
    lake.run.run_date = date(2026, 2, 1)
    stock = [("A", "North", 5.0, 0.0, 0.0), ("B", "North", 0.0, 12.0, 3.0)]
    rows = {"targets": TARGETS, "stock": stock}
    lake.publish({name: lake.spark.createDataFrame(found, TABLES[name].ddl) for name, found in rows.items()})
    release(lake)
    delta.append(lake.spark.createDataFrame([("C", "*", 0.5)], TABLES["targets"].ddl), lake.path("targets"), "unfinished")
    return lake


@pytest.fixture
def settings(lake: Lake) -> Configuration:
    return Configuration.model_validate({"run": {"output": lake.output}, "sources": {"sales": {"path": "sales.csv"}}})


def refused(lake: Lake, settings: Configuration, text: str) -> str:
    """The one line with which a query is refused; tables and settings stay as they were."""
    with pytest.raises(EchelonError) as caught:
        answer(lake.spark, settings, text)
    message = str(caught.value)
    assert message.startswith("sql: ") and len(message.splitlines()) == 1, message
    assert caught.value.exit_code == 2, message
    assert lake.spark.conf.get("spark.sql.runSQLOnFiles") == "true"
    return message


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("select count(*) from targets", [(3,)]),
        ("SELECT sku FROM Targets WHERE location = 'North'; -- done", [("A",)]),
        ("/* all */ select count(*) from (select * from `targets`) t -- from delta.`/x`", [(3,)]),
        ("with targets as (select * from targets where sku = 'A') select count(*) from targets", [(2,)]),
        ("with a as (select sku from stock), b as (select * from a) select count(*) from b join targets using (sku)", [(3,)]),
        ("select max(fill_rate) from targets where sku in (select sku from stock where on_hand > 0)", [(0.9,)]),
        ("select 'DROP TABLE targets; reflecting', count(*) from stock", [("DROP TABLE targets; reflecting", 2)]),
        ("from targets select count(distinct sku)", [(2,)]),
        ("(select 1) union all (select 2) order by 1", [(1,), (2,)]),
        ("select transform(array(1, 2), x -> x + 1)[1]", [(3,)]),
        ("select id from range(2)", [(0,), (1,)]),
        ("select s.c from stock lateral view explode(array(1)) s as c where on_hand > 0", [(1,)]),
        ("select '${env:PATH}'", [("${env:PATH}",)]),
        ("select 'it''s reflect(', count(*) from stock", [("it's reflect(", 2)]),
        (
            "select \"java_method(x)\" as `a'b` from stock where sku not like '%reflect(%' and on_hand > 0",
            [("java_method(x)",)],
        ),
    ],
)
def test_a_query_sees_the_tables_of_the_release(lake: Lake, settings: Configuration, text: str, rows: list[object]) -> None:
    assert [tuple(row) for row in query(lake.spark, settings, text).collect()] == rows


def test_tables_are_listed_and_described(lake: Lake, settings: Configuration) -> None:
    listed = {row["table"]: row["comment"] for row in query(lake.spark, settings, "show tables;").collect()}
    assert set(listed) == {"targets", "stock", "check_results"}
    assert listed["stock"] == TABLES["stock"].meaning
    described = query(lake.spark, settings, "DESCRIBE targets").collect()
    assert [row["col_name"] for row in described] == TABLES["targets"].column_names
    assert described[0]["comment"]
    assert "no table 'target'; did you mean 'targets'?" in refused(lake, settings, "describe target")


@pytest.mark.parametrize(
    "text",
    [
        "DELETE FROM targets",
        "delete from delta.`{path}`",
        "update targets set fill_rate = 1",
        "MERGE INTO targets t USING stock s ON t.sku = s.sku WHEN MATCHED THEN DELETE",
        "insert into targets values ('x', 'y', 0.5)",
        "insert overwrite directory '{path}' using parquet select 1",
        "with a as (select 1) insert into delta.`{path}` select 'x', 'y', 0.5",
        "from targets insert into delta.`{path}` select *",
        "/* select */ drop table delta.`{path}`",
        "-- select\ntruncate table targets",
        "CREATE TABLE mine AS SELECT * FROM targets",
        "create or replace temporary view targets as select 1",
        "ALTER TABLE delta.`{path}` SET TBLPROPERTIES ('a' = 'b')",
        "VACUUM delta.`{path}`",
        "OPTIMIZE delta.`{path}`",
        "RESTORE TABLE delta.`{path}` TO VERSION AS OF 0",
        "SET spark.sql.runSQLOnFiles = true",
        "RESET",
        "ADD JAR '/tmp/x.jar'",
        "list files",
        "REFRESH TABLE targets",
        "CACHE TABLE mine AS SELECT 1",
        "USE default",
        "EXECUTE IMMEDIATE 'select 1'",
        "DECLARE x = 1",
        "BEGIN SELECT 1; SELECT 2; END",
        "CALL system.x()",
        "EXPLAIN SELECT 1",
        "show databases",
        "load data inpath '/tmp/x' into table targets",
        "select 1; select 2",
        "select 1; drop table targets",
        "select 1) as x; drop table targets; (select 1",
        "",
        ";",
    ],
)
def test_nothing_but_one_query_is_allowed(lake: Lake, settings: Configuration, text: str) -> None:
    before = delta.version(lake.path("targets"))
    message = refused(lake, settings, text.format(path=lake.path("targets")))
    assert "one query" in message
    assert delta.version(lake.path("targets")) == before


@pytest.mark.parametrize(
    "text",
    [
        "select * from delta.`{path}`",
        "select * from text.`/etc/passwd`",
        "select * from csv.`/etc/passwd`",
        "select * from parquet.`{path}`",
        "select * from binaryFile.`/etc/passwd`",
        "select * from `text`.`/etc/passwd`",
        "select * from targets union all select value, value, 1 from text.`/etc/hostname`",
        "select (select count(*) from text.`/etc/passwd`) from targets",
        "select * from targets where exists (select 1 from delta.`{path}`)",
        "with targets as (select * from json.`/etc/passwd`) select * from targets",
        "table delta.`{path}`",
        "select * from spark_catalog.default.targets",
        "select * from default.targets",
        "select * from global_temp.targets",
        "select * from releases_of_others",
        "select * from table_changes('targets', 0)",
        "select * from table_changes_by_path('{path}', 0)",
        "select * from read_files('/etc/passwd')",
        "select * from identifier('delta.`{path}`')",
        "select reflect('java.lang.System', 'getenv', 'PATH')",
        "select REFLECT('java.lang.System', 'exit', 0) from values (1)",
        "select java_method('java.util.UUID', 'randomUUID')",
        "select try_reflect('java.lang.System', 'exit', 0)",
        "select identifier('reflect')('java.lang.System', 'exit', 0)",
        "select 1 as `a'`, reflect('java.lang.System', 'getenv', 'PATH'), 2 as `b'`",
        "select `reflect`('java.lang.System', 'getenv', 'PATH'), ''",
        "select '\\'', reflect('java.lang.System', 'getenv', 'PATH') as `'`",
        "select r'\\', reflect('java.lang.System', 'getenv', 'PATH'), ''",
        "select 1 -- '\n, reflect('java.lang.System', 'getenv', 'PATH') --'",
        "select 1 /* ' */, reflect('java.lang.System', 'getenv', 'PATH') /* ' */",
        "select 1 as \"it's\", reflect('java.lang.System', 'getenv', 'PATH') as \"it's\"",
        "select transform(sku) using 'cat' as (x) from targets",
        "from targets map sku using 'cat' as x",
        "select * from targets version as of 0",
    ],
)
def test_only_tables_of_the_release_are_read(lake: Lake, settings: Configuration, text: str) -> None:
    refused(lake, settings, text.format(path=lake.path("targets")))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("select skuu from targets", "`skuu` cannot be resolved"),
        ("select * from target", "release 1 has no table 'target'; did you mean 'targets'? SHOW TABLES lists them"),
        ("select count(* from targets", "Syntax error"),
        ("select fill_rate / (fill_rate - fill_rate) from targets", "Division by zero. Use"),
        ("select cast(sku as int) from targets", "cannot be cast to"),
        ("select element_at(array(1), 5) from targets", "out of bounds"),
        ("select raise_error(sku) from targets", "sql: A"),
        ("select array(1)[0][0]", "extract a value"),
        (
            "select * from targets version as of 0",
            "as the newest release has them, without VERSION AS OF; docs/reading.md says",
        ),
        ("select * from targets timestamp as of '2026-01-01'", "without VERSION AS OF"),
        ("select * from targets@v0", "without VERSION AS OF"),
        ("select * from releases", "'releases' is no table of a release: `echelon releases` lists the releases"),
        ("describe releases", "`echelon releases` lists the releases"),
    ],
)
def test_mistakes_are_told_in_one_line_also_those_that_show_while_running(
    lake: Lake, settings: Configuration, text: str, words: str
) -> None:
    assert words in refused(lake, settings, text)


def nested(levels: int, before: str, inner: str, after: str) -> str:
    return before * levels + inner + after * levels


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"select {nested(3000, '(', '1', ')')}", "is nested too deeply, or too long, for Spark to take it apart"),
        (f"select {nested(800, 'case when 1 = 1 then ', '1', ' else 0 end ')}", "nested too deeply"),
        (nested(600, "(", "select 1", ")"), "nested too deeply"),
        ("select " + "+".join(["1"] * 5000), "nested too deeply"),
        (" union all ".join(["select 1"] * 1500), "nested too deeply"),
        (f"select {'9' * 400}", "Decimal precision 400 exceeds max precision 38"),
        (f"select {'9' * 100_000}", "Decimal precision 100000 exceeds"),
        (f"select {'9' * 3000}L", "outside the valid range for bigint"),
        ("select 1E400", "outside the valid range for double"),
        ("select cast('1' as decimal(60, 2))", "Decimal precision 60 exceeds max precision 38"),
        ("select cast(1e300 as decimal(38, 0))", "cannot be represented as Decimal(38, 0)"),
        ("select cast(repeat('9', 100000) as int)", "cannot be cast to"),
        ("select interval 999999999999 years", "interval"),
        ("select sequence(1, 100000000000)", "array size limit"),
        ("select xpath(sku, 'b') from targets", "Error loading expression 'b'"),
        ("select '\udcff'", "holds bytes that are no text in UTF-8"),
    ],
    ids=lambda value: value[:30],
)
def test_queries_far_too_large_are_told_in_one_short_line(lake: Lake, settings: Configuration, text: str, words: str) -> None:
    message = refused(lake, settings, text)
    assert words in message and len(message) < 600
    assert not re.search(r"java\.|org\.|Exception|StackOverflow|Py4J", message), message


@pytest.mark.parametrize(
    "error",
    [
        Py4JNetworkError("Answer from Java side is empty"),
        ConnectionRefusedError(111, "Connection refused"),
        EOFError(),
        MemoryError(),
        SparkRuntimeException("java.lang.OutOfMemoryError: Java heap space\n\tat java.base/..."),
        SparkRuntimeException("Job 6 cancelled because SparkContext was shut down"),
    ],
    ids=repr,
)
def test_a_lack_of_memory_is_told_in_one_line_and_is_no_mistake_of_usage(error: Exception) -> None:
    with pytest.raises(EchelonError, match=r"^sql: [^\n]* memory[^\n]* or raise spark.driver_memory$") as caught, one_line():
        raise error
    assert caught.value.exit_code == 1


def test_files_that_are_gone_are_told_in_one_line(lake: Lake, settings: Configuration) -> None:
    for file in Path(lake.path("stock")).glob("*.parquet"):
        file.rename(file.with_suffix(".away"))
    try:
        with pytest.raises(EchelonError, match=r"^sql: [^\n]*$") as caught:
            answer(lake.spark, settings, "select * from stock")
    finally:
        for file in Path(lake.path("stock")).glob("*.away"):
            file.rename(file.with_suffix(".parquet"))
    assert caught.value.exit_code == 1


@pytest.mark.parametrize("what", ["file", "folder"])
def test_something_else_in_a_tables_place_is_told_as_a_plan_tells_it(lake: Lake, settings: Configuration, what: str) -> None:
    for name in ("stock", "releases"):
        place = Path(lake.path(name))
        away = place.rename(place.with_name("away"))
        foreign = place if what == "file" else place / "stock.csv"
        foreign.parent.mkdir(exist_ok=True)
        foreign.write_text("sku\n")
        messages = []
        asked: tuple[Callable[[], object], ...] = (
            lambda: refuse_foreign(lake.output),
            lambda: answer(lake.spark, settings, "select * from stock"),
        )
        for ask in asked:
            with pytest.raises(EchelonError) as caught:
                ask()
            messages.append(str(caught.value))
        shutil.rmtree(place) if what == "folder" else place.unlink()
        away.rename(place)
        assert messages[0] == messages[1] and "and a table belongs there: move it away" in messages[0]


@pytest.mark.parametrize(
    "text",
    [
        "with `default.secret` as (select 1) select * from default.secret",
        "with `spark_catalog.default.secret` as (select 1) select * from spark_catalog.default.secret",
        "select * from (with secret as (select 1) select 1 b), secret",
        "with a as (select * from secret), secret as (select 2) select * from a",
        "with `global_temp.secret` as (select 1) select * from global_temp.secret",
    ],
)
def test_a_name_made_by_the_query_opens_no_table_beside_the_release(lake: Lake, settings: Configuration, text: str) -> None:
    lake.spark.sql("CREATE TABLE IF NOT EXISTS default.secret USING parquet AS SELECT 42 AS number")
    try:
        refused(lake, settings, text)
        assert query(lake.spark, settings, "with own as (select 7) select * from own").collect()[0][0] == 7
    finally:
        lake.spark.sql("DROP TABLE default.secret")


def test_there_must_be_a_release(lake: Lake, tmp_path: Path) -> None:
    settings = Configuration.model_validate({"run": {"output": str(tmp_path)}, "sources": {"sales": {"path": "sales.csv"}}})
    with pytest.raises(EchelonError, match="there is no release yet"):
        answer(lake.spark, settings, "select 1")


MARK = "== Analyzed Logical Plan =="


@pytest.mark.parametrize(
    "query",
    [
        f"with `{MARK}` as (select 1) select transform(a) using 'cat' as (line) from values (1) t(a)",
        f"select * from (values ('{MARK}')) t(a), lateral (select reflect('java.lang.System', 'lineSeparator'))",
        f"select '\\n{MARK}\\n', java_method('java.lang.System', 'lineSeparator')",
        "select * from sql_keywords()",
        "select * from collations()",
    ],
)
def test_nothing_hides_behind_a_heading_of_the_plan(spark: SparkSession, query: str) -> None:
    with pytest.raises(ConfigurationError, match="can't be used"):
        names(spark, query)
