"""What a forecasting candidate is, and what happens when it fails or takes too long.

To add one of your own: docs/candidates.md. To build one in: write `forecast(panel, horizon) -> Means` in a file of its own
(or a function of one series, wrapped by `each_series`), list it in `candidates.py` and its name in `names.py`.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from echelon.core.arrays import Matrix, Vector
from echelon.core.demand.life_cycle import LifeCycle, dead
from echelon.core.forecast.base.seasonal_naive import seasonal_naive
from echelon.core.forecast.base.time_limit import OutOfTime, time_limit
from echelon.core.forecast.panel import Panel

OK = "ok"
# How a status begins that says that data are too few for a model: expected of small data sets, so no failure.
TOO_LITTLE = "too little history"
Statuses = npt.NDArray[np.object_]
# (history, number of the first period to forecast, horizon) -> mean per period
ForecastOne = Callable[[Vector, int, int], Vector]
SECONDS_PER_SERIES = 30.0


@dataclass(frozen=True)
class Means:
    """Mean forecasts (n, horizon) in units, and per series ok or why the seasonal naive stands in."""

    mean: Matrix
    status: Statuses


Fit = Callable[[Panel, int], Callable[[Panel], Means]]


@dataclass(frozen=True)
class Candidate:
    """A way to forecast. `pooled`: learns from all series of the panel, so it must get a whole model group at once;
    otherwise each series stands alone and a panel may be any bucket of series. `care`: it learns from demand whose spikes
    are limited, and series that are dead by this rule are forecast as zero; None: from demand as it is. `fit`: the forecast
    in two steps, learn from a panel for a horizon, then forecast any later panel, so that a backtest need not learn at
    every cutoff."""

    name: str
    forecast: Callable[[Panel, int], Means]
    pooled: bool = False
    fit: Fit | None = None
    care: LifeCycle | None = None


def all_ok(mean: Matrix) -> Means:
    """Forecasts that all went well."""
    return Means(mean, np.full(len(mean), OK, dtype=object))


def naive_means(panel: Panel, horizon: int, status: str = OK) -> Means:
    """The seasonal naive for every series, which is both the floor and the fallback."""
    mean = seasonal_naive(panel, horizon)
    return Means(mean, np.full(len(mean), status, dtype=object))


def each_series(forecast_one: ForecastOne, seconds: float = SECONDS_PER_SERIES) -> Callable[[Panel, int], Means]:
    """A candidate from a function of one series: (history, number of the first period to forecast, horizon) -> mean.

    An error, a result that is not finite or more than `seconds` becomes a status, and the seasonal naive stands in for that
    series alone.
    """

    def forecast(panel: Panel, horizon: int) -> Means:
        means = naive_means(panel, horizon)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # libraries warn of each hard series; what fails becomes a status
            for series in range(len(panel.values)):
                try:
                    with time_limit(seconds):
                        mean = np.asarray(forecast_one(panel.history(series), panel.end, horizon), dtype=np.float64)
                    _check_finite(mean)
                    means.mean[series] = np.maximum(mean, 0.0)
                except OutOfTime:
                    means.status[series] = f"out of time: the fit took more than {seconds:g} s"
                except Exception as error:  # one bad series never stops the others
                    means.status[series] = failure(error)
        return means

    return forecast


def guarded(candidate: Candidate, panel: Panel, horizon: int) -> Means:
    """Runs a candidate on a panel; if it fails as a whole, every series gets the fallback and the reason."""
    try:
        means = candidate.forecast(panel.limited if candidate.care else panel, horizon)
        _check_finite(means.mean)
        mean = np.maximum(means.mean, 0.0)
        if candidate.care:
            mean[dead(panel.values, panel.freq, candidate.care)] = 0.0
        return Means(mean, means.status)
    except Exception as error:  # reported in the status of every series
        return naive_means(panel, horizon, failure(error))


def failure(error: Exception) -> str:
    """The status for an error, on one line of at most 200 characters. A ValueError is worded for the user; of any other
    the kind is said too."""
    words = str(error) if type(error) is ValueError else f"{type(error).__name__}: {error}"
    return " ".join(words.split())[:200]


def _check_finite(mean: Matrix) -> None:
    if not np.isfinite(mean).all():
        raise ValueError("forecast is not a finite number")
