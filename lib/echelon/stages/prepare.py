"""Stage `prepare`: demand on a complete calendar, segments, and lead times and suppliers learned from deliveries."""

from functools import partial

import pandas as pd
from pyspark.sql import DataFrame

from echelon.core.demand.cleaning import build_demand
from echelon.core.demand.periods import last_complete_period, stamps_whole_periods, start_date
from echelon.engine.buckets import apply_in_buckets
from echelon.lake.contracts import TABLES
from echelon.stages.context import Context
from echelon.stages.history import segmented
from echelon.stages.lead_times import lead_times_before, suppliers_before
from echelon.stages.windows import WORD, Windows, plan_windows

_NETTED = "sku string, location string, date date, demand double, returned double, quantity double"


def run(context: Context) -> str:
    """Publish `demand`, `unmatched_returns`, `segments`, `lead_times` and `suppliers`.

    Raises InputRefused when the history is too short to learn from.
    """
    lake, sales = context.lake, context.lake.read("sales")
    netted = lake.keep("netted", _netted(context, sales, _windows(context, sales)))
    demand = netted.where("demand IS NOT NULL").select(TABLES["demand"].column_names)
    segments = lake.keep("segments", segmented(context, demand))
    published = lake.publish(
        {
            "demand": demand,
            "unmatched_returns": netted.where("quantity IS NOT NULL"),
            "segments": segments,
            "lead_times": lead_times_before(context, None),
            "suppliers": suppliers_before(context, None),
        }
    )
    return (
        f"{published['segments']:,} SKU-locations, {published['demand']:,} {WORD[context.settings.run.frequency]} of demand, "
        f"{published['lead_times']:,} lanes"
    )


def _windows(context: Context, sales: DataFrame) -> Windows:
    """The history up to the last complete period; refuses one that is too short."""
    freq = context.settings.run.frequency
    days = sorted(row["date"] for row in sales.select("date").distinct().collect())
    last = last_complete_period(context.run_date, freq, days[-1], stamps_whole_periods(days, freq))
    windows = plan_windows(context.settings, days[0], start_date(last, freq))
    if windows.shorter_than_a_season:
        print(f"{'prepare':<10} note: {windows.shorter_than_a_season}")
    return windows


def _netted(context: Context, sales: DataFrame, windows: Windows) -> DataFrame:
    columns = ["sku", "location", "date", "quantity_sold", "quantity_returned"]
    function = partial(_net, windows=windows)
    return apply_in_buckets(sales.select(*columns), ["sku"], function, _NETTED, context.settings.spark.buckets)


def _net(frame: pd.DataFrame, windows: Windows) -> pd.DataFrame:
    start_by = max(windows.first, windows.end - windows.least_periods)
    netted = build_demand(frame, windows.freq, windows.end - 1, start_by)
    columns = [part.split()[0] for part in _NETTED.split(", ")]
    return pd.concat([netted.demand, netted.unmatched]).reindex(columns=columns)
