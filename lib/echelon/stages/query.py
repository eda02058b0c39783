"""`echelon sql`: one query on the tables of the newest release, each under its own name."""

from pathlib import Path

from pyspark.errors import PySparkException

from echelon.config import Configuration
from echelon.engine.session import start
from echelon.errors import ConfigurationError, EchelonError
from echelon.lake import delta
from echelon.lake.lake import Lake
from echelon.lake.releases import newest_release
from echelon.lake.run_state import new_run

MOST_ROWS = 100


def show(settings: Configuration, text: str) -> None:
    """Print the result, at most MOST_ROWS rows.

    Raises EchelonError when there is no release yet, ConfigurationError when the query is wrong.
    """
    spark = start(settings.spark)
    try:
        lake = Lake(spark, settings.run.output, Path(settings.run.suites), new_run(""))
        newest = newest_release(lake)
        if newest is None:
            raise EchelonError(f"{settings.run.output}: there is no release yet: run `echelon plan` first")
        for name, number in newest["tables"].items():
            delta.read(spark, lake.path(name), number).createOrReplaceTempView(name)
        spark.sql(text).show(MOST_ROWS, truncate=60)
    except PySparkException as error:
        raise ConfigurationError(f"sql: {str(error).splitlines()[0]}") from None
    finally:
        spark.stop()
