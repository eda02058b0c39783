"""Features from what is given beside demand: signals, and attributes that do not change."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from echelon.core.arrays import Vector
from echelon.core.forecast.features.history import History, Index
from echelon.core.forecast.panel import Panel

# How the names of signals begin that count the days of an event.
EVENT = "event_"


def signal_features(history: History, series: Index, origin: Index, step: Index) -> dict[str, Vector]:
    """Of each signal, its value at the target, or the last one that is published at the origin if the target lies beyond
    that; and `_change`: how far that is above the signal's mean over the longest window before the origin, as a share of
    this mean (where it is 0: the value itself), which of an event would tell nothing more. NaN where nothing is known."""
    columns: dict[str, Vector] = {}
    for signal, means in zip(history.panel.covariates, history.signal_means, strict=True):
        ahead = signal.ahead_of(series)
        value = _at(signal.values, series, origin + np.minimum(step, ahead))
        columns[signal.name] = value
        if signal.name.startswith(EVENT):
            continue
        usual = _at(means, series, origin + np.minimum(ahead, 0))
        columns[f"{signal.name}_change"] = np.divide(value - usual, np.abs(usual), out=value.copy(), where=usual != 0)
    return columns


def attribute_codes(panel: Panel) -> dict[str, Vector]:
    """Number (n,) of each series' name among the sorted names of an attribute (of all series of the panel that it was
    selected from, where attributes are categorical); -1 where it has none."""
    given = {} if panel.attributes is None else dict(panel.attributes.items())
    return {str(name): pd.Categorical(names).codes.astype(np.float64) for name, names in given.items()}


def _at(values: npt.NDArray[np.floating], series: Index, column: Index) -> Vector:
    inside = (column >= 0) & (column < values.shape[1])
    return np.where(inside, values[series, np.where(inside, column, 0)], np.nan).astype(np.float64)
