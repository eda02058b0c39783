"""Predictive distributions of the champions' forecasts, with the spread learned from their backtest."""

from collections.abc import Sequence
from functools import partial

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from echelon.core.demand.periods import Frequency
from echelon.core.forecast import spread
from echelon.core.forecast.calibration import EXCEEDANCE_COLUMNS, choose_scales
from echelon.core.forecast.candidates import FLOOR
from echelon.core.forecast.dispersion import MOMENT_COLUMNS, RELATIVE_COLUMNS, residual_moments, segment_spread
from echelon.engine.buckets import apply_in_buckets
from echelon.engine.exact import exact_sum
from echelon.lake.contracts import TABLES
from echelon.stages.context import Context
from echelon.stages.history import SERIES

# Lengths of the sums on which the spread is calibrated, in periods.
SUM_LENGTHS: dict[Frequency, Sequence[int]] = {"D": (7, 14, 28), "W": (1, 2, 4), "M": (1, 2)}
_TEXT = ("sku", "location", "segment")
_MOMENTS = ", ".join(f"{name} {'string' if name in _TEXT else 'double'}" for name in MOMENT_COLUMNS)
_COUNTS = ", ".join(f"{name} {'string' if name in _TEXT else 'double'}" for name in EXCEEDANCE_COLUMNS)


def with_champions(segments: DataFrame, champions: DataFrame, purpose: str) -> DataFrame:
    """sku, location, segment, model: the champion of each series; the seasonal naive where a segment has none."""
    chosen = F.broadcast(champions.where(F.col("purpose") == purpose).select("segment", "model"))
    joined = segments.select(*SERIES, "segment").join(chosen, "segment", "left")
    return joined.withColumn("model", F.coalesce("model", F.lit(FLOOR)))


def distributions(context: Context, live: DataFrame, scores: DataFrame, horizon: int) -> DataFrame:
    """The table `demand_distributions`.

    live: columns of `core.forecast.live.forecast` and segment, one row per series. scores: rows of `backtest_scores` of
    each series' champion, with segment, of the windows to learn from.
    """
    buckets = context.settings.spark.buckets
    moments = context.lake.keep("moments", apply_in_buckets(scores, ["sku"], residual_moments, _MOMENTS, buckets))
    learned = _segments(context, moments, scores, horizon)
    joined = live.join(moments.drop("segment"), list(SERIES), "left")
    function = partial(_distributions, segments=learned)
    return apply_in_buckets(joined, ["sku"], function, TABLES["demand_distributions"].ddl, buckets)


def _segments(context: Context, moments: DataFrame, scores: DataFrame, horizon: int) -> pd.DataFrame:
    """What each segment tells about spread: at most a dozen rows."""
    lengths = [n for n in SUM_LENGTHS[context.settings.run.frequency] if n <= horizon] or [1]
    sums = moments.groupBy("segment").agg(*(exact_sum(F.col(name)).alias(name) for name in RELATIVE_COLUMNS))
    segments = segment_spread(sums.toPandas().sort_values("segment", ignore_index=True))
    function = partial(spread.scale_counts, segments=segments, lengths=lengths)
    counts = apply_in_buckets(scores, ["sku"], function, _COUNTS, context.settings.spark.buckets)
    added = counts.groupBy("segment", "scale").agg(*(exact_sum(F.col(n)).alias(n) for n in ("exceeded", "sums")))
    return segments.merge(choose_scales(added.toPandas()), on="segment")


def _distributions(rows: pd.DataFrame, segments: pd.DataFrame) -> pd.DataFrame:
    moments = rows.loc[rows["demands"].notna(), [name for name in MOMENT_COLUMNS]]
    live = rows.drop(columns=[name for name in MOMENT_COLUMNS if name not in _TEXT])
    return spread.distributions(live, moments, segments)
