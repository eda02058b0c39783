"""Forecasts of sums that know the calendar: the pooled model itself, taught by the sums of categories at locations."""

import numpy as np

from echelon.core.arrays import Matrix
from echelon.core.demand.periods import PERIODS_PER_YEAR
from echelon.core.forecast.models.lightgbm_direct import pooled_models
from echelon.core.forecast.panel import Panel

# The second of two models learns from the last years alone: what holds now against what has been seen most often.
RECENT_YEARS = 2
# Fewer periods of all sums together are too few for trees: a regression tells more.
LEAST_PERIODS = 10_000


def pooled_sum_forecasts(panel: Panel, horizon: int) -> Matrix | None:
    """Mean forecasts (m, horizon) in units of sums, which a panel holds as series; the mean of a model of all of the history
    and one of the last two years. Zero for a sum that has not begun; None with fewer than 10,000 periods to learn from, or
    where hardly any of them lies so far after the beginning of its sum as is forecast."""
    if panel.lengths.sum() < LEAST_PERIODS:
        return None
    begun = panel.lengths > 0
    recent = round(RECENT_YEARS * PERIODS_PER_YEAR[panel.freq])
    try:
        means = [_forecasts(panel.select(begun), horizon, latest) for latest in (None, recent)]
    except ValueError:  # too few rows, as the model says
        return None
    found = np.zeros((len(begun), horizon))
    found[begun] = np.maximum(np.mean(means, axis=0), 0.0)
    return found


def _forecasts(panel: Panel, horizon: int, latest: int | None) -> Matrix:
    return np.hstack([model.mean() for model in pooled_models(panel.limited, horizon, latest=latest)])
