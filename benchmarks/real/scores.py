"""Scores of what a run published, on the periods after its cut."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from echelon.core.arrays import Matrix, Vector
from echelon.core.forecast.evaluation import scores, wrmsse
from echelon.core.forecast.panel import KEYS
from echelon.lake.contracts.quantiles import quantile_name

from benchmarks.real.business import Business, Demand, grid
from benchmarks.real.stage_run import Published

MOST_HORIZONS = 4
_BIASED = ("location", "category")


@dataclass(frozen=True)
class Judged:
    """One run beside what happened, series in the order of their names. training: (n, T) units before the cut; actual:
    (n, MOST_HORIZONS x horizon), NaN where it is not known; mean: (n, h); quantiles: (n, h, PINBALL_PROBABILITIES)."""

    business: Business
    keys: pd.DataFrame
    training: Matrix
    actual: Matrix
    mean: Matrix
    quantiles: Matrix

    @property
    def held_out(self) -> Matrix:
        """(n, h) of the first horizon."""
        return self.actual[:, : self.mean.shape[1]]


def judged(business: Business, demand: Demand, cut: int, published: Published) -> Judged:
    """All series that the run forecast, by their first horizon."""
    rows = published.table("forecasts")
    keys, mean, first = grid(rows, business.freq, "mean")
    if first != cut:
        raise ValueError(f"{business.name}: forecasts begin with period {first}, not {cut}")
    mean, scored = mean[:, : business.horizon], scores.PINBALL_PROBABILITIES
    quantiles = np.stack([grid(rows, business.freq, quantile_name(q))[1] for q in scored], axis=-1)[:, : business.horizon]
    place = pd.MultiIndex.from_frame(demand.keys).get_indexer(pd.MultiIndex.from_frame(keys))
    actual = demand.after(cut, MOST_HORIZONS * mean.shape[1])
    return Judged(business, keys, demand.before(cut)[place], actual[place], mean, quantiles)


def point_scores(one: Judged) -> dict[str, float]:
    """wrmsse: over the levels of the set, weighed by units (revenue where there are prices); rmsse: pooled, the root of the
    mean of squares; pinball: as in `backtest_scores`, mean over series; wql: twice the pinball losses / demand; bias, and
    the mean of its absolute values by location and by category, weighed by demand. Periods of unknown demand do not count."""
    actual = one.held_out
    known = ~np.isnan(actual)
    error = np.where(known, one.mean - actual, 0.0)
    squares = (error**2).sum(axis=1) / np.maximum(known.sum(axis=1), 1) / scores.naive_mse(one.training)
    squares = squares[np.isfinite(squares)]
    demand = max(float(np.nansum(actual)), 1e-9)
    loss = _pinball(actual, one.quantiles)
    return {
        "wrmsse": _wrmsse(one, np.where(known, actual, one.mean)),
        "rmsse": float(np.sqrt(squares.mean())),
        "pinball": _scaled_pinball(loss, one.training),
        "wql": float(2.0 * np.nansum(loss) / len(scores.PINBALL_PROBABILITIES) / demand),
        "wape": float(np.abs(error).sum() / demand),
        "bias": float(error.sum() / demand),
        **{f"|bias| {name}": _bias_by(one, error, name) for name in _BIASED if name in one.business.attributes},
    }


def biases(one: Judged, name: str) -> pd.DataFrame:
    """Demand and bias (share of it) of each member of an attribute."""
    error = np.where(np.isnan(one.held_out), 0.0, one.mean - one.held_out).sum(axis=1)
    sums = pd.DataFrame({"demand": np.nansum(one.held_out, axis=1), "error": error})
    added = sums.groupby(_attributes(one)[name].to_numpy()).sum()
    return added.assign(bias=added["error"] / added["demand"].where(added["demand"] > 0))


def _attributes(one: Judged) -> pd.DataFrame:
    return one.keys.merge(one.business.attributes, on=KEYS, how="left")


def _bias_by(one: Judged, error: Matrix, name: str) -> float:
    by = pd.DataFrame({"error": error.sum(axis=1), "demand": np.nansum(one.held_out, axis=1)})
    added = by.groupby(_attributes(one)[name].to_numpy()).sum()
    return float(added["error"].abs().sum() / max(added["demand"].sum(), 1e-9))


def _wrmsse(one: Judged, actual: Matrix) -> float:
    price = _price(one) if "price" in one.business.sales else None
    weight = wrmsse.revenue_weights(one.training, price)
    levels = wrmsse.groupings(_attributes(one), one.business.levels)
    return wrmsse.wrmsse(one.training, actual, one.mean, weight, levels)


def _price(one: Judged) -> Vector:
    """The last price of each series before the cut, or any."""
    rows = one.business.sales.dropna(subset=["price"]).sort_values("date")
    last = rows.drop_duplicates(KEYS, keep="last")[[*KEYS, "price"]]
    return one.keys.merge(last, on=KEYS, how="left")["price"].to_numpy(np.float64)


def _pinball(actual: Matrix, quantiles: Matrix) -> Matrix:
    """(n, h, probabilities)."""
    difference, q = actual[..., None] - quantiles, np.asarray(scores.PINBALL_PROBABILITIES)
    return np.maximum(q * difference, (q - 1.0) * difference)


def _scaled_pinball(loss: Matrix, training: Matrix) -> float:
    scale = np.nanmean(training, axis=1)
    known = (scale > 0) & ~np.isnan(loss).all(axis=(1, 2))
    return float((np.nanmean(loss[known], axis=(1, 2)) / scale[known]).mean())
