"""Exceptions `demand_spike`: what a series sold once, far above the usual, and what is planned with instead."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from echelon.core.demand.periods import Frequency
from echelon.engine.decimal_sums import exact_sum
from echelon.stages.prepare.spikes import IS_SPIKE
from echelon.stages.shared.context import Context
from echelon.stages.shared.history import SERIES

_PERIOD: dict[Frequency, str] = {"D": "on", "W": "in the week of", "M": "in the month of"}
_ADVICE = (
    "If it is a mistake, correct it in sales; if such an order is to come again, order for it beside the plan, "
    "as the plan holds no stock for it"
)


def demand_spikes(context: Context) -> DataFrame:
    """One row per SKU-location with its spikes in words; worth the units that are not planned for."""
    spikes = context.lake.read("demand").where(IS_SPIKE)
    others = spikes.groupBy("sku", "date").agg((F.count("*") - 1).alias("others"))
    line = _line(_PERIOD[context.settings.run.frequency])
    by_series = spikes.join(others, ["sku", "date"]).groupBy(*SERIES).agg(
        F.array_sort(F.collect_list(F.struct("date", line.alias("words")))).alias("lines"),
        exact_sum(F.col("spike")).alias("quantity"),
    )  # fmt: skip
    priced = by_series.join(context.lake.read("items").select("sku", "unit_cost"), "sku")
    return priced.select(
        F.lit("demand_spike").alias("kind"),
        F.lit("medium").alias("severity"),
        *SERIES,
        "quantity",
        (F.col("quantity") * F.col("unit_cost")).alias("value"),
        F.concat(F.concat_ws("; ", "lines.words"), F.lit(f". {_ADVICE}")).alias("detail"),
    )


def _line(period: str) -> Column:
    """Size, date, what is counted instead, and whether other locations had one on that day too."""
    shared = F.when(F.col("others") > 0, F.format_string(", as at other locations of the SKU (%d): a promotion?", "others"))
    return F.concat(
        _units(F.col("observed")),
        F.lit(f" sold {period} "),
        F.col("date").cast("string"),
        F.lit(", unlike all other demand here, counted as "),
        _units(F.col("observed") - F.col("spike")),
        F.coalesce(shared, F.lit("")),
    )


def _units(value: Column) -> Column:
    """Whole units as such, others with two decimals."""
    return F.when(value == F.floor(value), F.format_number(value, 0)).otherwise(F.format_number(value, 2))
