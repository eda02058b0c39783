"""What an error in the forecast of a series costs: the terms of `core.forecast.evaluation.inventory_cost`."""

import pandas as pd
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from echelon.core.demand.periods import PERIOD_DAYS, PERIODS_PER_YEAR
from echelon.core.forecast.evaluation.inventory_cost import Terms
from echelon.core.forecast.panel import KEYS
from echelon.stages.shared.context import Context
from echelon.stages.shared.history import SERIES
from echelon.stages.shared.lead_times import Learned
from echelon.stages.shared.windows import Windows
from echelon.stages.stock.network_building import with_targets

_TERMS = ["cover", "ratio", "holding"]
# A target of 100 % would make a shortage cost without end.
_LARGEST_RATIO = 0.999


def with_cost_terms(context: Context, demand: DataFrame, windows: Windows) -> DataFrame:
    """Demand with `cover` (periods), `ratio` and `holding` (currency per unit left over) of each series.

    An order lasts for the mean lead time of the preferred lane and its review period, in whole periods, at least one and at
    most the horizon; the horizon itself where there is no lane. Lead times are those known when the replay's weeks began, so
    that the replay's champions do not know more.
    """
    read = context.lake.read
    series = with_targets(read("segments").select(*SERIES), read("targets"))
    costs = read("items").select("sku", "unit_cost")
    rates = read("locations").select("location", "holding_rate")
    known = series.join(costs, "sku").join(F.broadcast(rates), "location")
    covered = known.join(F.broadcast(_cover_days(context, windows)), "location", "left")
    cover = _periods(windows)
    terms = covered.select(
        *SERIES,
        cover.alias("cover"),
        F.least("fill_rate", F.lit(_LARGEST_RATIO)).alias("ratio"),
        (F.col("unit_cost") * F.col("holding_rate") * cover / PERIODS_PER_YEAR[windows.freq]).alias("holding"),
    )
    return demand.join(context.lake.keep("cost_terms", terms), list(SERIES))


def _periods(windows: Windows) -> Column:
    horizon = float(windows.horizon)
    periods = F.coalesce(F.round(F.col("cover_days") / PERIOD_DAYS[windows.freq]), F.lit(horizon))
    return F.least(F.greatest(periods, F.lit(1.0)), F.lit(horizon))


def _cover_days(context: Context, windows: Windows) -> DataFrame:
    """location, cover_days: mean lead time and review period of the preferred lane into each location."""
    terms = context.lake.read("lanes").select("source", "destination", "priority", "review_period_days")
    learned = Learned(context, windows.replay_start_date).lead_times.select("source", "destination", "mean_days")
    lanes = terms.join(learned, ["source", "destination"])
    first = F.min_by(F.col("mean_days") + F.col("review_period_days"), F.struct("priority", "source"))
    return lanes.groupBy(F.col("destination").alias("location")).agg(first.alias("cover_days"))


def terms_of(rows: pd.DataFrame) -> Terms:
    """The terms of rows of `with_cost_terms`, by sku and location."""
    of_series = rows.groupby(KEYS, sort=True)[_TERMS].max()
    return Terms(of_series["cover"].to_numpy(int), of_series["ratio"].to_numpy(float), of_series["holding"].to_numpy(float))
