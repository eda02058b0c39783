"""The demand that stages start from, and its segments."""

from datetime import date
from functools import partial

import pandas as pd
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from echelon.config import Configuration
from echelon.core.demand.life_cycle import LifeCycle
from echelon.core.demand.periods import PERIODS_PER_YEAR, Frequency
from echelon.core.demand.segments import SegmentThresholds, add_classes, series_statistics
from echelon.engine.grouped.buckets import apply_in_buckets, apply_to_rows
from echelon.lake.contracts import TABLES
from echelon.stages.shared.context import Context

SERIES = ("sku", "location")
_STATISTICS = (
    "sku string, location string, periods int, nonzero_periods int, adi double, cv2 double, cv double, mean_demand double, "
    "life_cycle string, seasonal boolean, spikes int, spike_limit double, level_shift date, before_replay boolean"
)
_BEFORE = "before_replay"
_TYPES = {c.name: c.type for c in TABLES["segments"].columns if c.name != "replay_segment"} | {_BEFORE: "boolean"}
_CLASSIFIED = ", ".join(f"{name} {kind}" for name, kind in _TYPES.items())


def segmented(context: Context, demand: DataFrame, replay_start: date) -> DataFrame:
    """The table `segments` of a demand history; replay_start: first day that the replay holds back."""
    classified = context.lake.keep("classified", _classified(context, demand, replay_start))
    before = classified.where(_BEFORE).select(*SERIES, F.col("segment").alias("replay_segment"))
    now = classified.where(f"NOT {_BEFORE}")
    return now.join(before, list(SERIES), "left").select(TABLES["segments"].column_names)


def _classified(context: Context, demand: DataFrame, replay_start: date) -> DataFrame:
    """Rows of `segments` by all of the history, and by what was known before `replay_start` (column _BEFORE)."""
    settings = context.settings
    freq = settings.run.frequency
    function = partial(_statistics, freq=freq, stages=life_cycle_of(settings), replay_start=replay_start)
    statistics = apply_in_buckets(demand, ["sku"], function, _STATISTICS, settings.spark.buckets)
    costs = context.lake.read("items").select("sku", "unit_cost")
    value = F.col("mean_demand") * F.col("unit_cost") * PERIODS_PER_YEAR[freq]
    valued = statistics.join(costs, "sku").withColumn("annual_value", value)
    ranked = Window.partitionBy(_BEFORE).orderBy(F.desc("annual_value"), "sku", "location")
    cumulated = valued.withColumns(
        {
            "_cumulative": F.sum("annual_value").over(ranked.rowsBetween(Window.unboundedPreceding, 0)),
            "_total": F.sum("annual_value").over(ranked.rowsBetween(Window.unboundedPreceding, Window.unboundedFollowing)),
        }
    )
    function = partial(_classify, thresholds=_thresholds(context))
    return apply_to_rows(cumulated, function, _CLASSIFIED)


def life_cycle_of(settings: Configuration) -> LifeCycle:
    """Where the stages of the life cycle begin and end in this run."""
    chosen = settings.segments
    return LifeCycle(chosen.new_weeks, chosen.dead_weeks, chosen.dead_probability, chosen.ending_share)


def _statistics(frame: pd.DataFrame, freq: Frequency, stages: LifeCycle, replay_start: date) -> pd.DataFrame:
    known = frame[frame["date"] < pd.Timestamp(replay_start)]
    histories = {False: frame, True: known}
    return pd.concat([series_statistics(rows, freq, stages).assign(**{_BEFORE: before}) for before, rows in histories.items()])


def _classify(frame: pd.DataFrame, thresholds: SegmentThresholds) -> pd.DataFrame:
    frames = [
        add_classes(rows, rows["_cumulative"].to_numpy(), float(rows["_total"].iloc[0]), thresholds)
        for _, rows in frame.groupby(_BEFORE, sort=True)
    ]
    return pd.concat(frames)[list(_TYPES)]


def _thresholds(context: Context) -> SegmentThresholds:
    chosen = context.settings.segments
    return SegmentThresholds(chosen.adi, chosen.cv2, *chosen.abc, *chosen.xyz)
