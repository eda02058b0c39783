"""Deliveries whose dates can't be right: a mistyped year or month makes a lead time of ten days one of a year.

Late deliveries happened and stock has to live with them, so only what nothing else on the lane comes near to is doubted.
"""

import numpy as np
from numpy.typing import NDArray

from echelon.core.probability.pmf import Floats

Mask = NDArray[np.bool_]

APART = 3.0
"""Far from all others: more than so many times as long as the next one."""
LEAST_DAYS = 60
"""... and by more than so many days."""
FEW = 0.05
"""So large a share of a lane's deliveries, one at least, may stand apart; more of them are a tail, which is kept."""
YEAR = 365.25
FEW_YEARS = 0.25
"""So large a share, one at least, may be off by whole years: that many slips of one kind are none of chance."""


def implausible(days: Floats, promise: float) -> Mask:
    """Which lead times (n,) of one lane, days >= 0, can't be right; promise: the lane's, days.

    - Apart: at most a share FEW of the deliveries, each more than APART times as long as the next one below them and as the
      promise, and by more than LEAST_DAYS. A delivery without others must be a year long for that.
    - Off by whole years: without them it would take as long as the others, and it stands apart (or, where the longest of
      the others takes at most twice as long as the shortest, takes half as long again as the longest).
    """
    return _apart(days, promise) | _years_off(days, promise)


def _apart(days: Floats, promise: float) -> Mask:
    most = max(1, int(FEW * days.size))
    ascending = np.sort(days)
    longest = ascending[::-1][:most]
    below = np.maximum(promise, _next(ascending, longest.size))
    gap = (longest > APART * below) & (longest - below > LEAST_DAYS)
    if not gap.any() or (days.size == 1 and days[0] < YEAR - 1):
        return np.zeros(days.size, dtype=np.bool_)
    return np.asarray(days >= longest[gap].min())


def _next(ascending: Floats, count: int) -> Floats:
    """What comes below each of the `count` longest, the longest first; 0 where nothing does."""
    return np.concatenate([[0.0], ascending])[::-1][1 : count + 1]


def _years_off(days: Floats, promise: float) -> Mask:
    long = days >= YEAR - 1
    others = np.append(days[~long], promise if promise < YEAR - 1 else [])
    if not long.any() or not others.size or long.sum() > max(1, FEW_YEARS * days.size):
        return np.zeros(days.size, dtype=np.bool_)
    shortest, longest = others.min(), others.max()
    left = days - YEAR * np.round((days - np.median(others)) / YEAR)
    usual = (left >= shortest - 1) & (left <= longest + 1)
    regular = longest <= 2 * shortest
    return np.asarray(long & usual & (days > (1.5 if regular else APART) * longest))
