"""Exception `record_refused`: rows of master data, stock and targets in quarantine, and what is planned without them."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from echelon.lake.inputs import EVERY
from echelon.stages.shared.context import Context

_WITHOUT = {
    "items": "Planned with what can be read of the row, and defaults for the rest.",
    "locations": "Planned with what can be read of the row, and defaults for the rest.",
    "stock": "What the row says is not counted.",
    "targets": "Planned for the target of the next less exact row, or the default.",
}
_URGENT = ("stock", "items")
# Strangers are told as stock that is not planned; a copy of anything but stock changes nothing.
_HARMLESS = "rule IN ('unknown_sku', 'unknown_location') OR (rule = 'duplicate' AND input <> 'stock')"


def refused_rows(context: Context) -> DataFrame:
    """One row per SKU and location, with the first reason of each input."""
    refused = context.lake.read("quarantine").where(F.col("input").isin(*_WITHOUT)).where(f"NOT ({_HARMLESS})")
    named = refused.withColumns({name: F.coalesce(name, F.lit(EVERY)) for name in ("sku", "location")})
    without = F.create_map(*(F.lit(text) for pair in _WITHOUT.items() for text in pair))[F.col("input")]
    without = F.when(F.col("rule") == "rounded_name", F.lit("Left out.")).otherwise(without)
    more = F.when(F.count("*") > 1, F.concat(F.lit(" (and "), F.count("*") - 1, F.lit(" more)"))).otherwise("")
    sentence = F.concat(F.lit("Refused row of "), "input", F.lit(": "), F.min("reason"), more, F.lit(". "), F.min(without))
    by_input = named.groupBy("sku", "location", "input").agg(sentence.alias("told"))
    urgent = F.max(F.col("input").isin(*_URGENT))
    by_point = by_input.groupBy("sku", "location").agg(
        F.array_sort(F.collect_list("told")).alias("told"), urgent.alias("urgent")
    )
    return by_point.select(
        F.lit("record_refused").alias("kind"),
        F.when(F.col("urgent"), "high").otherwise("medium").alias("severity"),
        "sku",
        "location",
        F.lit(0.0).alias("quantity"),
        F.lit(0.0).alias("value"),
        F.concat_ws(" ", "told").alias("detail"),
    )
