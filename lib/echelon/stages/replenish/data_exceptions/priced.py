"""Rows of the table `exceptions` from what was found of SKU-locations."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from echelon.stages.shared.context import Context
from echelon.stages.shared.history import SERIES


def priced(context: Context, rows: DataFrame, kind: str) -> DataFrame:
    """Exceptions of medium severity, worth their units at cost. rows: sku, location, quantity (units), detail."""
    costs = context.lake.read("items").select("sku", "unit_cost")
    return rows.join(costs, "sku").select(
        F.lit(kind).alias("kind"),
        F.lit("medium").alias("severity"),
        *SERIES,
        "quantity",
        (F.col("quantity") * F.col("unit_cost")).alias("value"),
        "detail",
    )
