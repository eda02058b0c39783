"""Where the data end."""

import datetime as dt

from echelon.core.demand.silence import Stamps, ends

DAYS = Stamps("D")
START = dt.date(2026, 1, 1)


def day(number: int) -> dt.date:
    return START + dt.timedelta(days=number)


def daily(numbers: range, rows: int = 10) -> list[tuple[dt.date, int]]:
    return [(day(number), rows) for number in numbers]


def test_data_that_reach_the_run_date() -> None:
    found = ends(daily(range(100)), day(100), DAYS, 28)
    assert (found.first, found.last, found.silent, found.usual, found.early, found.late) == (day(0), day(99), 0, 0, None, None)


def test_an_extract_that_stopped() -> None:
    found = ends(daily(range(100)), day(181), DAYS, 28)
    assert (found.last, found.silent) == (day(99), 81)


def test_one_far_date_is_no_end_of_the_data() -> None:
    found = ends([*daily(range(100)), (day(300), 1)], day(301), DAYS, 28)
    assert (found.last, found.silent, found.late) == (day(99), 201, (1, day(300)))


def test_one_far_date_before_all_others_is_no_beginning() -> None:
    found = ends([(day(-3000), 2), *daily(range(100))], day(100), DAYS, 28)
    assert (found.first, found.silent, found.early) == (day(0), 0, (2, day(-3000)))


def test_a_shop_that_opened_again_is_not_stray() -> None:
    found = ends([*daily(range(100)), *daily(range(150, 160))], day(160), DAYS, 28)
    assert (found.silent, found.usual, found.late) == (0, 50, None)


def test_few_rows_show_nothing() -> None:
    found = ends([(day(0), 1), (day(60), 1)], day(61), DAYS, 28)
    assert (found.silent, found.usual, found.early, found.late) == (0, 59, None, None)


def test_a_date_that_stands_for_a_week_covers_it() -> None:
    weeks = [(dt.date(2026, 1, 5) + dt.timedelta(weeks=number), 2) for number in range(30)]
    last = weeks[-1][0]
    assert ends(weeks, last + dt.timedelta(days=7), Stamps("W", whole=True), 56).silent == 0
    assert ends(weeks, last + dt.timedelta(days=14), Stamps("W", whole=True), 56).silent == 7
    assert ends(weeks, last + dt.timedelta(days=2), Stamps("W", whole=True), 56).silent == 0
