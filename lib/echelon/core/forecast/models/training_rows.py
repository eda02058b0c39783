"""What a pooled model learns from: rows of features and labels, which buckets of series draw and one place puts together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from echelon.core.arrays import Floats, Vector, Words
from echelon.core.forecast.features.history import History, Index, scale
from echelon.core.forecast.features.pooled_features import features
from echelon.core.forecast.features.season import year_index
from echelon.core.forecast.models.sampling import PoolFacts, drawn, row_size
from echelon.core.forecast.panel import Panel, series_hash
from echelon.core.probability.splitmix64 import GOLDEN, mix

LEAST_HISTORY = 7


@dataclass(frozen=True)
class TrainingRows:
    """key: (rows,) tells rows apart and puts them in order; features: (rows, names); label: demand / unit; unit: see
    `unit_of`; chance: with which the row was drawn."""

    key: Words
    features: Floats
    label: Floats
    unit: Floats
    chance: Floats

    @staticmethod
    def joined(parts: Sequence["TrainingRows"]) -> "TrainingRows":
        """All rows of the parts in the order of their keys, whatever the order of the parts."""
        key = np.concatenate([part.key for part in parts])
        order = np.argsort(key, kind="stable")
        columns = (
            np.concatenate([getattr(part, name) for part in parts])[order] for name in ("features", "label", "unit", "chance")
        )
        return TrainingRows(key[order], *columns)


def training_rows(history: History, facts: PoolFacts, steps: range, latest: int | None = None) -> TrainingRows:
    """Rows of past targets of the series of `history`, which may be a part of the pool that `facts` are of. Each past
    period is a row with one of the steps, drawn by a hash of series and date; a series has at least seven periods of
    history and some demand at the origin. latest: only of the last so many periods."""
    panel = history.panel
    series, target = np.nonzero(~np.isnan(panel.values))
    start = panel.end - panel.values.shape[1]
    key = _spread(series_hash(panel.keys)[series] ^ _spread((target + start).astype(np.uint64)))
    step = (key % np.uint64(len(steps))).astype(np.int64) + steps.start
    chance = _chance(panel, facts, series, target)
    usable = target - step - panel.first[series] + 1 >= LEAST_HISTORY
    if latest is not None:
        usable &= target >= panel.values.shape[1] - latest
    chosen = np.flatnonzero(usable)
    chosen = chosen[drawn(_spread(key[chosen]), chance[chosen])]
    chosen = chosen[scale(history, series[chosen], target[chosen] - step[chosen]) > 0]
    return _rows(history, series[chosen], target[chosen], step[chosen], key[chosen], chance[chosen])


def unit_of(history: History, series: Index, origin: Index, step: Index) -> Vector:
    """What demand is divided by: the level of the series at the origin times the index of the season."""
    return scale(history, series, origin) * year_index(history, series, origin, step)


def _chance(panel: Panel, facts: PoolFacts, series: Index, target: Index) -> Vector:
    mean = np.nan_to_num(panel.values).sum(axis=1) / np.maximum(panel.lengths, 1)
    return facts.chance(row_size(mean[series], panel.values.shape[1] - 1 - target, panel.freq))


def _rows(history: History, series: Index, target: Index, step: Index, key: Words, chance: Vector) -> TrainingRows:
    origin = target - step
    unit = unit_of(history, series, origin, step)
    label = history.panel.values[series, target] / unit
    values = features(history, series, origin, step)
    return TrainingRows(key, values, label.astype(np.float32), unit.astype(np.float32), chance.astype(np.float32))


def _spread(x: Words) -> Words:
    """Whole numbers, spread evenly."""
    return mix(x + GOLDEN)
