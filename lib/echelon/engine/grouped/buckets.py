"""Balanced buckets: grouped work in few tasks of like cost, however unlike the groups are."""

from collections.abc import Iterable, Sequence

import pandas as pd
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql.types import DateType

from echelon.engine.grouped.partitions import labels
from echelon.engine.grouped.typed import PandasFunction, typed
from echelon.engine.grouped.worker import spare_next_task

BUCKET = "bucket"
# Rows that `apply_to_rows` hands over at once: what a row becomes must fit in a worker's memory this many times.
ROWS_AT_ONCE = 5_000
# A bucket is as heavy as the others to within two cells: 3 % of a thousand buckets, nothing of a few.
CELL_BITS = 16


def with_buckets(frame: DataFrame, unit: Sequence[str], buckets: int) -> DataFrame:
    """Add the column `bucket` (0 .. buckets - 1).

    All rows of a unit share a bucket. Units lie in the order of a stable hash, of which 2^16 cells are cut into runs of
    like cost (rows), so a unit's bucket depends neither on partitions nor on the order of rows. The cells are so few that
    the rows need not be shuffled to meet their bucket.
    """
    cell = F.shiftright(F.xxhash64(*unit), 64 - CELL_BITS).alias("_cell")
    costs = frame.groupBy(cell).agg(F.count(F.lit(1)).alias("_cost"))
    middle = F.sum("_cost").over(Window.orderBy("_cell").rowsBetween(Window.unboundedPreceding, 0)) - F.col("_cost") / 2
    total = F.sum("_cost").over(Window.partitionBy())
    bucket = F.least(F.floor(middle / total * buckets), F.lit(buckets - 1)).cast("int")
    cells = F.broadcast(costs.select("_cell", bucket.alias(BUCKET)))
    return frame.withColumn("_cell", cell).join(cells, "_cell").drop("_cell")


def apply_in_buckets(frame: DataFrame, unit: Sequence[str], function: PandasFunction, schema: str, buckets: int) -> DataFrame:
    """Run `function` once per bucket on all its units; rows arrive unsorted, without the bucket, dates as timestamps."""
    return apply_by(with_buckets(frame, unit, buckets), BUCKET, buckets, function, schema)


def apply_by(frame: DataFrame, group: str, groups: int, function: PandasFunction, schema: str) -> DataFrame:
    """Run `function` once per value of the column `group` (of 0 .. groups - 1), which it does not see; dates arrive as
    timestamps, and what it returns is typed by `schema`.

    Each group is a partition of its own, and the rows are shuffled once: `groupBy` finds them partitioned as it needs them.
    """
    of_group = typed(function, schema)

    def on_group(rows: pd.DataFrame) -> pd.DataFrame:
        spare_next_task()
        return of_group(rows.drop(columns=group))

    label = F.get(F.array(*map(F.lit, labels(groups))), F.col(group))
    placed = _with_timestamps(frame).withColumn(group, label).repartition(groups, group)
    return placed.groupBy(group).applyInPandas(on_group, schema)


def apply_to_rows(frame: DataFrame, function: PandasFunction, schema: str) -> DataFrame:
    """Run `function` on runs of rows, where each row stands for itself: nothing is grouped, so nothing is shuffled.
    Dates arrive as timestamps."""

    of_rows = typed(function, schema)

    def in_runs(batches: Iterable[pd.DataFrame]) -> Iterable[pd.DataFrame]:
        spare_next_task()
        for batch in batches:
            for first in range(0, len(batch), ROWS_AT_ONCE):
                yield of_rows(batch[first : first + ROWS_AT_ONCE])

    return _with_timestamps(frame).mapInPandas(in_runs, schema)


def _with_timestamps(frame: DataFrame) -> DataFrame:
    """Dates as timestamps: pandas knows no days, and as Python objects they would cost more than the work on them."""
    dates = [field.name for field in frame.schema.fields if isinstance(field.dataType, DateType)]
    return frame.withColumns({name: F.col(name).cast("timestamp_ntz") for name in dates})
