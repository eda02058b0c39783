"""A stage's tables as frames, without files and checks."""

from typing import Any, cast

from echelon.config import Configuration
from echelon.lake.lake import Lake
from echelon.lake.run_state import RunState
from echelon.stages import ingest
from echelon.stages.shared.context import Context
from pyspark.sql import DataFrame, SparkSession


class Captured:
    """Stands in for the lake: keeps frames in memory, and reads what was published."""

    def __init__(self) -> None:
        self.frames: dict[str, DataFrame] = {}
        self.run = RunState("this-run", "0" * 64)
        self.read = self.frames.__getitem__

    def keep(self, _: str, frame: DataFrame) -> DataFrame:
        return frame.cache()

    def publish(self, frames: dict[str, DataFrame]) -> dict[str, int]:
        self.frames.update(frames)
        return dict.fromkeys(frames, 0)


def ingest_captured(spark: SparkSession, settings: Configuration) -> Context:
    """The stage `ingest` on the sources of a configuration; its tables are read from the context."""
    context = Context(settings, spark, cast(Lake, Captured()))
    ingest.run(context)
    return context


def listed(frame: DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    """Some columns of all rows, sorted."""
    return sorted((tuple(row) for row in frame.selectExpr(*columns).collect()), key=str)
