"""Planning periods: days, weeks that start on Monday, or calendar months, numbered by whole numbers."""

import datetime as dt
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Frequency = Literal["D", "W", "M"]
Dates = npt.NDArray[np.datetime64]
Index = npt.NDArray[np.int64]

SEASON_LENGTH: dict[Frequency, int] = {"D": 7, "W": 52, "M": 12}
PERIODS_PER_YEAR: dict[Frequency, float] = {"D": 365.25, "W": 365.25 / 7, "M": 12.0}
# Mean length in days; a month is the mean of the Gregorian calendar.
PERIOD_DAYS: dict[Frequency, float] = {"D": 1.0, "W": 7.0, "M": 365.25 / 12}

# 1970-01-01, day 0, was a Thursday: three days after the Monday on which week 0 starts.
_MONDAY_OFFSET = 3


def to_days(dates: Any) -> Dates:
    """Dates of any kind (Python dates, timestamps, strings) as `datetime64[D]`, shape kept."""
    return np.asarray(dates, dtype="datetime64[D]")


def period_index(dates: Any, freq: Frequency) -> Index:
    """Number of the period of each date: days, weeks or months since the period of 1970-01-01; same shape."""
    days = to_days(dates)
    if freq == "M":
        return days.astype("datetime64[M]").astype(np.int64)
    number = days.astype(np.int64)
    return number if freq == "D" else (number + _MONDAY_OFFSET) // 7


def period_start(index: Any, freq: Frequency) -> Dates:
    """First day of each period number (the inverse of `period_index`); same shape."""
    number = np.asarray(index, dtype=np.int64)
    if freq == "M":
        return number.astype("datetime64[M]").astype("datetime64[D]")
    days = number if freq == "D" else number * 7 - _MONDAY_OFFSET
    return days.astype("datetime64[D]")


def start_date(index: int, freq: Frequency) -> dt.date:
    """First day of one period, as a Python date."""
    return dt.date.fromisoformat(str(period_start(index, freq)))


def end_date(index: int, freq: Frequency) -> dt.date:
    """Last day of one period, as a Python date."""
    return start_date(index + 1, freq) - dt.timedelta(days=1)


def weekday(dates: Any) -> Index:
    """Day of the week, Monday = 0."""
    return (to_days(dates).astype(np.int64) + _MONDAY_OFFSET) % 7


def last_complete_period(run_date: dt.date, freq: Frequency, newest: dt.date | None = None, whole_stamps: bool = False) -> int:
    """Number of the last period whose sales are all known on the morning of `run_date`.

    That is the last period that ended before `run_date`. Where a date stands for its whole period (`whole_stamps`, see
    `stamps.stamps_whole_periods`), the period of the newest date not after `run_date` is complete too.
    """
    ended = int(period_index(run_date, freq)) - 1
    if not whole_stamps or newest is None:
        return ended
    return max(ended, int(period_index(min(newest, run_date), freq)))
