"""How far demand strays from the champion's forecast, learned from its backtest.

Two numbers per series (see `distribution.py`): the dispersion of single periods, and the coefficient of variation of
the level factor, which shows in sums over a horizon being wrong by more than independent periods would be. One series
has too few windows to tell them, so three steps, each in pieces that a cluster can do anywhere:

1. `residual_moments`: sums of squares per series.
2. `segment_spread`: from those rows added up by segment: how much larger than in its history the dispersion is, and the
   variance of the level factor. Each series counts by its errors relative to the variance its history foretells.
3. `series_spread`: per series, its own estimate drawn towards that of its segment by how much data it has.

Method of moments: with y demand, f forecast, Y and F their sums over a horizon, D dispersion of a period and c level_cv,
E (y - f)^2 = f + D f^2 and E (Y - F)^2 = F + (D - c^2) sum f^2 + c^2 F^2 (without f and F where not counts).
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from echelon.core.forecast.backtest import whole_units
from echelon.core.forecast.panel import KEYS, Vector

RELATIVE_COLUMNS = ["spread_seen", "spread_foretold", "level_seen", "level_foretold"]
MOMENT_COLUMNS = [*KEYS, "segment", "demands", "windows", "excess", "squares", "sum_excess", "sum_squares", "variance",
                  *RELATIVE_COLUMNS]  # fmt: skip
# One wild series cannot count for more than this many times the variance it foretold.
MOST_RELATIVE_ERROR = 10.0
# Periods with demand, and well-measured windows, after which a series counts as much as its segment.
PRIOR_DEMANDS = 200.0
PRIOR_WINDOWS = 20.0
LARGEST_LEVEL_VARIANCE = 1.0


def residual_moments(scores: pd.DataFrame) -> pd.DataFrame:
    """One row per series (MOMENT_COLUMNS) from the champion's rows of `backtest_scores` with `segment`, any order.

    demands: periods with demand; windows; excess and sum_excess: sums of squared errors of periods and of horizons less
    their Poisson part; squares and sum_squares: sums of f^2 and F^2; variance: what the training dispersion foretells
    for the sum of squared errors. The last four are relative to that variance and are to be added up by segment.
    """
    rows = scores.sort_values([*KEYS, "cutoff"], kind="stable")
    y, f = np.stack(rows["actual"].to_list()), np.stack(rows["forecast"].to_list())
    poisson = np.where(counted(rows), f.sum(axis=1), 0.0)
    squares = (f**2).sum(axis=1)
    windows = pd.DataFrame(
        {
            **{key: rows[key].to_numpy() for key in [*KEYS, "segment"]},
            "demands": (y > 0).sum(axis=1).astype(np.float64),
            "windows": 1.0,
            "excess": ((y - f) ** 2).sum(axis=1) - poisson,
            "squares": squares,
            "sum_excess": (y - f).sum(axis=1) ** 2 - poisson,
            "sum_squares": f.sum(axis=1) ** 2,
            "variance": poisson + rows["dispersion"].to_numpy(np.float64) * squares,
            "foretold": rows["dispersion"].to_numpy(np.float64) * squares,
        }
    )
    series = windows.groupby([*KEYS, "segment"], sort=True).sum().reset_index()
    return _relative(series)[MOMENT_COLUMNS]


def counted(scores: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Per row of `backtest_scores`, whether the series has only had demand in whole units, in any of its windows."""
    whole = pd.Series(whole_units(np.stack(scores["actual"].to_list())), index=scores.index)
    return whole.groupby([scores[key] for key in KEYS]).transform("all").to_numpy(np.bool_)


def _relative(series: pd.DataFrame) -> pd.DataFrame:
    """Adds the sums relative to the variance foretold; series that forecast nothing say nothing and get zeros."""
    variance = series["variance"].to_numpy(np.float64)
    usable = variance > 0
    unit = np.where(usable, variance, 1.0)
    seen = series["excess"].to_numpy(np.float64) / unit
    limit = usable * np.minimum(1.0, MOST_RELATIVE_ERROR / np.maximum(seen, MOST_RELATIVE_ERROR))
    level = (series["sum_excess"] - series["excess"]).to_numpy(np.float64) / unit
    return series.assign(
        spread_seen=seen * limit,
        spread_foretold=usable * series["foretold"] / unit,
        level_seen=level * limit,
        level_foretold=usable * (series["sum_squares"] - series["squares"]) / unit,
    )


def segment_spread(sums: pd.DataFrame) -> pd.DataFrame:
    """Per segment, from the sums of RELATIVE_COLUMNS over its series: `dispersion_ratio` (dispersion of the forecast's
    errors over that of the history; between 1/4 and 4) and `level_variance` (of the level factor)."""
    seen = np.maximum(sums["spread_seen"].to_numpy(np.float64), 0.0)
    ratio = _ratio(seen, sums["spread_foretold"].to_numpy(np.float64), 1.0)
    level = _ratio(sums["level_seen"].to_numpy(np.float64), sums["level_foretold"].to_numpy(np.float64), 0.0)
    return pd.DataFrame(
        {
            "segment": sums["segment"].to_numpy(),
            "dispersion_ratio": np.clip(ratio, 0.25, 4.0),
            "level_variance": np.clip(level, 0.0, LARGEST_LEVEL_VARIANCE),
        }
    )


def series_spread(series: pd.DataFrame) -> pd.DataFrame:
    """Adds `dispersion` (given F) and `level_cv` to rows that have history_dispersion, dispersion_ratio and
    level_variance of the segment, and MOMENT_COLUMNS where the series was in the backtest (missing: NaN)."""
    known = series.assign(**{c: _column(series, c) for c in MOMENT_COLUMNS[3:9]})
    foretold = _column(series, "history_dispersion") * _column(series, "dispersion_ratio", 1.0)
    own = np.maximum(_ratio(known["excess"], known["squares"], 0.0), 0.0)
    weight = np.where(known["squares"] > 0, known["demands"] / (known["demands"] + PRIOR_DEMANDS), 0.0)
    period = weight * own + (1.0 - weight) * foretold
    level = _level_variance(known, _column(series, "level_variance"))
    dispersion = np.maximum(period - level, 0.0) / (1.0 + level)
    return series.assign(dispersion=dispersion, level_cv=np.sqrt(level))


def _level_variance(known: pd.DataFrame, segment: Vector) -> Vector:
    """A window measures the level well where the level's share of its variance would be large."""
    signal = np.maximum((known["sum_squares"] - known["squares"]).to_numpy(np.float64), 0.0)
    noise = known["variance"].to_numpy(np.float64)
    own = np.clip(_ratio(known["sum_excess"] - known["excess"], signal, 0.0), 0.0, LARGEST_LEVEL_VARIANCE)
    evidence = known["windows"].to_numpy(np.float64) * _ratio(signal, signal + noise, 0.0)
    weight = evidence / (evidence + PRIOR_WINDOWS)
    return np.asarray(weight * own + (1.0 - weight) * segment, dtype=np.float64)


def _ratio(top: "Vector | pd.Series[float]", bottom: "Vector | pd.Series[float]", empty: float) -> Vector:
    up, down = np.asarray(top, dtype=np.float64), np.asarray(bottom, dtype=np.float64)
    return np.divide(up, down, out=np.full(len(up), empty), where=down > 0)


def _column(frame: pd.DataFrame, name: str, missing: float = 0.0) -> Vector:
    return np.asarray(frame[name].astype(np.float64).fillna(missing), dtype=np.float64)
