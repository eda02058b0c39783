"""Beyond the horizon the level of a forecast goes on with the season of the sums that it is part of."""

import numpy as np
import pytest
from echelon.core.arrays import Matrix
from echelon.core.demand.periods import Frequency
from echelon.core.forecast.features.season import YEAR
from echelon.core.forecast.reconciliation.seasonal_course import continued, seasonal_factors, year_logs

ALL = {"total": np.zeros(2, np.int64), "category x location": np.arange(2)}
END = 20_000  # a Tuesday, so that weekdays are not the phases of the columns


def season(periods: int, freq: Frequency, start: int = 0) -> Matrix:
    """(2, periods): two groups with the same yearly season between 0.4 and 1.6 of their levels."""
    t = np.arange(start, start + periods)
    return np.array([[100.0], [300.0]]) * (1.0 + 0.6 * np.sin(2 * np.pi * t / YEAR[freq]))


@pytest.mark.parametrize(("freq", "horizon", "length"), [("D", 28, 112), ("W", 8, 24), ("M", 3, 9)])
def test_the_forecast_follows_a_season_in_months_two_to_four(freq: Frequency, horizon: int, length: int) -> None:
    """Of years of made-up demand, from four times of the year: within 12 % of what comes, where the level alone is up to
    twice and half as much."""
    year, worst = YEAR[freq], 0.0
    for begun in range(0, year, year // 4):
        past = season(3 * year, freq, begun)
        coming = season(length, freq, begun + 3 * year)
        factors = seasonal_factors(past, ALL, freq, END, horizon, length)
        found = continued(coming[:, :horizon], factors, freq)
        np.testing.assert_array_equal(found[:, :horizon], coming[:, :horizon])
        np.testing.assert_allclose(found, coming, rtol=0.12 if freq != "M" else 0.2)
        flat = coming[:, :horizon].mean(axis=1, keepdims=True)
        worst = max(worst, float((np.abs(flat - coming) / coming).max()))
    assert worst > 0.8


def test_no_season_is_invented_without_a_year_of_history() -> None:
    past = season(364 + 27, "D")
    assert (seasonal_factors(past, ALL, "D", END, 28, 112, sum_forecast=lambda *_: np.ones((2, 112))) == 1.0).all()
    assert (seasonal_factors(past[:, :90], ALL, "D", END, 28, 112) == 1.0).all()


def test_noise_without_a_season_moves_nothing_far() -> None:
    noise = np.random.default_rng(3).poisson(400.0, (2, 1_100)).astype(float)
    np.testing.assert_allclose(seasonal_factors(noise, ALL, "D", END, 28, 112), 1.0, atol=0.06)


def test_weekdays_go_on_as_in_the_first_horizon_whatever_its_length() -> None:
    """30 days begin each horizon with another weekday; closed days stay closed."""
    mean = np.tile([0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 5)[None, :30]
    found = continued(mean, np.full((1, 60), 2.0), "D")
    np.testing.assert_allclose(found[0, 30:], 2.0 * (np.arange(30, 90) % 7))
    weeks = continued(np.array([[1.0, 2.0, 3.0]]), np.array([[1.0, 0.5]]), "W")
    np.testing.assert_allclose(weeks, [[1.0, 2.0, 3.0, 2.0, 1.0]])
    assert not continued(np.zeros((1, 28)), np.full((1, 28), 3.0), "D").any()


def test_the_pooled_forecast_of_sums_is_used_where_there_is_one() -> None:
    """Its course over what it is in the same weekdays of the first horizon; none stronger than five times."""
    asked = []

    def forecast(demand: Matrix, end: int, horizon: int) -> Matrix:
        asked.append((demand.shape[1], end, horizon))
        first, then = np.tile([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 0.0], 4), np.tile([2.0, 2.0, 2.0, 2.0, 2.0, 600.0, 7.0], 4)
        return np.stack([np.concatenate([np.full(2, 9.0), first, then])] * 2)

    found = seasonal_factors(season(800, "D"), ALL, "D", END, 28, 56, 2, forecast)
    assert asked == [(800, END, 58)], "as of before the gap"
    np.testing.assert_allclose(found[1], np.tile([2.0, 1.0, 2 / 3, 0.5, 0.4, 5.0, 1.0], 4), atol=1e-9)


def slow_year(sums: Matrix, row: int, step: int, horizon: int) -> float:
    """`year_logs` of one sum of weeks, written out."""
    y, found = sums[row], []
    for back in (1, 2, 3):
        start = len(y) - 52 * back
        if start < 1 or np.isnan(y[start - 1]):
            continue
        about = [t for t in (start + step - 1, start + step, start + step + 1) if t < len(y)]
        log = np.log(np.clip(np.mean(y[about]) / np.mean(y[start : start + horizon]), 0.2, 5.0))
        before = y[start - 52 : start] if start >= 52 else np.array([np.nan])
        if not np.isnan(before).any():
            growth = np.clip(np.mean(y[start : start + 52]) / np.mean(before), 0.5, 2.0)
            log -= np.log(growth) * max(step - (horizon - 1) / 2, 0) / 52
        found.append(log)
    return float(np.mean(found)) if found else 0.0


def test_years_before_against_a_slow_loop() -> None:
    """Sums that began at different times: three years, two, one, and none; and one of which a year is all zero."""
    rng = np.random.default_rng(7)
    sums = rng.gamma(2.0, 50.0, (5, 170)) * np.geomspace(1.0, 2.0, 170)
    for row, first in ((1, 40), (2, 100), (3, 125)):
        sums[row, :first] = np.nan
    sums[4, 118:170] = np.where(np.arange(52) < 8, sums[4, 118:170], 0.0)
    found = year_logs(sums, "W", 8, 32)
    expected = [[slow_year(sums, row, step, 8) for step in range(32)] for row in range(5)]
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert not found[3].any() and np.abs(found[:3]).max() > 0.1
