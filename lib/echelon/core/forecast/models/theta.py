"""Dynamic optimised theta (Fiorucci et al. 2016, IJF 32, 1151-1161), fitted by statsforecast."""

import numpy as np
from statsforecast.theta import auto_theta, forecast_theta

from echelon.core.arrays import Vector
from echelon.core.demand.periods import SEASON_LENGTH, Frequency, period_start, weekday
from echelon.core.forecast.base.candidate import TOO_LITTLE

# statsforecast cannot fit fewer; below this the model has as many parameters as it has data to spare.
LEAST_PERIODS = 8
PROFILE_WEEKS = 26
# Weeks with demand after which a weekday profile counts as much as "all days alike".
PROFILE_PRIOR_WEEKS = 2.0


def theta(freq: Frequency, history: Vector, _start: int, horizon: int) -> Vector:
    """Mean forecast of weeks or months, additive seasonality where statsforecast's test finds it.

    Raises ValueError for fewer than 8 periods.
    """
    return dynamic_optimised_theta(history, SEASON_LENGTH[freq], horizon)


def theta_weekly(history: Vector, start: int, horizon: int) -> Vector:
    """Mean forecast of days: theta on totals of seven days that end at the cutoff, spread over the days of the week.

    On days the same fit costs 7 ms a series against 1 ms, and most days of most SKUs are zero. The share of a weekday
    is that of its demand in the last 26 weeks, drawn towards 1/7 where few weeks had demand.
    Raises ValueError for fewer than 8 whole weeks.
    """
    weeks = len(history) // 7
    totals = history[len(history) - weeks * 7 :].reshape(weeks, 7)
    ahead = np.arange(horizon)
    forecast = dynamic_optimised_theta(totals.sum(axis=1), 1, -(-horizon // 7))
    profile = _weekday_profile(totals[-PROFILE_WEEKS:], start)
    return forecast[ahead // 7] * profile[weekday(period_start(start + ahead, "D"))]


def _weekday_profile(weeks: Vector, start: int) -> Vector:
    """Shares of Monday..Sunday, adding up to 1; row 0 of `weeks` starts on the weekday of period `start`."""
    demand = np.zeros(7)
    demand[weekday(period_start(start + np.arange(7), "D"))] = weeks.sum(axis=0)
    evidence = float((weeks.sum(axis=1) > 0).sum())
    if evidence == 0:
        return np.full(7, 1.0 / 7)
    weight = evidence / (evidence + PROFILE_PRIOR_WEEKS)
    return weight * demand / demand.sum() + (1.0 - weight) / 7


def dynamic_optimised_theta(y: Vector, season: int, horizon: int) -> Vector:
    """Mean forecast of any periods; additive seasonality where statsforecast's test finds it. Raises ValueError for fewer
    than 8 periods."""
    if len(y) < LEAST_PERIODS:
        raise ValueError(f"{TOO_LITTLE}: theta needs {LEAST_PERIODS} periods, the series has {len(y)}")
    if np.all(y == y[0]):
        return np.full(horizon, y[0])
    # nmse only sets how far ahead errors are reported, not what is minimised.
    fitted = auto_theta(y, m=season, model="DOTM", decomposition_type="additive", nmse=1)  # type: ignore[no-untyped-call]
    mean = forecast_theta(fitted, horizon)["mean"]  # type: ignore[no-untyped-call]
    return np.maximum(mean, 0.0)
