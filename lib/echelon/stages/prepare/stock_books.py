"""What is said of stock histories that can't be right, or that decide more of demand than sales do."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from echelon.engine.decimal_sums import exact_sum
from echelon.stages.shared.history import SERIES

# A location ended empty on this share of its days or more, and sold on as many of these days all the same.
MOST = 0.5
# Lost sales above this share of what was sold are told.
MUCH = 0.5


def stock_book_notes(demand: DataFrame) -> list[str]:
    """What to tell the user of days that ended empty, from rows of the table `demand`."""
    series = demand.groupBy(*SERIES).agg(
        F.count("*").alias("periods"),
        _number(F.col("censored") > 0).alias("empty"),
        _number((F.col("censored") > 0) & (F.col("observed") > 0)).alias("sold"),
        exact_sum(F.col("observed") - F.coalesce("spike", F.lit(0.0))).alias("sold_units"),
        exact_sum(F.col("demand")).alias("asked"),
    )
    wrong = (F.col("empty") >= MOST * F.col("periods")) & (F.col("sold") >= MOST * F.col("empty"))
    totals = series.agg(F.count(F.when(wrong, 1)), F.count("*"), exact_sum(F.col("sold_units")), exact_sum(F.col("asked")))
    doubtful, every, sold, asked = totals.collect()[0]
    notes = []
    if doubtful:
        notes.append(
            f"stock_history says that {doubtful:,} of {every:,} SKU-locations ended empty in most periods, and they sold in "
            "most of these all the same. Is their stock booked? Where it can't be told what was lost, demand is what was sold"
        )
    if asked and asked > (1 + MUCH) * sold:
        notes.append(
            f"demand is {asked / sold - 1:.0%} above what was sold, by what empty locations are estimated to have lost"
        )
    return notes


def _number(condition: Column) -> Column:
    return F.count(F.when(condition, 1))
