"""Stamps: dates that stand for whole weeks or months, the place in the period where they usually are, and odd ones."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import numpy as np

from echelon.core.demand.periods import Dates, Frequency, Index, end_date, period_index, start_date, to_days
from echelon.core.demand.stamp_places import LEAST_ROWS, Place, Rows, days_of_periods, window

# Shares of rows and of dates in one place of the period from which on dates stand for periods. Holidays move the last working
# day in one or two months of twelve; daily data, even of a shop that sells mostly on Saturdays, have dates on other days too.
_GREAT_MAJORITY, _MOST, _CLEARLY = 0.8, 0.5, 0.97
# Days by which holidays and weekends move a stamp at most.
_FURTHEST: dict[Frequency, int] = {"D": 0, "W": 3, "M": 4}


def stamps_whole_periods(dates: Any, freq: Frequency, rows: Any = None) -> bool:
    """Whether a date stands for its whole week or month: the great majority of `rows` (of each date; default: one) is dated
    by the same place in the period, and so are most of the dates. An odd stamp, as around a holiday, changes nothing. Or there
    is one date in nearly every period (`stamp_places.window`).

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
    odd = ~place.usual(days, freq, weights)
    stray: list[dt.date] = days[odd & (weights < LEAST_ROWS * np.median(weights[~odd]))].tolist()
    return stray


def stamp_period_words(dates: Sequence[dt.date], freq: Frequency, rows: Sequence[int]) -> str | None:
    """Which period a stamp counts in, in words that follow "the period", where stamps have no fixed day; else None."""
    days = to_days(dates)
    weights = _weights(days, rows)
    place = _usual_place(days, freq, weights)
    if place is None or not place.more:
        return None
    stamps = days[place.usual(days, freq, weights)]
    beside = np.unique(place.nearest(stamps, freq) - period_index(stamps, freq))
    return "in which it lies" if not beside.any() else "that begins there" if beside.max() > 0 else "that ends there"


def _weights(days: Dates, rows: Any) -> Rows:
    return np.ones(len(days)) if rows is None else np.asarray(rows, dtype=np.float64)


def _usual_place(days: Dates, freq: Frequency, rows: Rows) -> Place | None:
    """The place of most rows, if dates stand for their periods. Of retail months most may begin on the first Sunday, say: a
    window that holds clearly more is the better reading."""
    if freq == "D" or len(np.unique(period_index(days, freq))) < 2:
        return None
    places = [(place, place.usual(days, freq, rows)) for place in days_of_periods(freq)]
    place, usual = max(places, key=lambda one: float(rows[one[1]].sum()))
    held = float(rows[usual].sum())
    wide = window(days, freq, rows) if held < _CLEARLY * rows.sum() else None
    if wide and held < _CLEARLY * rows[wide.usual(days, freq, rows)].sum():
        return wide
    return place if held >= _GREAT_MAJORITY * rows.sum() and usual.sum() > _MOST * len(days) else None


def _meant(days: Dates, freq: Frequency, rows: Rows, place: Place) -> Index:
    """The period that each date stands for."""
    own, odd = period_index(days, freq), ~place.usual(days, freq, rows)
    nearest, distance = place.nearest(days, freq), place.distances(days, freq).min(axis=0)
    near = (distance <= _FURTHEST[freq]) & (rows >= LEAST_ROWS * np.median(rows[~odd]))
    meant = np.where(odd, own, nearest)
    taken = set(meant[~odd | (nearest == own)].tolist())
    for number in np.flatnonzero(odd & near & (nearest != own)):
        if int(nearest[number]) not in taken:
            meant[number] = nearest[number]
            taken.add(int(nearest[number]))
    return np.asarray(meant)
