"""Bias of sums over windows, and whether it repeats."""

import numpy as np
import pandas as pd
import pytest
from echelon.core.forecast.evaluation.bias import BIAS_COLUMNS, bias_scores


def scores(error: list[float], demand: list[float]) -> "pd.Series[float]":
    rows = pd.DataFrame({"level": ["location"], "member": ["Lyon"], "error": [error], "demand": [demand]})
    found = bias_scores(rows)
    assert list(found.columns) == BIAS_COLUMNS
    return found.iloc[0]


def test_bias_is_the_share_of_demand_and_its_error_that_of_a_ratio_of_sums() -> None:
    error, demand = [10.0, 12.0, 8.0, 14.0], [100.0, 110.0, 90.0, 120.0]
    found = scores(error, demand)
    assert found["bias"] == pytest.approx(44 / 420)
    assert found["newest_bias"] == pytest.approx(14 / 120)
    residuals = np.array(error) - 44 / 420 * np.array(demand)
    assert found["standard_error"] == pytest.approx(np.sqrt((residuals**2).sum() / 3 / 4) / 105)
    assert found["repeats"]


@pytest.mark.parametrize(
    "error",
    [[10.0, 12.0, -1.0, 14.0], [10.0, 12.0, 14.0], [1.0, 1.0, 1.0, 60.0]],
    ids=["to both sides", "three windows", "one window alone"],
)
def test_what_may_be_chance_does_not_repeat(error: list[float]) -> None:
    assert not scores(error, [100.0] * len(error))["repeats"]


def test_without_demand_or_with_one_window_little_is_known() -> None:
    nothing = scores([3.0, 1.0], [0.0, 0.0])
    assert np.isnan(nothing["bias"]) and not nothing["repeats"]
    one = scores([3.0], [10.0])
    assert one["bias"] == pytest.approx(0.3) and np.isnan(one["standard_error"])
    assert np.isnan(scores([3.0, 1.0], [10.0, 0.0])["newest_bias"])
