"""How demand goes on beyond the horizon: the level of the forecast, and the season of sums of many series.

Models are chosen by the first horizon, and most of them know no season of the year. A sum over a category at a location does:
its course from now on, by what share it will sell more or less than over the first horizon, moves all series below it
(docs/decisions/0073-seasons-beyond-the-horizon.md). The course of a sum is

- that of its forecast by the pooled model of sums (`pooled_sums.py`), where there are enough sums and periods for it;
- else the geometric mean of what the years before did at this time of the year (ratio to moving averages; Hyndman and
  Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., section 3.4) and of a harmonic regression
  (`aggregate_forecast.py`), each of the total, the location and the category at the location alike, as sums of few are noisy.

Without a year of history and the horizon after it nothing is known of seasons, and the level goes on.
"""

from collections.abc import Mapping

import numpy as np

from echelon.core.arrays import Matrix, Vector
from echelon.core.demand.periods import SEASON_LENGTH, Frequency
from echelon.core.forecast.evaluation.wrmsse import Codes, group_sums
from echelon.core.forecast.features.season import ABOUT_TARGET, LARGEST_INDEX, YEAR
from echelon.core.forecast.reconciliation.aggregate_forecast import aggregate_forecasts
from echelon.core.forecast.reconciliation.hierarchy import FACTOR_DIGITS, SumForecast

MOST_YEARS = 3
# By which a sum may have grown or shrunk from one year to the next.
LARGEST_GROWTH = 2.0


def seasonal_factors(
    demand: Matrix,
    levels: Mapping[str, Codes],
    freq: Frequency,
    end: int,
    horizon: int,
    length: int,
    gap: int = 0,
    sum_forecast: SumForecast | None = None,
) -> Matrix:
    """(groups, length - horizon): by what the level of the first horizon is multiplied in each period after it.

    demand: (groups, T) units of the finest groups up to the period before `end`, NaN before they begin. levels: level -> node
    of each group, all of the same weight. gap: periods from `end` to the first one that is forecast.
    """
    if demand.shape[1] < YEAR[freq] + horizon:
        return np.ones((len(demand), length - horizon))
    pooled = sum_forecast(demand, end, gap + length) if sum_forecast else None
    course = _mean_course(demand, levels, freq, end, horizon, gap + length) if pooled is None else pooled
    return _over_first(course[:, gap:], horizon, freq)


def continued(mean: Matrix, factors: Matrix, freq: Frequency) -> Matrix:
    """(n, h + periods) units: means over the horizon (n, h), and beyond it their level times the factors (n, periods). The
    level of days is that of the weekday, where the horizon has all of them."""
    horizon = mean.shape[1]
    season, ahead = _phases(freq, horizon), np.arange(factors.shape[1]) + horizon
    level = np.stack([mean[:, phase::season].mean(axis=1) for phase in range(season)], axis=1)
    return np.hstack([mean, level[:, ahead % season] * factors])


def _phases(freq: Frequency, horizon: int) -> int:
    """Phases of the season whose level the horizon shows; one: none."""
    season = SEASON_LENGTH[freq]
    return season if freq == "D" and horizon >= season else 1


def _over_first(course: Matrix, horizon: int, freq: Frequency) -> Matrix:
    """Each period of a course over the mean of its phase in the first horizon; 1 where that is nothing."""
    season, ahead = _phases(freq, horizon), np.arange(horizon, course.shape[1])
    first = np.stack([course[:, phase:horizon:season].mean(axis=1) for phase in range(season)], axis=1)[:, ahead % season]
    ratio = np.divide(course[:, horizon:], first, out=np.ones_like(first), where=first > 0)
    # the last digits depend on how many cores the linear algebra has
    return np.round(np.clip(ratio, 1 / LARGEST_INDEX, LARGEST_INDEX), FACTOR_DIGITS)


def _mean_course(demand: Matrix, levels: Mapping[str, Codes], freq: Frequency, end: int, horizon: int, length: int) -> Matrix:
    """Geometric mean over levels and of both ways (groups, length)."""
    logs = np.zeros((len(demand), length))
    for codes in levels.values():
        sums = group_sums(demand, codes)
        harmonic = aggregate_forecasts(sums, freq, end, length)
        unit = harmonic[:, :horizon].mean(axis=1, keepdims=True)
        relative = np.divide(harmonic, unit, out=np.ones_like(harmonic), where=unit > 0)
        own = np.log(np.clip(relative, 1 / LARGEST_INDEX, LARGEST_INDEX)) + year_logs(sums, freq, horizon, length)
        logs += own[codes]
    return np.asarray(np.exp(logs / (2 * len(levels))))


def year_logs(sums: Matrix, freq: Frequency, horizon: int, length: int) -> Matrix:
    """(m, length): logarithm of what sums (m, T) sold about each coming period, a year and more before, over what they sold in
    the horizon then; mean of at most three years, less what they grew from year to year. 0 where no year is known."""
    first = np.isnan(sums).sum(axis=1)
    running = np.concatenate([np.zeros((len(sums), 1)), np.cumsum(np.nan_to_num(sums), axis=1)], axis=1)
    years = [_one_year(running, first, back, freq, horizon, length) for back in range(1, MOST_YEARS + 1)]
    known = np.sum([1.0 * is_known for _, is_known in years], axis=0)[:, None]
    total = np.sum([np.where(is_known[:, None], logs, 0.0) for logs, is_known in years], axis=0)
    return np.divide(total, known, out=np.zeros_like(total), where=known > 0)


def _one_year(running: Matrix, first: Vector, back: int, freq: Frequency, horizon: int, length: int) -> tuple[Matrix, Vector]:
    """Logarithms (m, length) of one of the years, and of which sums it is known."""
    year, about, periods = YEAR[freq], ABOUT_TARGET[freq], running.shape[1] - 1
    start = periods - back * year  # of the horizon, so many years before
    known = (first <= start - about // 2) & (start - about // 2 >= 0)
    if not known.any():
        return np.zeros((len(running), length)), known
    low = np.minimum(start + np.arange(length) - about // 2, periods - 1)
    high = np.minimum(low + about, periods)
    seen = (running[:, high] - running[:, low]) / (high - low)
    base = _mean(running, start, min(start + horizon, periods))[:, None]
    ratio = np.divide(seen, base, out=np.ones_like(seen), where=base > 0)
    grown = np.log(_growth(running, first, back, year))[:, None] * np.maximum(np.arange(length) - (horizon - 1) / 2, 0) / year
    return np.log(np.clip(ratio, 1 / LARGEST_INDEX, LARGEST_INDEX)) - grown, known


def _growth(running: Matrix, first: Vector, back: int, year: int) -> Vector:
    """By what the sums of that year and the one before it differ; 1 where either is not known."""
    periods = running.shape[1] - 1
    start = periods - (back + 1) * year
    if start < 0:
        return np.ones(len(running))
    now, before = _mean(running, start + year, start + 2 * year), _mean(running, start, start + year)
    known = (first <= start) & (now > 0) & (before > 0)
    growth = np.divide(now, before, out=np.ones_like(now), where=known)
    return np.clip(growth, 1 / LARGEST_GROWTH, LARGEST_GROWTH)


def _mean(running: Matrix, low: int, high: int) -> Vector:
    return np.asarray((running[:, high] - running[:, low]) / (high - low))
