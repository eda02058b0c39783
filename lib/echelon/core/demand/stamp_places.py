"""Places in a week or month where its stamp may lie: one day, or some days side by side of which one is dated.

One day: a weekday; or in months a day of the month or the last one, a number of days before its end, the first or last working
day, one weekday among its first or last seven days, or the month's end (start) moved on (back) to the next working day, which
may be a day of another month.

Days side by side (a window): retail months of four and five weeks, the fourth Friday, the third working day. There is one date
in nearly every period, over a year and more (weeks: half a year), and all lie in one stretch of half the period. A window that
lies in two periods stands for the one that begins there, where all stamps are Mondays, for the one that ends there, where all
are Fridays or Saturdays (retail weeks end so), and else for the one in which most of them lie.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt

from echelon.core.demand.periods import Dates, Frequency, Index, period_index, period_start, weekday

Rows = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

# Share of the usual rows that a date must have to stand for its period.
LEAST_ROWS = 0.25
_SHIFTS = np.array([0, -1, 1])
# Days of a window beside its first one; periods that show one; what share of rows and of dates must be as the window says, and
# of the periods have a date (some shops close in winter).
_MORE: dict[Frequency, int] = {"W": 3, "M": 13}
_LEAST_PERIODS: dict[Frequency, int] = {"W": 26, "M": 12}
_NEARLY_ALL, _MOST, _NEARLY_EVERY = 0.9, 0.5, 0.8
_MONDAY, _ENDS_OF_WEEKS = 0, (4, 5)


@dataclass(frozen=True)
class Place:
    """first: of period numbers, the first day of the place; more: days after it that belong to the place too."""

    first: Callable[[Index], Dates]
    more: int = 0

    def distances(self, days: Dates, freq: Frequency) -> Index:
        """Days from each date to the place of its own period, the one before and the one after; shape (3, dates)."""
        own = period_index(days, freq)
        after = np.stack([(days - self.first(own + shift)).astype(np.int64) for shift in _SHIFTS])
        return np.maximum(np.maximum(-after, after - self.more), 0)

    def nearest(self, days: Dates, freq: Frequency) -> Index:
        """The period to whose place each date is nearest."""
        return np.asarray(period_index(days, freq) + _SHIFTS[self.distances(days, freq).argmin(axis=0)])

    def usual(self, days: Dates, freq: Frequency, rows: Rows) -> Mask:
        """Which dates are stamps: in the place, and not much smaller than another date there."""
        inside = self.distances(days, freq).min(axis=0) == 0
        _, number = np.unique(self.nearest(days, freq), return_inverse=True)
        largest = np.zeros(len(days))
        np.maximum.at(largest, number, np.where(inside, rows, 0.0))
        return np.asarray(inside & (rows >= LEAST_ROWS * largest[number]))


def days_of_periods(freq: Frequency) -> list[Place]:
    """The places of one day."""
    if freq == "W":
        return [Place(partial(_after_start, days=day, freq="W")) for day in range(7)]
    days: list[Callable[[Index], Dates]] = [
        *(partial(_day_of_month, days=days) for days in range(31)),
        *(partial(_before_end, days=days) for days in range(1, 32)),
        lambda month: np.busday_offset(period_start(month, "M"), 0, roll="forward"),
        lambda month: np.busday_offset(period_start(month + 1, "M"), -1, roll="forward"),
        *(partial(_first_weekday, day=day) for day in range(7)),
        *(partial(_last_weekday, day=day) for day in range(7)),
        lambda month: np.busday_offset(period_start(month + 1, "M") - 1, 0, roll="forward"),
        lambda month: np.busday_offset(period_start(month, "M"), 0, roll="backward"),
    ]
    return [Place(first) for first in days]


def window(days: Dates, freq: Frequency, rows: Rows) -> Place | None:
    """The window in which dates lie, if there is one; it is no longer than they need. rows: of each date."""
    more = _MORE[freq]
    places = [Place(partial(_after_start, days=first, freq=freq), more) for first in range(-more - 1, more + 2)]
    held = [float(rows[place.usual(days, freq, rows)].sum()) for place in places]
    best = np.flatnonzero(np.array(held) >= max(held))
    place = places[best[len(best) // 2]]
    return _as_meant(place, days, freq, rows) if _is_of_stamps(place, days, freq, rows) else None


def _is_of_stamps(place: Place, days: Dates, freq: Frequency, rows: Rows) -> bool:
    """Whether nearly all rows are dated in the place, by one date in nearly every period."""
    usual = place.usual(days, freq, rows)
    periods = place.nearest(days, freq)[usual]
    if not len(periods):
        return False
    observed, span = len(np.unique(periods)), int(periods.max() - periods.min()) + 1
    one_each = observed >= max(_LEAST_PERIODS[freq], _NEARLY_EVERY * span, _NEARLY_ALL * len(periods))
    return bool(one_each and len(periods) > _MOST * len(days) and rows[usual].sum() >= _NEARLY_ALL * rows.sum())


def _as_meant(place: Place, days: Dates, freq: Frequency, rows: Rows) -> Place:
    """The place of the period that its stamps stand for, from the first to the last of them."""
    usual = place.usual(days, freq, rows)
    stamps, periods = days[usual], place.nearest(days, freq)[usual]
    into = (stamps - period_start(periods, freq)).astype(np.int64)
    shift = _meant(stamps, period_index(stamps, freq) - periods, freq)
    first = partial(_after_start, days=int(into.min()), freq=freq, shift=-shift)
    return replace(place, first=first, more=int(into.max() - into.min()))


def _meant(stamps: Dates, apart: Index, freq: Frequency) -> int:
    """By how many periods what stamps stand for differs from the period that they were counted from; apart: of each, by how
    many the period in which it lies does."""
    on, often = np.unique(weekday(stamps), return_counts=True)
    usual = int(on[often.argmax()]) if freq == "M" and often.max() >= _NEARLY_ALL * len(stamps) else None
    if usual == _MONDAY:
        return int(apart.max())
    if usual in _ENDS_OF_WEEKS:
        return int(apart.min())
    values, numbers = np.unique(apart, return_counts=True)
    return int(values[numbers.argmax()])


def _after_start(period: Index, days: int, freq: Frequency, shift: int = 0) -> Dates:
    return np.asarray(period_start(period + shift, freq) + days)


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
