"""Errors of forecasts at every level of a hierarchy: sums of series over any grouping, scaled and weighed.

Makridakis, Spiliotis and Assimakopoulos (2022), M5 accuracy competition, IJF 38, section 2.2: RMSSE (their equation 1) of
each series of a level, and WRMSSE (equation 2), which weighs them by their revenue. A level is a grouping: a label per
bottom series; series with the same label are added up.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_matrix

from echelon.core.arrays import Matrix, Vector
from echelon.core.forecast.evaluation.scores import naive_mse, rmsse

Codes = npt.NDArray[np.int64]
WEIGHT_PERIODS = 28
LEVEL_COLUMNS = ["level", "groups", "wrmsse", "rmsse", "wape", "bias"]
# The twelve levels of the M5, whose columns are those of its sales files.
M5_LEVELS: tuple[tuple[str, ...], ...] = (
    (), ("state_id",), ("store_id",), ("cat_id",), ("dept_id",), ("state_id", "cat_id"), ("state_id", "dept_id"),
    ("store_id", "cat_id"), ("store_id", "dept_id"), ("item_id",), ("item_id", "state_id"), ("item_id", "store_id"),
)  # fmt: skip


def groupings(attributes: pd.DataFrame, levels: Sequence[Sequence[str]]) -> dict[str, Codes]:
    """Level name -> number of its group per series, from the columns that make each level; none: the total.

    attributes: one row per series. A null is a group of its own."""
    return {" x ".join(level) or "total": _codes(attributes, level) for level in levels}


def _codes(attributes: pd.DataFrame, level: Sequence[str]) -> Codes:
    if not level:
        return np.zeros(len(attributes), dtype=np.int64)
    return np.asarray(attributes.groupby(list(level), sort=True, dropna=False).ngroup(), dtype=np.int64)


def group_sums(values: Matrix, codes: Codes) -> Matrix:
    """(groups, T) sums of (n, T) over the series of each group; NaN counts as nothing, and stays where no series of the
    group has begun."""
    member = csr_matrix((np.ones(len(codes)), (codes, np.arange(len(codes)))), shape=(int(codes.max()) + 1, len(codes)))
    known = ~np.isnan(values)
    begun = np.asarray(member @ known.astype(np.float64)) > 0
    return np.where(begun, np.asarray(member @ np.where(known, values, 0.0)), np.nan)


def revenue_weights(training: Matrix, price: Vector | Matrix | None = None, periods: int = WEIGHT_PERIODS) -> Vector:
    """Revenue of each series (n,) in the last `periods` of training: units x price.

    training: (n, T) units. price: (n,) or (n, T) currency per unit; NaN where there is none yet; None: units themselves.
    """
    units = np.nan_to_num(training[:, -periods:])
    if price is None:
        return np.asarray(units.sum(axis=1), dtype=np.float64)
    each = price[:, None] if price.ndim == 1 else price[:, -periods:]
    return np.asarray((units * np.nan_to_num(each)).sum(axis=1), dtype=np.float64)


def level_scores(training: Matrix, actual: Matrix, mean: Matrix, weight: Vector, levels: Mapping[str, Codes]) -> pd.DataFrame:
    """One row per level (LEVEL_COLUMNS): number of groups, WRMSSE and plain mean RMSSE over them, WAPE (sum of absolute
    errors / demand) and bias (sum of forecast - actual / demand).

    training: (n, T) units, NaN before a series begins; a sum is scaled from its first demand on. actual, mean: (n, h)
    units. weight: (n,) from `revenue_weights`. Groups without a scale are left out of RMSSE; NaN where none is left.
    """
    rows = [(name, *_level(training, actual, mean, weight, codes)) for name, codes in levels.items()]
    return pd.DataFrame(rows, columns=LEVEL_COLUMNS)


def wrmsse(training: Matrix, actual: Matrix, mean: Matrix, weight: Vector, levels: Mapping[str, Codes]) -> float:
    """Mean WRMSSE over the levels, which count alike. Arguments as in `level_scores`."""
    return float(level_scores(training, actual, mean, weight, levels)["wrmsse"].mean())


def _level(training: Matrix, actual: Matrix, mean: Matrix, weight: Vector, codes: Codes) -> tuple[float, ...]:
    y, f = group_sums(actual, codes), group_sums(mean, codes)
    scaled = rmsse(y, f, naive_mse(_from_first_demand(group_sums(training, codes))))
    known = ~np.isnan(scaled)
    share = np.bincount(codes, weights=weight, minlength=len(y))[known]
    demand = float(y.sum())
    return (
        len(y),
        float(scaled[known] @ share / share.sum()) if share.sum() > 0 else np.nan,
        float(scaled[known].mean()) if known.any() else np.nan,
        float(np.abs(y - f).sum() / demand) if demand > 0 else np.nan,
        float((f - y).sum() / demand) if demand > 0 else np.nan,
    )


def _from_first_demand(sums: Matrix) -> Matrix:
    begun = np.maximum.accumulate(np.nan_to_num(sums) > 0, axis=1)
    return np.where(begun, sums, np.nan)
