"""What series do together: the season of the year and the trend of their sum.

The sum over series is smoother than any of them: it tells what time of year sells how much, where a series with a few
sales a month says nothing.
"""

import numpy as np

from echelon.core.arrays import Vector
from echelon.core.demand.periods import Frequency
from echelon.core.forecast.features.history import WINDOWS, History, Index, window_mean

# A year in periods, whole weeks.
YEAR: dict[Frequency, int] = {"D": 364, "W": 52, "M": 12}
# Periods about the target, a year before, that are held against the longest window before the origin.
ABOUT_TARGET: dict[Frequency, int] = {"D": 28, "W": 3, "M": 1}
LARGEST_INDEX = 5.0


def year_index(history: History, series: Index, origin: Index, step: Index) -> Vector:
    """Ratio (rows,) by which series sold more about the target than in the periods before the origin, each seen a year
    earlier; 1 where that year is not known. The geometric mean of the ratios of all series together and of those of the
    location, each between 1/5 and 5."""
    location = history.location[series]
    return np.sqrt(_index_of(history, np.zeros_like(location), origin, step) * _index_of(history, location, origin, step))


def _index_of(history: History, group: Index, origin: Index, step: Index) -> Vector:
    freq = history.panel.freq
    length, year, base = ABOUT_TARGET[freq], YEAR[freq], WINDOWS[freq][-1]
    last = origin + step - year + length // 2
    known = (origin - year - base + 1 >= 0) & (last <= origin)
    if not known.any():
        return np.ones(len(origin))
    about = _mean(history, group, np.where(known, last, length), length)
    before = _mean(history, group, np.where(known, origin - year, base), base)
    ratio = np.clip(_ratio(about, before), 1 / LARGEST_INDEX, LARGEST_INDEX)
    return np.where(known, ratio, 1.0)


def trend_features(history: History, origin: Index) -> dict[str, Vector]:
    """Mean of the sum over all series in each window before the origin, as a share of that in the next longer one."""
    windows, everyone = WINDOWS[history.panel.freq], np.zeros_like(origin)
    means = [_mean(history, everyone, origin, np.minimum(window, origin + 1)) for window in windows]
    return {f"all_mean_{w}": _ratio(means[k], means[k + 1]) for k, w in enumerate(windows[:-1])}


def _mean(history: History, group: Index, last: Index, length: Index | int) -> Vector:
    return window_mean(history.by_location, group, last, np.broadcast_to(length, last.shape))


def _ratio(top: Vector, bottom: Vector) -> Vector:
    return np.divide(top, bottom, out=np.ones(len(top)), where=(bottom > 0) & (top > 0))
