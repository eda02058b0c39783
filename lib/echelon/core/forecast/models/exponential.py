"""AutoETS: exponential smoothing with error, trend and season chosen by the corrected AIC, fitted by statsforecast."""

import numpy as np
from statsforecast.ets import ets_f, forecast_ets

from echelon.core.arrays import Vector
from echelon.core.demand.periods import SEASON_LENGTH, Frequency
from echelon.core.forecast.base.candidate import TOO_LITTLE

LEAST_PERIODS = 8
# statsforecast fits no longer seasons.
LONGEST_SEASON = 24


def auto_ets(freq: Frequency, history: Vector, _start: int, horizon: int) -> Vector:
    """Mean forecast; seasons of days and months, none of weeks. Hyndman et al. (2002), IJF 18.

    Raises ValueError for fewer than 8 periods.
    """
    if len(history) < LEAST_PERIODS:
        raise ValueError(f"{TOO_LITTLE}: AutoETS needs {LEAST_PERIODS} periods, the series has {len(history)}")
    if np.all(history == history[0]):
        return np.full(horizon, history[0])
    season = SEASON_LENGTH[freq] if SEASON_LENGTH[freq] <= LONGEST_SEASON else 1
    fitted = ets_f(history, m=season, model="ZZZ")  # type: ignore[no-untyped-call]
    return forecast_ets(fitted, horizon)["mean"]  # type: ignore[no-untyped-call]
