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
# Shares of rows and of dates in one place of the period from which on dates stand for periods. Holidays move the last working
# day in one or two months of twelve; daily data, even of a shop that sells mostly on Saturdays, have dates on other days too.
_GREAT_MAJORITY, _MOST = 0.8, 0.5


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


def stamps_whole_periods(dates: Any, freq: Frequency, rows: Any = None) -> bool:
    """Whether a date stands for its whole week or month: the great majority of `rows` (of each date; default: one) is dated
    by the same place in the period, and so are most of the dates. An odd stamp, as around a holiday, changes nothing.

    A place is a weekday; or in months a day of the month, a number of days before its end, the first or last working day, or
    one weekday among its first or last seven days. Daily data: never. `dates` may be distinct; two periods are needed.
    """
    days = to_days(dates)
    if freq == "D" or len(np.unique(period_index(days, freq))) < 2:
        return False
    weights = np.ones(len(days)) if rows is None else np.asarray(rows, dtype=np.float64)
    places = [weekday(days)] if freq == "W" else _places_in_month(days)
    return any(_mostly_one(place, weights) for place in places)


def _mostly_one(place: Index, rows: npt.NDArray[np.float64]) -> bool:
    """Of each date its place, -1 for none."""
    kinds, number = np.unique(place[place >= 0], return_inverse=True)
    if not len(kinds):
        return False
    share = np.bincount(number, rows[place >= 0]) / rows.sum()
    same = np.bincount(number) / len(place)
    return bool(share.max() >= _GREAT_MAJORITY and same[share.argmax()] > _MOST)


def _places_in_month(days: Dates) -> list[Index]:
    month = days.astype("datetime64[M]")
    first, end = month.astype("datetime64[D]"), (month + 1).astype("datetime64[D]")
    from_start, to_end = (days - first).astype(np.int64), (end - days).astype(np.int64)
    working = [np.busday_offset(first, 0, roll="forward"), np.busday_offset(end, -1, roll="forward")]
    return [
        from_start,
        to_end,
        *(np.where(days == day, 0, -1) for day in working),
        np.where(from_start < 7, weekday(days), -1),
        np.where(to_end <= 7, weekday(days), -1),
    ]


def last_complete_period(run_date: dt.date, freq: Frequency, newest: dt.date | None = None, whole_stamps: bool = False) -> int:
    """Number of the last period whose sales are all known on the morning of `run_date`.

    That is the last period that ended before `run_date`. Where a date stands for its whole period (`whole_stamps`, see
    `stamps_whole_periods`), the period of the newest date not after `run_date` is complete too.
    """
    ended = int(period_index(run_date, freq)) - 1
    if not whole_stamps or newest is None:
        return ended
    return max(ended, int(period_index(min(newest, run_date), freq)))
