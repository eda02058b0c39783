"""What is known beside demand. What grows with SKUs (attributes, signals by SKU) travels with the rows of demand, one row
per series; other signals go with the function."""

from functools import partial

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from echelon.config.models import Signal as Setting
from echelon.core.demand.periods import Frequency, period_index
from echelon.core.forecast.features.covariates import EVERY, Calendar, Signal, Signals, own_values, periods_ahead, shared_values
from echelon.core.forecast.features.events import event_signals
from echelon.engine.grouped.buckets import apply_in_buckets
from echelon.stages.shared.context import Context
from echelon.stages.shared.history import SERIES
from echelon.stages.shared.windows import Windows

_OWN = "sku string, location string, signals array<array<float>>, known_ahead array<int>"
_ROW = (*SERIES, "name", "date", "value")


def with_signals(context: Context, demand: DataFrame, windows: Windows) -> tuple[DataFrame, Signals]:
    """Demand with one more row per series that carries what is known beside it, and what makes a panel of these rows.

    demand: sku, location, date, demand. Signals are neither read nor added where the run has none.
    """
    beside, signals = _attributes(context), _signals(context, windows)
    if signals.chosen:
        beside = beside.join(_own_rows(context, signals), list(SERIES))
    return demand.unionByName(beside, allowMissingColumns=True), signals


def _attributes(context: Context) -> DataFrame:
    """sku, location, category, region of every series."""
    read = context.lake.read
    series = read("segments").select(*SERIES).join(read("items").select("sku", "category"), "sku")
    return series.join(F.broadcast(read("locations").select("location", "region")), "location")


def _signals(context: Context, windows: Windows) -> Signals:
    reach = windows.horizon + windows.gap
    calendar = Calendar(windows.freq, windows.first, windows.periods + reach, windows.end)
    given = given_signals(context, windows)
    if not given and context.settings.sources.events is None and not context.settings.holidays:
        return Signals(calendar)
    rows = context.lake.read("signals").where(F.col("sku") == EVERY).drop("sku").toPandas()
    is_event = rows.pop("kind") == "event"
    events, days = event_signals(rows[is_event], reach)
    chosen = (*given, *events)
    return Signals(calendar, chosen, shared_values(pd.concat([rows[~is_event], days]), calendar, chosen))


def given_signals(context: Context, windows: Windows) -> list[Signal]:
    """The signals of the configuration, by name, as far ahead as is said, with the last period of their rows."""
    settings, reach = sorted(context.settings.signals.items()), windows.horizon + windows.gap
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
