"""Walk-forward backtest: forecast from past cutoffs with what was known then, and score against what happened."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from echelon.core.demand.periods import start_date
from echelon.core.forecast import scores
from echelon.core.forecast.candidate import Candidate, guarded
from echelon.core.forecast.mixture import mixture_of, mixture_quantiles
from echelon.core.forecast.panel import KEYS, Matrix, Panel
from echelon.core.forecast.shape import SHAPE_COLUMNS, Shapes, learn_shapes

SCORE_COLUMNS = [
    *KEYS, "model", "cutoff", "status", "rmsse", "bias", "pinball", "forecast", "actual",
    *SHAPE_COLUMNS,
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
    shapes = learn_shapes(training, mean, counts)
    quantiles = _quantiles(mean, shapes, counts, levels)
    return {
        "rmsse": scores.rmsse(actual, mean, scores.naive_mse(training.values)),
        "bias": scores.bias(actual, mean),
        "pinball": scores.pinball(actual, quantiles, levels, scale),
        "forecast": list(mean),
        "actual": list(actual),
        **shapes.columns(),
    }


def whole_units(values: Matrix) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Per series, whether all known demand is in whole units."""
    known = np.nan_to_num(values)
    return np.asarray((known == np.round(known)).all(axis=1))


def _quantiles(mean: Matrix, shapes: Shapes, counts: np.ndarray, levels: Sequence[float]) -> np.ndarray:
    """(n, h, levels)."""
    horizon = mean.shape[1]
    mixture = mixture_of(*(np.repeat(column, horizon) for column in shapes.columns().values()))
    flat = mixture_quantiles(mean.ravel(), mixture, np.repeat(counts, horizon), levels)
    return flat.reshape(*mean.shape, len(levels))
