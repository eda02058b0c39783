"""Moving average: the demand of the last weeks goes on. What most planners compare with."""

import numpy as np

from echelon.core.demand.periods import Frequency
from echelon.core.forecast.base.candidate import Means, all_ok
from echelon.core.forecast.panel import Panel

# Periods of the mean: eight weeks, thirteen weeks, half a year.
WINDOW: dict[Frequency, int] = {"D": 56, "W": 13, "M": 6}


def moving_average(panel: Panel, horizon: int) -> Means:
    """The mean of the last 56 days, 13 weeks or 6 months, or of a shorter history, for every period of the horizon."""
    recent = panel.values[:, -WINDOW[panel.freq] :]
    mean = np.nansum(recent, axis=1) / np.maximum((~np.isnan(recent)).sum(axis=1), 1)
    return all_ok(np.repeat(mean[:, None], horizon, axis=1))
