"""The table `forecast_bias`: bias in all, by location and by category over the windows of the backtest."""

import pandas as pd
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from echelon.core.forecast.evaluation.bias import bias_scores
from echelon.engine.decimal_sums import exact_sum
from echelon.engine.grouped.buckets import apply_to_rows
from echelon.lake.contracts import TABLES
from echelon.stages.forecast.reconcile import Hierarchy, corrected
from echelon.stages.shared.context import Context
from echelon.stages.shared.windows import Windows

ALL = "all"


def bias_table(context: Context, hierarchy: Hierarchy, scores: DataFrame, windows: Windows) -> DataFrame:
    """scores: rows of `backtest_scores` of each series' champion. Their sums are corrected as they would have been then."""
    rows = scores.withColumn("corrected", F.col("forecast"))
    scaled = corrected(context, hierarchy, rows, "cutoff", "corrected", windows)
    known = scaled.join(context.lake.read("items").select("sku", "category"), "sku")
    member = {"total": F.lit(ALL), "location": F.col("location"), "category": F.col("category")}
    levels = [F.struct(F.lit(level).alias("level"), name.alias("member")) for level, name in member.items()]
    single = known.select(F.explode(F.array(*levels)).alias("of"), "cutoff", _total("corrected"), _total("actual"))
    window = single.where("of.member IS NOT NULL").groupBy("of.level", "of.member", "cutoff").agg(
        (exact_sum(F.col("corrected")) - exact_sum(F.col("actual"))).alias("error"), exact_sum(F.col("actual")).alias("demand")
    )  # fmt: skip
    packed = F.array_sort(F.collect_list(F.struct("cutoff", "error", "demand"))).alias("_windows")
    members = window.groupBy("level", "member").agg(packed).select("level", "member", "_windows.error", "_windows.demand")
    return apply_to_rows(members, _bias_scores, TABLES["forecast_bias"].ddl)


def _total(name: str) -> Column:
    return F.aggregate(name, F.lit(0.0), lambda total, value: total + value).alias(name)


def _bias_scores(rows: pd.DataFrame) -> pd.DataFrame:
    return bias_scores(rows)
