"""One LightGBM for a whole group of series, direct: the target lies any number of periods up to the horizon ahead."""

from collections.abc import Callable

import lightgbm
import numpy as np
import numpy.typing as npt

from echelon.core.forecast.candidate import OK, TOO_LITTLE, Means, naive_means
from echelon.core.forecast.features import History, Index, feature_names, features, scale
from echelon.core.forecast.panel import Panel, Vector, series_hash

MOST_ROWS = 120_000
LEAST_ROWS = 300
LEAST_HISTORY = 7
ROUNDS = 120
TWEEDIE_POWER = 1.5
# A series weighs no more than one of this many times the median scale, so that none outshouts all others.
MOST_SCALE = 100.0
PARAMETERS = {
    "objective": "tweedie",
    "tweedie_variance_power": TWEEDIE_POWER,
    "learning_rate": 0.05,
    "num_leaves": 16,
    "min_data_in_leaf": 200,
    "feature_fraction": 0.7,
    "max_bin": 127,
    "lambda_l2": 1.0,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "seed": 1,
    "verbosity": -1,
}


def lightgbm_direct(panel: Panel, horizon: int) -> Means:
    """Mean forecasts of every series from one model.

    Trained on demand / `features.scale` with the Tweedie deviance (power 1.5) and weights scale^0.5, which is the
    deviance of the unscaled demand (scale capped at 100 medians). Each past period is one row with one step out of
    1..horizon; at most 120,000 rows; both are drawn by a hash of series and date, so the result does not depend on the
    order of rows. A series without any demand so far is forecast as zero. A group with fewer than 300 rows gets the
    seasonal naive with the reason.
    """
    return fit_lightgbm(panel, horizon)(panel)


def fit_lightgbm(panel: Panel, horizon: int) -> Callable[[Panel], Means]:
    """The first step of `lightgbm_direct`: what it learned from a panel forecasts that one or a later one."""
    history = History.of(panel)
    series, origin, step = training_rows(panel, horizon)
    unit = scale(history, series, origin)
    keep = unit > 0
    if keep.sum() < LEAST_ROWS:
        return lambda later: naive_means(later, horizon, f"{TOO_LITTLE}: fewer than {LEAST_ROWS} rows to train on")
    model = _train(history, series[keep], origin[keep], step[keep], unit[keep])
    return lambda later: _predict(model, History.of(later), horizon)


def training_rows(panel: Panel, horizon: int) -> tuple[Index, Index, Index]:
    """(series, origin, step) of at most 120,000 past targets, ordered by series and target; a series has at least
    seven periods of history at the origin."""
    series, target = np.nonzero(~np.isnan(panel.values))
    start = panel.end - panel.values.shape[1]
    mixed = _mix(series_hash(panel.keys)[series] ^ _mix((target + start).astype(np.uint64)))
    step = (mixed % np.uint64(horizon)).astype(np.int64) + 1
    origin = target - step
    usable = np.flatnonzero(origin - panel.first[series] + 1 >= LEAST_HISTORY)
    if len(usable) > MOST_ROWS:
        chosen = np.argsort(_mix(mixed[usable]), kind="stable")[:MOST_ROWS]
        usable = np.sort(usable[chosen])
    return series[usable], origin[usable], step[usable]


def _train(history: History, series: Index, origin: Index, step: Index, unit: Vector) -> lightgbm.Booster:
    demand = history.panel.values[series, origin + step]
    weight = np.minimum(unit, MOST_SCALE * np.median(unit)) ** (2.0 - TWEEDIE_POWER)
    data = lightgbm.Dataset(
        features(history, series, origin, step),
        label=demand / unit,
        weight=weight / weight.mean(),
        feature_name=feature_names(history.panel),
        params={"max_bin": PARAMETERS["max_bin"], "num_threads": 1, "verbosity": -1},
    )
    return lightgbm.train(PARAMETERS, data, num_boost_round=ROUNDS)


def _predict(model: lightgbm.Booster, history: History, horizon: int) -> Means:
    n, columns = history.panel.values.shape
    series = np.repeat(np.arange(n), horizon)
    origin = np.full(n * horizon, columns - 1)
    step = np.tile(np.arange(1, horizon + 1), n)
    unit = scale(history, series, origin)
    ratio = np.asarray(model.predict(features(history, series, origin, step), num_threads=1))
    return Means((ratio * unit).reshape(n, horizon), np.full(n, OK, dtype=object))


def _mix(x: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """SplitMix64 (Steele, Lea and Flood 2014): spreads whole numbers evenly."""
    z = x + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
