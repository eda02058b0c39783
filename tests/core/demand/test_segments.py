"""Segment statistics and classes."""

import numpy as np
import pandas as pd
import pytest
from echelon.core.demand.segments import (
    SegmentThresholds,
    abc_class,
    add_classes,
    block_cv,
    demand_class,
    preceding_share,
    series_statistics,
    xyz_class,
)

T = SegmentThresholds()


def demand(sku: str, values: list[float]) -> pd.DataFrame:
    dates = pd.date_range("2011-01-01", periods=len(values)).date
    return pd.DataFrame({"sku": sku, "location": "X", "date": dates, "demand": values})


def test_statistics_by_hand() -> None:
    frame = pd.concat([demand("B", [0, 0, 0, 0]), demand("A", [4, 0, 0, 2, 0, 6])]).sample(frac=1, random_state=3)
    a, b = series_statistics(frame, "D").to_dict("records")
    assert (a["sku"], a["periods"], a["nonzero_periods"], a["adi"], a["mean_demand"]) == ("A", 6, 3, 2.0, 2.0)
    assert a["cv2"] == pytest.approx((8 / 3) / 16)  # sizes 4, 2, 6: mean 4, variance 8/3
    assert (b["periods"], b["nonzero_periods"], b["adi"], b["cv2"], b["cv"]) == (4, 0, 4.0, 0.0, 0.0)


def test_cv_per_block_counts_back_from_the_end() -> None:
    y = np.array([99.0] + [1.0] * 28 + [3.0] * 28)  # the first day is in no complete block
    assert block_cv(y, 28) == pytest.approx(0.5)  # blocks 28 and 84: mean 56, standard deviation 28
    assert block_cv(np.array([1.0, 3.0]), 4) == pytest.approx(0.5 / 2)


def test_syntetos_boylan_thresholds_belong_to_the_upper_class() -> None:
    adi, cv2 = np.array([1.31, 1.31, 1.32, 1.32]), np.array([0.48, 0.49, 0.48, 0.49])
    assert demand_class(adi, cv2, T).tolist() == ["smooth", "erratic", "intermittent", "lumpy"]


def test_xyz() -> None:
    assert xyz_class(np.array([0.0, 0.5, 0.51, 1.0, 1.01]), T).tolist() == ["X", "X", "Y", "Y", "Z"]


def test_the_series_that_crosses_80_percent_is_still_a() -> None:
    value = np.array([90.0, 6.0, 3.0, 1.0, 0.0])
    share = preceding_share(value, value.cumsum(), 100.0)
    assert abc_class(share, T).tolist() == ["A", "B", "C", "C", "C"]


def test_nothing_has_value() -> None:
    assert abc_class(preceding_share(np.zeros(2), np.zeros(2), 0.0), T).tolist() == ["C", "C"]


def test_add_classes_names_segments() -> None:
    statistics = series_statistics(pd.concat([demand("A", [5.0] * 60), demand("B", [0, 0, 1.0] * 20)]), "D")
    value = statistics["mean_demand"].to_numpy() * np.array([2.0, 1.0])
    rows = add_classes(statistics.assign(annual_value=value), value.cumsum(), float(value.sum()), T)
    assert rows["segment"].tolist() == ["A-smooth", "C-intermittent"]
    assert rows["xyz"].tolist() == ["X", "X"]
