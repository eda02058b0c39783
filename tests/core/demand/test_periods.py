"""Periods: numbering, complete periods, stamps."""

import datetime as dt

import numpy as np
import pytest
from echelon.core.demand.periods import (
    Frequency,
    last_complete_period,
    period_index,
    period_start,
    start_date,
    weekday,
)
from echelon.core.demand.stamps import stamps_whole_periods
from hypothesis import given
from hypothesis import strategies as st

DAYS = st.dates(dt.date(1950, 1, 1), dt.date(2099, 12, 31))


@given(DAYS, st.sampled_from(["D", "W", "M"]))
def test_period_holds_its_day(day: dt.date, freq: Frequency) -> None:
    number = int(period_index(day, freq))
    assert start_date(number, freq) <= day < start_date(number + 1, freq)
    assert period_index(period_start(number, freq), freq) == number


@given(DAYS)
def test_weeks_start_on_monday_and_months_on_the_first(day: dt.date) -> None:
    assert start_date(int(period_index(day, "W")), "W").weekday() == 0
    assert start_date(int(period_index(day, "M")), "M") == day.replace(day=1)
    assert int(weekday(day)) == day.weekday()


@pytest.mark.parametrize(
    ("freq", "run_date", "expected"),
    [
        ("D", "2011-11-01", "2011-10-31"),
        ("W", "2011-10-31", "2011-10-24"),  # a Monday: the week before has just ended
        ("W", "2011-10-30", "2011-10-17"),  # a Sunday: this week is not over
        ("M", "2011-11-01", "2011-10-01"),
        ("M", "2011-10-31", "2011-09-01"),
    ],
)
def test_last_complete_period(freq: Frequency, run_date: str, expected: str) -> None:
    number = last_complete_period(dt.date.fromisoformat(run_date), freq)
    assert start_date(number, freq) == dt.date.fromisoformat(expected)


def test_a_stamp_for_the_whole_week_completes_the_newest_week() -> None:
    fridays = np.arange("2011-10-07", "2011-10-29", 7, dtype="datetime64[D]")
    assert stamps_whole_periods(fridays, "W")
    number = last_complete_period(dt.date(2011, 10, 28), "W", newest=dt.date(2011, 10, 28), whole_stamps=True)
    assert start_date(number, "W") == dt.date(2011, 10, 24)


def test_whole_stamps_do_not_complete_a_week_after_the_run_date() -> None:
    number = last_complete_period(dt.date(2011, 10, 20), "W", newest=dt.date(2011, 10, 28), whole_stamps=True)
    assert start_date(number, "W") == dt.date(2011, 10, 17)
