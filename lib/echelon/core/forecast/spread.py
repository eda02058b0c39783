"""How far demand strays from the champion's forecast, learned from its backtest, per segment.

Two numbers make the compact distribution (`distribution.py`): the dispersion of single periods and the coefficient of
variation of the level factor, which shows in sums over a horizon being wrong by more than independent periods would be.
A series has too few windows to tell them alone, so each segment tells, from all its series:

- `dispersion_ratio`: how much smaller the dispersion around the forecast is than that of the series' own history, since a
  forecast explains some of it. It is never above 1: the history has all the data, a few windows with one large order in
  them would blow the tail up, and stock with it.
- `level_variance`: of the level factor.

Method of moments: with y demand, f forecast, Y and F their sums over a horizon, D dispersion of a period and c level_cv,
E (y - f)^2 = f + D f^2 and E (Y - F)^2 = F + (D - c^2) sum f^2 + c^2 F^2 (without f and F where not counts). Each series
counts by its errors relative to the variance that its history foretells. Pieces for a cluster: `residual_moments` of a
bucket of series, sums by segment, `segment_spread`, then `distributions` of a bucket.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from echelon.core.forecast.backtest import whole_units
from echelon.core.forecast.panel import KEYS, Vector

RELATIVE_COLUMNS = ["spread_seen", "spread_foretold", "level_seen", "level_foretold"]
MOMENT_COLUMNS = [*KEYS, "segment", *RELATIVE_COLUMNS]
DISTRIBUTION_COLUMNS = [*KEYS, "model", "status", "start_date", "counts", "mean", "dispersion", "level_cv"]
# One wild series cannot count for more than this many times the variance it foretold.
MOST_RELATIVE_ERROR = 10.0
LEAST_RATIO = 0.25
LARGEST_LEVEL_VARIANCE = 1.0


def residual_moments(scores: pd.DataFrame) -> pd.DataFrame:
    """One row per series (MOMENT_COLUMNS), to be added up by segment, from the champion's rows of `backtest_scores` with
    `segment`, any order.

    spread_seen and spread_foretold: sum of squared errors less their Poisson part, and what the dispersion of the
    training part foretells for it; level_seen and level_foretold: the same sums over horizons less those of periods, and
    what a level variance of 1 would add. All relative to the variance foretold.
    """
    rows = scores.sort_values([*KEYS, "cutoff"], kind="stable")
    y, f = np.stack(rows["actual"].to_list()), np.stack(rows["forecast"].to_list())
    poisson = np.where(whole_units(y), f.sum(axis=1), 0.0)
    squares = (f**2).sum(axis=1)
    excess = ((y - f) ** 2).sum(axis=1) - poisson
    foretold = rows["dispersion"].to_numpy(np.float64) * squares
    windows = pd.DataFrame(
        {
            **{key: rows[key].to_numpy() for key in [*KEYS, "segment"]},
            "spread_seen": excess,
            "spread_foretold": foretold,
            "level_seen": (y - f).sum(axis=1) ** 2 - poisson - excess,
            "level_foretold": f.sum(axis=1) ** 2 - squares,
            "variance": poisson + foretold,
        }
    )
    series = windows.groupby([*KEYS, "segment"], sort=True).sum().reset_index()
    return _relative(series)[MOMENT_COLUMNS]


def _relative(series: pd.DataFrame) -> pd.DataFrame:
    """Sums relative to the variance foretold; series that forecast nothing say nothing and get zeros."""
    variance = series["variance"].to_numpy(np.float64)
    usable = variance > 0
    relative = {name: series[name].to_numpy(np.float64) / np.where(usable, variance, 1.0) for name in RELATIVE_COLUMNS}
    seen = relative["spread_seen"]
    limit = np.minimum(1.0, MOST_RELATIVE_ERROR / np.maximum(seen, MOST_RELATIVE_ERROR))
    weights = {"spread_seen": usable * limit, "level_seen": usable * limit}
    return series.assign(**{name: values * weights.get(name, usable) for name, values in relative.items()})


def segment_spread(sums: pd.DataFrame) -> pd.DataFrame:
    """segment, dispersion_ratio (between LEAST_RATIO and 1) and level_variance, from the sums of RELATIVE_COLUMNS over
    the series of each segment."""
    totals = {name: sums[name].to_numpy(np.float64) for name in RELATIVE_COLUMNS}
    ratio = _ratio(np.maximum(totals["spread_seen"], 0.0), totals["spread_foretold"], 1.0)
    level = _ratio(totals["level_seen"], totals["level_foretold"], 0.0)
    return pd.DataFrame(
        {
            "segment": sums["segment"].to_numpy(),
            "dispersion_ratio": np.clip(ratio, LEAST_RATIO, 1.0),
            "level_variance": np.clip(level, 0.0, LARGEST_LEVEL_VARIANCE),
        }
    )


def learn_segments(champion_scores: pd.DataFrame) -> pd.DataFrame:
    """`segment_spread` of rows that fit in memory."""
    moments = residual_moments(champion_scores)
    return segment_spread(moments.groupby("segment", sort=True)[RELATIVE_COLUMNS].sum().reset_index())


def distributions(live: pd.DataFrame, segments: pd.DataFrame) -> pd.DataFrame:
    """Rows of `demand_distributions` (DISTRIBUTION_COLUMNS).

    live: rows of `live.forecast` of each series' champion, with `segment`; their `dispersion` is that of the history.
    segments: `segment_spread`. A segment that was not in the backtest keeps the dispersion of each series' own history
    and has no level factor.
    """
    known = live.merge(segments, on="segment", how="left")
    return with_spread(known)[DISTRIBUTION_COLUMNS].sort_values(KEYS, ignore_index=True)


def with_spread(known: pd.DataFrame) -> pd.DataFrame:
    """Turns `dispersion` of the history into that given F, and adds `level_cv`, by the segment's columns on each row.

    The variance of a single period with F unknown stays what history and ratio say.
    """
    level = _numbers(known, "level_variance", 0.0)
    period = _numbers(known, "dispersion", 0.0) * _numbers(known, "dispersion_ratio", 1.0)
    return known.assign(dispersion=np.maximum(period - level, 0.0) / (1.0 + level), level_cv=np.sqrt(level))


def counted(scores: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Per row of `backtest_scores`, whether the series has only had demand in whole units, in any of its windows."""
    whole = pd.Series(whole_units(np.stack(scores["actual"].to_list())), index=scores.index)
    return whole.groupby([scores[key] for key in KEYS]).transform("all").to_numpy(np.bool_)


def _ratio(top: Vector, bottom: Vector, empty: float) -> Vector:
    return np.divide(top, bottom, out=np.full(len(top), empty), where=bottom > 0)


def _numbers(frame: pd.DataFrame, name: str, missing: float) -> Vector:
    return np.asarray(frame[name].astype(np.float64).fillna(missing), dtype=np.float64)
