"""LightGBM for a whole group of series, direct: the target lies any number of periods up to the horizon ahead. One model, or
one for each block of the horizon."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import lightgbm
import numpy as np
import numpy.typing as npt

from echelon.core.arrays import Matrix, Vector, Words
from echelon.core.demand.periods import Frequency
from echelon.core.forecast.base.candidate import TOO_LITTLE, Means, all_ok, naive_means
from echelon.core.forecast.features.history import WINDOWS, History, Index, scale
from echelon.core.forecast.features.pooled_features import ATTRIBUTE, feature_names, features
from echelon.core.forecast.features.season import year_index
from echelon.core.forecast.panel import Panel, series_hash
from echelon.core.probability.splitmix64 import GOLDEN, mix

# Periods of the horizon that share a model, where there is one for each block.
BLOCKS: dict[Frequency, int] = {"D": 7, "W": 4, "M": 3}
ENOUGH_ROWS = 120_000
# Of a longer history one period in this many is enough: neighbours tell nearly the same.
SPARED = 4
LEAST_ROWS = 300
LEAST_HISTORY = 7
# A series weighs no more than one of this many times the median scale, so that none outshouts all others.
MOST_SCALE = 100.0
# Median squared coefficient of variation, less the Poisson part, above which single orders are most of demand.
ERRATIC_DISPERSION = 4.0
BINS = {"max_bin": 127, "num_threads": 1, "verbosity": -1}
PARAMETERS = BINS | {"lambda_l2": 1.0, "deterministic": True, "force_row_wise": True, "seed": 1}


@dataclass(frozen=True)
class Learning:
    """How a booster learns. power: of the mean that the variance of demand goes with (1: Poisson deviance). rate: of
    learning from days."""

    power: float
    rounds: int
    rate: float
    parameters: dict[str, object]


STEADY = Learning(
    1.0, 200, 0.1,
    {"objective": "poisson", "num_leaves": 31, "min_data_in_leaf": 100, "feature_fraction": 0.5},
)  # fmt: skip
# Few large orders: a loss that they pull less at, and a model that can't follow each of them.
ERRATIC = Learning(
    1.5, 120, 0.05,
    {"objective": "tweedie", "tweedie_variance_power": 1.5, "num_leaves": 16, "min_data_in_leaf": 200, "feature_fraction": 0.7},
)  # fmt: skip
# Weeks are fewer than days, and sooner learned by heart.
SLOWER: dict[Frequency, float] = {"D": 1.0, "W": 0.5, "M": 1.0}


@dataclass(frozen=True)
class PooledModel:
    """A trained model of a panel and what its forecasts are made of. names: the columns of `inputs`; steps: the periods
    after the history that it forecasts, the first being 1."""

    booster: lightgbm.Booster
    history: History
    names: list[str]
    steps: range

    @property
    def longest_mean(self) -> str:
        """Name of the feature that is the mean of the longest window."""
        return f"mean_{WINDOWS[self.history.panel.freq][-1]}"

    def ahead(self, series: Index) -> tuple[Index, Index, Index]:
        """(series, origin, step) of the periods that are forecast, each (series x steps,), series by series."""
        origin = np.full(len(series) * len(self.steps), self.history.panel.values.shape[1] - 1)
        return np.repeat(series, len(self.steps)), origin, np.tile(self.steps, len(series))

    def inputs(self, series: Index) -> npt.NDArray[np.float32]:
        """Features (series x steps, names) of these periods: of a later history, which may have more, those that the model
        learned from."""
        now = feature_names(self.history.panel)
        return features(self.history, *self.ahead(series))[:, [now.index(name) for name in self.names]]

    def mean(self) -> Matrix:
        """Forecast (n, steps) in units of all series."""
        series = np.arange(len(self.history.panel.keys))
        ratio = np.asarray(self.booster.predict(self.inputs(series), num_threads=1))
        return (ratio * _unit(self.history, *self.ahead(series))).reshape(-1, len(self.steps))


def lightgbm_direct(panel: Panel, horizon: int, blocks: bool = False) -> Means:
    """Mean forecasts of every series from one model, or one for each of the BLOCKS of the horizon (`pooled_models`). A
    series without any demand so far is forecast as zero. A group with fewer than 300 rows gets the seasonal naive with the
    reason."""
    return fit_lightgbm(panel, horizon, blocks)(panel)


def fit_lightgbm(panel: Panel, horizon: int, blocks: bool = False) -> Callable[[Panel], Means]:
    """The first step of `lightgbm_direct`: what it learned from a panel forecasts that one or a later one."""
    try:
        models = pooled_models(panel, horizon, blocks)
    except ValueError as error:
        reason = str(error)
        return lambda later: naive_means(later, horizon, reason)
    return lambda later: all_ok(_means(models, History.of(later)))


def _means(models: Sequence[PooledModel], history: History) -> Matrix:
    return np.hstack([replace(model, history=history).mean() for model in models])


def pooled_models(panel: Panel, horizon: int, blocks: bool = False) -> list[PooledModel]:
    """The models of all periods up to the horizon, nearest first: one, or one for each of the BLOCKS."""
    length = BLOCKS[panel.freq] if blocks else horizon
    blocks_of_steps = [range(first, min(first + length, horizon + 1)) for first in range(1, horizon + 1, length)]
    return [pooled_model(panel, steps) for steps in blocks_of_steps]


def pooled_model(panel: Panel, steps: range) -> PooledModel:
    """One model of all series, for targets so many periods ahead.

    Trained on demand / (`history.scale` x `season.year_index`) with the Poisson deviance and weights of that unit, which
    is the deviance of demand itself (unit capped at 100 medians): sums over series are right on average. Where demand is
    erratic (`learning`): Tweedie deviance, power 1.5. Rows are `training_rows`, so the result does not depend on the order
    of rows.
    Raises ValueError where fewer than 300 rows can be learned from.
    """
    history = History.of(panel)
    series, origin, step = training_rows(panel, steps)
    keep = scale(history, series, origin) > 0
    if keep.sum() < LEAST_ROWS:
        raise ValueError(f"{TOO_LITTLE}: fewer than {LEAST_ROWS} rows to train on")
    names = feature_names(panel)
    return PooledModel(_train(history, names, series[keep], origin[keep], step[keep]), history, names, steps)


def training_rows(panel: Panel, steps: range) -> tuple[Index, Index, Index]:
    """(series, origin, step) of past targets, ordered by series and target; a series has at least seven periods of
    history at the origin. Each past period is a row with one of the steps; of more than 120,000, a quarter of
    them, but not fewer. Both are drawn by a hash of series and date."""
    series, target = np.nonzero(~np.isnan(panel.values))
    start = panel.end - panel.values.shape[1]
    mixed = _spread(series_hash(panel.keys)[series] ^ _spread((target + start).astype(np.uint64)))
    step = (mixed % np.uint64(len(steps))).astype(np.int64) + steps.start
    origin = target - step
    usable = np.flatnonzero(origin - panel.first[series] + 1 >= LEAST_HISTORY)
    most = max(ENOUGH_ROWS, len(usable) // SPARED)
    if len(usable) > most:
        chosen = np.argsort(_spread(mixed[usable]), kind="stable")[:most]
        usable = np.sort(usable[chosen])
    return series[usable], origin[usable], step[usable]


def learning(panel: Panel) -> Learning:
    """ERRATIC where the median over series of (variance - mean) / mean^2 is above 4, else STEADY."""
    mean, variance = np.nanmean(panel.values, axis=1), np.nanvar(panel.values, axis=1)
    sold = mean > 0
    dispersion = (variance[sold] - mean[sold]) / mean[sold] ** 2
    return ERRATIC if sold.any() and np.median(dispersion) > ERRATIC_DISPERSION else STEADY


def _train(history: History, names: list[str], series: Index, origin: Index, step: Index) -> lightgbm.Booster:
    demand = history.panel.values[series, origin + step]
    unit = _unit(history, series, origin, step)
    chosen = learning(history.panel)
    weight = np.minimum(unit, MOST_SCALE * np.median(unit)) ** (2.0 - chosen.power)
    data = lightgbm.Dataset(
        features(history, series, origin, step),
        label=demand / unit,
        weight=weight / weight.mean(),
        feature_name=names,
        categorical_feature=[name for name in names if name.startswith(ATTRIBUTE)],
        params=BINS,
    )
    rate = {"learning_rate": chosen.rate * SLOWER[history.panel.freq]}
    return lightgbm.train(PARAMETERS | rate | chosen.parameters, data, num_boost_round=chosen.rounds)


def _unit(history: History, series: Index, origin: Index, step: Index) -> Vector:
    return scale(history, series, origin) * year_index(history, series, origin, step)


def _spread(x: Words) -> Words:
    """Whole numbers, spread evenly."""
    return mix(x + GOLDEN)
