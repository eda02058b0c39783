"""Scores of one forecast against what happened. None of them divides by the actual demand, so zeros do no harm."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from echelon.core.forecast.panel import Matrix, Vector


def rmsse(actual: Matrix, mean: Matrix, naive_mse: Vector) -> Vector:
    """Root mean squared scaled error per series; NaN where the naive error of the training part is zero.

    actual, mean: (n, h) units. naive_mse: (n,) from `naive_mse`. Makridakis et al. (2022), M5, IJF 38, equation 1.
    """
    mse = ((actual - mean) ** 2).mean(axis=1)
    return np.sqrt(np.divide(mse, naive_mse, out=np.full(len(mse), np.nan), where=naive_mse > 0))


def naive_mse(training: Matrix) -> Vector:
    """Mean squared one-step error of the naive method (yesterday's demand) per series, from its first period.

    training: (n, T) units, NaN before the first period of a series. Zero for fewer than two periods.
    """
    squares = np.diff(training, axis=1) ** 2
    known = np.maximum((~np.isnan(squares)).sum(axis=1), 1)
    return np.asarray(np.nansum(squares, axis=1) / known, dtype=np.float64)


def pinball(actual: Matrix, quantiles: npt.NDArray[np.float64], levels: Sequence[float], scale: Vector) -> Vector:
    """Mean pinball loss per series over periods and levels, divided by `scale` (mean training demand, units).

    actual: (n, h). quantiles: (n, h, levels). The loss at level q is max(q e, (q - 1) e) with e = actual - quantile.
    NaN where the scale is zero. Gneiting (2011), Quantiles as optimal point forecasts, IJF 27.
    """
    q = np.asarray(levels)
    error = actual[:, :, None] - quantiles
    loss = np.maximum(q * error, (q - 1.0) * error).mean(axis=(1, 2))
    return np.divide(loss, scale, out=np.full(len(loss), np.nan), where=scale > 0)


def bias(actual: Matrix, mean: Matrix) -> Vector:
    """Sum of forecast - actual over the horizon, units, per series."""
    return np.asarray((mean - actual).sum(axis=1), dtype=np.float64)
