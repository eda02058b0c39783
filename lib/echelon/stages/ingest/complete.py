"""The typed tables: accepted rows, completed by the stated defaults where the sources are silent."""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from echelon.config.models import LEAD_TIME_SD_SHARE, Defaults
from echelon.engine.decimal_sums import exact_sum
from echelon.lake.contracts import TABLES
from echelon.lake.inputs import EVERY
from echelon.lake.sources.part import FILE
from echelon.lake.sources.read import ROW


def sales_table(accepted: DataFrame) -> DataFrame:
    """Quantities per SKU, location and day. Sums are exact: quantities and amounts are added as decimals."""
    sold, returned = F.greatest("quantity", F.lit(0.0)), F.greatest(-F.col("quantity"), F.lit(0.0))
    amount = F.col("quantity") * F.col("price")
    summed = accepted.groupBy("sku", "location", "date").agg(
        exact_sum(sold).alias("quantity_sold"),
        exact_sum(returned).alias("quantity_returned"),
        exact_sum(amount).alias("revenue"),
        F.count("*").alias("source_rows"),
    )
    return summed.withColumn("net_quantity", F.col("quantity_sold") - F.col("quantity_returned"))


def items_table(accepted: DataFrame | None, sales: DataFrame, defaults: Defaults) -> DataFrame:
    """One row per SKU; price = the median of its sales, cost = a share of the price, unless given."""
    prices = sales.where("price > 0 and quantity > 0").groupBy("sku").agg(F.percentile("price", 0.5).alias("median_price"))
    given = accepted if accepted is not None else _with_nulls(sales.select("sku").distinct(), "items")
    price = F.coalesce("unit_price", "median_price")
    cost = F.coalesce(F.col("unit_cost"), price * defaults.unit_cost_share, F.lit(defaults.unit_cost))
    return given.join(prices, "sku", "left").withColumns({"unit_price": price, "unit_cost": cost})


def lanes_table(accepted: DataFrame | None, sales: DataFrame, defaults: Defaults) -> DataFrame:
    """The lanes; without a source, one outside supplier serves every location that sells."""
    if accepted is None:
        accepted = sales.select(F.lit(defaults.supplier).alias("source"), F.col("location").alias("destination"))
        accepted = _with_nulls(accepted.distinct(), "lanes")
    filled = _filled(
        accepted,
        {
            "lead_time_days": defaults.lead_time_days,
            "review_period_days": defaults.review_period_days,
            "moq": defaults.moq,
            "lot_size": defaults.lot_size,
            "priority": 1,
        },
    )
    chosen = defaults.lead_time_sd_days
    share = F.round(F.col("lead_time_days") * LEAD_TIME_SD_SHARE, 1)
    return filled.withColumn("lead_time_sd_days", F.coalesce("lead_time_sd_days", share if chosen is None else F.lit(chosen)))


def locations_table(
    accepted: DataFrame | None, sales: DataFrame, lanes: DataFrame, given_lanes: bool, defaults: Defaults
) -> DataFrame:
    """One row per stocking point and supplier; its kind follows from the lanes unless given."""
    ends = lanes.select(F.col("source").alias("location")).union(lanes.select(F.col("destination").alias("location")))
    given = accepted if accepted is not None else ends.union(sales.select("location")).distinct()
    if accepted is not None and not given_lanes:  # the default supplier is in nobody's list
        given = given.unionByName(ends.distinct().join(given, "location", "left_anti"), allowMissingColumns=True)
    kinds = _marked(lanes, "source", "_ships").join(_marked(lanes, "destination", "_receives"), "location", "outer")
    kind = (
        F.when(F.col("_ships") & F.col("_receives").isNull(), "supplier").when(F.col("_ships"), "warehouse").otherwise("store")
    )
    given = given if "region" in given.columns else given.withColumn("region", F.lit(None).cast("string"))
    known = F.lower(F.col("kind")) if "kind" in given.columns else F.lit(None).cast("string")
    complete = given.join(kinds, "location", "left").withColumn("kind", F.coalesce(known, kind))
    return _filled(complete, {"holding_rate": defaults.holding_rate})


def _marked(lanes: DataFrame, end: str, name: str) -> DataFrame:
    return lanes.select(F.col(end).alias("location")).distinct().withColumn(name, F.lit(True))


def targets_table(accepted: DataFrame, defaults: Defaults) -> DataFrame:
    """The targets, with the default for all that no row covers."""
    everything = F.struct(F.lit("*").alias("sku"), F.lit("*").alias("location"), F.lit(defaults.fill_rate).alias("fill_rate"))
    fallback = accepted.sparkSession.range(1).select(everything.alias("t")).select("t.*")
    return accepted.unionByName(fallback.join(accepted, ["sku", "location"], "left_anti"))


def stock_table(accepted: DataFrame) -> DataFrame:
    """Stock per SKU and location, of all its bins and lots. What is on order or owed is 0 unless given, and counted once where
    all rows say the same; what is negative on hand is owed to customers."""
    known = accepted.groupBy("sku", "location").agg(
        exact_sum(F.col("on_hand")).alias("_on_hand"), _once("on_order").alias("on_order"), _once("backorders").alias("_owed")
    )
    owed = F.col("_owed") + F.greatest(-F.col("_on_hand"), F.lit(0.0))
    return known.withColumns({"on_hand": F.greatest("_on_hand", F.lit(0.0)), "backorders": owed})


def _once(name: str) -> Column:
    """The value that all rows have, or the sum of differing ones."""
    value = F.coalesce(name, F.lit(0.0))
    return F.when(F.min(value) == F.max(value), F.min(value)).otherwise(exact_sum(value))


def deliveries_table(accepted: DataFrame) -> DataFrame:
    """The deliveries; receipts of one delivery are numbered by day."""
    receipts = Window.partitionBy("delivery").orderBy("received_date", "order_date", "sku", ROW, FILE)
    return accepted.withColumn("part", F.row_number().over(receipts))


def signals_table(signals: DataFrame | None, events: DataFrame | None, like: DataFrame) -> DataFrame:
    """Signals and days of events, one under the other."""
    rows = empty(like, "signals")
    if signals is not None:
        rows = rows.unionByName(signals.select(F.lit("signal").alias("kind"), *rows.columns[1:]))
    if events is not None:
        given = {"kind": F.lit("event"), "sku": F.lit(EVERY), "value": F.lit(1.0)}
        rows = rows.unionByName(events.withColumns(given).select(rows.columns))
    return rows


def stock_history_table(accepted: DataFrame) -> DataFrame:
    """Stock at the end of past days, of all bins and lots; a location was empty where the source says so or nothing was
    left."""
    summed = exact_sum(F.col("on_hand")).alias("on_hand"), F.max("stocked_out").alias("_said")
    empty = F.coalesce("_said", F.lit(False)) | F.coalesce(F.col("on_hand") <= 0, F.lit(False))
    return accepted.groupBy("sku", "location", "date").agg(*summed).withColumn("stocked_out", empty)


def _with_nulls(frame: DataFrame, table: str) -> DataFrame:
    """The frame with the other columns of a table, all null."""
    missing = [column for column in TABLES[table].columns if column.name not in frame.columns]
    return frame.withColumns({column.name: F.lit(None).cast(column.type) for column in missing})


def _filled(frame: DataFrame, values: dict[str, float]) -> DataFrame:
    present = {
        name: F.coalesce(F.col(name), F.lit(value)) if name in frame.columns else F.lit(value) for name, value in values.items()
    }
    return frame.withColumns(present)


def empty(sales: DataFrame, name: str) -> DataFrame:
    """A table without rows."""
    return sales.sparkSession.createDataFrame([], TABLES[name].ddl)
