"""New items in the forecast: their level is borrowed from similar items (`core.forecast.selection.new_items`), their
course over the horizon from the category at their location."""

from functools import partial

import numpy as np
import pandas as pd
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from echelon.core.demand.periods import start_date
from echelon.core.forecast.selection.new_items import CELL_COLUMNS, EARLIER, SIMILAR, UNKNOWN_PRICE, borrow, learn
from echelon.engine.decimal_sums import exact_sum
from echelon.engine.grouped.buckets import apply_to_rows
from echelon.stages.forecast.reconcile import GROUP, Hierarchy
from echelon.stages.shared.context import Context
from echelon.stages.shared.history import SERIES
from echelon.stages.shared.windows import Windows


def with_new_items(context: Context, live: DataFrame, demand: DataFrame, hierarchy: Hierarchy, windows: Windows) -> DataFrame:
    """`live` with the forecasts of series whose first sale is less than two horizons ago replaced; `model` says so."""
    stats = context.lake.keep("since_first_sale", _since_first_sale(context, demand, hierarchy, windows))
    new = F.col("first_sale") > F.lit(start_date(windows.end - windows.least_periods, windows.freq))
    if stats.where(new).isEmpty():
        return live
    earlier = EARLIER[windows.freq]
    old = F.col("first_sale") < F.lit(start_date(windows.end - windows.horizon - earlier, windows.freq))
    similar = learn(_cells(stats.where(old)), earlier)
    shapes = {
        group: shape
        for group, shape in zip(hierarchy.groups.itertuples(index=False, name=None), _shapes(hierarchy), strict=True)
    }
    joined = live.join(stats.where(new).drop("recent", "earlier"), list(SERIES), "left")
    function = partial(borrow, similar=similar, shapes=shapes, group=GROUP, end=windows.end, freq=windows.freq)
    schema = ", ".join(f"{field.name} {field.dataType.simpleString()}" for field in joined.schema.fields)
    return apply_to_rows(joined, function, schema).select(live.columns)


def _since_first_sale(context: Context, demand: DataFrame, hierarchy: Hierarchy, windows: Windows) -> DataFrame:
    """sku, location, GROUP, price_band, first_sale, own (units after the period of the first sale), recent and earlier
    (mean per period)."""
    earlier = EARLIER[windows.freq]
    recent_from, earlier_from = (
        F.lit(start_date(windows.end - back, windows.freq)) for back in (windows.horizon, windows.horizon + earlier)
    )
    sold = F.when(F.col("demand") > 0, F.col("date"))
    past = F.col("date") < recent_from
    stats = demand.groupBy(*SERIES).agg(
        F.min(sold).alias("first_sale"),
        (exact_sum(F.col("demand")) - F.min_by("demand", sold)).alias("own"),
        _mean(~past, windows.horizon).alias("recent"),
        _mean(past & (F.col("date") >= earlier_from), earlier).alias("earlier"),
    )
    price = F.coalesce("unit_price", "unit_cost")
    band = F.when(price > 0, F.round(F.log2(price))).otherwise(F.lit(float(UNKNOWN_PRICE)))
    items = context.lake.read("items").select("sku", band.alias("price_band"))
    return stats.join(hierarchy.series.drop("joined"), list(SERIES)).join(items, "sku")


def _mean(condition: Column, periods: int) -> Column:
    return exact_sum(F.when(condition, F.col("demand")).otherwise(F.lit(0.0))) / periods


def _cells(old: DataFrame) -> pd.DataFrame:
    """`core.forecast.selection.new_items.cells`, added up by Spark."""
    sums = {
        "series": F.lit(1.0),
        "recent": F.col("recent"),
        "recent2": F.col("recent") ** 2,
        "earlier": F.col("earlier"),
        "earlier2": F.col("earlier") ** 2,
        "cross": F.col("recent") * F.col("earlier"),
    }
    totals = old.groupBy(*SIMILAR).agg(*(exact_sum(value).alias(name) for name, value in sums.items()))
    return totals.select(*CELL_COLUMNS).toPandas()


def _shapes(hierarchy: Hierarchy) -> np.ndarray:
    """(groups, h) course of each group's forecast over the horizon, with mean 1; flat where it forecasts nothing."""
    sums = hierarchy.windows[-1].bottom_up * hierarchy.corrections[-1]
    mean = sums.mean(axis=1, keepdims=True)
    return np.asarray(np.divide(sums, mean, out=np.ones_like(sums), where=mean > 0))
