"""A cheap forecast of series that are sums of many: what a whole location or category will sell.

Sums are regular where their parts are not: a regression of the logarithm on the phase of the season, the time of year
(harmonics, from 1.5 years of history on), the day of the month and a trend that bends every half year and stays flat ahead.
Harmonic regression: Hyndman and Athanasopoulos, Forecasting: Principles and Practice (3rd ed.), section 7.4; the penalty
is ridge regression. Chosen on windows of the M5 that end before its last 28 days.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from echelon.core.arrays import Matrix, Vector
from echelon.core.demand.periods import PERIODS_PER_YEAR, SEASON_LENGTH, Frequency, period_start

YEAR_HARMONICS = 3
MONTH_HARMONICS = 2
YEARS_TO_LEARN_A_YEAR = 1.5
# What lies a year back counts half.
FORGOTTEN_PER_YEAR = 0.5
# Closed days and holes tell nothing of the level: periods below this share of the median of the last year.
LEAST_SHARE = 0.2
BEND_PENALTY, TREND_PENALTY, SEASON_PENALTY, NO_PENALTY = 1e-2, 5e-4, 5e-4, 1e-11
LONGEST_SEASON_OF_PHASES = 12
RECENT: dict[Frequency, int] = {"D": 28, "W": 8, "M": 3}
# Of the difference between the last weeks and the fit, this power goes on.
CARRIED = 0.5


def aggregate_forecasts(sums: Matrix, freq: Frequency, end: int, horizon: int) -> Matrix:
    """Mean forecasts (m, horizon) in units, never negative, of sums (m, T) whose last column is the period before `end`.

    NaN or 0 before a sum begins. A sum with too few periods with demand for a fit repeats its recent mean.
    """
    design, penalty = _design(sums.shape[1], horizon, freq, end)
    return np.stack([_forecast(np.nan_to_num(y), design, penalty, freq) for y in sums])


def _design(periods: int, horizon: int, freq: Frequency, end: int) -> tuple[Matrix, Vector]:
    """(periods + horizon, terms), and the ridge penalty of each term."""
    t = np.arange(periods + horizon)
    year, season = PERIODS_PER_YEAR[freq], SEASON_LENGTH[freq]
    phases = [(t % season == phase).astype(np.float64) for phase in range(1, season)] if _has_phases(freq) else []
    waves = [] if freq == "M" or periods < YEARS_TO_LEARN_A_YEAR * year else _harmonics(t / year, YEAR_HARMONICS)
    if freq == "D":
        day = period_start(end - periods + t, "D")
        waves += _harmonics((day - day.astype("datetime64[M]")).astype(np.float64) / (year / 12), MONTH_HARMONICS)
    flat = np.minimum(t, periods) / year
    bends = [np.maximum(flat - at, 0.0) for at in np.arange(0.5, periods / year - 0.25, 0.5)]
    columns = [np.ones(len(t)), *phases, *waves, flat, *bends]
    penalties = [NO_PENALTY] * (1 + len(phases)) + [SEASON_PENALTY] * len(waves) + [TREND_PENALTY] + [BEND_PENALTY] * len(bends)
    return np.column_stack(columns), np.array(penalties)


def _harmonics(turns: Vector, count: int) -> list[Vector]:
    functions: tuple[Callable[[Vector], Vector], ...] = (np.sin, np.cos)
    return [wave(2.0 * np.pi * k * turns) for k in range(1, count + 1) for wave in functions]


def _has_phases(freq: Frequency) -> bool:
    return SEASON_LENGTH[freq] <= LONGEST_SEASON_OF_PHASES


def _forecast(y: Vector, design: Matrix, penalty: Vector, freq: Frequency) -> Vector:
    usable = _usable(y, freq)
    horizon = len(design) - len(y)
    if usable.sum() < 2 * RECENT[freq]:
        return np.full(horizon, y[-RECENT[freq] :].mean())
    age = np.arange(len(y) - 1, -1, -1) / PERIODS_PER_YEAR[freq]
    weight = usable * FORGOTTEN_PER_YEAR**age
    known = design[: len(y)]
    weighed = known * (weight / weight.sum())[:, None]
    logs = np.log(np.where(usable, y, 1.0))
    terms = np.linalg.solve(weighed.T @ known + np.diag(penalty), weighed.T @ logs)
    return _levelled(y, np.exp(design @ terms), freq)


def _usable(y: Vector, freq: Frequency) -> npt.NDArray[np.bool_]:
    year = int(PERIODS_PER_YEAR[freq])
    sold = y[-year:][y[-year:] > 0]
    least = LEAST_SHARE * float(np.median(sold)) if len(sold) else 0.0
    return (y > 0) & (y >= least)


def _levelled(y: Vector, fit: Vector, freq: Frequency) -> Vector:
    """The fit, raised to what was sold in each phase of the last year (a closed weekday sold nothing, and the mean lies
    above the exponential of the mean logarithm), and part of the way to what the last weeks sold."""
    n, season = len(y), SEASON_LENGTH[freq]
    phase = np.arange(len(fit)) % season if _has_phases(freq) else np.zeros(len(fit), dtype=np.int64)
    first = max(n - int(PERIODS_PER_YEAR[freq]), 0)
    sold = np.bincount(phase[first:n], weights=y[first:], minlength=season)
    expected = np.bincount(phase[first:n], weights=fit[first:n], minlength=season)
    raised = fit * np.divide(sold, expected, out=np.zeros(season), where=expected > 0)[phase]
    recent = slice(max(n - RECENT[freq], 0), n)
    ratio = y[recent].sum() / raised[recent].sum() if raised[recent].sum() > 0 else 0.0
    return np.asarray(raised[n:] * ratio**CARRIED, dtype=np.float64)
