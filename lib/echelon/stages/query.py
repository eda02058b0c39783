"""`echelon sql`: one query on the tables of the newest release, each under its own name."""

from pathlib import Path

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from echelon.config import Configuration
from echelon.engine.session import start
from echelon.errors import ConfigurationError, EchelonError
from echelon.lake import delta
from echelon.lake.lake import Lake
from echelon.lake.releases import newest_release
from echelon.lake.run_state import new_run

MOST_ROWS = 100


def show(settings: Configuration, text: str) -> None:
    """Start Spark and print the result of the query."""
    spark = start(settings.spark)
    try:
        query(spark, settings, text).show(MOST_ROWS, truncate=60)
    finally:
        spark.stop()


def query(spark: SparkSession, settings: Configuration, text: str) -> DataFrame:
    """The result of a query on the newest release.

    Raises EchelonError when there is no release yet, ConfigurationError when the query is wrong.
    """
    lake = Lake(spark, settings.run.output, Path(settings.run.suites), new_run(""))
    newest = newest_release(lake)
    if newest is None:
        raise EchelonError(f"{settings.run.output}: there is no release yet: run `echelon plan` first")
    for name, number in newest["tables"].items():
        delta.read(spark, lake.path(name), number).createOrReplaceTempView(name)
    try:
        return spark.sql(text)
    except PySparkException as error:
        raise ConfigurationError(f"sql: {str(error).splitlines()[0]}") from None
