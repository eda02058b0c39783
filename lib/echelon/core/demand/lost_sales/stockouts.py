"""From sales with stock-outs to demand: which periods were cut off, and what they would have sold."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from echelon.core.arrays import Vector
from echelon.core.demand.cleaning import KEYS, NettedDemand, build_demand
from echelon.core.demand.lost_sales.unconstraining import Sold, expected_demand
from echelon.core.demand.periods import Frequency, period_index, period_start, weekday

RESTORED_COLUMNS = [*KEYS, "date", "demand", "returned", "observed", "censored", "spike"]


@dataclass(frozen=True)
class Calendar:
    """The periods of a run: `freq`, `last` (number of the last complete one), `start_by` (as in `build_demand`).

    daily: sales and stock are dated by the day; else by the period, and a day on which a location was empty is a part of
    its period, or all of it where `whole_stamps` (stock is dated by the period too).
    """

    freq: Frequency
    last: int
    start_by: int | None = None
    daily: bool = True
    whole_stamps: bool = False


def build_restored_demand(sales: pd.DataFrame, empty: pd.DataFrame, calendar: Calendar) -> NettedDemand:
    """`build_demand`, with lost sales restored and the columns RESTORED_COLUMNS.

    sales: as `build_demand`; empty: sku, location, date of days that ended with the location empty; any order.
    demand: `observed` without `spike`, plus whole units where all that the SKU sold is whole, rounded so that the total of a
    series is kept.
    censored: share of the days of the period that ended empty. Weeks and months are the sums of their restored days.
    """
    netted = build_demand(sales, calendar.freq, calendar.last, calendar.start_by)
    observed = netted.demand["demand"] + netted.demand["spike"]
    demand = netted.demand.assign(observed=observed, censored=0.0)[RESTORED_COLUMNS]
    if len(demand) and len(empty):
        demand = _with_losses(demand, sales, empty, calendar)
    return NettedDemand(demand, netted.unmatched)


def _with_losses(demand: pd.DataFrame, sales: pd.DataFrame, empty: pd.DataFrame, calendar: Calendar) -> pd.DataFrame:
    if calendar.freq == "D" or not calendar.daily:
        return _restored(demand, empty, calendar.freq, calendar.whole_stamps)
    last_day, start_day = (_first_day(calendar, number) for number in (calendar.last + 1, calendar.start_by))
    days = build_demand(sales, "D", last_day - 1, start_day).demand  # type: ignore[operator]
    restored = _restored(days.assign(observed=days["demand"], censored=0.0), empty, "D", False)
    return _added_up(demand, restored, calendar.freq)


def _first_day(calendar: Calendar, number: int | None) -> int | None:
    return None if number is None else int(period_index(period_start(number, calendar.freq), "D"))


def _added_up(demand: pd.DataFrame, days: pd.DataFrame, freq: Frequency) -> pd.DataFrame:
    """The rows of `demand` with the losses and the empty days of their days."""
    dates = period_start(period_index(days["date"], freq), freq).astype("datetime64[s]")
    daily = days.assign(date=dates, lost=days["demand"] - days["observed"])
    sums = daily.groupby([*KEYS, "date"], sort=False)[["lost", "censored"]].sum()
    sums_of_rows = sums.reindex(pd.MultiIndex.from_frame(demand[[*KEYS, "date"]]), fill_value=0.0)
    censored = sums_of_rows["censored"].to_numpy() / _days_in(demand["date"], freq)
    return demand.assign(demand=demand["demand"] + sums_of_rows["lost"].to_numpy(), censored=censored)


def _days_in(dates: "pd.Series[pd.Timestamp]", freq: Frequency) -> Vector:
    number = period_index(dates, freq)
    return np.asarray((period_start(number + 1, freq) - period_start(number, freq)).astype(np.float64))


def _restored(demand: pd.DataFrame, empty: pd.DataFrame, freq: Frequency, whole_stamps: bool) -> pd.DataFrame:
    """Rows on a complete calendar with `demand` and `censored`; SKUs that were never empty stay as they are."""
    shares = _empty_shares(demand, empty, freq, whole_stamps)
    rows = demand.assign(censored=shares)
    touched = rows["sku"].isin(rows.loc[shares > 0, "sku"].unique()).to_numpy()
    values = rows["demand"].to_numpy(np.float64, copy=True)
    for _, of_sku in rows[touched].groupby("sku", sort=True):
        values[rows.index.get_indexer(of_sku.index)] = _restored_sku(of_sku, freq)
    return rows.assign(demand=values)


def _empty_shares(demand: pd.DataFrame, empty: pd.DataFrame, freq: Frequency, whole_stamps: bool) -> Vector:
    dates = period_start(period_index(empty["date"], freq), freq).astype("datetime64[s]")
    days = empty[[*KEYS, "date"]].drop_duplicates().assign(date=dates).groupby([*KEYS, "date"], sort=False).size()
    empty_days = days.reindex(pd.MultiIndex.from_frame(demand[[*KEYS, "date"]]), fill_value=0).to_numpy(np.float64)
    return np.asarray(np.minimum(empty_days if whole_stamps else empty_days / _days_in(demand["date"], freq), 1.0))


def _restored_sku(rows: pd.DataFrame, freq: Frequency) -> Vector:
    """Restored demand of one SKU's rows, in their order."""
    series, period = rows.groupby("location", sort=True).ngroup().to_numpy(), period_index(rows["date"], freq)
    column, shape = period - period.min(), (int(series.max()) + 1, int(np.ptp(period)) + 1)
    units, empty, known = np.zeros(shape), np.zeros(shape), np.zeros(shape, dtype=np.bool_)
    units[series, column], empty[series, column] = rows["demand"], rows["censored"]
    known[series, column] = True
    dates = period_start(np.arange(period.min(), period.max() + 1), freq)
    season = weekday(dates) if freq == "D" else np.zeros(shape[1], dtype=np.int64)
    expected = expected_demand(Sold(units, known, empty, season, freq))
    lost = _whole(expected - units) if np.array_equal(units, np.round(units)) else expected - units
    return np.asarray((units + lost)[series, column], dtype=np.float64)


def _whole(lost: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Whole units per period whose running total is the rounded running total."""
    running = np.floor(np.cumsum(lost, axis=1) + 0.5)
    return np.diff(running, axis=1, prepend=0.0)
