"""Stage `prepare`: demand on a complete calendar, segments, and lead times and suppliers learned from deliveries."""

from datetime import date
from functools import partial

import pandas as pd
from pyspark.sql import DataFrame

from echelon.core.demand.periods import last_complete_period, stamps_whole_periods, start_date
from echelon.core.demand.stockouts import Calendar, build_restored_demand
from echelon.engine.buckets import apply_in_buckets
from echelon.lake.contracts import TABLES
from echelon.stages.context import Context
from echelon.stages.history import segmented
from echelon.stages.lead_times import lead_times_before, suppliers_before
from echelon.stages.signal_reach import told_signals
from echelon.stages.spikes import told_spikes
from echelon.stages.stock_books import told_stock_books
from echelon.stages.windows import WORD, Windows, plan_windows

_NETTED = (
    "sku string, location string, date date, demand double, returned double, observed double, censored double, spike double, "
    "quantity double"
)
_SOLD = ("sku", "location", "date", "quantity_sold", "quantity_returned")
_EMPTY = "stocked_out"


def run(context: Context) -> str:
    """Publish `demand`, `unmatched_returns`, `segments`, `lead_times` and `suppliers`.

    Raises InputRefused when the history is too short to learn from.
    """
    lake, sales = context.lake, context.lake.read("sales")
    days = _days(sales)
    by_period = stamps_whole_periods(days, context.settings.run.frequency)
    windows = _windows(context, days, by_period)
    netted = lake.keep("netted", _netted(context, sales, windows, by_period))
    demand = netted.where("demand IS NOT NULL").select(TABLES["demand"].column_names)
    books = told_stock_books(demand) if context.settings.sources.stock_history is not None else []
    for note in (*told_spikes(demand, windows), *told_signals(context, windows), *books):
        print(f"{'prepare':<10} note: {note}")
    published = lake.publish(
        {
            "demand": demand,
            "unmatched_returns": netted.where("quantity IS NOT NULL"),
            "segments": segmented(context, demand, windows.replay_start_date),
            "lead_times": lead_times_before(context, None),
            "suppliers": suppliers_before(context, None),
        }
    )
    return (
        f"{published['segments']:,} SKU-locations, {published['demand']:,} {WORD[context.settings.run.frequency]} of demand, "
        f"{published['lead_times']:,} lanes"
    )


def _netted(context: Context, sales: DataFrame, windows: Windows, by_period: bool) -> DataFrame:
    """Demand and unmatched returns, one under the other; days that ended empty travel with the sales."""
    freq = windows.freq
    rows, stock_by_period = sales.select(*_SOLD), False
    if context.settings.sources.stock_history is not None:
        history = context.lake.read("stock_history")
        stock_by_period = stamps_whole_periods(_days(history), freq)
        rows = rows.unionByName(history.where(_EMPTY).select(*_SOLD[:3], _EMPTY), allowMissingColumns=True)
    start_by = max(windows.first, windows.end - windows.least_periods)
    calendar = Calendar(freq, windows.end - 1, start_by, not (by_period or stock_by_period), stock_by_period)
    return apply_in_buckets(rows, ["sku"], partial(_net, calendar=calendar), _NETTED, context.settings.spark.buckets)


def _days(frame: DataFrame) -> list[date]:
    return sorted(row["date"] for row in frame.select("date").distinct().collect())


def _windows(context: Context, days: list[date], by_period: bool) -> Windows:
    """The history up to the last complete period; refuses one that is too short."""
    freq = context.settings.run.frequency
    last = last_complete_period(context.run_date, freq, days[-1], by_period)
    windows = plan_windows(context.settings, days[0], start_date(last, freq))
    if windows.shorter_than_a_season:
        print(f"{'prepare':<10} note: {windows.shorter_than_a_season}")
    return windows


def _net(frame: pd.DataFrame, calendar: Calendar) -> pd.DataFrame:
    sold = frame["quantity_sold"].notna()
    netted = build_restored_demand(frame[sold], frame[~sold], calendar)
    columns = [part.split()[0] for part in _NETTED.split(", ")]
    return pd.concat([netted.demand, netted.unmatched]).reindex(columns=columns)
