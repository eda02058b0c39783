"""Running sums over a panel, from which the mean of any window of the past is two look-ups."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from echelon.core.arrays import Matrix, Vector
from echelon.core.demand.periods import SEASON_LENGTH, Frequency
from echelon.core.forecast.features.pool import Pool
from echelon.core.forecast.panel import Panel

Index = npt.NDArray[np.int64]

# Rolling windows in periods, shortest first; the last one also sets the scale of a series.
WINDOWS: dict[Frequency, tuple[int, ...]] = {"D": (7, 28, 91), "W": (4, 13, 26), "M": (3, 6, 12)}


@dataclass(frozen=True)
class History:
    """Running sums over a panel, from which any window is two look-ups: columns 0..T for 'up to before column c'.

    by_location: (1 + locations, T + 1), those of the sums of the pool: all series (row 0), and those of a location;
    location: (n,) its row for each series. signal_means: per covariate (n, T), the mean of what is known of it in the
    longest window that ends with the column.
    """

    panel: Panel
    total: Matrix
    squares: Matrix
    nonzero: Matrix
    by_phase: Matrix
    last_demand: Index
    by_location: Matrix
    location: Index
    signal_means: tuple[npt.NDArray[np.float32], ...]

    @staticmethod
    def of(panel: Panel, pool: Pool | None = None) -> "History":
        """Adds up a panel once. pool: all series, of which the panel may hold a part; default: those of the panel."""
        together = Pool.of(panel) if pool is None else pool.before(panel.end)
        values = np.nan_to_num(panel.values)
        columns = np.arange(values.shape[1])
        demand_at = np.where(values > 0, columns, -1)
        return History(
            panel,
            running(values),
            running(values**2),
            running((values > 0).astype(np.float64)),
            _seasonal_running(values, SEASON_LENGTH[panel.freq]),
            np.maximum.accumulate(demand_at, axis=1),
            running(together.limited(values.shape[1])),
            together.rows(panel.keys["location"]),
            tuple(_recent_means(c.values[:, : values.shape[1]], WINDOWS[panel.freq][-1]) for c in panel.covariates),
        )


def scale(history: History, series: Index, origin: Index) -> Vector:
    """Units per period that make series comparable: half the mean of the longest window, half that of all history, as
    known at the origin. Zero only for a series without any demand so far."""
    first = history.panel.first[series]
    longest = WINDOWS[history.panel.freq][-1]
    recent = window_mean(history.total, series, origin, np.minimum(longest, origin - first + 1))
    everything = window_mean(history.total, series, origin, origin - first + 1)
    return 0.5 * recent + 0.5 * everything


def window_mean(running_sums: Matrix, series: Index, last: Index, length: Index) -> Vector:
    """Mean over the `length` periods that end with column `last`; 0 for an empty window."""
    sums = running_sums[series, last + 1] - running_sums[series, last + 1 - length]
    return np.asarray(sums / np.maximum(length, 1), dtype=np.float64)


def same_phase(history: History, series: Index, origin: Index, step: Index, seasons: int) -> Vector:
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


def recent_means(values: npt.NDArray[np.floating], window: int) -> npt.NDArray[np.float32]:
    """(n, T): mean of the known values among the `window` that end with each column; NaN where there is none."""
    known = ~np.isnan(values)
    sums, counts = running(np.where(known, values, 0.0)), running(known.astype(np.float64))
    start = np.maximum(np.arange(values.shape[1]) + 1 - window, 0)
    total, count = sums[:, 1:] - sums[:, start], counts[:, 1:] - counts[:, start]
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0).astype(np.float32)


def _recent_means(values: npt.NDArray[np.floating], window: int) -> npt.NDArray[np.float32]:
    """What is the same for all series is worked out once."""
    if len(values) and values.strides[0] == 0:
        return np.broadcast_to(recent_means(values[:1], window), values.shape)
    return recent_means(values, window)


def running(values: Matrix) -> Matrix:
    """Column c: the sum of the columns before c."""
    return np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)


def _seasonal_running(values: Matrix, season: int) -> Matrix:
    """Column c + season: the sum of columns c, c - season, c - 2 season, ..."""
    n, columns = values.shape
    padded = np.zeros((n, -(-columns // season) * season))
    padded[:, :columns] = values
    sums = padded.reshape(n, -1, season).cumsum(axis=1).reshape(n, -1)
    return np.concatenate([np.zeros((n, season)), sums], axis=1)
