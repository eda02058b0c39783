"""The demand that stages start from, and the windows it is cut into."""

from functools import partial

import pandas as pd
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from echelon.config import Configuration
from echelon.core.demand.life_cycle import LifeCycle
from echelon.core.demand.periods import PERIODS_PER_YEAR, Frequency
from echelon.core.demand.segments import SegmentThresholds, add_classes, series_statistics
from echelon.engine.buckets import apply_in_buckets, apply_to_rows
from echelon.lake.contracts import TABLES
from echelon.stages.context import Context
from echelon.stages.windows import Windows, plan_windows

SERIES = ("sku", "location")
_STATISTICS = (
    "sku string, location string, periods int, nonzero_periods int, adi double, cv2 double, cv double, mean_demand double, "
    "life_cycle string, seasonal boolean, spikes int, spike_limit double, level_shift date"
)


def windows_of(context: Context) -> Windows:
    """The windows of the published demand."""
    first, last = context.lake.read("demand").agg(F.min("date"), F.max("date")).collect()[0]
    return plan_windows(context.settings, first, last)


def segmented(context: Context, demand: DataFrame) -> DataFrame:
    """The table `segments` of a demand history."""
    settings = context.settings
    freq = settings.run.frequency
    function = partial(_statistics, freq=freq, stages=life_cycle_of(settings))
    statistics = apply_in_buckets(demand, ["sku"], function, _STATISTICS, settings.spark.buckets)
    costs = context.lake.read("items").select("sku", "unit_cost")
    value = F.col("mean_demand") * F.col("unit_cost") * PERIODS_PER_YEAR[freq]
    valued = statistics.join(costs, "sku").withColumn("annual_value", value)
    ranked = Window.orderBy(F.desc("annual_value"), "sku", "location")
    cumulated = valued.withColumns(
        {
            "_cumulative": F.sum("annual_value").over(ranked.rowsBetween(Window.unboundedPreceding, 0)),
            "_total": F.sum("annual_value").over(ranked.rowsBetween(Window.unboundedPreceding, Window.unboundedFollowing)),
        }
    )
    return apply_to_rows(cumulated, partial(_classify, thresholds=_thresholds(context)), TABLES["segments"].ddl)


def life_cycle_of(settings: Configuration) -> LifeCycle:
    """Where the stages of the life cycle begin and end in this run."""
    chosen = settings.segments
    return LifeCycle(chosen.new_weeks, chosen.dead_weeks, chosen.dead_probability, chosen.ending_share)


def _statistics(frame: pd.DataFrame, freq: Frequency, stages: LifeCycle) -> pd.DataFrame:
    return series_statistics(frame, freq, stages)


def _classify(frame: pd.DataFrame, thresholds: SegmentThresholds) -> pd.DataFrame:
    rows = add_classes(frame, frame["_cumulative"].to_numpy(), float(frame["_total"].iloc[0]), thresholds)
    return rows[TABLES["segments"].column_names]


def _thresholds(context: Context) -> SegmentThresholds:
    chosen = context.settings.segments
    return SegmentThresholds(chosen.adi, chosen.cv2, *chosen.abc, *chosen.xyz)
