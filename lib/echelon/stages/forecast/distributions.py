"""Predictive distributions of the champions' forecasts, with the forecast error learned from their backtest."""

from functools import partial

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from echelon.core.forecast.distributions import forecast_error
from echelon.core.forecast.distributions.coverage import COVERAGE_COLUMNS, COVERAGE_PROBABILITIES, COVERED, held_out_coverage
from echelon.core.forecast.distributions.forecast_error import (
    STATISTIC_COLUMNS,
    SUMMED,
    residual_statistics,
    segment_level_factors,
)
from echelon.core.forecast.selection.names import FLOOR
from echelon.engine.decimal_sums import exact_sum
from echelon.engine.grouped.buckets import apply_in_buckets, apply_to_rows
from echelon.lake.contracts import TABLES
from echelon.stages.shared.context import Context
from echelon.stages.shared.history import SERIES
from echelon.stages.shared.windows import Windows

_TYPES = {"cutoff": "date"} | dict.fromkeys(SUMMED, "double")
_STATISTICS = ", ".join(f"{name} {_TYPES.get(name, 'string')}" for name in STATISTIC_COLUMNS)
_COVERAGE = ", ".join(f"{name} {dict(segment='string', periods='int').get(name, 'double')}" for name in COVERAGE_COLUMNS)


def with_champions(segments: DataFrame, champions: DataFrame, purpose: str) -> DataFrame:
    """sku, location, segment, model: the champion of each series; the seasonal naive where a segment has none."""
    chosen = F.broadcast(champions.where(F.col("purpose") == purpose).select("segment", "model"))
    joined = segments.select(*SERIES, "segment").join(chosen, "segment", "left")
    return joined.withColumn("model", F.coalesce("model", F.lit(FLOOR)))


def residual_sums(context: Context, scores: DataFrame) -> pd.DataFrame:
    """`residual_statistics` added up by segment and cutoff: some hundred rows.

    scores: rows of `backtest_scores` of each series' champion, with segment.
    """
    function = partial(_statistics, apart=_windows_apart(context.windows))
    statistics = apply_in_buckets(scores, ["sku"], function, _STATISTICS, context.settings.spark.buckets)
    sums = statistics.groupBy("segment", "cutoff").agg(*(exact_sum(F.col(name)).alias(name) for name in SUMMED))
    return sums.toPandas().sort_values(["segment", "cutoff"], ignore_index=True)


def distributions(live: DataFrame, residuals: pd.DataFrame) -> DataFrame:
    """The table `demand_distributions`.

    live: columns of `core.forecast.evaluation.live.forecast` and segment, one row per series.
    residuals: `residual_sums` of the windows to learn from.
    """
    return apply_to_rows(
        live, partial(_distributions, segments=segment_level_factors(residuals)), TABLES["demand_distributions"].ddl
    )


def coverage(context: Context, scores: DataFrame, residuals: pd.DataFrame) -> DataFrame:
    """The table `coverage`: the newest window of `scores`, learned from those before it. residuals: `residual_sums`."""
    newest = max(residuals["cutoff"], default=None)
    known = segment_level_factors(residuals[residuals["cutoff"] < newest])
    function = partial(_coverage, segments=known)
    buckets = context.settings.spark.buckets
    by_bucket = apply_in_buckets(scores.where(F.col("cutoff") == F.lit(newest)), ["sku"], function, _COVERAGE, buckets)
    sums = by_bucket.groupBy("segment", "periods").agg(*(exact_sum(F.col(name)).alias(name) for name in ("cases", *COVERED)))
    rows = [
        F.struct(F.lit(probability).alias("level"), F.col(name).alias("inside"))
        for probability, name in zip(COVERAGE_PROBABILITIES, COVERED, strict=True)
    ]
    long = sums.select("segment", "periods", "cases", F.explode(F.array(*rows)).alias("part"))
    covered = F.least(F.col("part.inside") / F.col("cases"), F.lit(1.0)).alias("coverage")
    return long.select("segment", "periods", F.col("part.level").alias("level"), covered, "cases")


def _windows_apart(windows: Windows) -> int:
    """By how many windows the one that begins where another ends lies after it; 0: none does."""
    step = windows.step or windows.horizon
    return 0 if windows.horizon % step else windows.horizon // step


def _statistics(rows: pd.DataFrame, apart: int) -> pd.DataFrame:
    return residual_statistics(rows, apart)


def _coverage(rows: pd.DataFrame, segments: pd.DataFrame) -> pd.DataFrame:
    return held_out_coverage(rows, segments)


def _distributions(rows: pd.DataFrame, segments: pd.DataFrame) -> pd.DataFrame:
    return forecast_error.distributions(rows, segments)
