"""The record of an ingest: what was read, what was refused and why, and that nothing was lost in between."""

from dataclasses import dataclass
from datetime import date
from functools import reduce

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from echelon.engine.decimal_sums import exact_sum
from echelon.lake.contracts import TABLES
from echelon.lake.inputs import INPUTS, LARGEST
from echelon.lake.sources.part import FILE
from echelon.lake.sources.read import ROW
from echelon.stages.ingest.classify import REASON, RULE
from echelon.stages.shared.context import Context

Frames = dict[str, DataFrame]
NO_DATE = "(no date)"
_STRANGE = ("unknown_sku", "unknown_location")


@dataclass(frozen=True)
class Count:
    """Rows of an input, and a digest of what was read. harmless: refused rows that do not tell of dirt, but of what is not
    planned, or not yet."""

    accepted: int
    refused: int
    fingerprint: str
    harmless: int = 0

    @property
    def read(self) -> int:
        """All rows."""
        return self.accepted + self.refused


Counts = dict[str, Count]


def count_rows(rows: Frames, run_date: date | None) -> Counts:
    """Accepted and refused rows of each input in one pass. The fingerprint adds up a hash of every row, so that neither
    order nor files matter. run_date: the day that was asked for, if one was: what lies after it is no dirt."""
    marks = [
        frame.select(F.lit(name).alias("input"), F.col(RULE).alias("rule"), F.xxhash64(ROW).alias("hash"))
        for name, frame in rows.items()
    ]
    good, total = F.col("rule").isNull(), F.sum(F.col("hash").cast("decimal(20,0)"))
    harmless = F.col("rule").isin(*_STRANGE) & (F.col("input") != "sales") | F.col("rule").isin(*_later(run_date))
    sums = F.count_if(good), F.count_if(~good), total, F.count_if(harmless)
    counted = reduce(DataFrame.unionByName, marks).groupBy("input").agg(*sums)
    return {row[0]: Count(int(row[1]), int(row[2]), f"{int(row[3]) % 2**64:016x}", int(row[4])) for row in counted.collect()}


def _later(run_date: date | None) -> list[str]:
    """Rules of rows that are only too new."""
    return ["zero_ahead"] if run_date is None else ["zero_ahead", "future_date"]


def tables(context: Context, rows: Frames, counts: Counts) -> Frames:
    """The tables `inputs`, `reconciliation` and `quarantine`."""
    lines = [_line(context, name, counts.get(name)) for name in INPUTS]
    return {
        "inputs": context.spark.createDataFrame(lines, TABLES["inputs"].ddl),
        "reconciliation": _by_month(rows["sales"]),
        "quarantine": _quarantine(rows),
    }


def _line(context: Context, name: str, count: Count | None) -> tuple[object, ...]:
    source = getattr(context.settings.sources, name)
    if source is None or count is None:
        return (name, "(default)", 0, 0, 0, None)
    return (name, source.place, count.read, count.accepted, count.refused, count.fingerprint)


def _by_month(sales: DataFrame) -> DataFrame:
    # What is too large to be added up was refused for that; it counts as unreadable.
    good, units = F.col(RULE).isNull(), F.when(F.abs("quantity") <= LARGEST, F.col("quantity")).otherwise(0.0)
    month = F.coalesce(F.date_format("date", "yyyy-MM"), F.lit(NO_DATE))
    return sales.groupBy(month.alias("month")).agg(
        F.count("*").alias("rows_read"),
        F.count_if(good).alias("rows_accepted"),
        F.count_if(~good).alias("rows_quarantined"),
        exact_sum(units).alias("units_read"),
        exact_sum(F.when(good, units).otherwise(0.0)).alias("units_accepted"),
        exact_sum(F.when(good, 0.0).otherwise(units)).alias("units_quarantined"),
    )


def _quarantine(rows: Frames) -> DataFrame:
    everything = reduce(DataFrame.unionByName, [_refused(name, frame) for name, frame in rows.items()])
    copies = Window.partitionBy("input", "file", "row").orderBy("rule", "reason")
    return everything.withColumn("copy", F.row_number().over(copies))


def _refused(name: str, frame: DataFrame) -> DataFrame:
    refused = frame.where(F.col(RULE).isNotNull())
    named = {column: F.col(column) if column in frame.columns else F.lit(None).cast("string") for column in ("sku", "location")}
    return refused.withColumns(named).select(
        F.lit(name).alias("input"),
        F.col(FILE).alias("file"),
        F.col(ROW).alias("row"),
        F.col(RULE).alias("rule"),
        F.col(REASON).alias("reason"),
        "sku",
        "location",
    )
