"""Balanced buckets: grouped work in few tasks of like cost, however unlike the groups are."""

from collections.abc import Callable, Iterable, Sequence

import pandas as pd
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql.types import DateType

PandasFunction = Callable[[pd.DataFrame], pd.DataFrame]
BUCKET = "bucket"
# Rows that `apply_to_rows` hands over at once: what a row becomes must fit in a worker's memory this many times.
ROWS_AT_ONCE = 5_000


def with_buckets(frame: DataFrame, unit: Sequence[str], buckets: int) -> DataFrame:
    """Add the column `bucket` (0 .. buckets - 1).

    All rows of a unit share a bucket. Units lie in the order of a stable hash and are cut into runs of like cost (rows),
    so a unit's bucket depends neither on partitions nor on the order of rows.
    """
    names = list(unit)
    sizes = frame.groupBy(*names).agg(F.count(F.lit(1)).alias("_cost"))
    order = Window.orderBy(F.xxhash64(*names), *names)
    middle = F.sum("_cost").over(order.rowsBetween(Window.unboundedPreceding, 0)) - F.col("_cost") / 2
    total = F.sum("_cost").over(Window.partitionBy())
    bucket = F.least(F.floor(middle / total * buckets), F.lit(buckets - 1)).cast("int")
    return frame.join(sizes.select(*names, bucket.alias(BUCKET)), names)


def apply_in_buckets(frame: DataFrame, unit: Sequence[str], function: PandasFunction, schema: str, buckets: int) -> DataFrame:
    """Run `function` once per bucket on all its units; rows arrive unsorted, without the bucket, dates as timestamps."""
    split = with_buckets(frame, unit, buckets).repartitionById(buckets, F.col(BUCKET))
    return apply_by(split, BUCKET, function, schema)


def apply_by(frame: DataFrame, group: str, function: PandasFunction, schema: str) -> DataFrame:
    """Run `function` once per value of the column `group`, which it does not see; dates arrive as timestamps."""

    def without_group(rows: pd.DataFrame) -> pd.DataFrame:
        return function(rows.drop(columns=group))

    return _with_timestamps(frame).groupBy(group).applyInPandas(without_group, schema)


def apply_to_rows(frame: DataFrame, function: PandasFunction, schema: str) -> DataFrame:
    """Run `function` on runs of rows, where each row stands for itself: nothing is grouped, so nothing is shuffled.
    Dates arrive as timestamps."""

    def in_runs(batches: Iterable[pd.DataFrame]) -> Iterable[pd.DataFrame]:
        for batch in batches:
            for first in range(0, len(batch), ROWS_AT_ONCE):
                yield function(batch[first : first + ROWS_AT_ONCE])

    return _with_timestamps(frame).mapInPandas(in_runs, schema)


def _with_timestamps(frame: DataFrame) -> DataFrame:
    """Dates as timestamps: pandas knows no days, and as Python objects they would cost more than the work on them."""
    dates = [field.name for field in frame.schema.fields if isinstance(field.dataType, DateType)]
    return frame.withColumns({name: F.col(name).cast("timestamp_ntz") for name in dates})
