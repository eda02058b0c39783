"""Seasonal naive, SBA and theta: known answers."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from echelon.core.demand.periods import period_start, weekday
from echelon.core.forecast.base.seasonal_naive import seasonal_naive
from echelon.core.forecast.models.sba import sba, sba_rate
from echelon.core.forecast.models.theta import theta, theta_weekly
from echelon.core.forecast.panel import make_panel
from statsforecast.models import DynamicOptimizedTheta


def test_seasonal_naive_repeats_the_last_season(frame: Callable[..., Any]) -> None:
    panel = make_panel(frame({"A": [9, 9, 1, 2, 3, 4, 5, 6, 7], "B": [2, 4]}, "D"), "D")
    mean = seasonal_naive(panel, 9)
    assert mean[0].tolist() == [1, 2, 3, 4, 5, 6, 7, 1, 2]
    assert mean[1].tolist() == [3.0] * 9


def test_sba_by_hand() -> None:
    history = np.array([4.0, 0, 0, 8, 0, 2, 0])  # three demands in 7 periods
    interval = 7 / 3  # start
    interval += 0.1 * (3 - interval)  # the second demand came after 3 periods, the third after 2
    interval += 0.1 * (2 - interval)
    size = 4 + 0.1 * (8 - 4)
    size += 0.1 * (2 - size)
    expected = (1 - 0.1 / 2) * size / interval
    assert sba_rate(history, 0.1) == pytest.approx(expected)
    assert sba(history, 0, 3) == pytest.approx([expected] * 3)


def test_sba_of_no_demand_is_zero() -> None:
    assert sba_rate(np.zeros(5), 0.1) == 0.0


def test_sba_is_nearly_unbiased_on_intermittent_demand() -> None:
    rng = np.random.default_rng(5)
    demand = (rng.random((400, 300)) < 0.2) * rng.poisson(3, (400, 300))
    rates = [sba_rate(np.asarray(y, float), 0.1) for y in demand]
    assert np.mean(rates) == pytest.approx(0.6, rel=0.04)


@pytest.mark.parametrize("level", [0, 20])
def test_theta_is_that_of_statsforecast(level: int) -> None:
    rng = np.random.default_rng(level)
    months = level + rng.poisson(5 + 4 * np.sin(np.arange(60) * np.pi / 6))
    model = DynamicOptimizedTheta(season_length=12, decomposition_type="additive").fit(months.astype(float))
    expected = np.maximum(model.predict(6)["mean"], 0.0)
    assert theta("M", months.astype(float), 0, 6) == pytest.approx(expected, rel=1e-6)


def test_theta_weekly_spreads_weeks_by_weekday() -> None:
    start = 15_000
    day = weekday(period_start(np.arange(start - 140, start), "D"))
    history = np.where(day == 6, 0.0, np.where(day == 4, 20.0, 10.0))  # 70 a week, Fridays double, Sundays none
    mean = theta_weekly(history, start, 10)
    ahead = weekday(period_start(np.arange(start, start + 10), "D"))
    assert mean[:7].sum() == pytest.approx(70.0)
    evidence = 20 / (20 + 2)
    assert mean[ahead == 4][0] == pytest.approx(evidence * 20 + (1 - evidence) * 10)
    assert mean[ahead == 6][0] == pytest.approx((1 - evidence) * 10)


def test_theta_follows_a_trend() -> None:
    weeks = 100 + 5.0 * np.arange(40) + np.random.default_rng(2).normal(0, 3, 40)
    assert theta("W", weeks, 0, 4)[-1] > weeks[-1]


def test_theta_needs_eight_periods() -> None:
    with pytest.raises(ValueError, match="needs 8 periods, the series has 7"):
        theta("M", np.arange(7.0), 0, 3)
    with pytest.raises(ValueError, match="needs 8 periods, the series has 7"):
        theta_weekly(np.arange(55.0), 15_000, 3)
