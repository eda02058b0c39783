"""`echelon sql`: one query on the tables of the newest release, each under its own name. It reads, and does nothing else."""

import difflib
import logging
import re
from collections.abc import Collection
from contextlib import suppress

from py4j.protocol import Py4JError
from pyspark.sql import DataFrame, SparkSession

from echelon.commands.query_errors import one_line
from echelon.commands.query_plan import names, reading_only
from echelon.config import Configuration
from echelon.engine.session import start
from echelon.errors import ConfigurationError
from echelon.lake.contracts import TABLES
from echelon.lake.visible import Row, open_tables, refuse_unreleased, visible_release
from echelon.stages.shared.plain_errors import plain_errors

MOST_ROWS = 100
_LIST = re.compile(r"\s*show\s+tables\s*;?\s*", re.IGNORECASE)
_DESCRIBE = re.compile(r"\s*(?:desc|describe)\s+(?:table\s+)?`?(\w+)`?\s*;?\s*", re.IGNORECASE)
# A task that has no memory left fails, and Java goes on: Spark would end it, without a word.
_STAY = {"spark.executor.killOnFatalError.depth": "0"}


def show(settings: Configuration, text: str) -> None:
    """Start Spark and print the result of the query."""
    with plain_errors("sql"):
        refuse_unreleased(settings.run.output)
    logging.disable()  # what Python's side says of a Java that is gone is no news
    spark = start(settings.spark.model_copy(update={"settings": _STAY | settings.spark.settings}))
    try:
        answer(spark, settings, text)
    finally:
        with suppress(Py4JError, OSError):
            spark.stop()


def answer(spark: SparkSession, settings: Configuration, text: str) -> None:
    """Print the first rows of the result.

    Raises EchelonError when there is no release yet or a file is gone, ConfigurationError when the query is wrong, also where
    that shows only while it runs.
    """
    with one_line(), reading_only(spark):
        frame = query(spark, settings, text)
        frame.show(MOST_ROWS, truncate=60 if "comment" not in frame.columns else 200)


def query(spark: SparkSession, settings: Configuration, text: str) -> DataFrame:
    """The result of a query on the newest release; also of SHOW TABLES and of DESCRIBE with the name of a table.

    Raises like `answer`.
    """
    described = _DESCRIBE.fullmatch(text)
    with one_line(), reading_only(spark):
        text.encode()  # what is no text breaks the connection to Java
        if _LIST.fullmatch(text):
            return _listed(spark, _newest(spark, settings))
        return _described(spark, settings, described[1]) if described else _asked(spark, settings, text)


def _newest(spark: SparkSession, settings: Configuration) -> Row:
    with plain_errors("sql"):
        return visible_release(spark, settings.run.output)


def _listed(spark: SparkSession, newest: Row) -> DataFrame:
    known = [(name, TABLES[name].meaning if name in TABLES else None) for name in sorted(newest["tables"])]
    return spark.createDataFrame(known, "table string, comment string")


def _described(spark: SparkSession, settings: Configuration, name: str) -> DataFrame:
    newest = _newest(spark, settings)
    _refuse_others(newest, {name.lower()})
    _register(spark, settings, newest, {name.lower()})
    return spark.sql(f"DESCRIBE TABLE `{name}`")


def _asked(spark: SparkSession, settings: Configuration, text: str) -> DataFrame:
    named = names(spark, text)
    newest = _newest(spark, settings)
    made = {name for name in named.made if "." not in name}
    _refuse_hidden(spark, made - set(newest["tables"]))
    _refuse_others(newest, named.read - made)
    _register(spark, settings, newest, named.read & set(newest["tables"]))
    return spark.sql(text)


def _refuse_hidden(spark: SparkSession, made: Collection[str]) -> None:
    """Where a query's own name is not in force, it would mean a table of Spark's catalog that has the same name."""
    for name in sorted(made):
        if spark.catalog.tableExists(f"`{name.replace('`', '``')}`"):
            raise ConfigurationError(f"sql: '{name}' is a table beside the release: give what WITH makes another name")


def _refuse_others(newest: Row, wanted: Collection[str]) -> None:
    for name in sorted(set(wanted) - set(newest["tables"])):
        if name == "releases":
            raise ConfigurationError("sql: 'releases' is no table of a release: `echelon releases` lists the releases")
        close = difflib.get_close_matches(name, newest["tables"], n=1)
        hint = f"did you mean '{close[0]}'? " if close else ""
        raise ConfigurationError(f"sql: release {newest['release']} has no table '{name}'; {hint}SHOW TABLES lists them")


def _register(spark: SparkSession, settings: Configuration, newest: Row, wanted: Collection[str]) -> None:
    """Tables of the release, each under its name."""
    with plain_errors("sql"):
        for name, frame in open_tables(spark, settings.run.output, newest, sorted(wanted)).items():
            frame.createOrReplaceTempView(name)
