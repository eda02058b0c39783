"""Moving average, TSB, ADIDA, IMAPA, AutoETS, AutoARIMA and MSTL: known answers and slow oracles."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from echelon.core.forecast.models.arima import auto_arima
from echelon.core.forecast.models.exponential import auto_ets
from echelon.core.forecast.models.moving_average import moving_average
from echelon.core.forecast.models.mstl import mstl
from echelon.core.forecast.models.tsb import tsb, tsb_rate
from echelon.core.forecast.panel import make_panel
from echelon.core.forecast.selection.aggregation import WEIGHTS, adida, imapa, mean_interval
from hypothesis import given
from hypothesis import strategies as st
from statsforecast.models import AutoETS

DEMAND = st.lists(st.sampled_from([0.0, 0.0, 0.0, 1.0, 2.0, 9.0]), min_size=1, max_size=60)


def test_moving_average_of_the_last_weeks(frame: Callable[..., Any]) -> None:
    panel = make_panel(frame({"A": [100] * 10 + [2] * 13, "B": [4, 8]}, "W"), "W")
    assert moving_average(panel, 2).mean.tolist() == [[2, 2], [6, 6]]


def test_tsb_by_hand() -> None:
    history = np.array([4.0, 0, 8, 0])
    probability = 0.5
    for happened in (1, 0, 1, 0):
        probability += 0.05 * (happened - probability)
    assert tsb_rate(history, 0.1, 0.05) == pytest.approx(probability * (4 + 0.1 * (8 - 4)))
    assert tsb(np.zeros(5), 0, 3).tolist() == [0, 0, 0]


def test_tsb_dies_out_with_demand() -> None:
    alive, dying = np.tile([0.0, 3.0], 40), np.concatenate([np.tile([0.0, 3.0], 40), np.zeros(60)])
    assert tsb_rate(dying, 0.1, 0.05) < 0.06 * tsb_rate(alive, 0.1, 0.05)


def best_level(sums: list[float]) -> float:
    """Simple exponential smoothing by the best weight, as one would write it down."""
    found = []
    for weight in WEIGHTS:
        level, squares = float(np.mean(sums[:10])), 0.0
        for value in sums:
            squares += (value - level) ** 2
            level = (1 - weight) * level + weight * value
        found.append((squares, level))
    return min(found, key=lambda pair: pair[0])[1]


def rate_at(history: list[float], length: int) -> float:
    rest = history[len(history) % length :]
    return best_level([sum(rest[i : i + length]) for i in range(0, len(rest), length)]) / length


@given(DEMAND)
def test_aggregation_is_that_of_the_slow_one(history: list[float]) -> None:
    y = np.array(history)
    longest = mean_interval(y)
    assert adida(y, 0, 2) == pytest.approx([rate_at(history, longest)] * 2, abs=1e-9)
    each = [rate_at(history, length) for length in range(1, longest + 1)]
    assert imapa(y, 0, 2) == pytest.approx([np.mean(each)] * 2, abs=1e-9)


def test_auto_ets_is_that_of_statsforecast() -> None:
    rng = np.random.default_rng(3)
    months = 20 + rng.poisson(5 + 4 * np.sin(np.arange(60) * np.pi / 6)).astype(float)
    expected = AutoETS(season_length=12).fit(months).predict(6)["mean"]
    assert auto_ets("M", months, 0, 6) == pytest.approx(expected, rel=1e-6)
    with pytest.raises(ValueError, match="AutoETS needs 8 periods, the series has 7"):
        auto_ets("M", np.arange(7.0), 0, 3)


def test_auto_arima_follows_a_trend() -> None:
    weeks = 100 + 5.0 * np.arange(40) + np.random.default_rng(2).normal(0, 3, 40)
    assert auto_arima("W", weeks, 0, 4) == pytest.approx(100 + 5.0 * np.arange(40, 44), rel=0.05)
    assert auto_arima("W", np.full(20, 3.0), 0, 2).tolist() == [3, 3]


def test_mstl_finds_the_week_and_the_year() -> None:
    day = np.arange(365 * 3)
    season = 5 * np.sin(2 * np.pi * day / 7) + 10 * np.sin(2 * np.pi * day / 365)
    y = 50 + season + np.random.default_rng(4).normal(0, 0.5, len(day))
    error = mstl("D", y[:-28], 0, 28) - y[-28:]
    assert np.sqrt((error**2).mean()) < 1.2
    with pytest.raises(ValueError, match="more than two seasons"):
        mstl("W", y[:104], 0, 8)


@pytest.mark.parametrize("method", [tsb, adida, imapa])
def test_demand_in_other_units_is_forecast_in_them(method: Callable[..., Any]) -> None:
    y = np.random.default_rng(6).poisson(0.4, 80).astype(float)
    assert method(1000 * y, 0, 1)[0] == pytest.approx(1000 * method(y, 0, 1)[0])
