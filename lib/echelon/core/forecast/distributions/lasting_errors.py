"""How errors of the level last beyond the horizon, learned from the backtest: what is wrong with the level of a forecast is
wrong with what goes on from it.

The forecast from each cutoff, gone on with beyond the horizon, is held against the demand of the windows that follow it, for
sums over two to four horizons. As for one horizon (`level_variance.py`) their exceedances of upper quantiles tell the variance
of a level that is common to the whole sum. What that says of the level factor F:

- `level_persistence`, one number for all: correlation of F from one horizon to the next (an autoregression of order 1), by
  which levels even out over longer sums, if that is what is seen;
- `level_growth` per segment: what each further horizon adds to the level variance, where levels stray ever further (trends,
  seasons that nothing tells).

On five sets levels evened out nowhere, and strayed further on four (docs/decisions/0065-errors-last-beyond-the-horizon.md).
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from echelon.core.arrays import Matrix, Vector
from echelon.core.forecast.distributions.exceedance import Cases
from echelon.core.forecast.distributions.level_variance import (
    BORROWED_CASES,
    by_segment,
    level_variance,
    miss,
    shape_mixture,
    weighed_variance,
)
from echelon.core.forecast.distributions.sums import sum_mixture
from echelon.core.forecast.panel import KEYS
from echelon.core.probability.mixture import with_level, without_level
from echelon.core.probability.persistence import level_weight

HORIZONS = (2, 3, 4)
LONG_CVS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)
LONG_MISSES = [f"long_miss_{round(100 * cv)}" for cv in LONG_CVS]
LONG_SUMMED = ["long_cases", "long_horizons", *LONG_MISSES]
# An error that lasts for ever would make queues behind capacities endless; this one is half gone after 14 horizons.
MOST_PERSISTENCE = 0.95
Indices = npt.NDArray[np.int64]


def long_misses(rows: pd.DataFrame, apart: int) -> pd.DataFrame:
    """LONG_SUMMED per row of `backtest_scores` with `counts`, sorted by series and cutoff: of the sums over HORIZONS that end
    with the row's window, so that a row tells nothing of later windows.

    path: a column of the forecasts from each cutoff over the longest of HORIZONS; without it forecasts are repeated.
    apart: by how many windows the one that begins where another ends lies after it; 0: none does. long_cases: such sums;
    long_horizons: their horizons; long_miss_<c>: as miss_<c> in `forecast_error.residual_statistics`, of a level that is
    common to the whole sum.
    """
    found = pd.DataFrame(0.0, index=rows.index, columns=LONG_SUMMED)
    for horizons in HORIZONS if apart > 0 else ():
        last = _with_origin(rows, (horizons - 1) * apart)
        if len(last):
            own = _misses(rows, last, horizons, apart).assign(long_cases=1.0, long_horizons=float(horizons))
            found.loc[last] += own[LONG_SUMMED]
    return found


def _with_origin(rows: pd.DataFrame, back: int) -> Indices:
    """Places of the rows so many windows before which the series was in the backtest."""
    return np.flatnonzero(rows.groupby(KEYS, sort=False).cumcount().to_numpy() >= back)


def _misses(rows: pd.DataFrame, last: Indices, horizons: int, apart: int) -> pd.DataFrame:
    """LONG_MISSES of the sums of so many horizons that end with these rows."""
    origin = rows.iloc[last - (horizons - 1) * apart]
    seen = np.stack(rows["actual"].to_list()).sum(axis=1)
    demand = np.sum([seen[last - back * apart] for back in range(horizons)], axis=0)
    mean = _path(origin, horizons)
    counts, shape = origin["counts"].to_numpy(np.bool_), shape_mixture(origin)
    misses = {}
    for name, cv in zip(LONG_MISSES, LONG_CVS, strict=True):
        variance = level_variance(origin, cv**2)
        total, mixture = sum_mixture(mean, without_level(shape, variance), counts)
        length = np.full(len(last), mean.shape[1], np.int64)
        misses[name] = miss(Cases(last, length, demand, total, with_level(mixture, variance), counts))
    return pd.DataFrame(misses, index=last)


def _path(origin: pd.DataFrame, horizons: int) -> Matrix:
    """Forecasts (n, periods) over so many horizons."""
    forecast = np.stack(origin["forecast"].to_list())
    if "path" not in origin:
        return np.tile(forecast, (1, horizons))
    return np.stack(origin["path"].to_list())[:, : horizons * forecast.shape[1]]


def lasting_levels(sums: pd.DataFrame, variance: Vector) -> tuple[float, Vector]:
    """level_persistence and, per segment (sorted), level_growth, from the sums of LONG_SUMMED over the series of each segment
    and cutoff, and the segments' level variance over one horizon. As if errors lasted and did not grow where there is nothing
    to tell."""
    own = by_segment(sums, ["long_cases", "long_horizons"])
    cases = own["long_cases"].to_numpy()
    if cases.sum() == 0:
        return MOST_PERSISTENCE, np.zeros(len(own))
    horizons = float(own["long_horizons"].sum() / cases.sum())
    longer = weighed_variance(sums, "long_cases", LONG_MISSES, LONG_CVS)
    persistence = _persistence(float(cases @ longer), float(cases @ variance), horizons, float(cases.sum()))
    evened = level_weight(horizons, 1, persistence) / horizons**2
    return persistence, np.maximum(longer / evened - variance, 0.0) / (horizons - 1.0)


def _persistence(longer: float, one: float, horizons: float, cases: float) -> float:
    """With which a level variance `one` becomes `longer` in sums over so many horizons; drawn towards the most, which five
    sets have, where there are few cases."""
    tried = np.linspace(0.0, MOST_PERSISTENCE, 96)
    evened = [level_weight(horizons, 1, float(persistence)) / horizons**2 for persistence in tried]
    seen = float(np.interp(longer, one * np.array(evened), tried)) if one > 0 else MOST_PERSISTENCE
    return (cases * seen + BORROWED_CASES * MOST_PERSISTENCE) / (cases + BORROWED_CASES)
