"""How far ahead demand is forecast: as far as a plan needs it."""

import math

from echelon.core.demand.periods import PERIOD_DAYS
from echelon.core.forecast.features.season import YEAR
from echelon.core.network.protection import longest_way
from echelon.core.network.topology import planned_supplies
from echelon.stages.shared.context import Context
from echelon.stages.shared.network import lanes_of, names_of
from echelon.stages.shared.windows import Windows


def forecast_reach(context: Context, windows: Windows) -> int:
    """Periods that are forecast: whole horizons that last for one horizon of planning and, after it, the longest way through
    the network (lead times at their 95 % quantile, review periods); at most a year, one horizon at least. One number for all
    SKUs, as they share the lanes."""
    horizon = windows.horizon
    periods = _protection_days(context) / PERIOD_DAYS[windows.freq] + horizon
    most = max(YEAR[windows.freq] // horizon, 1)
    return min(math.ceil(periods / horizon), most) * horizon


def _protection_days(context: Context) -> float:
    """Of the longest way to a location with customers."""
    read = context.lake.read
    late = {(row["source"], row["destination"]): row["p95_days"] for row in read("lead_times").collect()}
    rows = read("lanes").select("source", "destination", "review_period_days").collect()
    days = {(row["source"], row["destination"]): row["review_period_days"] for row in rows}
    days = {ends: late[ends] + review for ends, review in days.items() if ends in late}
    lanes = [lane for lane in lanes_of(read("lanes")) if (lane.source, lane.destination) in days]
    customers = [row["location"] for row in read("segments").select("location").distinct().collect()]
    return longest_way(planned_supplies(lanes, frozenset(names_of(read("locations")))), days, customers)
