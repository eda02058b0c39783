"""A context whose tables are frames in memory, for functions of stages that only read."""

from typing import Any, cast

from echelon.config import Configuration
from echelon.lake.contracts import TABLES
from echelon.lake.lake import Lake
from echelon.lake.run_state import RunState
from echelon.stages.shared.context import Context
from pyspark.sql import DataFrame, SparkSession

Rows = list[tuple[Any, ...]]


class Tables:
    """Stands in for the lake: reads what it was given, which is also what was released, and keeps nothing."""

    def __init__(self, frames: dict[str, DataFrame]) -> None:
        self.read = self.read_released = frames.__getitem__
        self.run = RunState("this-run", "0" * 64)

    def keep(self, _: str, frame: DataFrame) -> DataFrame:
        return frame


def context(spark: SparkSession, tables: dict[str, Rows] | None = None, buckets: int = 2, **sections: Any) -> Context:
    """Tables by name with rows as in their contracts (nulls at the end may be left out); sections of the configuration."""
    frames = {name: spark.createDataFrame(filled(name, rows), TABLES[name].ddl) for name, rows in (tables or {}).items()}
    settings = Configuration.model_validate(
        {"sources": {"sales": {"path": "sales.csv"}}, "spark": {"buckets": buckets}, **sections}
    )
    return Context(settings, spark, cast(Lake, Tables(frames)))


def filled(name: str, rows: Rows) -> Rows:
    """Rows with nulls at their ends."""
    width = len(TABLES[name].columns)
    return [row + (None,) * (width - len(row)) for row in rows]
