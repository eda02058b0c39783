"""What a new item will sell, borrowed from similar items until its own history tells.

Similar is: the same location, there the same category, there a price alike. Each of these levels is the mean of its series
relative to the level above, drawn to it with credibility n / (n + k): k is the variance between series over the variance
between groups (empirical Bayes: Bühlmann and Straub 1970, Bulletin of the Swiss Association of Actuaries 70; Bühlmann and
Gisler 2005, A Course in Credibility Theory, section 4.2). An item's own mean over n periods then counts n / (n + k) against
that; this k follows from how well a few periods of other series told their next ones (least squares).
The period of the first sale is no evidence: without a sale it would not be the first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from echelon.core.arrays import Vector
from echelon.core.demand.periods import Frequency, period_index
from echelon.core.forecast.base.candidate import OK

SIMILAR = ["place", "category", "price_band"]
SERIES_COLUMNS = [*SIMILAR, "recent", "earlier"]
CELL_COLUMNS = [*SIMILAR, "series", "recent", "recent2", "earlier", "earlier2", "cross"]
UNKNOWN_PRICE = -1_000
# Periods of demand from which the next ones are told when k is learned: about two weeks, two weeks or two months.
EARLIER: dict[Frequency, int] = {"D": 14, "W": 2, "M": 2}
LARGEST_K = 1_000.0
BORROWED = "similar_items"


@dataclass(frozen=True)
class Similar:
    """mean: of all series, units per period. ratios: per level of SIMILAR, its mean over that of the level above, by the
    values of the columns up to it. k: periods of own history that count as much as the similar items."""

    mean: float
    ratios: tuple[Mapping[tuple[object, ...], float], ...]
    k: float


def price_band(price: Vector) -> Vector:
    """Number of the band of each price, a factor of two wide; UNKNOWN_PRICE where it is not above zero."""
    known = np.nan_to_num(price) > 0
    return np.where(known, np.round(np.log2(np.where(known, price, 1.0))), UNKNOWN_PRICE)


def cells(series: pd.DataFrame) -> pd.DataFrame:
    """CELL_COLUMNS, all that `learn` needs: counts and sums over series of SERIES_COLUMNS (`recent`, `earlier`: mean demand
    of the last horizon and of the EARLIER periods before it), of their squares and of their product."""
    products = series.assign(
        series=1.0,
        recent2=series["recent"] ** 2,
        earlier2=series["earlier"] ** 2,
        cross=series["recent"] * series["earlier"],
    )
    return products.groupby(SIMILAR, sort=True)[CELL_COLUMNS[3:]].sum().reset_index()


def learn(sums: pd.DataFrame, earlier_periods: int) -> Similar:
    """From `cells`, in any order. earlier_periods: periods in `earlier`."""
    rows = sums.sort_values(SIMILAR, ignore_index=True)
    mean = float(rows["recent"].sum() / max(rows["series"].sum(), 1.0))
    parent = np.full(len(rows), mean)
    ratios = []
    for depth in range(1, len(SIMILAR) + 1):
        ratio = _ratios(rows, parent, SIMILAR[:depth])
        ratios.append(ratio)
        parent = parent * _looked_up(ratio, rows, depth)
    return Similar(mean, tuple(ratios), _own_k(rows, parent, earlier_periods))


def expected(similar: Similar, items: pd.DataFrame) -> Vector:
    """Units per period of items like these (SIMILAR); a value that was not seen says nothing."""
    ratios = [_looked_up(ratio, items, depth + 1) for depth, ratio in enumerate(similar.ratios)]
    return np.asarray(similar.mean * np.prod(ratios, axis=0), dtype=np.float64)


def blended(own: Vector, periods: Vector, prior: Vector, k: float) -> Vector:
    """Units per period: own mean over `periods` after the one of the first sale, against the similar items' mean."""
    share = periods / (periods + k)
    return np.asarray(share * np.nan_to_num(own) + (1.0 - share) * prior, dtype=np.float64)


def borrow(
    rows: pd.DataFrame,
    similar: Similar,
    shapes: Mapping[tuple[str, ...], Vector],
    group: Sequence[str],
    end: int,
    freq: Frequency,
) -> pd.DataFrame:  # fmt: skip
    """Rows of live forecasts (model, status, mean), those with a `first_sale` (date) replaced: they have SIMILAR, `group` and
    `own`, the units sold after the period of the first sale. shapes: by group, the course over the horizon with mean 1.
    end: number of the first period of the forecast."""
    is_new = rows["first_sale"].notna().to_numpy()
    if not is_new.any():
        return rows
    new = rows[is_new]
    periods = (end - 1 - period_index(new["first_sale"], freq)).astype(np.float64)
    own = new["own"].to_numpy(np.float64) / np.maximum(periods, 1.0)
    units = blended(own, periods, expected(similar, new), similar.k)
    groups = new[list(group)].itertuples(index=False, name=None)
    means = [unit * shapes[key] for unit, key in zip(units, groups, strict=True)]
    borrowed = new.assign(model=BORROWED, status=OK, mean=pd.Series(means, index=new.index, dtype=object))
    return pd.concat([rows[~is_new], borrowed]).sort_index()


def _ratios(rows: pd.DataFrame, parent: Vector, keys: list[str]) -> dict[tuple[object, ...], float]:
    """Shrunken mean of demand / parent per group."""
    unit = np.divide(1.0, parent, out=np.zeros(len(parent)), where=parent > 0)
    relative = rows.assign(ratio=rows["recent"] * unit, square=rows["recent2"] * unit**2)
    sums = relative.groupby(keys, sort=True)[["series", "ratio", "square"]].sum()
    n, mean = sums["series"].to_numpy(np.float64), (sums["ratio"] / sums["series"]).to_numpy(np.float64)
    inside = float((sums["square"].to_numpy(np.float64) - n * mean**2).sum()) / max(float((n - 1.0).sum()), 1.0)
    between = float((n * (mean - 1.0) ** 2).sum() - len(n) * inside) / max(float(n.sum()), 1.0)
    k = inside / between if between > 0 else np.inf
    share = n / (n + k) if np.isfinite(k) else np.zeros(len(n))
    names = [name if isinstance(name, tuple) else (name,) for name in sums.index]
    return dict(zip(names, (1.0 + share * (mean - 1.0)).tolist(), strict=True))


def _looked_up(ratio: Mapping[tuple[object, ...], float], items: pd.DataFrame, depth: int) -> Vector:
    keys = items[SIMILAR[:depth]].itertuples(index=False, name=None)
    return np.array([ratio.get(key, 1.0) for key in keys], dtype=np.float64)


def _own_k(rows: pd.DataFrame, prior: Vector, periods: int) -> float:
    """k at which n / (n + k) for n = `periods` is the least-squares weight of the earlier mean for the recent one."""
    n, recent, earlier = (rows[name].to_numpy(np.float64) for name in ("series", "recent", "earlier"))
    cross = (rows["cross"].to_numpy(np.float64) - prior * (recent + earlier) + n * prior**2).sum()
    square = (rows["earlier2"].to_numpy(np.float64) - 2.0 * prior * earlier + n * prior**2).sum()
    weight = float(cross / square) if square > 0 else 0.0
    return float(np.clip(periods * (1.0 - weight) / max(weight, 1e-9), 0.0, LARGEST_K))
