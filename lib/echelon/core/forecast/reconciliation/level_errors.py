"""Errors of forecasts per level of the hierarchy, before and after the correction from above (`hierarchy.py`)."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from echelon.core.arrays import Matrix, Vector
from echelon.core.forecast.evaluation.scores import rmsse
from echelon.core.forecast.evaluation.wrmsse import Codes, group_sums
from echelon.core.forecast.panel import KEYS
from echelon.core.forecast.reconciliation.hierarchy import Window

SUM_COLUMNS = [
    "level", "demand", "absolute_before", "absolute_after", "bias_before", "bias_after",
    "scaled", "rmsse_before", "rmsse_after",
]  # fmt: skip
LEVEL_SCORE_COLUMNS = [
    "level", "groups", "windows", "wape_before", "wape_after", "bias_before", "bias_after", "rmsse_before", "rmsse_after",
]  # fmt: skip
SKU, SERIES = "SKU", "SKU x location"


def group_errors(windows: Sequence[Window], corrections: Sequence[Matrix], levels: Mapping[str, Codes]) -> pd.DataFrame:
    """Sums (SUM_COLUMNS) per level and window, from sums over the finest groups. corrections: (groups, h) factors of each."""
    rows = [
        _sums(
            level,
            group_sums(w.actual, codes),
            group_sums(w.bottom_up, codes),
            group_sums(w.bottom_up * f, codes),
            w.scale[level],
        )
        for w, f in zip(windows, corrections, strict=True)
        if w.actual is not None
        for level, codes in levels.items()
    ]
    return pd.DataFrame(rows, columns=SUM_COLUMNS)


def bottom_errors(scores: pd.DataFrame) -> pd.DataFrame:
    """Sums (SUM_COLUMNS, and how many nodes they are of) per SKU for the levels `SKU` and `SKU x location`.

    scores: rows, in any order, of `backtest_scores` of each series' champion with `corrected`, its forecast after it. Sums
    of a SKU over its locations have no scale here, so its RMSSE is not known.
    """
    rows = scores.sort_values([*KEYS, "cutoff"], kind="stable")
    return pd.DataFrame(
        [
            (*_of_sku(level, of_sku), 1.0 if level == SKU else float(of_sku["location"].nunique()))
            for _, of_sku in rows.groupby("sku", sort=True)
            for level in (SKU, SERIES)
        ],
        columns=[*SUM_COLUMNS, "nodes"],
    )


def level_scores(sums: pd.DataFrame, groups: Mapping[str, int], windows: int) -> pd.DataFrame:
    """One row per level (LEVEL_SCORE_COLUMNS) in the order of `groups`, which counts its nodes; from SUM_COLUMNS, added up
    or not. WAPE and bias are shares of demand, RMSSE the mean over nodes and windows; NaN where there is none."""
    total = sums.groupby("level", sort=True)[SUM_COLUMNS[1:]].sum().reindex(list(groups)).fillna(0.0).reset_index()
    scores = total.assign(groups=list(groups.values()), windows=windows)
    for kind in ("before", "after"):
        scores[f"wape_{kind}"] = _share(total[f"absolute_{kind}"], total["demand"])
        scores[f"bias_{kind}"] = _share(total[f"bias_{kind}"], total["demand"])
        scores[f"rmsse_{kind}"] = _share(total[f"rmsse_{kind}"], total["scaled"])
    return scores[LEVEL_SCORE_COLUMNS]


def _of_sku(level: str, rows: pd.DataFrame) -> tuple[object, ...]:
    actual, before, after = (np.stack(rows[name].to_list()) for name in ("actual", "forecast", "corrected"))
    if level == SERIES:
        return _sums(level, actual, before, after, _scale(actual, before, rows["rmsse"].to_numpy(np.float64)))
    codes = np.unique(rows["cutoff"].to_numpy(), return_inverse=True)[1].astype(np.int64)
    actual, before, after = (group_sums(values, codes) for values in (actual, before, after))
    return _sums(level, actual, before, after, np.zeros(len(actual)))


def _scale(actual: Matrix, forecast: Matrix, scaled: Vector) -> Vector:
    """The naive squared error behind an RMSSE; 0 where it is not known."""
    known = np.nan_to_num(scaled) > 0
    return np.divide(((actual - forecast) ** 2).mean(axis=1), scaled**2, out=np.zeros(len(scaled)), where=known)


def _sums(level: str, actual: Matrix, before: Matrix, after: Matrix, scale: Vector) -> tuple[object, ...]:
    first, second = rmsse(actual, before, scale), rmsse(actual, after, scale)
    return (
        level, float(actual.sum()), float(np.abs(before - actual).sum()), float(np.abs(after - actual).sum()),
        float((before - actual).sum()), float((after - actual).sum()),
        float((scale > 0).sum()), float(np.nansum(first)), float(np.nansum(second)),
    )  # fmt: skip


def _share(top: "pd.Series[float]", bottom: "pd.Series[float]") -> Vector:
    known = bottom.to_numpy(np.float64)
    return np.divide(top.to_numpy(np.float64), known, out=np.full(len(known), np.nan), where=known > 0)
