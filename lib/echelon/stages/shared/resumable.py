"""Long grouped work in parts that an interrupted run does not do again."""

import math
from collections.abc import Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from echelon.engine.grouped.buckets import BUCKET, apply_by, with_buckets
from echelon.engine.grouped.typed import PandasFunction
from echelon.stages.shared.context import Context

# All parts are given to Spark at once, so that no core waits for the end of a part; each costs a job.
BUCKETS_PER_PART = 4
MOST_PARTS = 32


def bucket_parts(
    context: Context,
    name: str,
    frame: DataFrame,
    function: PandasFunction,
    schema: str,
    unit: Sequence[str] = ("sku",),
    rows: int = 0,
) -> dict[str, DataFrame]:
    """`function` on balanced buckets of units, a frame for each part; `name` tells the work from other work of the stage.

    rows: of the frame, where they can be so many that `spark.buckets` would each be too large for a worker's memory. A part's
    name says how many buckets there are, as another number would share the units out differently.
    """
    buckets = buckets_of(context, rows)
    # Sorted where they are, so that a part finds its rows together in every file; its own exchange is the only one.
    split = context.lake.keep(f"{name}_buckets", with_buckets(frame, unit, buckets).sortWithinPartitions(BUCKET))
    parts = max(1, min(buckets // BUCKETS_PER_PART, MOST_PARTS))
    return {
        f"{part + 1}-of-{parts}-with-{buckets}-buckets": _part(split, buckets, part, parts, function, schema)
        for part in range(parts)
    }


def buckets_of(context: Context, rows: int) -> int:
    """`spark.buckets`, or as many as keep so many rows within a worker's memory."""
    return max(context.settings.spark.buckets, math.ceil(rows / context.settings.spark.rows_per_bucket))


def _part(split: DataFrame, buckets: int, part: int, parts: int, function: PandasFunction, schema: str) -> DataFrame:
    first, end = part * buckets // parts, (part + 1) * buckets // parts
    rows_of_part = split.where(F.col(BUCKET).between(first, end - 1)).withColumn(BUCKET, F.col(BUCKET) - F.lit(first))
    return apply_by(rows_of_part, BUCKET, end - first, function, schema)
