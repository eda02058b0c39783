"""Seasonal naive: what happened in the same period of the last season happens again. The floor for every candidate."""

import numpy as np

from echelon.core.arrays import Matrix
from echelon.core.demand.periods import SEASON_LENGTH
from echelon.core.forecast.panel import Panel


def seasonal_naive(panel: Panel, horizon: int) -> Matrix:
    """Mean forecast (n, horizon): the last season repeated; the mean of the series where it is shorter than a season.

    Hyndman and Athanasopoulos, Forecasting: Principles and Practice (3rd ed.), section 5.2.
    """
    season = SEASON_LENGTH[panel.freq]
    short = panel.lengths < season
    known = np.maximum(panel.lengths, 1)
    average = np.nansum(panel.values, axis=1) / known
    if short.all():
        return np.repeat(average[:, None], horizon, axis=1)
    repeated = panel.values[:, -season:][:, np.arange(horizon) % season]
    return np.where(short[:, None], average[:, None], repeated)
