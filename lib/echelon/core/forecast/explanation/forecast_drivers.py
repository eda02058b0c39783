"""Parts of a forecast that add up to it, in plain words: for the pooled model by what it has learned, for other models by
the shape of what they forecast."""

import numpy as np

from echelon.core.arrays import Matrix, Vector
from echelon.core.demand.periods import SEASON_LENGTH, Frequency
from echelon.core.forecast.explanation.contributions import DRIVERS

# What changed the model's forecast afterwards: the correction of sums over many series.
CORRECTION = "correction"
ALL_DRIVERS = (*DRIVERS, CORRECTION)


def corrected(drivers: Matrix, mean: Vector) -> Matrix:
    """(horizon, ALL_DRIVERS) of the published mean (horizon,) from the model's own drivers (horizon, DRIVERS), in units."""
    return np.column_stack([drivers, mean - drivers.sum(axis=1)])


def shape_of(mean: Vector, recent_mean: float, freq: Frequency) -> Matrix:
    """(horizon, ALL_DRIVERS) units of a forecast (horizon,) whose model says no more: level, the mean of the last periods;
    trend, how far the forecast of a whole season is above that; season, how far a period is above its season.

    Where the horizon is shorter than a season, all of it stands for the season.
    """
    units = np.zeros((len(mean), len(ALL_DRIVERS)))
    smooth = _by_season(mean, SEASON_LENGTH[freq])
    units[:, ALL_DRIVERS.index("level")] = recent_mean
    units[:, ALL_DRIVERS.index("trend")] = smooth - recent_mean
    units[:, ALL_DRIVERS.index("season")] = mean - smooth
    return units


def _by_season(mean: Vector, season: int) -> Vector:
    """Of each period the mean of its season from the start; an unfinished last one is seen with the periods before it."""
    length = min(season, len(mean))
    first = np.minimum(np.arange(len(mean)) // length * length, len(mean) - length)
    running = np.concatenate([[0.0], np.cumsum(mean)])
    return np.asarray((running[first + length] - running[first]) / length, dtype=np.float64)
