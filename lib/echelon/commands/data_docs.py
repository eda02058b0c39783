"""`echelon data-docs`: Great Expectations' own pages for the tables of the newest release."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from pyspark.sql import SparkSession

from echelon.config import Configuration
from echelon.engine.session import start
from echelon.errors import ConfigurationError
from echelon.lake import delta
from echelon.lake.checks.data_docs import build_data_docs
from echelon.lake.checks.suites import RELEASED, load_suite
from echelon.lake.contracts import TABLES
from echelon.lake.files import is_local, local_path
from echelon.lake.schema import spark_schema
from echelon.lake.visible import all_releases, open_tables, refuse_unreleased, table_path, visible_release
from echelon.stages.shared.plain_errors import plain_errors


def build(settings: Configuration) -> None:
    """Start Spark, write the pages and say where they are."""
    with plain_errors("data-docs"):
        if is_local(settings.run.output):
            refuse_unreleased(settings.run.output)
        spark = start(settings.spark)
        try:
            print(write(spark, settings))
        finally:
            spark.stop()


def write(spark: SparkSession, settings: Configuration) -> str:
    """Write the pages beside the tables; returns one line that says where they are and what they show.

    Raises ConfigurationError when the output is not on this machine, EchelonError when there is no release yet.
    """
    output, suites = settings.run.output, Path(settings.run.suites)
    if not is_local(output):
        raise ConfigurationError(f"data-docs: {output} is no folder of this machine, and the pages are written to a folder")
    newest, releases = visible_release(spark, output), all_releases(spark, output)
    frames = open_tables(spark, output, newest, newest["tables"])
    for name, frame in frames.items():
        frame.createOrReplaceTempView(name)
    _register_earlier(spark, output, _reads(frames, suites), releases[-2]["tables"] if len(releases) > 1 else {})
    folder = local_path(output) / "data-docs"
    met = build_data_docs(frames, suites, folder, f"release {newest['release']}")
    good, total = (sum(counts) for counts in zip(*met.values(), strict=True))
    return f"{folder / 'index.html'}: {good} of {total} expectations met on {len(met)} tables"


def _reads(tables: Iterable[str], suites: Path) -> set[str]:
    """What the suites' queries refer to beside their own table."""
    return {name for table in tables for expectation in load_suite(suites, TABLES[table]) for name in expectation.reads}


def _register_earlier(spark: SparkSession, output: str, reads: set[str], versions: Mapping[str, int]) -> None:
    """Tables as the release before had them, empty without one: what `released_` meant when they were checked."""
    for name in sorted(name.removeprefix(RELEASED) for name in reads if name.startswith(RELEASED)):
        empty = spark.createDataFrame([], spark_schema(TABLES[name]))
        frame = delta.read(spark, table_path(output, name), versions[name]) if name in versions else empty
        frame.createOrReplaceTempView(f"{RELEASED}{name}")
