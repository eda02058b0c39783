"""Exception `delivery_outlier`: deliveries whose dates can't be right, which lead times are learned without."""

from datetime import date
from typing import Any

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from echelon.core.network.deliveries import left_out_deliveries
from echelon.core.replenish.wording import figure
from echelon.engine.decimal_sums import exact_sum
from echelon.engine.grouped.buckets import apply_in_buckets
from echelon.lake.contracts import TABLES
from echelon.lake.inputs import EVERY
from echelon.stages.shared.context import Context

_OUTLIERS = "sku string, location string, quantity double, days double, detail string"
# So many of one SKU and destination are named; the others are counted.
_NAMED = 3


def delivery_outliers(context: Context) -> DataFrame:
    """One row per SKU (`*` where deliveries have none) and destination, with the units received and their value."""
    read, lane = context.lake.read, ["source", "destination"]
    if context.settings.sources.deliveries is None:
        return context.spark.createDataFrame([], TABLES["exceptions"].ddl)
    rows = read("deliveries").join(read("lanes").select(*lane, "lead_time_days"), lane)
    outliers = apply_in_buckets(rows, lane, _outliers, _OUTLIERS, context.settings.spark.buckets)
    costs = read("items").select("sku", "unit_cost")
    worst = F.sort_array(F.collect_list(F.struct("days", "detail")), asc=False)
    by_point = outliers.groupBy("sku", "location").agg(exact_sum(F.col("quantity")).alias("quantity"), worst.alias("_told"))
    named = F.concat_ws(" ", F.slice("_told", 1, _NAMED).getField("detail"))
    more = F.size("_told") - _NAMED
    return by_point.join(costs, "sku", "left").select(
        F.lit("delivery_outlier").alias("kind"),
        F.lit("medium").alias("severity"),
        "sku",
        "location",
        "quantity",
        (F.col("quantity") * F.coalesce("unit_cost", F.lit(0.0))).alias("value"),
        F.when(more > 0, F.concat(named, F.lit(" And "), more, F.lit(" more."))).otherwise(named).alias("detail"),
    )


def _outliers(rows: pd.DataFrame) -> pd.DataFrame:
    lanes = rows[["source", "destination", "lead_time_days"]].drop_duplicates()
    left_out = left_out_deliveries(lanes, rows.drop(columns="lead_time_days"))
    return pd.DataFrame(
        {
            "sku": left_out["sku"].fillna(EVERY),
            "location": left_out["destination"],
            "quantity": left_out["quantity_received"].fillna(0.0),
            "days": left_out["days"],
            "detail": [_detail(row) for row in left_out.to_dict("records")],
        }
    )


def _detail(row: dict[Any, Any]) -> str:
    ordered, received = (_day(row[f"{name}_date"]) for name in ("order", "received"))
    return (
        f"Delivery '{row['delivery']}' from {row['source']}: {figure(row['days'])} days from the order ({ordered}) to the "
        f"receipt ({received}), where {figure(row['usual_days'])} are usual. Left out of lead times; are the dates right?"
    )


def _day(value: Any) -> date:
    day: date = pd.Timestamp(value).date()
    return day
