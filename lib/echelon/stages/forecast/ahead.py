"""The table `ahead_scores`: errors by how many horizons after the cutoff they lie."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from echelon.core.demand.periods import start_date
from echelon.core.forecast.distributions.lasting_errors import HORIZONS
from echelon.engine.decimal_sums import exact_sum
from echelon.lake.contracts import TABLES
from echelon.stages.forecast.reconcile import Hierarchy, beyond, corrected
from echelon.stages.forecast.situations import AVERAGE, CHAMPION
from echelon.stages.shared.context import Context
from echelon.stages.shared.history import SERIES
from echelon.stages.shared.windows import Windows

_PATH = "path"


def with_paths(context: Context, hierarchy: Hierarchy, scores: DataFrame, windows: Windows) -> DataFrame:
    """Rows of `backtest_scores` with the column `path`: their forecasts gone on with as far as errors are looked at."""
    return beyond(context, hierarchy, scores, "cutoff", "forecast", _PATH, max(HORIZONS) * windows.horizon, windows)


def ahead_table(context: Context, hierarchy: Hierarchy, scores: DataFrame, windows: Windows) -> DataFrame:
    """Champions, as they would have been published then, beside the moving average, whose forecast is the same however far.

    scores: rows of `backtest_scores` of each series' champion. What happened is that of the windows which follow.
    """
    scaled = corrected(context, hierarchy, scores, "cutoff", "forecast", windows)
    columns = ("model", *SERIES, "cutoff", _PATH)
    champion = with_paths(context, hierarchy, scaled, windows).withColumn("model", F.lit(CHAMPION)).select(*columns)
    plain = context.lake.read("backtest_scores").where(F.col("model") == AVERAGE)
    average = plain.withColumn(_PATH, F.flatten(F.array_repeat("forecast", max(HORIZONS)))).select(*columns)
    later = scores.select(*SERIES, F.col("cutoff").alias("_later"), "actual")
    pairs = F.broadcast(_pairs(context, windows))
    known = champion.unionByName(average).join(pairs, "cutoff").join(later, [*SERIES, "_later"])
    mine = F.slice(_PATH, (F.col("ahead") - 1) * windows.horizon + 1, F.lit(windows.horizon))
    error = F.zip_with(mine, "actual", lambda f, y: f - y)
    parts = known.select(
        "ahead", "model", "cutoff", _sum("actual").alias("demand"), _sum(error).alias("bias"),
        _sum(F.transform(error, F.abs)).alias("wape"),
    )  # fmt: skip
    demand = exact_sum(F.col("demand"))
    return parts.groupBy("ahead", "model").agg(
        F.count_distinct("cutoff").cast("int").alias("windows"),
        F.count("*").cast("int").alias("forecasts"),
        demand.alias("demand"),
        *(F.try_divide(exact_sum(F.col(name)), demand).alias(name) for name in ("wape", "bias")),
    ).select(TABLES["ahead_scores"].column_names)  # fmt: skip


def _pairs(context: Context, windows: Windows) -> DataFrame:
    """cutoff, ahead, _later: each window, and that which lies so many horizons (the first being its own) after its cutoff."""
    found = [
        (start_date(cutoff, windows.freq), ahead, start_date(cutoff + (ahead - 1) * windows.horizon, windows.freq))
        for cutoff in windows.cutoffs
        for ahead in range(1, max(HORIZONS) + 1)
        if cutoff + (ahead - 1) * windows.horizon in windows.cutoffs
    ]
    return context.spark.createDataFrame(found, "cutoff date, ahead int, _later date")


def _sum(values: Column | str) -> Column:
    return F.aggregate(values, F.lit(0.0), lambda total, value: total + value)
