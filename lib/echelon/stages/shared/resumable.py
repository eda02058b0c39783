"""Long grouped work in parts that an interrupted run does not do again."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from echelon.engine.grouped.buckets import BUCKET, apply_by, with_buckets
from echelon.engine.grouped.typed import PandasFunction
from echelon.stages.shared.context import Context

# All parts are given to Spark at once, so that no core waits for the end of a part; each costs a job.
BUCKETS_PER_PART = 4
MOST_PARTS = 32


@dataclass(frozen=True)
class Split:
    """rows: kept with their `bucket` (0 .. buckets - 1), for grouped work that is done on them more than once."""

    rows: DataFrame
    buckets: int

    def apply(self, function: PandasFunction, schema: str) -> DataFrame:
        """`function` on every bucket."""
        return apply_by(self.rows, BUCKET, self.buckets, function, schema)

    def parts(self, function: PandasFunction, schema: str) -> dict[str, DataFrame]:
        """`function` on every bucket, a frame for each part; a part's name says how many buckets there are, as another number
        would share the units out differently."""
        parts = max(1, min(self.buckets // BUCKETS_PER_PART, MOST_PARTS))
        return {
            f"{part + 1}-of-{parts}-with-{self.buckets}-buckets": self._part(part, parts, function, schema)
            for part in range(parts)
        }

    def _part(self, part: int, parts: int, function: PandasFunction, schema: str) -> DataFrame:
        first, end = part * self.buckets // parts, (part + 1) * self.buckets // parts
        rows_of_part = self.rows.where(F.col(BUCKET).between(first, end - 1)).withColumn(BUCKET, F.col(BUCKET) - F.lit(first))
        return apply_by(rows_of_part, BUCKET, end - first, function, schema)


def split(context: Context, name: str, frame: DataFrame, unit: Sequence[str] = ("sku",), rows: int = 0) -> Split:
    """Balanced buckets of units; `name` tells the work from other work of the stage. rows: of the frame, where they can be
    so many that `spark.buckets` would each be too large for a worker's memory."""
    buckets = buckets_of(context, rows)
    # Sorted where they are, so that a part finds its rows together in every file; its own exchange is the only one.
    return Split(context.lake.keep(f"{name}_buckets", with_buckets(frame, unit, buckets).sortWithinPartitions(BUCKET)), buckets)


def bucket_parts(
    context: Context,
    name: str,
    frame: DataFrame,
    function: PandasFunction,
    schema: str,
    unit: Sequence[str] = ("sku",),
    rows: int = 0,
) -> dict[str, DataFrame]:
    """Parts of `function` on balanced buckets of units (`split`)."""
    return split(context, name, frame, unit, rows).parts(function, schema)


def buckets_of(context: Context, rows: int) -> int:
    """`spark.buckets`, or as many as keep so many rows within a worker's memory."""
    return max(context.settings.spark.buckets, math.ceil(rows / context.settings.spark.rows_per_bucket))
