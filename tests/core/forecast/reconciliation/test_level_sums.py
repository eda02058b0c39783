"""Forecasts added up over levels, against loops."""

import numpy as np
import pandas as pd
import pytest
from echelon.core.forecast.reconciliation.level_sums import LEVELS, SUM_COLUMNS, level_sums

ROWS = pd.DataFrame(
    {
        "sku": ["A", "A", "B", "C", "A"],
        "location": ["X", "Y", "X", "Y", "X"],
        "category": ["toys", "toys", None, "toys", "toys"],
        "model": ["sba", "sba", "sba", "sba", "theta"],
        "cutoff": 7,
        "forecast": [[1.0, 2.5], [0.25, 0.0], [4.0, 4.0], [1.0, 1.0], [9.0, 9.0]],
        "actual": [[0.0, 2.0], [1.0, 1.0], [4.0, 0.0], [0.0, 3.0], [0.0, 2.0]],
    }
)


@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4], [4, 2, 0, 3, 1]])
def test_sums_equal_loops(order: list[int]) -> None:
    found = level_sums(ROWS.iloc[order])
    assert list(found.columns) == SUM_COLUMNS
    for row in found.itertuples():
        members = ROWS.assign(total="all", category=ROWS["category"].fillna(""))
        mine = members[(members[row.level] == row.member) & (members["model"] == row.model)]
        for name in ("forecast", "actual"):
            assert (getattr(row, name) == np.sum(mine[name].to_list(), axis=0) * 1e6).all()
    assert found.groupby("level").size().to_dict() == {"sku": 4, "location": 3, "category": 3, "total": 2}
    assert set(found["level"]) == set(LEVELS)
