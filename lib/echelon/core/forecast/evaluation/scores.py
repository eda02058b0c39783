"""Scores of one forecast against what happened. None of those that decide divides by the actual demand, so zeros do no
harm."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from echelon.core.arrays import Matrix, Vector

# Of the quantiles whose pinball loss champions are chosen by.
PINBALL_PROBABILITIES = (0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)


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


def pinball(actual: Matrix, quantiles: npt.NDArray[np.float64], probabilities: Sequence[float], scale: Vector) -> Vector:
    """Mean pinball loss per series over periods and quantiles, divided by `scale` (mean training demand, units).

    actual: (n, h). quantiles: (n, h, probabilities). The loss at probability q is max(q e, (q - 1) e) with
    e = actual - quantile. NaN where the scale is zero. Gneiting (2011), Quantiles as optimal point forecasts, IJF 27.
    """
    q = np.asarray(probabilities)
    error = actual[:, :, None] - quantiles
    loss = np.maximum(q * error, (q - 1.0) * error).mean(axis=(1, 2))
    return scaled(loss, scale)


def scaled(loss: Vector, scale: Vector) -> Vector:
    """loss / scale per series; NaN where the scale is zero."""
    return np.divide(loss, scale, out=np.full(len(loss), np.nan), where=scale > 0)


def bias(actual: Matrix, mean: Matrix) -> Vector:
    """Sum of forecast - actual over the horizon, units, per series."""
    return np.asarray((mean - actual).sum(axis=1), dtype=np.float64)


def absolute_error(actual: Matrix, mean: Matrix) -> Vector:
    """Sum of |forecast - actual| over the horizon, units, per series: over the sum of demand it is the WAPE (weighted
    absolute percentage error; Kolassa and Schuetz 2007, Foresight 6, call it MAD/mean)."""
    return np.asarray(np.abs(mean - actual).sum(axis=1), dtype=np.float64)


def periods_in_stock(actual: Matrix, mean: Matrix) -> Vector:
    """Units x periods that stock supplied by the forecast would have gathered over the horizon, per series: the sum over
    periods of the cumulated forecast - actual. Negative: so much was owed.

    Wallstroem and Segerstedt (2010), Evaluation of forecasting error measurements and techniques for intermittent demand,
    IJPE 128, equation 9.
    """
    return np.asarray(np.cumsum(mean - actual, axis=1).sum(axis=1), dtype=np.float64)


def coverage(below: Matrix, upto: Matrix, probabilities: Sequence[float]) -> Matrix:
    """(n, probabilities): share of periods whose demand is at or below its quantile of each probability.

    below, upto: (n, h), P(D < actual) and P(D <= actual). A quantile of counts holds some of the probability itself; that
    part counts by its share, so that an exact distribution covers each exactly (nonrandomised PIT of Czado, Gneiting
    and Held 2009, Biometrics 65, equation 2).
    """
    inside = np.maximum(upto - below, 1e-300)
    shares = [np.where(upto > below, np.clip((q - below) / inside, 0.0, 1.0), upto <= q).mean(axis=1) for q in probabilities]
    return np.stack(shares, axis=1)
