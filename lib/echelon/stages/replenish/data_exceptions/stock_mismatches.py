"""Exception `stock_mismatch`: stock of the day against stock of a day of the week before and what moved in between.

Positions are those of `stock_history`, and `stock` as of the end of the day before the run date. Receipts and transfers are
deliveries with SKU and quantity. What is not told of a location is not judged: see `_known_movements`.
"""

from datetime import timedelta
from functools import reduce

import pandas as pd
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from echelon.core.demand.stamps import stamps_whole_periods
from echelon.core.replenish.stock_balance import AMOUNTS, difference_detail, differences, not_kept, not_kept_detail
from echelon.engine.decimal_sums import exact_sum
from echelon.engine.grouped.buckets import apply_to_rows
from echelon.lake.contracts import TABLES
from echelon.stages.replenish.data_exceptions.priced import priced
from echelon.stages.shared.context import Context
from echelon.stages.shared.history import SERIES

_MISMATCHES = "sku string, location string, quantity double, detail string"
# Older positions are not compared; the earlier one is up to a week older than the newest, if there is one.
_DAYS, _WEEK = 30, 7
# Without a receipt for so long, or sales for so long, their input may have ended.
_RECEIPTS_END, _SALES_END = 14, 3
# Days by which sales and stock are judged to be dated by the day or by the period.
_STAMPS = 190


def stock_mismatches(context: Context) -> DataFrame:
    """One row per SKU and location with the units of the difference and their value."""
    if context.settings.sources.stock_history is None or _dated_by_period(context):
        return context.spark.createDataFrame([], TABLES["exceptions"].ddl)
    steps, every = _steps(context), list(SERIES)
    within = F.col("date").between(F.col("oldest"), F.col("last"))
    moved = steps.select(*every, "oldest", "first", "last").join(_movements(context), every).where(within)
    rows = steps.join(moved.groupBy(*every).agg(*_sums()), every, "left").join(_under_way(context), every, "left")
    filled = rows.na.fill(0.0, [*AMOUNTS, "sold_empty"]).na.fill(0, ["sale_days"])
    mismatches = apply_to_rows(filled, _mismatches, _MISMATCHES)
    return priced(context, mismatches, "stock_mismatch")


def _dated_by_period(context: Context) -> bool:
    freq, since = context.settings.run.frequency, F.lit(context.run_date - timedelta(_STAMPS))
    if freq == "D":
        return False
    names = ("sales", "stock_history")
    dates = [context.lake.read(name).where(F.col("date") >= since).groupBy("date").count().collect() for name in names]
    return any(stamps_whole_periods([row["date"] for row in days], freq, [row["count"] for row in days]) for days in dates)


def _steps(context: Context) -> DataFrame:
    """Per SKU and location with two positions: first and last day, stock of both, and what is told of movements there."""
    last_day = context.run_date - timedelta(1)
    history = context.lake.read("stock_history").where(F.col("on_hand").isNotNull())
    recent = history.where(F.col("date") >= F.lit(last_day - timedelta(_DAYS)))
    of_stock = context.lake.read("stock").withColumn("date", F.lit(last_day))
    positions = recent.select(*SERIES, _position(0, F.lit(0.0))).unionByName(
        of_stock.select(*SERIES, _position(1, "backorders"))
    )
    sorted_ = F.sort_array(F.collect_list("position")).alias("positions")
    booked = F.filter("positions", lambda p: p["kind"] == 0)
    together = positions.groupBy(*SERIES).agg(sorted_).where(F.size("positions") > 1).withColumn("booked", booked)
    newest, rest = F.element_at("positions", -1), F.slice("positions", 1, F.size("positions") - 1)
    week = F.filter(rest, lambda p: p["date"] >= F.date_sub(newest["date"], _WEEK))
    before = F.filter(rest, lambda p: p["date"] < newest["date"])
    latest = F.coalesce(_last(before), _last(rest))
    known = together.join(F.broadcast(_known_movements(context)), "location")
    first = F.when(F.col("receipts_known"), F.coalesce(F.get(week, 0), latest)).otherwise(latest)
    return known.withColumns({"_first": first, "_last": newest}).select(
        *SERIES,
        F.col("_first.date").alias("first"),
        F.col("_last.date").alias("last"),
        F.col("positions")[0]["date"].alias("oldest"),
        F.col("_first.on_hand").alias("before"),
        F.col("_last.on_hand").alias("after"),
        F.col("_last.owed").alias("owed"),
        F.size("booked").alias("days"),
        F.size(F.filter("booked", lambda p: p["on_hand"] > 0)).alias("filled_days"),
        "receipts_known",
        (F.col("shipments_known") & (F.date_diff(newest["date"], "sales_end") <= _SALES_END)).alias("shipments_known"),
    )


def _position(kind: int, owed: Column | str) -> Column:
    """A position that sorts by its day, `stock` (kind 1) behind `stock_history` (0)."""
    owed = F.col(owed) if isinstance(owed, str) else owed
    return F.struct("date", F.lit(kind).alias("kind"), "on_hand", owed.alias("owed")).alias("position")


def _last(positions: Column) -> Column:
    return F.get(positions, F.size(positions) - 1)


def _known_movements(context: Context) -> DataFrame:
    """Per location whether all that comes is told, and all that goes.

    Receipts are, where deliveries into it have SKU and quantity, all those of the last weeks, and the input has not ended
    before. What goes is, where it supplies no own location, or deliveries from it have SKU and quantity likewise and stock
    on order tells what is on its way.
    """
    last_day, read = context.run_date - timedelta(1), context.lake.read
    own = read("locations").where("kind <> 'supplier'").select("location")
    complete_row = F.col("sku").isNotNull() & F.col("quantity_received").isNotNull()
    late = F.col("received_date") >= F.lit(last_day - timedelta(_DAYS))
    marked = read("deliveries").withColumns({"_complete": complete_row, "_blind": ~complete_row & late})

    def complete(end: str, name: str) -> DataFrame:
        sums = marked.groupBy(F.col(end).alias("location"))
        return sums.agg((F.bool_or("_complete") & ~F.bool_or("_blind")).alias(name))

    lanes = read("lanes").join(own.withColumnRenamed("location", "destination"), "destination")
    supplies = lanes.select(F.col("source").alias("location")).distinct().withColumn("_supplies", F.lit(True))
    ends = marked.where("_complete").agg(F.max("received_date").alias("_receipts_end"))
    ends = ends.crossJoin(read("sales").agg(F.max("date").alias("sales_end")))
    into, out = complete("destination", "_into"), complete("source", "_out")
    known = reduce(lambda frame, more: frame.join(more, "location", "left"), (into, out, supplies), own)
    going_on = F.date_diff(F.lit(last_day), "_receipts_end") <= _RECEIPTS_END
    on_its_way = F.lit(context.settings.sources.stock is not None)
    no = F.lit(False)
    return known.crossJoin(ends).select(
        "location",
        "sales_end",
        F.coalesce(F.col("_into") & going_on, no).alias("receipts_known"),
        (F.col("_supplies").isNull() | (F.coalesce(F.col("_out") & going_on, no) & on_its_way)).alias("shipments_known"),
    )


def _movements(context: Context) -> DataFrame:
    """Sales, returns, receipts and shipments of the last weeks: SKU, location, day, day of the order, units of each kind."""
    read, since = context.lake.read, F.lit(context.run_date - timedelta(_DAYS + 2))
    sales = read("sales").where(F.col("date") >= since)
    came = read("deliveries").where(F.col("sku").isNotNull() & (F.col("received_date") >= since))
    moved = came.select("sku", "source", "destination", F.col("received_date").alias("date"), "order_date", "quantity_received")
    received = moved.withColumnsRenamed({"destination": "location", "quantity_received": "received"}).drop("source")
    shipped = moved.withColumnsRenamed({"source": "location", "quantity_received": "shipped"}).drop("destination")
    sold = sales.select(*SERIES, "date", F.col("quantity_sold").alias("sold"), F.col("quantity_returned").alias("returned"))
    return reduce(lambda one, other: one.unionByName(other, allowMissingColumns=True), (sold, received, shipped))


def _sums() -> list[Column]:
    """Movements after the first day and up to the last one, as `core.replenish.stock_balance` wants them."""
    inside, early = F.col("date") > F.col("first"), F.col("order_date") <= F.col("first")

    def units(name: str, when: Column, called: str | None = None) -> Column:
        return exact_sum(F.when(when, F.coalesce(name, F.lit(0.0)))).alias(called or name)

    sold = F.col("sold") > 0
    return [
        *(units(name, inside) for name in ("sold", "returned", "received", "shipped")),
        units("received", F.col("date") == F.col("first"), "received_first"),
        units("received", inside & (F.col("date") == F.col("last")), "received_last"),
        units("shipped", inside & early, "shipped_early"),
        units("sold", sold, "sold_empty"),
        F.count_if(sold).alias("sale_days"),
    ]


def _under_way(context: Context) -> DataFrame:
    """Units on order by own locations, by the locations that supply them."""
    lanes = context.lake.read("lanes").select(F.col("source"), F.col("destination").alias("location"))
    on_order = context.lake.read("stock").where("on_order > 0").join(F.broadcast(lanes), "location")
    return on_order.groupBy("sku", F.col("source").alias("location")).agg(exact_sum(F.col("on_order")).alias("under_way"))


def _mismatches(rows: pd.DataFrame) -> pd.DataFrame:
    rows = rows.assign(difference=differences(rows))
    empty = not_kept(rows)
    wrong, unkept = rows[(rows["difference"] != 0) & ~empty], rows[empty]
    detail = [difference_detail(row) for row in wrong.to_dict("records")]
    detail += [not_kept_detail(row) for row in unkept.to_dict("records")]
    both = pd.concat([wrong, unkept])
    quantity = both["difference"].abs().where(~both.index.isin(unkept.index), both["sold_empty"])
    return pd.DataFrame({name: both[name] for name in SERIES} | {"quantity": quantity, "detail": detail})
