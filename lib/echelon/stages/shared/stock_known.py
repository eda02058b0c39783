"""For how much of the demand history the stock is known."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from echelon.core.demand.periods import Frequency
from echelon.stages.shared.context import Context
from echelon.stages.shared.history import SERIES

_START: dict[Frequency, str] = {"D": "day", "W": "week", "M": "month"}


def share_of_periods(context: Context) -> float | None:
    """Share of the SKU-location-periods of demand with a row of `stock_history`; None without that input."""
    if context.settings.sources.stock_history is None:
        return None
    start = F.date_trunc(_START[context.settings.run.frequency], "date").cast("date").alias("date")
    known: DataFrame = context.lake.read("stock_history").select(*SERIES, start).distinct()
    demand = context.lake.read("demand").select(*SERIES, "date")
    with_stock = demand.join(known.withColumn("_known", F.lit(1)), [*SERIES, "date"], "left")
    row = with_stock.agg(F.count("_known"), F.count("*")).collect()[0]
    return float(row[0] / row[1]) if row[1] else None
