"""Predictive distributions of the champions' forecasts, with the spread learned from their backtest."""

from functools import partial

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from echelon.core.forecast import spread
from echelon.core.forecast.names import FLOOR
from echelon.core.forecast.spread import MOMENT_COLUMNS, RELATIVE_COLUMNS, residual_moments, segment_spread
from echelon.engine.buckets import apply_in_buckets, apply_to_rows
from echelon.engine.exact import exact_sum
from echelon.lake.contracts import TABLES
from echelon.stages.context import Context
from echelon.stages.history import SERIES

_MOMENTS = ", ".join(f"{name} {'double' if name in RELATIVE_COLUMNS else 'string'}" for name in MOMENT_COLUMNS)


def with_champions(segments: DataFrame, champions: DataFrame, purpose: str) -> DataFrame:
    """sku, location, segment, model: the champion of each series; the seasonal naive where a segment has none."""
    chosen = F.broadcast(champions.where(F.col("purpose") == purpose).select("segment", "model"))
    joined = segments.select(*SERIES, "segment").join(chosen, "segment", "left")
    return joined.withColumn("model", F.coalesce("model", F.lit(FLOOR)))


def distributions(context: Context, live: DataFrame, scores: DataFrame) -> DataFrame:
    """The table `demand_distributions`.

    live: columns of `core.forecast.live.forecast` and segment, one row per series. scores: rows of `backtest_scores` of
    each series' champion, with segment, of the windows to learn from.
    """
    moments = apply_in_buckets(scores, ["sku"], residual_moments, _MOMENTS, context.settings.spark.buckets)
    sums = moments.groupBy("segment").agg(*(exact_sum(F.col(name)).alias(name) for name in RELATIVE_COLUMNS))
    learned = segment_spread(sums.toPandas().sort_values("segment", ignore_index=True))
    function = partial(_distributions, segments=learned)
    return apply_to_rows(live, function, TABLES["demand_distributions"].ddl)


def _distributions(rows: pd.DataFrame, segments: pd.DataFrame) -> pd.DataFrame:
    return spread.distributions(rows, segments)
