"""The frames of the report: small tables as they are, aggregates and examples of the large ones."""

import pandas as pd
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from echelon.core.demand.periods import start_date
from echelon.core.network.topology import Lane
from echelon.engine.decimal_sums import exact_sum
from echelon.lake.visible import newest_release
from echelon.stages.shared.context import Context
from echelon.stages.shared.history import SERIES
from echelon.stages.shared.used_lanes import lane_frames
from echelon.stages.stock.explanations import most_valuable

_HISTORY_PERIODS = {"D": 182, "W": 78, "M": 36}
_EXAMPLES_OF_A_KIND = 5
_FAILED_CHECKS = 20
_NAMES = ("policy", "scope", "purpose", "segment", "level", "model", "member", "table", "source", "destination")


def all_frames(context: Context, used_lanes: list[Lane]) -> dict[str, pd.DataFrame]:
    """Every frame of `ReportData`, by name."""
    read = context.lake.read
    examples = _examples(context)
    scores = ("candidate_scores", "candidate_levels", "level_scores", "situation_scores", "ahead_scores")
    frames = {name: read(name) for name in ("kpis", "champions", *scores, "coverage", "inputs")} | lane_frames(
        context, used_lanes
    )
    frames |= _stock_frames(context) | _example_frames(context, examples) | _replenish_frames(context)
    frames |= {"forecast_bias": _largest_biases(context), "promotion_uplift": _largest_promotions(context)}
    frames |= _why_frames(context) | _quality_frames(context) | {"driver_totals": _driver_totals(context)}
    collected = {name: _sorted(frame.toPandas()) for name, frame in frames.items()}
    collected["items"] = _items(context, collected)
    return collected | {"stages": _stages(context), "tables": _tables(context)}


def _largest_biases(context: Context) -> DataFrame:
    """That in all, and the locations and categories that stray by most units."""
    units = F.abs(F.col("bias") * F.col("demand"))
    order = (F.col("level") != "total", F.desc_nulls_last(units), F.col("level"), F.col("member"))
    return context.lake.read("forecast_bias").orderBy(*order).limit(context.settings.report.rows)


def _largest_promotions(context: Context) -> DataFrame:
    """In all, and the categories with most demand under promotions."""
    order = (F.col("level") != "total", F.desc("demand"), F.col("promotion"), F.col("category"))
    return context.lake.read("promotion_uplift").orderBy(*order).limit(context.settings.report.rows)


def _sorted(frame: pd.DataFrame) -> pd.DataFrame:
    """A fixed order where the query gives none: by the text columns."""
    text = [name for name in _NAMES if name in frame.columns]
    return frame.sort_values(text, kind="stable", ignore_index=True) if text else frame


def _examples(context: Context) -> DataFrame:
    """The SKU-locations that are drawn: the most valuable of each demand class in turn."""
    rank = Window.partitionBy("demand_class").orderBy(F.desc("annual_value"), *SERIES)
    ranked = context.lake.read("segments").withColumn("_rank", F.row_number().over(rank))
    return ranked.orderBy("_rank", F.desc("annual_value"), *SERIES).limit(context.settings.report.fans).select(*SERIES)


def _example_frames(context: Context, examples: DataFrame) -> dict[str, DataFrame]:
    read, windows = context.lake.read, context.windows
    recent = F.lit(start_date(windows.end - _HISTORY_PERIODS[windows.freq], windows.freq))
    skus = _network_skus(context)
    chosen = F.broadcast(examples)
    return {
        "history": read("demand").join(chosen, list(SERIES)).where(F.col("date") >= recent).orderBy(*SERIES, "date"),
        "forecasts": read("forecasts").join(chosen, list(SERIES)).orderBy(*SERIES, "date"),
        "segments": read("segments").join(chosen, list(SERIES)).orderBy(F.desc("annual_value")),
        "levels": read("stock_levels").join(F.broadcast(skus), "sku").orderBy("sku", "echelon", "location"),
        "explanations": read("stock_explanations").join(F.broadcast(skus), "sku").orderBy("sku", "location", "cause"),
    }


def _network_skus(context: Context) -> DataFrame:
    """The SKUs whose network is drawn: the most valuable ones."""
    return most_valuable(context.lake.read("segments"), context.settings.report.networks)


def _stock_frames(context: Context) -> dict[str, DataFrame]:
    read = context.lake.read
    cost = read("items").select("sku", "unit_cost")
    today = read("stock").select(*SERIES, F.col("on_hand").alias("_today"))
    rows = read("stock_levels").join(cost, "sku").join(today, list(SERIES), "left")
    weight = F.when(F.col("target_fill_rate").isNotNull() & F.col("customer_fill_rate").isNotNull(), F.col("lead_time_demand"))

    def weighted(name: str) -> Column:
        return exact_sum(F.col(name) * weight) / F.when(exact_sum(weight) > 0, exact_sum(weight))

    points = rows.groupBy("location").agg(
        F.min("echelon").alias("echelon"),
        F.count("*").alias("skus"),
        *_in_units_and_value("on_hand", "expected_stock"),
        exact_sum(F.coalesce("_today", F.lit(0.0)) * F.col("unit_cost")).alias("stock_today_value"),
        *_in_units_and_value("safety_stock", "safety_stock"),
        *_in_units_and_value("echelon_safety_stock", "echelon_safety_stock"),
        weighted("customer_fill_rate").alias("fill_rate"),
        weighted("target_fill_rate").alias("target_fill_rate"),
    )
    totals = (
        read("segments")
        .groupBy("abc", "demand_class")
        .agg(F.count("*").alias("series"), exact_sum(F.col("annual_value")).alias("annual_value"))
    )
    return {
        "points": points,
        "segment_totals": totals.orderBy("abc", "demand_class"),
        "class_counts": _class_counts(read("segments")),
    }


def _in_units_and_value(column: str, name: str) -> tuple[Column, Column]:
    value = exact_sum(F.col(column) * F.col("unit_cost"))
    return exact_sum(F.col(column)).alias(f"{name}_units"), value.alias(f"{name}_value")


def _class_counts(segments: DataFrame) -> DataFrame:
    """How many series there are of each kind, by what is counted."""
    spike, shift = F.col("spikes") > 0, F.col("level_shift").isNotNull()
    anomaly = F.when(spike & shift, "spike and level shift").when(spike, "spike").when(shift, "level shift")
    kinds = {
        "Variability": F.col("xyz"),
        "Life cycle": F.col("life_cycle"),
        "Season": F.when(F.col("seasonal"), "found").otherwise("not found"),
        "Anomalies": anomaly.otherwise("none"),
    }
    pairs = [F.struct(F.lit(name).alias("property"), kind.alias("kind")) for name, kind in kinds.items()]
    counted = segments.select(F.inline(F.array(*pairs))).where("kind IS NOT NULL").groupBy("property", "kind")
    return counted.agg(F.count("*").alias("series")).orderBy("property", "kind")


def _why_frames(context: Context) -> dict[str, DataFrame]:
    explained, changes = (context.lake.read(name) for name in ("stock_explanations", "stock_changes"))
    causes = explained.groupBy("cause").agg(
        F.count_distinct("sku").alias("skus"),
        *(exact_sum(F.col(name)).alias(name) for name in ("safety_stock", "lead_time_demand", "value")),
    )
    moved = changes.groupBy("change", "cause").agg(*(exact_sum(F.col(name)).alias(name) for name in ("moved", "value")))
    return {"cause_totals": causes.orderBy("cause"), "change_totals": moved.orderBy("change", "cause")}


def _driver_totals(context: Context) -> DataFrame:
    segments = context.lake.read("segments").select(*SERIES, "segment")
    explained = context.lake.read("forecast_explanations").join(segments, list(SERIES))
    totals = explained.groupBy("segment", "driver").agg(F.count("*").alias("series"), exact_sum(F.col("total")).alias("total"))
    return totals.orderBy("segment", "driver")


def _replenish_frames(context: Context) -> dict[str, DataFrame]:
    orders, exceptions = context.lake.read("orders"), context.lake.read("exceptions")
    rank = Window.partitionBy("kind").orderBy(F.desc("value"), *SERIES)
    return {
        "orders": orders.orderBy(F.desc("value"), "sku", "destination").limit(context.settings.report.rows),
        "order_totals": orders.groupBy("kind").agg(
            F.count("*").alias("orders"), exact_sum(F.col("quantity")).alias("units"), exact_sum(F.col("value")).alias("value")
        ),
        "exceptions": exceptions.withColumn("_rank", F.row_number().over(rank))
        .where(F.col("_rank") <= _EXAMPLES_OF_A_KIND)
        .orderBy("kind", "_rank"),
        "exception_totals": exceptions.groupBy("kind", "severity").agg(
            F.count("*").alias("exceptions"), exact_sum(F.col("value")).alias("value")
        ),
    }


def _quality_frames(context: Context) -> dict[str, DataFrame]:
    newest = newest_release(context.spark, context.lake.output)
    results = context.lake.read("check_results").where(F.col("run_id") == (newest["run_id"] if newest else ""))
    warned = ~F.col("success") & (F.col("severity") == "warning")
    return {
        "quarantine_rules": context.lake.read("quarantine")
        .groupBy("input", "rule")
        .agg(F.count("*").alias("rows"), F.min(F.struct("reason", "row")).alias("_example"))
        .select("input", "rule", "rows", "_example.reason", "_example.row")
        .orderBy("input", F.desc("rows")),
        "checks": results.groupBy("table").agg(
            F.count("*").alias("evaluated"), F.count_if("success").alias("passed"), F.count_if(warned).alias("warnings")
        ),
        "failed_checks": results.where(~F.col("success")).orderBy("table", "number").limit(_FAILED_CHECKS),
    }


def _items(context: Context, collected: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Items that are named on the page."""
    named = [collected[name]["sku"] for name in ("levels", "forecasts", "orders", "exceptions")]
    skus = sorted(set(pd.concat(named)))
    return context.lake.read("items").where(F.col("sku").isin(skus)).orderBy("sku").toPandas()


def _stages(context: Context) -> pd.DataFrame:
    rows = [(name, done["seconds"], done["outcome"]) for name, done in context.lake.run.stages.items()]
    return pd.DataFrame(rows, columns=["stage", "seconds", "outcome"])


def _tables(context: Context) -> pd.DataFrame:
    newest = newest_release(context.spark, context.lake.output)
    versions = sorted(newest["tables"].items()) if newest else []
    known = context.lake.run.rows
    rows = [(name, number, known[name] if name in known else context.lake.read(name).count()) for name, number in versions]
    return pd.DataFrame(rows, columns=["table", "version", "rows"])
