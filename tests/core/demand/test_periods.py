"""Periods: numbering, complete periods, stamps."""

import datetime as dt

import numpy as np
import pytest
from echelon.core.demand.periods import (
    Frequency,
    last_complete_period,
    period_index,
    period_start,
    stamps_whole_periods,
    start_date,
    weekday,
)
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


@pytest.mark.parametrize(
    ("dates", "freq", "expected"),
    [
        (["2011-01-31", "2011-02-28", "2011-03-31"], "M", True),  # month ends
        (["2011-01-01", "2011-02-01"], "M", True),
        (["2011-01-01", "2011-02-02"], "M", False),
        (["2011-10-03", "2011-10-11"], "W", False),
        (["2011-10-03"], "W", False),  # one date proves nothing
        (["2011-10-03", "2011-10-10"], "D", False),
    ],
)
def test_stamps_whole_periods(dates: list[str], freq: Frequency, expected: bool) -> None:
    assert stamps_whole_periods(dates, freq) is expected


MONDAYS = np.arange("2025-01-06", "2026-10-20", 7, dtype="datetime64[D]")


def test_an_odd_stamp_among_many_changes_nothing() -> None:
    tuesday = np.sort(np.append(MONDAYS, np.datetime64("2026-04-07")))
    assert stamps_whole_periods(tuesday, "W")
    moved = MONDAYS + np.where(np.arange(len(MONDAYS)) % 9 == 0, 1, 0)  # a holiday every ninth Monday
    assert stamps_whole_periods(moved, "W")


def test_many_stray_dates_of_few_rows_change_nothing() -> None:
    stray = MONDAYS[:60] + 3
    rows = np.concatenate([np.full(len(MONDAYS), 500), np.ones(len(stray))])
    assert stamps_whole_periods(np.concatenate([MONDAYS, stray]), "W", rows)
    assert not stamps_whole_periods(np.concatenate([MONDAYS, stray]), "W")


def test_a_shop_that_sells_mostly_on_saturdays_has_daily_data() -> None:
    days = np.arange("2026-01-01", "2026-07-01", dtype="datetime64[D]")
    rows = np.where(weekday(days) == 5, 100, 2)
    assert not stamps_whole_periods(days, "W", rows)
    assert not stamps_whole_periods(days, "M", rows)


@pytest.mark.parametrize("place", ["last working day", "first working day", "last Friday", "month end", "the 15th"])
def test_stamps_of_months(place: str) -> None:
    months = np.arange("2024-01", "2026-10", dtype="datetime64[M]")
    end = (months + 1).astype("datetime64[D]")
    stamps = {
        "last working day": np.busday_offset(end, -1, roll="forward"),
        "first working day": np.busday_offset(months.astype("datetime64[D]"), 0, roll="forward"),
        "last Friday": np.busday_offset(end, -1, roll="forward", weekmask="Fri"),
        "month end": end - 1,
        "the 15th": months.astype("datetime64[D]") + 14,
    }[place]
    assert stamps_whole_periods(stamps, "M")
    stamps[[7, 20]] -= 2  # holidays
    assert stamps_whole_periods(stamps, "M")
