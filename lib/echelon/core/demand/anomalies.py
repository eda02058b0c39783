"""Demand that does not look like the rest of its series: single spikes, and a level that moved for good."""

import numpy as np

from echelon.core.arrays import Matrix, Vector
from echelon.core.demand.periods import Frequency

# A spike is above the median size of a demand by this many robust standard deviations of log sizes, and by this factor.
SPIKE_SDS = 6.0
SPIKE_FACTOR = 10.0
# Fewer demands tell no usual size; more spikes than this share of the demands are the series' own nature.
LEAST_DEMANDS = 8
MOST_SPIKES = 0.02
# Least robust standard deviation of log sizes: demands that are nearly all alike may still vary by a third.
LEAST_SD = 0.3
# 99 % quantile of the supremum of a Brownian bridge (Kolmogorov's distribution).
SHIFT_LIMIT = 1.63
SHIFT_BLOCK: dict[Frequency, int] = {"D": 7, "W": 1, "M": 1}
LEAST_BLOCKS = 12


def spike_limits(values: Matrix) -> Vector:
    """Per series (n, T; units, NaN before the first period) the units above which a demand is a spike; infinite where there
    is none.

    Median and median absolute deviation of log sizes (Hampel 1974's identifier, on logarithms as sizes are skewed).
    """
    limits = np.full(len(values), np.inf)
    for row, y in enumerate(values):
        limits[row] = _spike_limit(y[y > 0])
    return limits


def _spike_limit(sizes: Vector) -> float:
    if len(sizes) < LEAST_DEMANDS or sizes.max() <= SPIKE_FACTOR * np.median(sizes):
        return np.inf
    logs = np.log(sizes)
    middle = float(np.median(logs))
    sd = max(1.4826 * float(np.median(np.abs(logs - middle))), LEAST_SD)
    limit = max(np.exp(middle + SPIKE_SDS * sd), SPIKE_FACTOR * np.exp(middle))
    spikes = int((sizes > limit).sum())
    return float(limit) if 0 < spikes <= max(1.0, MOST_SPIKES * len(sizes)) else np.inf


def without_spikes(values: Matrix) -> Matrix:
    """The same demand with spikes cut down to their limit."""
    limits = spike_limits(values)
    return np.minimum(values, limits[:, None]) if np.isfinite(limits).any() else values


def level_shift(y: Vector, freq: Frequency) -> int | None:
    """First period of the new level if the level of a series (T,) moved for good, None if it did not.

    Cumulative sums of deviations from the mean (days: of weeks), against the limit for values with the same long-run variance
    (Bartlett's weights, T^(1/3) lags, so that a season or slow swings are no shift); the level before and after must differ
    by a factor of two. Ploberger and Kraemer (1992), Econometrica 60; Newey and West (1987), Econometrica 55.
    """
    block = SHIFT_BLOCK[freq]
    whole = len(y) // block
    if whole < LEAST_BLOCKS:
        return None
    sums = y[len(y) - whole * block :].reshape(whole, block).sum(axis=1)
    sums = np.minimum(sums, np.quantile(sums, 0.95))  # a spike is no shift
    path = np.cumsum(sums - sums.mean())[:-1]
    place = int(np.argmax(np.abs(path))) + 1
    low, high = sorted((sums[:place].mean(), sums[place:].mean()))
    moved = abs(path[place - 1]) > SHIFT_LIMIT * np.sqrt(whole * _long_run_variance(sums))
    return len(y) - (whole - place) * block if moved and high >= 2 * low else None


def _long_run_variance(values: Vector) -> float:
    centred = values - values.mean()
    lags = int(len(values) ** (1 / 3))
    weighted = [(1 - lag / (lags + 1)) * float(centred[lag:] @ centred[:-lag]) for lag in range(1, lags + 1)]
    return max(float(centred @ centred) + 2 * sum(weighted), 0.0) / len(values)
