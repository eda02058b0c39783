"""Temporal aggregation for intermittent demand: forecast sums of several periods, which are seldom zero."""

import numpy as np

from echelon.core.arrays import Vector
from echelon.core.compiled.jit import compiled

# Smoothing weights tried; below the first a level hardly moves, above the last it follows noise.
WEIGHTS = np.linspace(0.02, 0.5, 13)


def adida(history: Vector, _start: int, horizon: int) -> Vector:
    """The same mean demand for every period: simple exponential smoothing of sums over one mean interval between demands,
    spread evenly. Nikolopoulos et al. (2011), JORS 62, section 3."""
    return np.full(horizon, aggregated_rate(history, mean_interval(history), mean_interval(history)))


def imapa(history: Vector, _start: int, horizon: int) -> Vector:
    """The same mean demand for every period: the mean of such forecasts over all aggregations from one period to the mean
    interval between demands. Petropoulos and Kourentzes (2015), JORS 66, section 3."""
    return np.full(horizon, aggregated_rate(history, 1, mean_interval(history)))


def mean_interval(history: Vector) -> int:
    """Whole periods per demand, at least 1, at most half of the history."""
    demands = max(int((history > 0).sum()), 1)
    return max(1, min(round(len(history) / demands), len(history) // 2))


@compiled
def aggregated_rate(history: Vector, first: int, last: int) -> float:
    """Demand per period: mean over aggregations of first..last periods of the smoothed sums, each by its best weight."""
    total = 0.0
    for length in range(first, last + 1):
        blocks = len(history) // length
        sums = history[len(history) - blocks * length :].reshape((blocks, length)).sum(axis=1)
        total += smoothed(sums) / length
    return total / (last - first + 1)


@compiled
def smoothed(values: Vector) -> float:
    """Level after the last value by the weight of WEIGHTS that has the least squared error one step ahead; it starts at the
    mean of the first values (at most ten)."""
    start = values[:10].mean()
    best, level_of_best = np.inf, start
    for weight in WEIGHTS:
        level, squares = start, 0.0
        for value in values:
            error = value - level
            squares += error * error
            level += weight * error
        if squares < best:
            best, level_of_best = squares, level
    return level_of_best
