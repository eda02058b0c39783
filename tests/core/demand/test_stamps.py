"""Stamps of weeks and months: recognised, odd, slipped into a neighbour, stray."""

import datetime as dt

import numpy as np
import numpy.typing as npt
import pytest
from echelon.core.demand.periods import Frequency, to_days, weekday
from echelon.core.demand.stamps import slipped_stamps, stamp_period_words, stamps_whole_periods, stray_stamps


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


def retail(first: str, years: int, weeks: tuple[int, ...] = (4, 4, 5)) -> npt.NDArray[np.datetime64]:
    """First days of retail months of so many weeks, from a day on, and that of the year after."""
    lengths = 7 * np.resize(weeks, 12 * years)
    return np.datetime64(first) + np.concatenate([[0], np.cumsum(lengths)])


def months_of(stamps: npt.NDArray[np.datetime64]) -> list[str]:
    """The month that each stamp counts in."""
    days = to_days(stamps)
    moved = slipped(days, "M")
    return [moved.get(str(day), str(day))[:7] for day in days]


def following(first: str, number: int) -> list[str]:
    return [str(month) for month in np.datetime64(first) + np.arange(number)]


@pytest.mark.parametrize(
    ("stamps", "first"),
    [
        (retail("2024-01-01", 2)[:-1], "2024-01"),  # Mondays on which months of 4, 4 and 5 weeks begin
        (retail("2024-01-01", 2)[1:] - 1, "2024-01"),  # the Sundays on which they end
        (retail("2024-02-04", 1, (4, 5, 4))[:-1], "2024-02"),  # retail calendar of the United States: Sundays
        (retail("2024-02-04", 2, (4, 5, 4))[:-1], "2024-02"),
        (retail("2024-02-04", 2, (4, 5, 4))[1:] - 1, "2024-02"),  # and the Saturdays on which they end
    ],
)
def test_retail_months_are_months_one_after_the_other(stamps: npt.NDArray[np.datetime64], first: str) -> None:
    assert stamps_whole_periods(stamps, "M")
    assert months_of(stamps) == following(first, len(stamps))
    assert stamps_whole_periods(np.delete(stamps, 5), "M")
    moved = slipped(stamps, "M")
    in_their_months = np.array([moved.get(str(day), str(day)) for day in stamps], dtype="datetime64[D]")
    assert stamps_whole_periods(in_their_months, "M") and slipped(in_their_months, "M") == {}


def nth(weekday_name: str, number: int) -> npt.NDArray[np.datetime64]:
    return np.busday_offset(MONTHS.astype("datetime64[D]"), number - 1, roll="forward", weekmask=weekday_name)


@pytest.mark.parametrize(
    "stamps", [nth("Fri", 4), nth("Tue", 2), nth("Mon Tue Wed Thu Fri", 3), nth("Mon Tue Wed Thu Fri", 10)]
)
def test_one_date_in_each_month_on_no_fixed_day_is_its_stamp(stamps: npt.NDArray[np.datetime64]) -> None:
    assert stamps_whole_periods(stamps, "M") and slipped(stamps, "M") == {}
    days: list[dt.date] = to_days(stamps).tolist()
    assert stamp_period_words(days, "M", [1] * len(days)) == "in which it lies"
    assert stamp_period_words([*days, days[-1] + dt.timedelta(days=9)], "M", [*[100] * len(days), 3]) == "in which it lies"


def test_weeks_dated_by_changing_days_are_weeks() -> None:
    stamps = MONDAYS + np.resize([1, 3, 2], len(MONDAYS))
    assert stamps_whole_periods(stamps, "W") and not stamps_whole_periods(stamps, "M")
    assert slipped(MONDAYS + np.resize([-1, 0, 1], len(MONDAYS)), "W").keys() == {str(day) for day in (MONDAYS - 1)[::3]}


def test_sales_that_are_rare_by_chance_stand_for_no_period() -> None:
    """Of one SKU and of some, about one sale a month or a week; and periods of four weeks, which are no months."""
    random = np.random.default_rng(5)
    days = np.arange("2024-01-01", "2026-10-01", dtype="datetime64[D]")
    for share in (1 / 30, 1 / 7, 3 / 30, 0.5):
        for _ in range(25):
            sold = days[random.random(len(days)) < share]
            assert not stamps_whole_periods(sold, "M") and not stamps_whole_periods(sold, "W")
    for _ in range(50):  # one sale in each month, on any day
        assert not stamps_whole_periods(MONTHS.astype("datetime64[D]") + random.integers(0, 28, len(MONTHS)), "M")
    assert not stamps_whole_periods(days[::28], "M")


def test_few_dates_on_no_fixed_day_prove_nothing() -> None:
    assert not stamps_whole_periods(nth("Fri", 4)[:8], "M")
