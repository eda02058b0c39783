"""Exception `stock_not_planned`: stock of SKUs that are not planned where it lies."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from echelon.engine.decimal_sums import exact_sum
from echelon.lake.contracts import TABLES
from echelon.stages.shared.context import Context

_SERIES = ["sku", "location"]
_STOCK = ("on_hand", "on_order", "backorders")


def unplanned_stock(context: Context) -> DataFrame:
    """One row per SKU and location with stock on hand, on order or owed, but without a stock level; value at unit cost, or at
    the default where the SKU is not known."""
    read = context.lake.read
    if context.settings.sources.stock is None:
        return context.spark.createDataFrame([], TABLES["exceptions"].ddl)
    known = read("stock").select(*_SERIES, *_STOCK, F.lit("No demand of it is forecast here.").alias("why"))
    rows = known.join(read("stock_levels"), _SERIES, "left_anti").unionByName(_strangers(context))
    summed = rows.groupBy(*_SERIES).agg(*(exact_sum(F.col(name)).alias(name) for name in _STOCK), F.min("why").alias("why"))
    costs = read("items").select("sku", "unit_cost")
    priced = summed.where("on_hand > 0 OR on_order > 0 OR backorders > 0").join(costs, "sku", "left")
    cost = F.coalesce("unit_cost", F.lit(context.settings.defaults.unit_cost))
    return priced.select(
        F.lit("stock_not_planned").alias("kind"),
        F.lit("medium").alias("severity"),
        *_SERIES,
        F.col("on_hand").alias("quantity"),
        (F.col("on_hand") * cost).alias("value"),
        F.concat(
            *_figure("on_hand", " on hand, "), *_figure("on_order", " on order, "), *_figure("backorders", " owed. "), "why"
        ).alias("detail"),
    )


def _figure(name: str, words: str) -> list[Column]:
    return [F.regexp_replace(F.format_number(name, 2), r"\.?0+$", ""), F.lit(words)]


def _strangers(context: Context) -> DataFrame:
    """Stock in quarantine, because nothing knows its SKU or location."""
    rows = context.lake.read("quarantine").where("input = 'stock' AND rule IN ('unknown_sku', 'unknown_location')")
    why = F.concat(F.upper(F.substring("reason", 1, 1)), F.expr("substring(reason, 2)"), F.lit("."))
    return rows.select(*_SERIES, *(_given(context, name) for name in _STOCK), why.alias("why"))


def _given(context: Context, name: str) -> Column:
    """A number of the row as it was; 0 where it has none."""
    source = context.settings.sources.stock
    assert source is not None
    cells = F.from_json("row", "map<string,string>")
    text = F.lit(source.constants[name]) if name in source.constants else cells[source.columns.get(name, name)]
    return F.greatest(F.coalesce(F.trim(text).try_cast("double"), F.lit(0.0)), F.lit(0.0)).alias(name)
