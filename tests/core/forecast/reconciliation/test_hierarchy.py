"""The correction of sums: weights as by brute force, refused where it does not help, blind to what comes later."""

from dataclasses import replace

import numpy as np
import pytest
from echelon.core.arrays import Matrix
from echelon.core.forecast.evaluation.wrmsse import group_sums
from echelon.core.forecast.reconciliation.hierarchy import Window, factors, held_out_factors, learn_weights, make_windows
from hypothesis import given, settings
from hypothesis import strategies as st

GROUPS = 6
LEVELS = {"total": np.zeros(GROUPS, np.int64), "location": np.array([0, 0, 1, 1, 2, 2]), "group": np.arange(GROUPS)}


def made(seed: int, windows: int = 6, bias: float = 0.8, noise: float = 0.02) -> list[Window]:
    """Sums around 100 whose bottom-up forecasts are low by `bias`; aggregates of every level miss by `noise`."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(windows):
        actual = rng.uniform(80, 120, (GROUPS, 7))
        sums = {level: group_sums(actual, codes) for level, codes in LEVELS.items()}
        aggregates = {level: np.maximum(y * rng.normal(1, noise, y.shape), 0) for level, y in sums.items()}
        scale = {level: (y**2).mean(axis=1) / 50 for level, y in sums.items()}
        found.append(Window(actual * bias * rng.normal(1, 0.05, actual.shape), actual, aggregates, scale))
    return found


def actual(window: Window) -> Matrix:
    assert window.actual is not None
    return window.actual


def test_a_biased_sum_is_drawn_to_its_anchor() -> None:
    windows = made(1)
    weights = learn_weights(windows[:-1], LEVELS)
    after = windows[-1].bottom_up * factors(windows[-1], weights, LEVELS)
    sold = actual(windows[-1]).sum()
    before_bias = windows[-1].bottom_up.sum() / sold - 1
    after_bias = after.sum() / sold - 1
    assert before_bias < -0.15 and abs(after_bias) < 0.05
    assert weights[0].level == "total" and weights[0].weight > 0.5 and weights[0].gain > 0.8


@given(st.integers(0, 1000))
@settings(max_examples=20)
def test_the_weight_is_the_best_of_a_grid(seed: int) -> None:
    windows = made(seed, bias=0.95, noise=0.05)

    def loss(weight: float) -> float:
        errors = [
            (actual(w).sum(axis=0) - (1 - weight) * w.bottom_up.sum(axis=0) - weight * w.aggregates["total"][0]) ** 2
            / w.scale["total"][0]
            for w in windows
        ]
        return float(np.sum(errors))

    grid = np.linspace(0, 1, 201)
    best = grid[np.argmin([loss(g) for g in grid])]
    found = learn_weights(windows, {"total": LEVELS["total"]})[0]
    assert found.weight == 0.0 or found.weight == pytest.approx(best * 6 / 9, abs=0.006)


def test_bad_anchors_and_few_windows_change_nothing() -> None:
    bad, few = made(2, bias=1.0, noise=2.0), made(2, windows=3)
    for windows in (bad, few):
        weights = learn_weights(windows[:-1], LEVELS)
        assert [w.weight for w in weights] == [0.0, 0.0, 0.0]
        assert (factors(windows[-1], weights, LEVELS) == 1.0).all()


@given(st.integers(0, 1000), st.floats(0, 3))
@settings(max_examples=25)
def test_zero_stays_zero_and_nothing_is_negative_or_doubled_twice(seed: int, noise: float) -> None:
    windows = made(seed, noise=noise)
    last = replace(windows[-1], bottom_up=windows[-1].bottom_up * (np.arange(GROUPS) != 3)[:, None])
    found = factors(last, learn_weights(windows[:-1], LEVELS), LEVELS)
    assert (found >= 0.5).all() and (found <= 2.0).all() and (found[3] == 1.0).all()


def test_held_out_factors_do_not_see_their_own_window() -> None:
    windows = made(4)
    moved = [*windows[:4], *(replace(w, actual=actual(w) * 9) for w in windows[4:])]
    one, other = held_out_factors(windows, LEVELS), held_out_factors(moved, LEVELS)
    for i in range(5):
        np.testing.assert_array_equal(one[i], other[i])
    assert (one[2] == 1.0).all() and (one[3] != 1.0).any() and (one[5] != other[5]).any()


def test_windows_hold_the_series_that_had_joined() -> None:
    week = np.array([5.0, 6.0, 7.0, 8.0, 9.0, 0.0, 0.0])
    old = np.tile(week, (GROUPS, 30))
    new = np.where(np.arange(210) >= 150, 2.0 * old, np.nan)
    cohorts = np.stack([old, np.full(old.shape, np.nan), new])
    past, middle, future = make_windows(cohorts, np.ones((3, GROUPS, 7)), [13_986, 13_993, 14_000], LEVELS, ["total"], "D")
    assert past.aggregates["total"][0] == pytest.approx(6 * week, rel=0.05, abs=1e-6) and list(past.aggregates) == ["total"]
    np.testing.assert_array_equal(past.actual, old[:, :7])
    np.testing.assert_array_equal(middle.actual, old[:, :7])
    assert future.actual is None and future.scale["location"].shape == (3,)
    assert future.aggregates["total"].sum() > 1.5 * past.aggregates["total"].sum()
