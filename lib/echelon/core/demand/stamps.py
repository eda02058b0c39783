"""Stamps: dates that stand for whole weeks or months, the place in the period where they usually are, and odd ones.

A place is a weekday; or in months a day of the month or the last one, a number of days before its end, the first or last
working day, one weekday among its first or last seven days, or the month's end (start) moved on (back) to the next working
day, which may be a day of another month.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from echelon.core.demand.periods import (
    Dates,
    Frequency,
    Index,
    end_date,
    period_index,
    period_start,
    start_date,
    to_days,
    weekday,
)

# Shares of rows and of dates in one place of the period from which on dates stand for periods. Holidays move the last working
# day in one or two months of twelve; daily data, even of a shop that sells mostly on Saturdays, have dates on other days too.
_GREAT_MAJORITY, _MOST = 0.8, 0.5
# Days by which holidays and weekends move a stamp at most, and the share of the usual rows that an odd stamp must have.
_FURTHEST: dict[Frequency, int] = {"D": 0, "W": 3, "M": 4}
_LEAST_ROWS = 0.25

Place = Callable[[Index], Dates]
Rows = npt.NDArray[np.float64]


def stamps_whole_periods(dates: Any, freq: Frequency, rows: Any = None) -> bool:
    """Whether a date stands for its whole week or month: the great majority of `rows` (of each date; default: one) is dated
    by the same place in the period, and so are most of the dates. An odd stamp, as around a holiday, changes nothing.

    Daily data: never. `dates` may be distinct; two periods are needed.
    """
    days = to_days(dates)
    return _usual_place(days, freq, _weights(days, rows)) is not None


def slipped_stamps(dates: Sequence[dt.date], freq: Frequency, rows: Sequence[int]) -> dict[dt.date, dt.date]:
    """Stamps that lie outside the period that they stand for, and the day of it that is nearest. rows: of each date.

    Those are in the usual place, or so near to that of a period without a stamp, and have at least a quarter of the usual rows.
    """
    days = to_days(dates)
    weights = _weights(days, rows)
    if not len(days) or (place := _usual_place(days, freq, weights)) is None:
        return {}
    own, meant = period_index(days, freq), _meant(days, freq, weights, place)
    moved = zip(days.tolist(), own.tolist(), meant.tolist(), strict=True)
    return {
        day: end_date(period, freq) if period < lies_in else start_date(period, freq)
        for day, lies_in, period in moved
        if period != lies_in
    }


def stray_stamps(dates: Sequence[dt.date], freq: Frequency, rows: Sequence[int]) -> list[dt.date]:
    """Dates beside the usual place with less than a quarter of the usual rows: they do not stand for their period."""
    days = to_days(dates)
    weights = _weights(days, rows)
    if not len(days) or (place := _usual_place(days, freq, weights)) is None:
        return []
    odd = _odd(days, freq, place)
    stray: list[dt.date] = days[odd & (weights < _LEAST_ROWS * np.median(weights[~odd]))].tolist()
    return stray


def _weights(days: Dates, rows: Any) -> Rows:
    return np.ones(len(days)) if rows is None else np.asarray(rows, dtype=np.float64)


def _usual_place(days: Dates, freq: Frequency, rows: Rows) -> Place | None:
    """The place of most rows, if dates stand for their periods."""
    if freq == "D" or len(np.unique(period_index(days, freq))) < 2:
        return None
    found = [(place, ~_odd(days, freq, place)) for place in _places(freq)]
    place, usual = max(found, key=lambda one: float(rows[one[1]].sum()))
    most = rows[usual].sum() >= _GREAT_MAJORITY * rows.sum() and usual.sum() > _MOST * len(days)
    return place if most else None


def _odd(days: Dates, freq: Frequency, place: Place) -> npt.NDArray[np.bool_]:
    return np.asarray(_distances(days, freq, place).min(axis=0) > 0)


def _distances(days: Dates, freq: Frequency, place: Place) -> Index:
    """Days from each date to the place in its own period, the one before and the one after; shape (3, dates)."""
    own = period_index(days, freq)
    return np.stack([np.abs((days - place(own + shift)).astype(np.int64)) for shift in (0, -1, 1)])


def _meant(days: Dates, freq: Frequency, rows: Rows, place: Place) -> Index:
    """The period that each date stands for."""
    distances = _distances(days, freq, place)
    own, odd = period_index(days, freq), distances.min(axis=0) > 0
    nearest = own + np.array([0, -1, 1])[distances.argmin(axis=0)]
    near = (distances.min(axis=0) <= _FURTHEST[freq]) & (rows >= _LEAST_ROWS * np.median(rows[~odd]))
    meant = np.where(odd, own, nearest)
    taken = set(meant[~odd | (nearest == own)].tolist())
    for number in np.flatnonzero(odd & near & (nearest != own)):
        if int(nearest[number]) not in taken:
            meant[number] = nearest[number]
            taken.add(int(nearest[number]))
    return meant


def _places(freq: Frequency) -> list[Place]:
    if freq == "W":
        return [partial(_weekday_of_week, day=day) for day in range(7)]
    return [
        *(partial(_day_of_month, days=days) for days in range(31)),
        *(partial(_before_end, days=days) for days in range(1, 32)),
        lambda month: np.busday_offset(period_start(month, "M"), 0, roll="forward"),
        lambda month: np.busday_offset(period_start(month + 1, "M"), -1, roll="forward"),
        *(partial(_first_weekday, day=day) for day in range(7)),
        *(partial(_last_weekday, day=day) for day in range(7)),
        lambda month: np.busday_offset(period_start(month + 1, "M") - 1, 0, roll="forward"),
        lambda month: np.busday_offset(period_start(month, "M"), 0, roll="backward"),
    ]


def _weekday_of_week(week: Index, day: int) -> Dates:
    return np.asarray(period_start(week, "W") + day)


def _day_of_month(month: Index, days: int) -> Dates:
    return np.minimum(period_start(month, "M") + days, period_start(month + 1, "M") - 1)


def _before_end(month: Index, days: int) -> Dates:
    return np.maximum(period_start(month + 1, "M") - days, period_start(month, "M"))


def _first_weekday(month: Index, day: int) -> Dates:
    first = period_start(month, "M")
    return np.asarray(first + (day - weekday(first)) % 7)


def _last_weekday(month: Index, day: int) -> Dates:
    last = period_start(month + 1, "M") - 1
    return np.asarray(last - (weekday(last) - day) % 7)
