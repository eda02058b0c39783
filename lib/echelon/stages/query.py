"""`echelon sql`: one query on the tables of the newest release, each under its own name."""

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from echelon.config import Configuration
from echelon.engine.session import start
from echelon.errors import ConfigurationError
from echelon.lake.visible import released_tables

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
    for name, frame in released_tables(spark, settings.run.output, text).items():
        frame.createOrReplaceTempView(name)
    try:
        return spark.sql(text)
    except PySparkException as error:
        raise ConfigurationError(f"sql: {str(error).splitlines()[0]}") from None
