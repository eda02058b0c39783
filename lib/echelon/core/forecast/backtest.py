"""Walk-forward backtest: forecast from past cutoffs with what was known then, and score against what happened."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from echelon.core.demand.periods import start_date
from echelon.core.forecast import scores
from echelon.core.forecast.candidate import Candidate, guarded
from echelon.core.forecast.distribution import moment_quantiles
from echelon.core.forecast.panel import KEYS, Matrix, Panel, Vector

SCORE_COLUMNS = [
    *KEYS, "model", "cutoff", "status", "rmsse", "bias", "pinball", "forecast", "actual", "dispersion",
]  # fmt: skip


def cutoffs(end: int, horizon: int, windows: int) -> list[int]:
    """First unseen period of each window, oldest first: end - k x horizon for k = windows..1. Windows do not overlap;
    the last one ends with the history (`end` is the first period after it)."""
    return [end - k * horizon for k in range(windows, 0, -1)]


def backtest(
    panel: Panel, candidates: Sequence[Candidate], cutoff_periods: Sequence[int], horizon: int,
    levels: Sequence[float], least_periods: int,
) -> pd.DataFrame:  # fmt: skip
    """Rows of `backtest_scores` (SCORE_COLUMNS), ordered by cutoff, model order, sku, location.

    A series joins a window if it has at least `least_periods` periods before the cutoff, whatever the candidate, so all
    candidates cover the same series. Scores that have no scale (constant or zero training part) are NaN.
    """
    frames = [
        _window(panel, candidate, cutoff, horizon, levels, least_periods)
        for cutoff in cutoff_periods
        for candidate in candidates
    ]
    rows = [frame for frame in frames if len(frame)]
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=SCORE_COLUMNS)


def _window(
    panel: Panel, candidate: Candidate, cutoff: int, horizon: int, levels: Sequence[float], least_periods: int
) -> pd.DataFrame:
    known = panel.before(cutoff)
    joins = known.lengths >= max(least_periods, 1)
    training = known.select(joins)
    if not joins.any():
        return pd.DataFrame(columns=SCORE_COLUMNS)
    column = known.values.shape[1]
    actual = panel.values[joins, column : column + horizon]
    means = guarded(candidate, training, horizon)
    return pd.DataFrame(
        {
            **{key: training.keys[key].to_numpy() for key in KEYS},
            "model": candidate.name,
            "cutoff": start_date(cutoff, panel.freq),
            "status": means.status,
            **_scored(training, means.mean, actual, levels),
        }
    )[SCORE_COLUMNS]


def _scored(training: Panel, mean: Matrix, actual: Matrix, levels: Sequence[float]) -> dict[str, object]:
    scale = np.nanmean(training.values, axis=1)
    counts = whole_units(training.values)
    dispersion = training_dispersion(training.values, counts)
    quantiles = _quantiles(mean, dispersion, counts, levels)
    return {
        "rmsse": scores.rmsse(actual, mean, scores.naive_mse(training.values)),
        "bias": scores.bias(actual, mean),
        "pinball": scores.pinball(actual, quantiles, levels, scale),
        "forecast": list(mean),
        "actual": list(actual),
        "dispersion": dispersion,
    }


def whole_units(values: Matrix) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Per series, whether all known demand is in whole units."""
    known = np.nan_to_num(values)
    return np.asarray((known == np.round(known)).all(axis=1))


def training_dispersion(values: Matrix, counts: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Vector:
    """Dispersion per series by the method of moments over its training part: (variance - mean) / mean^2, not below 0
    (gamma: variance / mean^2); 0 without demand. Alike for all candidates, so that pinball loss compares their means.
    """
    mean = np.nanmean(values, axis=1)
    excess = np.nanvar(values, axis=1) - np.where(counts, mean, 0.0)
    return np.divide(np.maximum(excess, 0.0), mean**2, out=np.zeros(len(mean)), where=mean > 0)


def _quantiles(mean: Matrix, dispersion: Vector, counts: np.ndarray, levels: Sequence[float]) -> np.ndarray:
    """(n, h, levels), counts and other units apart."""
    n, horizon = mean.shape
    result = np.empty((n, horizon, len(levels)))
    for kind in (True, False):
        rows = counts == kind
        if rows.any():
            flat = moment_quantiles(mean[rows].ravel(), np.repeat(dispersion[rows], horizon), kind, levels)
            result[rows] = flat.reshape(-1, horizon, len(levels))
    return result
