"""Stamps of weeks and months: recognised, odd, slipped into a neighbour, stray."""

import datetime as dt

import numpy as np
import numpy.typing as npt
import pytest
from echelon.core.demand.periods import Frequency, to_days, weekday
from echelon.core.demand.stamps import slipped_stamps, stamps_whole_periods, stray_stamps


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


SUNDAYS = MONDAYS + 6
MONTHS = np.arange("2024-01", "2026-11", dtype="datetime64[M]")
ENDS = (MONTHS + 1).astype("datetime64[D]") - 1


def slipped(stamps: npt.ArrayLike, freq: Frequency, rows: list[int] | None = None) -> dict[str, str]:
    days: list[dt.date] = to_days(stamps).tolist()
    found = slipped_stamps(days, freq, rows or [100] * len(days))
    return {str(day): str(meant) for day, meant in found.items()}


def shifted(stamps: npt.NDArray[np.datetime64], number: int, by: int) -> npt.NDArray[np.datetime64]:
    """One stamp by so many days later."""
    changed = stamps.copy()
    changed[number] += by
    return changed


@pytest.mark.parametrize("number", [-1, -30])
@pytest.mark.parametrize(("usual", "by"), [(SUNDAYS, 1), (SUNDAYS, 2), (MONDAYS, -1), (MONDAYS + 4, 3)])
def test_a_weekly_stamp_that_slipped_into_the_next_week_counts_in_its_own(
    usual: npt.NDArray[np.datetime64], by: int, number: int
) -> None:
    stamps, week = shifted(usual, number, by), MONDAYS[number]
    assert slipped(stamps, "W") == {str(stamps[number]): str(week + (6 if by > 0 else 0))}


def test_a_stamp_that_slipped_within_its_week_stays() -> None:
    assert slipped(shifted(MONDAYS, -1, 1), "W") == slipped(shifted(SUNDAYS, -1, -2), "W") == {}


def test_a_second_stamp_beside_the_usual_one_stays() -> None:
    """Corrections of the day after, and a week that has just begun: the week before has its own stamp."""
    assert slipped(np.append(SUNDAYS, SUNDAYS[-1] + 1), "W") == {}
    assert slipped(np.sort(np.append(SUNDAYS, SUNDAYS[-40] + 1)), "W") == {}


def test_a_few_rows_do_not_stand_for_a_week() -> None:
    """They make no week of their own, neither that before nor that in which they lie."""
    stamps, rows = np.append(MONDAYS, MONDAYS[-1] + 6), [*[100] * len(MONDAYS), 3]
    assert slipped(stamps, "W", rows) == {}
    assert stray_stamps(stamps.tolist(), "W", rows) == [(MONDAYS[-1] + 6).tolist()]
    assert stray_stamps(stamps.tolist(), "W", [*[100] * len(MONDAYS), 90]) == []


@pytest.mark.parametrize("by", [1, 2, 4])
def test_a_month_end_that_slipped_counts_in_its_month(by: int) -> None:
    stamps = shifted(ENDS, -1, by)
    assert slipped(stamps, "M") == {str(stamps[-1]): "2026-10-31"}


def test_the_last_working_day_that_slipped_counts_in_its_month() -> None:
    """The last day of October 2026 is a Saturday."""
    stamps = np.busday_offset(ENDS + 1, -1, roll="forward")
    assert slipped(stamps, "M") == {}
    stamps[-1] = np.datetime64("2026-11-02")
    assert slipped(stamps, "M") == {"2026-11-02": "2026-10-31"}


def test_month_ends_moved_on_to_working_days_are_stamps_of_their_months() -> None:
    stamps = np.busday_offset(ENDS, 0, roll="forward")
    assert stamps_whole_periods(stamps, "M")
    late = {str(day): str(end) for day, end in zip(stamps, ENDS, strict=True) if day.astype("M8[M]") != end.astype("M8[M]")}
    assert len(late) > 5 and slipped(stamps, "M") == late


def test_month_starts_moved_back_to_working_days_are_stamps_of_their_months() -> None:
    starts = MONTHS.astype("datetime64[D]")
    stamps = np.busday_offset(starts, 0, roll="backward")
    early = {
        str(day): str(first) for day, first in zip(stamps, starts, strict=True) if day.astype("M8[M]") < first.astype("M8[M]")
    }
    assert stamps_whole_periods(stamps, "M") and len(early) > 5 and slipped(stamps, "M") == early


def test_daily_dates_are_never_moved() -> None:
    days = np.arange("2026-01-01", "2026-07-01", dtype="datetime64[D]")
    assert slipped(days, "W") == slipped(days, "M") == slipped(MONDAYS, "D") == slipped([], "W") == {}
    assert stray_stamps(days.tolist(), "W", [1] * len(days)) == stray_stamps([], "W", []) == []
