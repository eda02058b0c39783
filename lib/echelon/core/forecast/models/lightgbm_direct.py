"""LightGBM for a whole group of series, direct: the target lies any number of periods up to the horizon ahead. One model, or
one for each block of the horizon."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import lightgbm
import numpy as np
import numpy.typing as npt

from echelon.core.arrays import Matrix
from echelon.core.demand.periods import Frequency
from echelon.core.forecast.base.candidate import TOO_LITTLE, Means, all_ok, naive_means
from echelon.core.forecast.features.history import WINDOWS, History, Index
from echelon.core.forecast.features.pooled_features import ATTRIBUTE, feature_names, features
from echelon.core.forecast.models.sampling import PoolFacts
from echelon.core.forecast.models.training_rows import TrainingRows, training_rows, unit_of
from echelon.core.forecast.panel import Panel

# Periods of the horizon that share a model, where there is one for each block.
BLOCKS: dict[Frequency, int] = {"D": 7, "W": 4, "M": 3}
LEAST_ROWS = 300
# A series weighs no more than one of this many times the median scale, so that none outshouts all others.
MOST_SCALE = 100.0
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
        return (ratio * unit_of(self.history, *self.ahead(series))).reshape(-1, len(self.steps))


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


def pooled_models(panel: Panel, horizon: int, blocks: bool = False, latest: int | None = None) -> list[PooledModel]:
    """The models of all periods up to the horizon, nearest first: one, or one for each of the BLOCKS. latest: they learn from
    the last so many periods alone."""
    history, facts = History.of(panel), PoolFacts.of(panel)
    names = feature_names(panel)
    return [
        PooledModel(learn(training_rows(history, facts, steps, latest), facts, names, panel.freq), history, names, steps)
        for steps in blocks_of(panel.freq, horizon, blocks)
    ]


def blocks_of(freq: Frequency, horizon: int, blocks: bool) -> list[range]:
    """The steps of each model: all up to the horizon, or those of each of the BLOCKS."""
    length = BLOCKS[freq] if blocks else horizon
    return [range(first, min(first + length, horizon + 1)) for first in range(1, horizon + 1, length)]


def learn(rows: TrainingRows, facts: PoolFacts, names: list[str], freq: Frequency) -> lightgbm.Booster:
    """One model of all series from the rows drawn of them, in the order of `TrainingRows.joined`.

    Trained on demand / (`history.scale` x `season.year_index`) with the Poisson deviance and weights of that unit, which
    is the deviance of demand itself (unit capped at 100 medians): sums over series are right on average. Where demand is
    erratic: Tweedie deviance, power 1.5. Raises ValueError with fewer than 300 rows.
    """
    if len(rows.key) < LEAST_ROWS:
        raise ValueError(f"{TOO_LITTLE}: fewer than {LEAST_ROWS} rows to train on")
    chosen = ERRATIC if facts.single_orders else STEADY
    unit = rows.unit.astype(np.float64)
    weight = np.minimum(unit, MOST_SCALE * np.median(unit)) ** (2.0 - chosen.power) / rows.chance
    data = lightgbm.Dataset(
        rows.features,
        label=rows.label,
        weight=weight / weight.mean(),
        feature_name=names,
        categorical_feature=[name for name in names if name.startswith(ATTRIBUTE)],
        params=BINS,
    )
    rate = {"learning_rate": chosen.rate * SLOWER[freq]}
    return lightgbm.train(PARAMETERS | rate | chosen.parameters, data, num_boost_round=chosen.rounds)
