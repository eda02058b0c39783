"""AutoARIMA (Hyndman and Khandakar 2008, JSS 27), fitted by statsforecast: dear, so on request."""

import numpy as np
from statsforecast.arima import auto_arima_f, forecast_arima

from echelon.core.arrays import Vector
from echelon.core.demand.periods import SEASON_LENGTH, Frequency
from echelon.core.forecast.base.candidate import TOO_LITTLE

LEAST_PERIODS = 12
# Longer seasons take seconds a series.
LONGEST_SEASON = 12


def auto_arima(freq: Frequency, history: Vector, _start: int, horizon: int) -> Vector:
    """Mean forecast; seasons of days and months, none of weeks. Raises ValueError for fewer than 12 periods."""
    if len(history) < LEAST_PERIODS:
        raise ValueError(f"{TOO_LITTLE}: AutoARIMA needs {LEAST_PERIODS} periods, the series has {len(history)}")
    if np.all(history == history[0]):
        return np.full(horizon, history[0])
    season = SEASON_LENGTH[freq] if SEASON_LENGTH[freq] <= LONGEST_SEASON else 1
    fitted = auto_arima_f(history, period=season, approximation=True)  # type: ignore[no-untyped-call]
    return forecast_arima(fitted, horizon)["mean"]  # type: ignore[no-untyped-call]
