"""Stage `prepare`: demand on a complete calendar, segments, and lead times and suppliers learned from deliveries."""

from datetime import date
from functools import partial

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from echelon.core.demand.lost_sales.stockouts import Calendar, build_restored_demand
from echelon.core.demand.periods import Frequency, end_date, last_complete_period, start_date
from echelon.core.demand.stamps import stamps_whole_periods, stray_stamps
from echelon.engine.decimal_sums import exact_sum
from echelon.engine.grouped.buckets import apply_in_buckets
from echelon.errors import InputRefused
from echelon.lake.contracts import TABLES
from echelon.stages.prepare.signal_reach import signal_notes
from echelon.stages.prepare.spikes import spike_notes
from echelon.stages.prepare.stock_books import stock_book_notes
from echelon.stages.shared.context import Context
from echelon.stages.shared.history import segmented
from echelon.stages.shared.lead_times import Learned
from echelon.stages.shared.notes import note
from echelon.stages.shared.windows import WORD, Windows, plan_windows

_NETTED = (
    "sku string, location string, date date, demand double, returned double, observed double, censored double, spike double, "
    "quantity double"
)
_SOLD = ("sku", "location", "date", "quantity_sold", "quantity_returned")
_EMPTY = "stocked_out"
_MOVED = "quantity_sold > 0 OR quantity_returned > 0"
_PERIOD: dict[Frequency, str] = {"D": "day", "W": "week", "M": "month"}


def run(context: Context) -> str:
    """Publish `demand`, `unmatched_returns`, `segments`, `lead_times` and `suppliers`.

    Raises InputRefused when the history is too short to learn from.
    """
    lake, sales = context.lake, context.lake.read("sales")
    windows, by_period = _windows(context, sales)
    netted = lake.keep("netted", _netted(context, sales, windows, by_period))
    demand = netted.where("demand IS NOT NULL").select(TABLES["demand"].column_names)
    books = stock_book_notes(demand) if context.settings.sources.stock_history is not None else []
    for text in (*spike_notes(demand, windows), *signal_notes(context, windows), *books):
        note("prepare", text)
    learned = Learned(context, received_before=None)
    published = lake.publish(
        {
            "demand": demand,
            "unmatched_returns": netted.where("quantity IS NOT NULL"),
            "segments": segmented(context, demand, windows.replay_start_date),
            "lead_times": learned.lead_times,
            "suppliers": learned.suppliers,
        }
    )
    if strange := published["unmatched_returns"]:
        note(
            "prepare", f"{strange:,} returns of which no sale is in the data take nothing off demand (table unmatched_returns)"
        )
    return (
        f"{published['segments']:,} SKU-locations, {published['demand']:,} {WORD[context.settings.run.frequency]} of demand, "
        f"{published['lead_times']:,} lanes"
    )


def _netted(context: Context, sales: DataFrame, windows: Windows, by_period: bool) -> DataFrame:
    """Demand and unmatched returns, one under the other; days that ended empty travel with the sales."""
    freq = windows.freq
    rows, stock_by_period = sales.where(_MOVED).select(*_SOLD), False
    if context.settings.sources.stock_history is not None:
        history = context.lake.read("stock_history")
        stock_by_period = stamps_whole_periods(*_dates(history, freq))
        rows = rows.unionByName(history.where(_EMPTY).select(*_SOLD[:3], _EMPTY), allowMissingColumns=True)
    start_by = max(windows.first, windows.end - windows.least_periods)
    calendar = Calendar(freq, windows.end - 1, start_by, not (by_period or stock_by_period), stock_by_period)
    return apply_in_buckets(rows, ["sku"], partial(_net, calendar=calendar), _NETTED, context.settings.spark.buckets)


def _dates(frame: DataFrame, freq: Frequency) -> tuple[list[date], Frequency, list[int]]:
    """The dates, the period, and how many rows each date has."""
    days = frame.groupBy("date").count().orderBy("date").collect()
    return [row["date"] for row in days], freq, [row["count"] for row in days]


def _windows(context: Context, sales: DataFrame) -> tuple[Windows, bool]:
    """The history from the first sale to the last complete period, and whether dates stand for whole periods; refuses one that
    is too short. Rows of 0 reach to the end of the data, but no series begins before its first sale."""
    freq = context.settings.run.frequency
    first = sales.agg(F.min(F.expr("if(quantity_sold > 0, date, null)"))).collect()[0][0]
    if first is None:
        raise InputRefused("sales: not one row is a sale: quantities are 0 or returns")
    stamps = _dates(sales, freq)
    by_period, stray = stamps_whole_periods(*stamps), stray_stamps(*stamps)
    newest = max(day for day in stamps[0] if day not in stray)
    last = last_complete_period(context.run_date, freq, newest, by_period)
    _tell_unfinished(sales, end_date(last, freq), freq)
    windows = plan_windows(context.settings, first, start_date(last, freq))
    if windows.shorter_than_a_season:
        note("prepare", windows.shorter_than_a_season)
    return windows, by_period


def _tell_unfinished(sales: DataFrame, end: date, freq: Frequency) -> None:
    later = sales.where(F.col("date") > F.lit(end)).agg(F.min("date"), F.max("date"), exact_sum(F.col("net_quantity")))
    first, last, units = later.collect()[0]
    if first is not None:
        note(
            "prepare",
            f"the last {_PERIOD[freq]} is not over: {units:,g} units of {first} to {last} are left out; demand ends {end}",
        )


def _net(frame: pd.DataFrame, calendar: Calendar) -> pd.DataFrame:
    sold = frame["quantity_sold"].notna()
    netted = build_restored_demand(frame[sold], frame[~sold], calendar)
    columns = [part.split()[0] for part in _NETTED.split(", ")]
    return pd.concat([netted.demand, netted.unmatched]).reindex(columns=columns)
