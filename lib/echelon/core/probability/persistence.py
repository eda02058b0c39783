"""Errors that last: a level that goes on from one horizon to the next as a stationary autoregression of order 1."""

import numpy as np


def level_weight(periods: float, horizon: int, persistence: float) -> float:
    """Variance of the sum of the levels of so many consecutive periods, whole or not, from the start of a horizon, when each
    level has variance 1, is the same within a horizon, and is correlated by persistence^k with that of k horizons later.

    periods^2 with a persistence of 1; the sum over horizons of their squared numbers of periods with 0. Box, Jenkins, Reinsel
    and Ljung, Time Series Analysis, 5th ed., section 3.2.3.
    """
    full, rest = divmod(periods, horizon)
    apart = np.arange(1.0, full)
    pairs = full + 2.0 * float((full - apart) @ persistence**apart)
    with_rest = 2.0 * float((persistence ** np.arange(1.0, full + 1.0)).sum())
    return float(pairs * horizon**2 + rest**2 + horizon * rest * with_rest)
