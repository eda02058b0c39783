"""Backtest forecasts added up over SKUs, locations, categories and all, before they are scored.

Sums are whole numbers of millionths of a unit, so that they are the same in whatever pieces and order rows come.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Whole = npt.NDArray[np.int64]
LEVELS = ("sku", "location", "category", "total")
SUM_COLUMNS = ["level", "member", "model", "cutoff", "forecast", "actual"]
MILLIONTHS = 1e6


def level_sums(rows: pd.DataFrame) -> pd.DataFrame:
    """SUM_COLUMNS, one row per level, member, model and cutoff of these rows: forecast and actual per period of the horizon
    (millionths of a unit, whole). rows: model, cutoff, sku, location, category (missing: one category more), forecast and
    actual (arrays of units)."""
    whole = [np.rint(np.stack(rows[name].to_list()) * MILLIONTHS).astype(np.int64) for name in ("forecast", "actual")]
    members = rows.assign(total="all", category=rows["category"].fillna(""))
    by_level = [_level(members, level, *whole) for level in LEVELS]
    return pd.concat(by_level, ignore_index=True)[SUM_COLUMNS]


def _level(rows: pd.DataFrame, level: str, forecast: Whole, actual: Whole) -> pd.DataFrame:
    grouped = rows.groupby([level, "model", "cutoff"], sort=True)
    order = np.asarray(grouped.ngroup(), dtype=np.int64)
    keys = grouped.size().reset_index().drop(columns=0).rename(columns={level: "member"})
    return keys.assign(level=level, forecast=_added(forecast, order, len(keys)), actual=_added(actual, order, len(keys)))


def _added(values: Whole, order: Whole, groups: int) -> "pd.Series[Any]":
    total = np.zeros((groups, values.shape[1]), np.int64)
    np.add.at(total, order, values)
    return pd.Series(list(total), dtype=object)
