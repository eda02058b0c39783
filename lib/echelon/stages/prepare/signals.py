"""What is known beside demand. What grows with SKUs (attributes, signals by SKU) travels with the rows of demand, one row
per series; other signals go with the function."""

from dataclasses import replace
from functools import partial

import pandas as pd
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from echelon.config.models import Signal as Setting
from echelon.core.demand.periods import Frequency, period_index
from echelon.core.forecast.features.covariates import (
    ATTRIBUTES,
    EVERY,
    LOCATION,
    MOST_NAMES,
    Calendar,
    Signal,
    Signals,
    own_values,
    periods_ahead,
    shared_values,
)
from echelon.core.forecast.features.events import event_signals
from echelon.engine.grouped.buckets import apply_in_buckets
from echelon.stages.shared.context import Context
from echelon.stages.shared.history import SERIES
from echelon.stages.shared.windows import Windows

_OWN = "sku string, location string, signals array<array<float>>, known_ahead array<int>"
_NAMED = (*ATTRIBUTES, LOCATION)
PRICE_TIERS = 4
_ROW = (*SERIES, "name", "date", "value")


def with_signals(context: Context, demand: DataFrame, windows: Windows) -> tuple[DataFrame, Signals]:
    """Demand with one more row per series that carries what is known beside it, and what makes a panel of these rows.

    demand: sku, location, date, demand. Signals are neither read nor added where the run has none.
    """
    beside = context.lake.keep("attributes", _attributes(context))
    signals = replace(run_signals(context, windows), attributes=_names(beside))
    if signals.chosen:
        beside = beside.join(_own_rows(context, signals), list(SERIES))
    return demand.unionByName(beside, allowMissingColumns=True), signals


def _attributes(context: Context) -> DataFrame:
    """sku, location and ATTRIBUTES of every series. price_tier: quarter of the prices of its category, from the cheapest."""
    read = context.lake.read
    by_price = Window.partitionBy("category").orderBy("unit_price")
    tier = F.when(F.col("unit_price").isNotNull(), F.ceil(F.cume_dist().over(by_price) * PRICE_TIERS).cast("string"))
    items = read("items").select("sku", "category", tier.alias("price_tier"))
    places = read("locations").select("location", "region", "kind")
    return read("segments").select(*SERIES).join(items, "sku").join(F.broadcast(places), "location")


def _names(beside: DataFrame) -> dict[str, list[str]]:
    """The names of each attribute, sorted, at most MOST_NAMES of it: those that most series have."""
    given = F.array(*(F.struct(F.lit(name).alias("of"), F.coalesce(name, F.lit("")).alias("name")) for name in _NAMED))
    counts = beside.select(F.inline(given)).groupBy("of", "name").count()
    ranked = counts.withColumn("_rank", F.row_number().over(Window.partitionBy("of").orderBy(F.desc("count"), "name")))
    rows = ranked.where(F.col("_rank") <= MOST_NAMES).select("of", "name").toPandas()
    return {name: sorted(rows.loc[rows["of"] == name, "name"]) for name in _NAMED}


def run_signals(context: Context, windows: Windows, periods: int | None = None) -> Signals:
    """The signals of the run with their lines for locations and for all. periods: from the cutoff on for which they may be
    known ahead; default: what is scored."""
    reach = windows.horizon + windows.gap if periods is None else periods
    calendar = Calendar(windows.freq, windows.first, windows.periods + reach, windows.end)
    given = given_signals(context, windows, periods)
    if not given and context.settings.sources.events is None and not context.settings.holidays:
        return Signals(calendar)
    rows = context.lake.read("signals").where(F.col("sku") == EVERY).drop("sku").toPandas()
    is_event = rows.pop("kind") == "event"
    events, days = event_signals(rows[is_event], reach)
    chosen = (*given, *events)
    return Signals(calendar, chosen, shared_values(pd.concat([rows[~is_event], days]), calendar, chosen))


def given_signals(context: Context, windows: Windows, periods: int | None = None) -> list[Signal]:
    """The signals of the configuration, by name, as far ahead as is said, with the last period of their rows. periods: as in
    `run_signals`."""
    settings, reach = sorted(context.settings.signals.items()), windows.horizon + windows.gap if periods is None else periods
    if not settings:
        return []
    rows = context.lake.read("signals").where("kind = 'signal'").groupBy("name").agg(F.max("date").alias("last"))
    last = {row["name"]: int(period_index(row["last"], windows.freq)) for row in rows.collect()}
    return [_signal(name, setting, windows.freq, reach, last.get(name)) for name, setting in settings]


def _signal(name: str, setting: Setting, freq: Frequency, reach: int, last: int | None) -> Signal:
    ahead = periods_ahead(setting.delay_days, setting.known_ahead, freq, reach)
    if setting.source == "sales":
        return Signal(name, ahead, "last", "median")
    if setting.source == "stock_history":
        return Signal(name, ahead, 0.0)
    return Signal(name, ahead, setting.missing, last=last)


def _own_rows(context: Context, signals: Signals) -> DataFrame:
    """sku, location, signals, known_ahead: one row per series, see `own_values`."""
    rows = _by_sku(context).unionByName(context.lake.read("segments").select(*SERIES), allowMissingColumns=True)
    function = partial(_own_values, calendar=signals.calendar, chosen=signals.chosen)
    return context.lake.keep("signals", apply_in_buckets(rows, ["sku"], function, _OWN, context.settings.spark.buckets))


def _own_values(rows: pd.DataFrame, calendar: Calendar, chosen: tuple[Signal, ...]) -> pd.DataFrame:
    return own_values(rows, calendar, chosen)


def _by_sku(context: Context) -> DataFrame:
    """Rows for single SKUs: as they were given, and what is taken from other inputs."""
    rows = context.lake.read("signals").where((F.col("kind") == "signal") & (F.col("sku") != EVERY)).select(*_ROW)
    for name, setting in sorted(context.settings.signals.items()):
        if setting.source != "signals":
            taken = _prices(context) if setting.source == "sales" else _empty_days(context)
            rows = rows.unionByName(taken.withColumn("name", F.lit(name)).select(*_ROW))
    return rows


def _prices(context: Context) -> DataFrame:
    """What was paid per unit on days without returns, which may be at another price."""
    clean = context.lake.read("sales").where("revenue IS NOT NULL AND quantity_sold > 0 AND quantity_returned = 0")
    return clean.withColumn("value", F.col("revenue") / F.col("quantity_sold"))


def _empty_days(context: Context) -> DataFrame:
    return context.lake.read("demand").where("censored > 0").withColumn("value", F.col("censored"))
