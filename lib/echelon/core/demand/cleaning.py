"""From sales and returns to demand: returns are netted, the calendar is completed.

The rule for returns. A return takes off the latest sales of the same SKU and location that are not yet taken off, on
the same day or earlier, newest first. So an order that is cancelled the same day was no demand; a return never makes
demand negative; and what finds no earlier sale (sold before the data begin) is counted, not netted. So is a return that is
a typing error: more than three times any sale or other return, and ten times the usual sale. The demand of a period may
therefore still fall when a later return arrives.

Spikes (`spikes.py`) are looked for in what is left, by day and by period, and counted as a demand of the usual size.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from echelon.core.arrays import Vector
from echelon.core.demand.periods import Frequency, period_index, period_start
from echelon.core.demand.spikes import spike_excess

KEYS = ["sku", "location"]
DEMAND_COLUMNS = [*KEYS, "date", "demand", "returned", "spike"]
UNMATCHED_COLUMNS = [*KEYS, "date", "quantity"]


@dataclass(frozen=True)
class NettedDemand:
    """`demand`: sku, location, date (first day of the period), demand, returned (units of this period taken off),
    spike (units sold and not returned that are not counted as demand).
    `unmatched`: sku, location, date of the return, quantity that found no earlier sale."""

    demand: pd.DataFrame
    unmatched: pd.DataFrame


def build_demand(sales: pd.DataFrame, freq: Frequency, last_period: int, start_by: int | None = None) -> NettedDemand:
    """Demand on a complete calendar, per SKU-location from its first sale to `last_period`, gaps filled with zero.

    `sales`: sku, location, date, quantity_sold, quantity_returned (both >= 0); any order, several rows a day allowed.
    `last_period`: number of the last complete period (`periods.last_complete_period`); later sales are left out, as the
    rest of their period is not known, and so are returns of later periods, which no plan could know.
    `start_by`: a series that first sells after this period starts here, with zeros: a single sale yesterday says little
    about the demand of a day, and the days without a sale before it say something.
    """
    known = sales[period_index(sales["date"], freq) <= last_period]
    daily = known.groupby([*KEYS, "date"], sort=True)[["quantity_sold", "quantity_returned"]].sum().reset_index()
    netted = _net_returns(daily)
    netted["spike"] = spike_excess(netted, (netted["quantity_sold"] - netted["taken"]).to_numpy(np.float64))
    demand = _complete(netted, freq, last_period, start_by)
    return NettedDemand(demand if freq == "D" else _without_spikes(demand), _unmatched(netted))


def match_returns(sold: Vector, returned: Vector) -> tuple[Vector, Vector]:
    """Nets the returns of one series, days ascending. Gives (units taken off each day's sales, units of each day's
    returns that found no sale); shapes as the input; sum(taken) + sum(unmatched) = sum(returned)."""
    taken, unmatched = np.zeros(len(sold)), np.zeros(len(sold))
    open_days: list[int] = []
    for day, (sale, back) in enumerate(zip(sold, returned, strict=True)):
        if sale > 0:
            open_days.append(day)
        while back > 0 and open_days:
            newest = open_days[-1]
            units = min(back, sold[newest] - taken[newest])
            taken[newest] += units
            back -= units
            if taken[newest] >= sold[newest]:
                open_days.pop()
        unmatched[day] = back
    return taken, unmatched


def _net_returns(daily: pd.DataFrame) -> pd.DataFrame:
    """Adds `taken` and `unmatched` to sorted daily rows; only series with returns are walked through."""
    sold = daily["quantity_sold"].to_numpy(np.float64)
    returned = daily["quantity_returned"].to_numpy(np.float64)
    taken, unmatched = np.zeros(len(daily)), np.zeros(len(daily))
    starts = np.flatnonzero(~daily.duplicated(KEYS).to_numpy())
    for start, stop in pairwise([*starts, len(daily)]):
        if returned[start:stop].any():
            series = slice(start, stop)
            odd = np.where(_larger_than_sales(sold[series], returned[series]), returned[series], 0.0)
            taken[series], unmatched[series] = match_returns(sold[series], returned[series] - odd)
            unmatched[series] += odd
    return daily.assign(taken=taken, unmatched=unmatched)


def _larger_than_sales(sold: Vector, returned: Vector) -> npt.NDArray[np.bool_]:
    """Returns of one series that nobody can have made: far larger than all that was ever sold in a day, and than the others.
    Taken off the latest sales, a typing error would wipe out all recent demand."""
    others = np.sort(returned)[-2] if len(returned) > 1 else 0.0
    usual = np.median(sold[sold > 0]) if (sold > 0).any() else 0.0
    return np.asarray(returned > max(3 * sold.max(), 3 * others, 10 * usual))


def _without_spikes(demand: pd.DataFrame) -> pd.DataFrame:
    """Periods that are spikes though no day of theirs is."""
    excess = spike_excess(demand, demand["demand"].to_numpy(np.float64))
    return demand.assign(demand=demand["demand"] - excess, spike=demand["spike"] + excess)


def _unmatched(netted: pd.DataFrame) -> pd.DataFrame:
    rows = netted[netted["unmatched"] > 0]
    return rows.rename(columns={"unmatched": "quantity"})[UNMATCHED_COLUMNS].reset_index(drop=True)


def _complete(netted: pd.DataFrame, freq: Frequency, last_period: int, start_by: int | None) -> pd.DataFrame:
    """One row per period from the first sale (or `start_by`) to the last period of each series."""
    sales = netted[netted["quantity_sold"] > 0]
    period = period_index(sales["date"], freq)
    sales = sales.assign(period=period, demand=sales["quantity_sold"] - sales["taken"] - sales["spike"])
    first = sales.groupby(KEYS, sort=True)["period"].min().clip(upper=start_by)
    lengths = (last_period - first + 1).to_numpy(np.int64)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    rows = _calendar(first, lengths, offsets)
    series = sales.groupby(KEYS, sort=True).ngroup().to_numpy()
    position = offsets[series] + sales["period"].to_numpy() - first.to_numpy()[series]
    rows["demand"] = np.bincount(position, sales["demand"].to_numpy(np.float64), minlength=len(rows))
    rows["returned"] = np.bincount(position, sales["taken"].to_numpy(np.float64), minlength=len(rows))
    rows["spike"] = np.bincount(position, sales["spike"].to_numpy(np.float64), minlength=len(rows))
    rows["date"] = period_start(rows["period"], freq).astype("datetime64[s]")
    return rows[DEMAND_COLUMNS]


def _calendar(first: "pd.Series[Any]", lengths: npt.NDArray[np.int64], offsets: npt.NDArray[np.int64]) -> pd.DataFrame:
    rows = first.index.to_frame(index=False)
    rows = rows.loc[np.repeat(np.arange(len(rows)), lengths)].reset_index(drop=True)
    within = np.arange(len(rows)) - np.repeat(offsets[:-1], lengths)
    rows["period"] = np.repeat(first.to_numpy(np.int64), lengths) + within
    return rows
