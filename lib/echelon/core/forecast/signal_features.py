"""Features from what is given beside demand: signals, and attributes that do not change."""

import numpy as np

from echelon.core.forecast.history import WINDOWS, Index, running
from echelon.core.forecast.panel import Covariate, Matrix, Panel, Vector


def signal_features(panel: Panel, series: Index, origin: Index, step: Index) -> dict[str, Vector]:
    """Of each signal, its value at the target, or the last one that is published at the origin if the target lies beyond
    that; and `_change`: how far that is above the signal's mean over the longest window before the origin, as a share of
    this mean (where it is 0: the value itself). NaN where nothing is known."""
    columns: dict[str, Vector] = {}
    for signal in panel.covariates:
        value = _at(signal.values, series, origin + np.minimum(step, signal.ahead))
        usual = _usual(signal, series, origin + min(signal.ahead, 0), WINDOWS[panel.freq][-1])
        columns[signal.name] = value
        columns[f"{signal.name}_change"] = np.divide(value - usual, np.abs(usual), out=value.copy(), where=usual != 0)
    return columns


def attribute_codes(panel: Panel) -> dict[str, Vector]:
    """Number (n,) of each series' name among the sorted names of an attribute."""
    given = {} if panel.attributes is None else dict(panel.attributes.items())
    return {str(name): np.unique(names.astype(str), return_inverse=True)[1].astype(np.float64) for name, names in given.items()}


def _at(values: Matrix, series: Index, column: Index) -> Vector:
    inside = (column >= 0) & (column < values.shape[1])
    return np.where(inside, values[series, np.where(inside, column, 0)], np.nan)


def _usual(signal: Covariate, series: Index, last: Index, window: int) -> Vector:
    """Mean of the known values among the last `window`; NaN where there are none."""
    known = ~np.isnan(signal.values)
    sums, counts = running(np.where(known, signal.values, 0.0)), running(known.astype(np.float64))
    end = np.clip(last + 1, 0, signal.values.shape[1])
    start = np.maximum(end - window, 0)
    count = counts[series, end] - counts[series, start]
    total = sums[series, end] - sums[series, start]
    return np.divide(total, count, out=np.full(len(count), np.nan), where=count > 0)
