"""Features of the pooled model: what was known at the origin of a forecast, and the calendar of its target.

Every value is read at or before the origin, the last period that the forecast may know; the target lies `step` periods
after it. So no feature looks ahead, whatever the step.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from echelon.core.demand.periods import PERIODS_PER_YEAR, SEASON_LENGTH, Frequency, period_start, weekday
from echelon.core.forecast.panel import Matrix, Panel, Vector

Index = npt.NDArray[np.int64]

# Rolling windows in periods, shortest first; the last one also sets the scale of a series.
WINDOWS: dict[Frequency, tuple[int, ...]] = {"D": (7, 28, 91), "W": (4, 13, 26), "M": (3, 6, 12)}
# How many past seasons the mean of the same period of the season is taken over.
SAME_PHASE: dict[Frequency, tuple[int, ...]] = {"D": (4, 13), "W": (1, 2), "M": (1, 2)}


@dataclass(frozen=True)
class History:
    """Running sums over a panel, from which any window is two look-ups: columns 0..T for 'up to before column c'."""

    panel: Panel
    total: Matrix
    squares: Matrix
    nonzero: Matrix
    by_phase: Matrix
    last_demand: Index

    @staticmethod
    def of(panel: Panel) -> "History":
        """Adds up a panel once."""
        values = np.nan_to_num(panel.values)
        columns = np.arange(values.shape[1])
        demand_at = np.where(values > 0, columns, -1)
        return History(
            panel,
            _running(values),
            _running(values**2),
            _running((values > 0).astype(np.float64)),
            _seasonal_running(values, SEASON_LENGTH[panel.freq]),
            np.maximum.accumulate(demand_at, axis=1),
        )


def scale(history: History, series: Index, origin: Index) -> Vector:
    """Units per period that make series comparable: half the mean of the longest window, half that of all history, as
    known at the origin. Zero only for a series without any demand so far."""
    first = history.panel.first[series]
    longest = WINDOWS[history.panel.freq][-1]
    recent = _window_mean(history.total, series, origin, np.minimum(longest, origin - first + 1))
    everything = _window_mean(history.total, series, origin, origin - first + 1)
    return 0.5 * recent + 0.5 * everything


def feature_names(panel: Panel) -> list[str]:
    """Names of the columns of `features`."""
    rolling = [f"{what}_{w}" for w in WINDOWS[panel.freq] for what in ("mean", "sd", "zero_share")]
    phase = [f"same_phase_{k}" for k in SAME_PHASE[panel.freq]]
    return [*rolling, *phase, "since_demand", "age", "log_scale", "step", *_calendar(panel, np.zeros(1, np.int64))]


def features(history: History, series: Index, origin: Index, step: Index) -> npt.NDArray[np.float32]:
    """(rows, features) for targets `step` periods after column `origin` of each series. Demand features are divided by
    `scale`, so that a series that sells a thousand times more looks alike."""
    panel = history.panel
    unit = np.maximum(scale(history, series, origin), 1e-9)
    age = origin - panel.first[series] + 1
    columns: list[Vector] = []
    for window in WINDOWS[panel.freq]:
        columns += _rolling(history, series, origin, np.minimum(window, age), unit)
    for seasons in SAME_PHASE[panel.freq]:
        columns.append(_same_phase(history, series, origin, step, seasons) / unit)
    gap = origin - history.last_demand[series, origin]
    columns += [np.minimum(gap, age).astype(np.float64), age.astype(np.float64), np.log(unit), step.astype(np.float64)]
    start = panel.end - panel.values.shape[1]
    columns += _calendar(panel, start + origin + step).values()
    return np.column_stack(columns).astype(np.float32)


def _rolling(history: History, series: Index, origin: Index, length: Index, unit: Vector) -> list[Vector]:
    mean = _window_mean(history.total, series, origin, length)
    square = _window_mean(history.squares, series, origin, length)
    share = _window_mean(history.nonzero, series, origin, length)
    return [mean / unit, np.sqrt(np.maximum(square - mean**2, 0.0)) / unit, 1.0 - share]


def _window_mean(running: Matrix, series: Index, origin: Index, length: Index) -> Vector:
    return np.asarray((running[series, origin + 1] - running[series, origin + 1 - length]) / length, dtype=np.float64)


def _same_phase(history: History, series: Index, origin: Index, step: Index, seasons: int) -> Vector:
    """Mean over the last `seasons` known periods that are whole seasons before the target; NaN where none is known."""
    season = SEASON_LENGTH[history.panel.freq]
    latest = origin + step - season * (-(-step // season))
    available = (latest - history.panel.first[series]) // season + 1
    count = np.minimum(seasons, available)
    known = count > 0
    # by_phase is offset by one season, so that the empty sum lies at the front.
    high = np.where(known, latest + season, 0)
    low = np.where(known, latest + season - count * season, 0)
    sums = history.by_phase[series, high] - history.by_phase[series, low]
    return np.divide(sums, count, out=np.full(len(sums), np.nan), where=known)


def _running(values: Matrix) -> Matrix:
    return np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)


def _seasonal_running(values: Matrix, season: int) -> Matrix:
    """Column c + season: the sum of columns c, c - season, c - 2 season, ..."""
    n, columns = values.shape
    padded = np.zeros((n, -(-columns // season) * season))
    padded[:, :columns] = values
    sums = padded.reshape(n, -1, season).cumsum(axis=1).reshape(n, -1)
    return np.concatenate([np.zeros((n, season)), sums], axis=1)


def _calendar(panel: Panel, period: Index) -> dict[str, Vector]:
    """Weekday and day of the month for days; the time of year only from two years of history on, as before that it
    tells trees which weeks of the past they look at, and nothing of the season."""
    day = period_start(period, panel.freq)
    columns: dict[str, Vector] = {}
    if panel.freq == "D":
        columns["weekday"] = weekday(day).astype(np.float64)
        columns["month_day"] = (day - day.astype("datetime64[M]")).astype(np.float64)
    if panel.values.shape[1] >= 2 * PERIODS_PER_YEAR[panel.freq]:
        columns["year_day"] = (day - day.astype("datetime64[Y]")).astype(np.float64)
    return columns
