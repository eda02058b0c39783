"""What the pooled model sees of each series when it forecasts: the published features."""

import numpy as np
import pandas as pd

from echelon.core.forecast.features.history import WINDOWS, History
from echelon.core.forecast.features.pooled_features import ATTRIBUTE, feature_names, features
from echelon.core.forecast.panel import KEYS

COLUMNS = [*KEYS, "features", "recent_mean"]


def origin_features(history: History) -> pd.DataFrame:
    """One row per series of the history's panel (COLUMNS): its features for the first period after the history, as a
    dictionary without those that are not known, and the mean of its last periods (the longest window of the features), in
    units.

    Attributes are left out: their codes mean nothing outside of a model.
    """
    panel = history.panel
    n, columns = panel.values.shape
    origin, step = np.full(n, columns - 1), np.ones(n, np.int64)
    names = feature_names(panel)
    table = features(history, np.arange(n), origin, step).astype(np.float64)
    numeric = [(i, name) for i, name in enumerate(names) if not name.startswith(ATTRIBUTE)]
    by_name = [{name: float(row[i]) for i, name in numeric if np.isfinite(row[i])} for row in table]
    recent = np.nanmean(panel.values[:, -WINDOWS[panel.freq][-1] :], axis=1)
    return panel.keys[KEYS].assign(features=pd.Series(by_name, dtype=object), recent_mean=recent)[COLUMNS]
