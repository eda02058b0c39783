"""Anchors find what sums are made of: phases, time of year, day of month; and cope with what real sums have."""

import numpy as np
import pytest
from echelon.core.demand.periods import Frequency
from echelon.core.forecast.reconciliation.aggregate_forecast import aggregate_forecasts

END = 15_000


def year_and_week(days: np.ndarray) -> np.ndarray:
    week = np.array([1.0, 0.9, 0.9, 1.0, 1.3, 1.6, 1.2])
    return 1000 * week[days % 7] * (1 + 0.3 * np.sin(2 * np.pi * days / 365.25))


def test_week_and_year_are_found() -> None:
    days = np.arange(END - 1200, END + 28)
    truth = year_and_week(days)
    found = aggregate_forecasts(truth[None, :1200], "D", END, 28)
    assert found[0] == pytest.approx(truth[1200:], rel=0.04)


def test_a_closed_weekday_stays_closed() -> None:
    days = np.arange(END - 400, END + 28)
    truth = np.where(days % 7 == 2, 0.0, 50.0)
    assert aggregate_forecasts(truth[None, :400], "D", END, 28)[0] == pytest.approx(truth[400:], rel=0.01, abs=1e-9)


def test_part_of_a_new_level_is_carried_on() -> None:
    sums = np.r_[np.full(700, 100.0), np.full(28, 121.0)]
    found = aggregate_forecasts(sums[None], "D", END, 7)
    assert np.all(found > 105) and np.all(found < 121)


def test_few_data_repeat_their_mean_and_none_stay_zero() -> None:
    sums = np.full((3, 40), np.nan)
    sums[0, -10:], sums[1, :] = 3.0, 0.0
    assert aggregate_forecasts(sums, "D", END, 3).tolist() == [[30 / 28] * 3, [0.0] * 3, [0.0] * 3]


@pytest.mark.parametrize(("freq", "end", "year"), [("W", 2150, 365.25 / 7), ("M", 495, 12.0)])
def test_weeks_and_months_have_a_year(freq: Frequency, end: int, year: float) -> None:
    at = np.arange(end - round(4 * year), end + 3)
    truth = 200 * (1 + 0.4 * np.cos(2 * np.pi * at / year))
    assert aggregate_forecasts(truth[None, :-3], freq, end, 3)[0] == pytest.approx(truth[-3:], rel=0.08)


def test_a_sum_does_not_depend_on_its_neighbours() -> None:
    rng = np.random.default_rng(0)
    sums = rng.gamma(3, 10, (4, 200))
    assert aggregate_forecasts(sums, "D", END, 7)[2].tolist() == aggregate_forecasts(sums[2:3], "D", END, 7)[0].tolist()
