"""The level variance is the mean of all that the exceedances allow, and so calm from one week to the next."""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
import pytest
from echelon.core.forecast.distributions.forecast_error import LEVEL_CVS, MISSES
from echelon.core.forecast.distributions.level_variance import (
    BORROWED_CASES,
    CASE_VARIANCE,
    KEPT_CASES,
    WINDOW_SD,
    weighed_variance,
)

Miss = Callable[[float], float]
# A year of weeks ahead, and the windows of a plan: five, four weeks apart.
WEEKS, WINDOWS, APART = 60, 5, 4


def sums_of(misses: Mapping[str, Sequence[Miss]], cases: float) -> pd.DataFrame:
    """Rows by segment and cutoff; misses: of each window, by the level variance."""
    rows = [
        {"segment": name, "cutoff": i, "cases": cases}
        | {column: cases * one(cv**2) for column, cv in zip(MISSES, LEVEL_CVS, strict=True)}
        for name, windows in misses.items()
        for i, one in enumerate(windows)
    ]
    return pd.DataFrame(rows)


def weighed(sums: pd.DataFrame) -> list[float]:
    return [float(value) for value in weighed_variance(sums, "cases", MISSES, LEVEL_CVS)]


def slowly(sums: pd.DataFrame, segment: str) -> float:
    """The same by loops over what the page of the decision says."""
    own = sums[sums["segment"] == segment]
    n, everything = own["cases"].sum(), sums["cases"].sum()
    windows = n**2 / sum(size**2 for size in own["cases"])
    error = WINDOW_SD**2 / windows + CASE_VARIANCE / (n + BORROWED_CASES)
    known = [
        (own[column].sum() + BORROWED_CASES * sums[column].sum() / everything) / (n + BORROWED_CASES + KEPT_CASES)
        for column in MISSES
    ]
    above = below = 0.0
    for percent in range(81):
        variance = (percent / 100) ** 2
        wide = next(i for i, cv in enumerate(LEVEL_CVS) if cv**2 >= variance - 1e-12)
        narrow = max(wide - 1, 0)
        width = LEVEL_CVS[wide] ** 2 - LEVEL_CVS[narrow] ** 2
        part = (variance - LEVEL_CVS[narrow] ** 2) / width if width else 0.0
        ratio = 1 + known[narrow] + part * (known[wide] - known[narrow])
        away = ratio - 1 if ratio > 1 else (math.log(ratio) if percent else 0.0)
        weight = math.exp(-(away**2) / (2 * error))
        above, below = above + weight * variance, below + weight
    return above / below


def test_the_level_variance_by_slow_loops() -> None:
    rng = np.random.default_rng(5)
    misses = {
        name: [straight(start, slope) for start in rng.normal(level, 0.2, 4)]
        for name, level, slope in (("A", 0.5, 2.0), ("B", 0.9, 0.3), ("C", -0.4, 0.5), ("D", 0.1, 0.0))
    }
    sums = sums_of(misses, 700.0)
    sums.loc[sums.index[::3], ["cases", *MISSES]] /= 7.0
    shuffled = sums.sample(frac=1.0, random_state=1)
    assert weighed(shuffled) == pytest.approx([slowly(sums, name) for name in "ABCD"], rel=1e-9)


def test_where_exceedances_tell_much_the_level_is_that_which_keeps_the_promise() -> None:
    """Forty windows of a million cases whose misses reach none at a variance of 0.2, or at once, or nowhere."""
    steep = {name: [lambda v, at=at: max(8.0 * (at - v), -0.99)] * 40 for name, at in (("A", 0.2), ("B", 0.0), ("C", 9.0))}
    assert weighed(sums_of(steep, 1e6)) == pytest.approx([0.2, 0.0, 0.64], abs=0.01)


def test_where_a_wider_level_changes_nothing_every_level_is_as_likely() -> None:
    flat = sums_of({"A": [lambda _: 0.1] * 4}, 1e4)
    assert weighed(flat) == pytest.approx([np.square(np.arange(81) / 100).mean()], abs=1e-9)


@pytest.mark.parametrize("cases", [21.0, 2e4])
def test_shapes_that_are_too_wide_already_get_no_level_though_none_is_exceeded(cases: float) -> None:
    """One series of three windows, and a thousand, whose sums were never above a quantile."""
    assert weighed(sums_of({"A": [lambda _: -1.0] * 3}, cases))[0] < 1e-4


def least_variance(sums: pd.DataFrame) -> float:
    """As it was: where the misses first come within 0.05 of the least, or of none."""
    miss = sums[MISSES].sum().to_numpy(float) / float(sums["cases"].sum())
    tried = np.linspace(0.0, 0.64, 641)
    curve = np.interp(tried, np.square(LEVEL_CVS), miss)
    return float(tried[curve <= max(0.0, curve.min() + 0.05)][0])


def test_the_level_is_calm_from_week_to_week() -> None:
    """A year of plans, a week apart, each of five windows of four weeks. A wider level lowers the exceedances a little, as
    where single large orders make them; how many there are and how much it lowers them comes and goes with the weeks."""
    rng = np.random.default_rng(7)
    weeks = WEEKS + APART * WINDOWS
    many, lowered = rng.normal(0.6, 0.5, weeks), rng.normal(0.12, 0.15, weeks)
    found, before = [], []
    for week in range(WEEKS):
        parts = [slice(week + APART * i, week + APART * (i + 1)) for i in range(WINDOWS)]
        windows = [straight(many[part].mean(), lowered[part].mean()) for part in parts]
        sums = sums_of({"B-lumpy": windows}, 1500.0)
        found.append(weighed(sums)[0])
        before.append(least_variance(sums))
    assert jump(found) < 0.05
    assert jump(before) > 0.15


def straight(start: float, slope: float) -> Miss:
    return lambda variance: start - slope * variance


def jump(levels: list[float]) -> float:
    """Mean change from one plan to the next / mean."""
    return float(np.abs(np.diff(levels)).mean() / np.mean(levels))
