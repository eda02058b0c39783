"""Where the data end: the last day of which sales are known, and stretches without any that are longer than usual."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from echelon.core.demand.periods import Frequency, end_date, period_index, start_date

# Longest stretch without a sale before the run date, in days, unless the settings say otherwise: the default horizon.
LONGEST_GAP: dict[Frequency, int] = {"D": 28, "W": 56, "M": 92}
# What follows a long gap is stray where it is so small a share of the rows; so few rows show nothing.
_STRAY_SHARE, _LEAST_ROWS = 0.01, 20


@dataclass(frozen=True)
class Stamps:
    """What the dates of sales are: the planning period, and whether a date stands for its whole period."""

    freq: Frequency
    whole: bool = False

    def covered(self, day: dt.date) -> tuple[dt.date, dt.date]:
        """First and last day that a date speaks of."""
        if not self.whole:
            return day, day
        number = int(period_index(day, self.freq))
        return start_date(number, self.freq), end_date(number, self.freq)

    def between(self, earlier: dt.date, later: dt.date) -> int:
        """Days of which neither of two dates speaks."""
        return max((self.covered(later)[0] - self.covered(earlier)[1]).days - 1, 0)


@dataclass(frozen=True)
class Ends:
    """first, last: of the dates but for stray ones; early, late: (rows, the outermost date) of stray ones, if any.

    silent: days between the last date and the run date. usual: longest stretch without a date before, days.
    """

    first: dt.date
    last: dt.date
    silent: int
    usual: int
    early: tuple[int, dt.date] | None = None
    late: tuple[int, dt.date] | None = None


def ends(rows: Sequence[tuple[dt.date, int]], run_date: dt.date, stamps: Stamps, longest: int) -> Ends:
    """Where the dates end. rows: (date, rows of it), dates before the run date, ascending, at least one.

    A few rows (1 %) beyond a stretch of more than `longest` days without any are stray: more likely mistyped than sold.
    """
    gaps = [stamps.between(one[0], other[0]) for one, other in pairwise(rows)]
    start, stop = _stray_before(rows, gaps, longest), len(rows) - _stray_before(rows[::-1], gaps[::-1], longest)
    if start >= stop:
        start, stop = 0, len(rows)
    last = stamps.covered(rows[stop - 1][0])[1]
    return Ends(
        rows[start][0],
        rows[stop - 1][0],
        max((run_date - last).days - 1, 0),
        max(gaps[start : stop - 1], default=0),
        (sum(number for _, number in rows[:start]), rows[0][0]) if start else None,
        (sum(number for _, number in rows[stop:]), rows[-1][0]) if stop < len(rows) else None,
    )


def _stray_before(rows: Sequence[tuple[dt.date, int]], gaps: Sequence[int], longest: int) -> int:
    """Number of dates at the beginning that are stray."""
    total = sum(number for _, number in rows)
    if total < _LEAST_ROWS:
        return 0
    few, passed, stray = max(1.0, _STRAY_SHARE * total), 0, 0
    for number, gap in enumerate(gaps, start=1):
        passed += rows[number - 1][1]
        if passed > few:
            break
        stray = number if gap > longest else stray
    return stray
