"""Features of the pooled model: what was known at the origin of a forecast, and what is known ahead of its target.

Demand is read at or before the origin, the last period that the forecast may know; the target lies `step` periods after
it. Signals are read where they are published (`signal_features.py`). So no feature looks ahead, whatever the step.
"""

import numpy as np
import numpy.typing as npt

from echelon.core.arrays import Vector
from echelon.core.demand.periods import PERIODS_PER_YEAR, Dates, Frequency, period_start, weekday
from echelon.core.forecast.features.history import WINDOWS, History, Index, same_phase, scale, window_mean
from echelon.core.forecast.features.season import trend_features, year_index
from echelon.core.forecast.features.signal_features import attribute_codes, signal_features
from echelon.core.forecast.panel import Panel

# How many past seasons the mean of the same period of the season is taken over.
SAME_PHASE: dict[Frequency, tuple[int, ...]] = {"D": (4, 13), "W": (1, 2), "M": (1, 2)}
ATTRIBUTE = "attribute_"
# Rows whose features are worked out in double precision at a time, to bound memory.
ROWS_AT_ONCE = 50_000


def feature_names(panel: Panel) -> list[str]:
    """Names of the columns of `features`: `mean_w`, `sd_w`, `zero_share_w` of the last w periods, `same_phase_k` of k
    seasons, all signals and their changes, and `attribute_` + name, which are codes of names."""
    one = panel.select(np.arange(len(panel.keys)) == 0)
    return list(_columns(History.of(one), *(np.zeros(0, np.int64),) * 3))


def features(history: History, series: Index, origin: Index, step: Index) -> npt.NDArray[np.float32]:
    """(rows, features) for targets `step` periods after column `origin` of each series. Demand features are divided by
    `scale`, so that a series that sells a thousand times more looks alike."""
    count = len(_columns(history, series[:0], origin[:0], step[:0]))
    table = np.empty((len(series), count), np.float32)
    for first in range(0, len(series), ROWS_AT_ONCE):
        rows = slice(first, first + ROWS_AT_ONCE)
        columns = _columns(history, series[rows], origin[rows], step[rows])
        table[rows] = np.column_stack(list(columns.values()))
    return table


def _columns(history: History, series: Index, origin: Index, step: Index) -> dict[str, Vector]:
    panel = history.panel
    start = panel.end - panel.values.shape[1]
    return (
        _own_demand(history, series, origin, step)
        | (trend_features(history, origin) if _has_years(panel) else {})
        | {"year_index": np.log(year_index(history, series, origin, step))}
        | _calendar(panel, start + origin + step)
        | signal_features(history, series, origin, step)
        | {ATTRIBUTE + name: code[series] for name, code in attribute_codes(panel).items()}
    )


def _own_demand(history: History, series: Index, origin: Index, step: Index) -> dict[str, Vector]:
    freq = history.panel.freq
    unit = np.maximum(scale(history, series, origin), 1e-9)
    age = origin - history.panel.first[series] + 1
    columns: dict[str, Vector] = {}
    for window in WINDOWS[freq]:
        columns |= _rolling(history, series, origin, window, unit)
    for seasons in SAME_PHASE[freq]:
        columns[f"same_phase_{seasons}"] = same_phase(history, series, origin, step, seasons) / unit
    gap = np.minimum(origin - history.last_demand[series, origin], age)
    return columns | {
        "since_demand": gap.astype(np.float64), "age": age.astype(np.float64), "log_scale": np.log(unit),
        "step": step.astype(np.float64),
    }  # fmt: skip


def _rolling(history: History, series: Index, origin: Index, window: int, unit: Vector) -> dict[str, Vector]:
    length = np.minimum(window, origin - history.panel.first[series] + 1)
    mean = window_mean(history.total, series, origin, length)
    square = window_mean(history.squares, series, origin, length)
    return {
        f"mean_{window}": mean / unit,
        f"sd_{window}": np.sqrt(np.maximum(square - mean**2, 0.0)) / unit,
        f"zero_share_{window}": 1.0 - window_mean(history.nonzero, series, origin, length),
    }


def _calendar(panel: Panel, period: Index) -> dict[str, Vector]:
    """Weekday of days, day of the month of days and of the Thursdays of weeks (paydays), and the time of year."""
    day = period_start(period, panel.freq)
    columns: dict[str, Vector] = {}
    if panel.freq == "D":
        columns["weekday"] = weekday(day).astype(np.float64)
        columns["month_day"] = _month_day(day)
    if panel.freq == "W" and panel.values.shape[1] >= PERIODS_PER_YEAR["W"]:  # or few months would be learned by heart
        columns["month_day"] = _month_day(day + np.timedelta64(3, "D"))
    if _has_years(panel):
        columns["year_day"] = (day - day.astype("datetime64[Y]")).astype(np.float64)
    return columns


def _month_day(day: Dates) -> Vector:
    return (day - day.astype("datetime64[M]")).astype(np.float64)


def _has_years(panel: Panel) -> bool:
    """Two years of history: before that, what is the same for all series at a time (the time of year, their trend) tells
    trees which weeks of the past they look at, and nothing of the season."""
    return bool(panel.values.shape[1] >= 2 * PERIODS_PER_YEAR[panel.freq])
