"""The table `candidate_levels`: how every candidate's forecasts do when they are added up before they are scored."""

import pandas as pd
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from echelon.core.forecast.reconciliation.level_sums import MILLIONTHS, level_sums
from echelon.engine.grouped.buckets import apply_to_rows
from echelon.lake.contracts import TABLES
from echelon.stages.shared.context import Context

_SUMS = "level string, member string, model string, cutoff date, forecast array<bigint>, actual array<bigint>"
_NEEDED = ("sku", "location", "category", "model", "cutoff", "forecast", "actual")


def candidate_levels(context: Context, scores: DataFrame) -> DataFrame:
    """By level and model, over all windows of the plan."""
    categories = context.lake.read("items").select("sku", "category")
    partial = apply_to_rows(scores.join(categories, "sku").select(*_NEEDED), _partial_sums, _SUMS)
    sums = partial.groupBy("level", "member", "model", "cutoff").agg(_added("forecast"), _added("actual"))
    errors = sums.select(
        "level", "member", "model",
        _total(F.zip_with("forecast", "actual", lambda f, y: F.abs(f - y))).alias("wape"),
        (_total(F.col("forecast")) - _total(F.col("actual"))).alias("bias"),
        _total(F.col("actual")).alias("demand"),
    )  # fmt: skip
    demand = F.sum("demand")
    relative = [F.try_divide(F.sum(name), demand).alias(name) for name in ("wape", "bias")]
    members = F.count_distinct("member").cast("int").alias("members")
    by_level = errors.groupBy("level", "model").agg(members, (demand / MILLIONTHS).alias("demand"), *relative)
    return by_level.select(TABLES["candidate_levels"].column_names)


def _partial_sums(rows: pd.DataFrame) -> pd.DataFrame:
    return level_sums(rows)


def _added(name: str) -> Column:
    """Element by element."""
    return F.reduce(F.collect_list(name), F.array_repeat(F.lit(0).cast("bigint"), F.size(F.first(name))), _plus).alias(name)


def _plus(left: Column, right: Column) -> Column:
    return F.zip_with(left, right, lambda a, b: a + b)


def _total(values: Column) -> Column:
    return F.reduce(values, F.lit(0).cast("bigint"), lambda total, value: total + value)
