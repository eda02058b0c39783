"""What moved the safety stock between the last release and this one: the table `stock_changes`."""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from echelon.core.inventory.explanation.cause_names import NOT_EXPLAINED
from echelon.lake.contracts import TABLES
from echelon.stages.shared.history import SERIES

_LEAST = 1e-6  # units: less is rounding


def safety_stock_by_cause(levels: DataFrame, explanations: DataFrame, items: DataFrame) -> DataFrame:
    """sku, location, cause, units, value of one release: of every planned SKU-location the whole safety stock (cause
    NOT_EXPLAINED), and of explained ones each part."""
    # safety stock was cut at 0 before there was that of the echelon
    uncut = F.col("base_stock_level") - F.col("lead_time_demand")
    units = F.when(F.col("echelon_safety_stock").isNull(), uncut).otherwise(F.col("safety_stock"))
    whole = levels.join(items.select("sku", "unit_cost"), "sku").select(
        *SERIES, F.lit(NOT_EXPLAINED).alias("cause"), units.alias("units"), (units * F.col("unit_cost")).alias("value")
    )
    return whole.union(explanations.select(*SERIES, "cause", F.col("safety_stock").alias("units"), "value"))


def changes(before: DataFrame, now: DataFrame) -> DataFrame:
    """The table `stock_changes` from `safety_stock_by_cause` of two releases: by cause where each that plans the SKU-location
    also explains it, else as a whole."""
    sides = [frame.withColumnsRenamed({"units": name, "value": f"{name}_value"}) for name, frame in _named(before, now)]
    both = sides[0].join(sides[1], [*SERIES, "cause"], "full")
    flagged = both.withColumns({f"{name}_{what}": flag for name in ("before", "now") for what, flag in _flags(name).items()})
    by_cause = F.expr("(before_explained OR NOT before_planned) AND (now_explained OR NOT now_planned)")
    kept = flagged.where(by_cause != (F.col("cause") == NOT_EXPLAINED))
    known = kept.fillna(0.0, ["before", "now", "before_value", "now_value"])
    rows = known.withColumns(
        {
            "change": F.expr("CASE WHEN NOT before_planned THEN 'new' WHEN NOT now_planned THEN 'dropped' ELSE 'kept' END"),
            "moved": F.col("now") - F.col("before"),
            "value": F.col("now_value") - F.col("before_value"),
        }
    )
    return rows.where(F.abs("moved") > _LEAST).select(TABLES["stock_changes"].column_names)


def _named(before: DataFrame, now: DataFrame) -> tuple[tuple[str, DataFrame], tuple[str, DataFrame]]:
    return (("before", before), ("now", now))


def _flags(name: str) -> dict[str, Column]:
    """Whether a release plans the SKU-location of a row, and whether it explains it."""
    node, has = Window.partitionBy(*SERIES), F.col(name).isNotNull()
    whole = F.col("cause") == NOT_EXPLAINED
    return {"planned": F.max(has & whole).over(node), "explained": F.max(has & ~whole).over(node)}
