"""Forecasts that cohere from SKU-location to total, with the bias of their sums corrected from above.

The bottom forecasts are what is published, so all sums cohere. Level by level, from the total down, the sum of the bottom
forecasts is combined with an aggregate, a forecast of the sum itself (`aggregate.py`), and all series below are scaled by the
ratio: zero stays zero, nothing becomes negative, no matrix over series is needed. One weight for a level, the least-squares
one on the errors of past windows, each relative to its sum's naive error: (Bates and Granger 1969, Operational Research
Quarterly 20, equation 3; for two unbiased forecasts of one node it is MinT: Wickramasuriya, Athanasopoulos and Hyndman 2019,
JASA 114, theorem 1). Weights of one level for all its nodes, because a few windows cannot tell a covariance; going down
one level at a time, because errors of siblings are alike, which a diagonal MinT over all levels takes for independent.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from echelon.core.arrays import Matrix, Vector
from echelon.core.demand.periods import Frequency
from echelon.core.forecast.evaluation.scores import naive_mse
from echelon.core.forecast.evaluation.wrmsse import Codes, group_sums
from echelon.core.forecast.reconciliation.aggregate_forecast import aggregate_forecasts

FEWEST_WINDOWS = 3
# A few windows alike say more than is true: the weight that they tell is drawn to none as by this many windows more.
PRIOR_WINDOWS = 3.0
# An aggregate is used where it takes this share off the squared error of windows that its weight does not come from, and
# lowers it in more than half of them: the rule of champions (`champion.py`).
MARGIN = 0.01
MOST_FACTOR = 2.0
# (demand of the finest groups (groups, T), NaN before they begin; the first period after it; horizon) -> their forecasts
# (groups, horizon), or None.
SumForecast = Callable[[Matrix, int, int], Matrix | None]
FACTOR_DIGITS = 9


@dataclass(frozen=True)
class Window:
    """One origin of forecasts, as sums over the finest groups. bottom_up: (groups, h) units. actual: the same, what
    happened; None for the future. aggregates: (nodes, h) of each level that is corrected; scale: naive squared error (nodes,)
    of every level."""

    bottom_up: Matrix
    actual: Matrix | None
    aggregates: Mapping[str, Matrix]
    scale: Mapping[str, Vector]


@dataclass(frozen=True)
class LevelWeight:
    """weight of the aggregate, 0 where it is not used; gain: share of squared error that it took off windows left out in
    turn."""

    level: str
    weight: float
    gain: float


def make_windows(
    cohorts: Matrix,
    bottom_up: Matrix,
    origins: Sequence[int],
    levels: Mapping[str, Codes],
    chain: Sequence[str],
    freq: Frequency,
    gap: int = 0,
    sum_forecast: SumForecast | None = None,
) -> list[Window]:
    """One window per origin, oldest first; the last one is the future that is to be corrected. gap: periods before the
    origin of a past window that its forecasts did not know. sum_forecast: of the finest groups (see SumForecast), whose sums
    are the aggregates; where there is none, aggregates are those of `aggregate_forecasts`.

    cohorts: (origins, groups, T) demand of the series that join at each origin, NaN before they begin; its last column is
    the period before the last origin. bottom_up: (origins, groups, h). levels: level -> node of each group. chain: the
    levels that are corrected, from the total down.
    """
    ahead = [origins[-1] - origin for origin in origins]
    return [
        _make_window(
            cohorts[: i + 1], bottom_up[i], ahead[i], levels, chain, freq, origins[i], gap if ahead[i] else 0, sum_forecast
        )
        for i in range(len(origins))
    ]


def _make_window(
    cohorts: Matrix,
    bottom_up: Matrix,
    ahead: int,
    levels: Mapping[str, Codes],
    chain: Sequence[str],
    freq: Frequency,
    end: int,
    gap: int,
    sum_forecast: SumForecast | None,
) -> Window:
    """Only series that had joined are in the sums: before the origin as after it."""
    demand = added(cohorts)
    known = demand.shape[1] - ahead
    horizon = bottom_up.shape[1]
    sums = {level: group_sums(demand[:, : known - gap], codes) for level, codes in levels.items()}
    finest = sum_forecast(demand[:, : known - gap], end - gap, horizon + gap) if sum_forecast else None
    return Window(
        bottom_up,
        np.nan_to_num(demand[:, known : known + horizon]) if ahead else None,
        {
            level: group_sums(finest[:, gap:], levels[level])
            if finest is not None
            else aggregate_forecasts(sums[level], freq, end - gap, horizon + gap)[:, gap:]
            for level in chain
        },
        {level: naive_mse(rows) for level, rows in sums.items()},
    )


def added(cohorts: Matrix) -> Matrix:
    """(groups, T) demand of cohorts (cohorts, groups, T) together; NaN before the first of them begins."""
    begun = ~np.isnan(cohorts).all(axis=0)
    return np.where(begun, np.nansum(cohorts, axis=0), np.nan)


def learn_weights(past: Sequence[Window], levels: Mapping[str, Codes]) -> tuple[LevelWeight, ...]:
    """The weight of each level from windows that are over, which have `actual`; 0 with fewer than three."""
    corrected = [window.bottom_up for window in past]
    weights = []
    for level, codes in levels.items():
        weight = _level_weight(level, codes, past, corrected)
        weights.append(weight)
        if weight.weight > 0:
            corrected = [
                _scaled(sums, w.aggregates[level], codes, weight.weight) for sums, w in zip(corrected, past, strict=True)
            ]
    return tuple(weights)


def factors(window: Window, weights: Sequence[LevelWeight], levels: Mapping[str, Codes]) -> Matrix:
    """(groups, h): what the mean forecasts of the series of each group are multiplied by. 1 where nothing is forecast."""
    corrected = window.bottom_up
    for chosen in weights:
        if chosen.weight > 0:
            corrected = _scaled(corrected, window.aggregates[chosen.level], levels[chosen.level], chosen.weight)
    # the last digits depend on how many cores the linear algebra has
    return np.round(_ratio(corrected, window.bottom_up), FACTOR_DIGITS)


def held_out_factors(windows: Sequence[Window], levels: Mapping[str, Codes]) -> list[Matrix]:
    """Factors of each window with weights from the windows before it alone, oldest first."""
    return [factors(window, learn_weights(windows[:i], levels), levels) for i, window in enumerate(windows)]


def _level_weight(level: str, codes: Codes, past: Sequence[Window], corrected: Sequence[Matrix]) -> LevelWeight:
    if len(past) < FEWEST_WINDOWS:
        return LevelWeight(level, 0.0, 0.0)
    moments = np.array([_moments(level, codes, w, sums) for w, sums in zip(past, corrected, strict=True)])
    others = moments.sum(axis=0) - moments
    weight = np.array([_least_squares(row) for row in others])
    squares = moments[:, 0] - 2.0 * weight * moments[:, 1] + weight**2 * moments[:, 2]
    before = float(moments[:, 0].sum())
    gain = 1.0 - float(squares.sum()) / before if before > 0 else 0.0
    better = gain > MARGIN and 2 * int((squares < moments[:, 0]).sum()) > len(past)
    share = len(past) / (len(past) + PRIOR_WINDOWS)
    return LevelWeight(level, share * _least_squares(moments.sum(axis=0)) if better else 0.0, gain)


def _moments(level: str, codes: Codes, window: Window, corrected: Matrix) -> tuple[float, float, float]:
    """Sums over nodes and periods of e^2, e d and d^2: e = actual - forecast, d = aggregate - forecast, relative to scale."""
    assert window.actual is not None, "a window to learn from has happened"
    sums = group_sums(corrected, codes)
    scale = window.scale[level][:, None]
    unit = np.divide(1.0, scale, out=np.zeros_like(scale), where=scale > 0)
    error, change = group_sums(window.actual, codes) - sums, window.aggregates[level] - sums
    return float((unit * error**2).sum()), float((unit * error * change).sum()), float((unit * change**2).sum())


def _least_squares(moments: Vector) -> float:
    return float(np.clip(moments[1] / moments[2], 0.0, 1.0)) if moments[2] > 0 else 0.0


def _scaled(groups: Matrix, aggregate: Matrix, codes: Codes, weight: float) -> Matrix:
    sums = group_sums(groups, codes)
    return groups * _ratio((1.0 - weight) * sums + weight * aggregate, sums)[codes]


def _ratio(wanted: Matrix, sums: Matrix) -> Matrix:
    """wanted / sums, within a factor of 2 either way."""
    ratio = np.divide(wanted, sums, out=np.ones_like(sums), where=sums > 0)
    return np.clip(ratio, 1.0 / MOST_FACTOR, MOST_FACTOR)
