"""Exception `phantom_stock`: stock on hand, and no sale for unlikely long, seen how often the item sold before."""

import pandas as pd
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from echelon.core.replenish.silence import phantom, silence_detail
from echelon.engine.grouped.buckets import apply_to_rows
from echelon.lake.contracts import TABLES
from echelon.stages.replenish.data_exceptions.priced import priced
from echelon.stages.shared.context import Context
from echelon.stages.shared.history import SERIES

_PHANTOMS = "sku string, location string, quantity double, detail string"


def phantom_stock(context: Context) -> DataFrame:
    """One row per SKU and location with the units on hand and their value."""
    read = context.lake.read
    if context.settings.sources.stock is None:
        return context.spark.createDataFrame([], TABLES["exceptions"].ddl)
    on_hand = read("stock").where("on_hand > 0").select(*SERIES, "on_hand")
    rows = on_hand.join(_sold(context), list(SERIES)).join(_there_since(context), list(SERIES), "left")
    # Days on which nothing at all was sold, at the end, say nothing of one item.
    known_to = read("sales").agg(F.least(F.max("date"), F.date_sub(F.lit(context.run_date), 1)).alias("_known_to"))
    since = F.greatest("last_sale", "there_since")
    rows = rows.crossJoin(F.broadcast(known_to)).withColumn("since", since)
    silent = rows.withColumn("silent_days", F.date_diff("_known_to", "since")).where("silent_days > 0")
    phantoms = apply_to_rows(silent.drop("_known_to", "there_since"), _phantoms, _PHANTOMS)
    return priced(context, phantoms, "phantom_stock")


def _sold(context: Context) -> DataFrame:
    """Per SKU and location: days with a sale, their span, the last of them and the longest pause between two."""
    days = context.lake.read("sales").where("quantity_sold > 0").select(*SERIES, "date")
    before = F.lag("date").over(Window.partitionBy(*SERIES).orderBy("date"))
    return (
        days.withColumn("_gap", F.date_diff("date", before))
        .groupBy(*SERIES)
        .agg(
            F.count("*").alias("sale_days"),
            (F.date_diff(F.max("date"), F.min("date")) + 1).alias("span_days"),
            F.max("date").alias("last_sale"),
            F.coalesce(F.max("_gap"), F.lit(0)).alias("longest_gap"),
        )
    )


def _there_since(context: Context) -> DataFrame:
    """The last day on which the location is known to have been empty, or to have received something of the SKU."""
    empty = context.lake.read("stock_history").where("stocked_out").select(*SERIES, "date")
    came = context.lake.read("deliveries").where("sku IS NOT NULL")
    received = came.select("sku", F.col("destination").alias("location"), F.col("received_date").alias("date"))
    return empty.unionByName(received).groupBy(*SERIES).agg(F.max("date").alias("there_since"))


def _phantoms(rows: pd.DataFrame) -> pd.DataFrame:
    phantoms = rows[phantom(rows)]
    detail = [silence_detail(row) for row in phantoms.to_dict("records")]
    return pd.DataFrame({name: phantoms[name] for name in SERIES} | {"quantity": phantoms["on_hand"], "detail": detail})
