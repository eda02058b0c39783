"""Errors per level against a slow loop, and the properties that the M5 states."""

import numpy as np
import pandas as pd
import pytest
from echelon.core.arrays import Doubles
from echelon.core.forecast.evaluation.wrmsse import M5_LEVELS, group_sums, groupings, level_scores, revenue_weights, wrmsse
from hypothesis import given
from hypothesis import strategies as st
from support.cells import at

LEVELS = ((), ("store",), ("item",), ("item", "store"))


def made(seed: int) -> tuple[pd.DataFrame, Doubles, Doubles, Doubles, Doubles]:
    rng = np.random.default_rng(seed)
    attributes = pd.DataFrame({"item": list("aabbccc"), "store": list("xyxyxyz")})
    training = rng.poisson(2, (7, 40)).astype(float)
    training[:, 0] = 1.0
    for series, start in enumerate(rng.integers(0, 30, 7)):
        training[series, :start] = np.nan
    return attributes, training, rng.poisson(2, (7, 5)).astype(float), rng.gamma(2, 1, (7, 5)), rng.uniform(1, 9, 7)


def slow_wrmsse(attributes: pd.DataFrame, training: Doubles, actual: Doubles, mean: Doubles, price: Doubles) -> float:
    """Mean over levels of the sum of weight x RMSSE, number by number."""
    by_level = []
    for level in LEVELS:
        members: dict[tuple[object, ...], list[int]] = {}
        for series in range(len(training)):
            members.setdefault(tuple(attributes[name][series] for name in level), []).append(series)
        score, revenue = 0.0, 0.0
        for group in members.values():
            past = [sum(0.0 if np.isnan(training[s][t]) else training[s][t] for s in group) for t in range(40)]
            while past[0] == 0:
                past.pop(0)
            scale = sum((past[t] - past[t - 1]) ** 2 for t in range(1, len(past))) / (len(past) - 1)
            errors = [sum(actual[s][h] - mean[s][h] for s in group) ** 2 for h in range(5)]
            sold = sum(0.0 if np.isnan(training[s][t]) else training[s][t] * price[s] for s in group for t in range(12, 40))
            score += sold * (sum(errors) / 5 / scale) ** 0.5
            revenue += sold
        by_level.append(score / revenue)
    return sum(by_level) / len(by_level)


@given(st.integers(0, 10_000))
def test_equals_the_loop(seed: int) -> None:
    attributes, training, actual, mean, price = made(seed)
    found = wrmsse(training, actual, mean, revenue_weights(training, price), groupings(attributes, LEVELS))
    assert found == pytest.approx(slow_wrmsse(attributes, training, actual, mean, price))


def test_known_errors_by_level() -> None:
    attributes = pd.DataFrame({"item": ["a", "b"]})
    training = np.array([[1.0, 3.0, 1.0], [np.nan, 2.0, 4.0]])  # sums 1, 5, 5: squares 16, 0; own squares 4, 4 and 4
    actual, mean = np.array([[2.0], [2.0]]), np.array([[3.0], [1.0]])
    rows = level_scores(training, actual, mean, np.array([3.0, 1.0]), groupings(attributes, [(), ("item",)])).set_index("level")
    assert at(rows, "total").tolist() == [1, 0.0, 0.0, 0.0, 0.0]
    assert at(rows, "item").tolist() == [2, 0.5, 0.5, 0.5, 0.0]


def test_order_of_series_and_names_of_groups_do_not_matter() -> None:
    attributes, training, actual, mean, price = made(3)
    turn = np.random.default_rng(0).permutation(7)
    levels, turned = groupings(attributes, LEVELS), groupings(attributes.iloc[turn].reset_index(drop=True), LEVELS)
    one = level_scores(training, actual, mean, revenue_weights(training, price), levels)
    other = level_scores(training[turn], actual[turn], mean[turn], revenue_weights(training, price)[turn], turned)
    pd.testing.assert_frame_equal(one, other)


def test_weights_are_revenue_of_the_last_periods() -> None:
    training = np.array([[9.0, 1.0, 2.0], [np.nan, np.nan, 4.0]])
    assert revenue_weights(training, periods=2).tolist() == [3.0, 4.0]
    assert revenue_weights(training, np.array([2.0, 0.5]), 2).tolist() == [6.0, 2.0]
    assert revenue_weights(training, np.array([[1.0, 1.0, 3.0], [np.nan, np.nan, 1.0]]), 2).tolist() == [7.0, 4.0]


def test_series_without_a_scale_are_left_out() -> None:
    training, ahead = np.array([[2.0, 2.0, 2.0], [1.0, 2.0, 1.0]]), np.array([[1.0], [1.0]])
    rows = level_scores(training, ahead, 2 * ahead, np.ones(2), {"series": np.array([0, 1])})
    assert (rows["rmsse"][0], rows["wrmsse"][0], rows["wape"][0], rows["bias"][0]) == (1.0, 1.0, 1.0, 1.0)
    assert np.isnan(wrmsse(training[:1], ahead[:1], ahead[:1], np.ones(1), {"series": np.zeros(1, np.int64)}))


def test_sums_begin_with_their_first_series() -> None:
    values = np.array([[np.nan, 1.0], [np.nan, np.nan], [2.0, 3.0]])
    np.testing.assert_array_equal(group_sums(values, np.array([0, 0, 1])), [[np.nan, 1.0], [2.0, 3.0]])


def test_the_m5_has_twelve_levels() -> None:
    columns = {name: ["u", "v"] for name in ("state_id", "store_id", "cat_id", "dept_id", "item_id")}
    found = groupings(pd.DataFrame(columns), M5_LEVELS)
    assert len(found) == 12 and found["total"].tolist() == [0, 0] and found["item_id x store_id"].tolist() == [0, 1]
