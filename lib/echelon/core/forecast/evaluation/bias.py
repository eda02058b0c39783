"""Bias of sums of forecasts over the windows of a backtest, and whether it repeats."""

import numpy as np
import pandas as pd

from echelon.core.arrays import Vector

BIAS_COLUMNS = ["level", "member", "windows", "demand", "bias", "newest_bias", "standard_error", "repeats"]
FEWEST_WINDOWS = 4
SIGNIFICANT = 2.0


def bias_scores(sums: pd.DataFrame) -> pd.DataFrame:
    """One row (BIAS_COLUMNS) per row of `sums`: level, member, error and demand (lists of units by window, oldest first).

    Bias is the sum of forecast - actual / demand, NaN without demand. Its standard error is that of a ratio of sums over
    windows (Cochran 1977, Sampling Techniques, 3rd ed., equation 6.9), NaN with one window. It repeats where of at least
    FEWEST_WINDOWS windows all err to the same side and the bias is more than SIGNIFICANT standard errors.
    """
    pairs = zip(sums["error"], sums["demand"], strict=True)
    scores = [_scores(np.asarray(error, np.float64), np.asarray(demand, np.float64)) for error, demand in pairs]
    names = sums[BIAS_COLUMNS[:2]].reset_index(drop=True)
    return names.join(pd.DataFrame(scores, columns=BIAS_COLUMNS[2:]))


def _scores(error: Vector, demand: Vector) -> tuple[int, float, float, float, float, bool]:
    windows, total = len(error), float(demand.sum())
    if total <= 0.0:
        return windows, total, np.nan, np.nan, np.nan, False
    bias = float(error.sum()) / total
    newest = float(error[-1] / demand[-1]) if demand[-1] > 0 else np.nan
    if windows == 1:
        return windows, total, bias, newest, np.nan, False
    around = float(np.sqrt(((error - bias * demand) ** 2).sum() * windows / (windows - 1)) / total)
    one_side = bool((error > 0).all() or (error < 0).all())
    return windows, total, bias, newest, around, windows >= FEWEST_WINDOWS and one_side and abs(bias) > SIGNIFICANT * around
