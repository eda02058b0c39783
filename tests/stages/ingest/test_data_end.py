"""The run date that data give, and what is told of their end."""

from datetime import date, timedelta
from typing import Any

import pytest
from echelon.errors import InputRefused
from echelon.stages.ingest.data_end import in_their_periods, run_date_of
from echelon.stages.shared.context import Context
from pyspark.sql import SparkSession
from support.in_memory import context

Said = pytest.CaptureFixture[str]
TODAY = date.today()
COLUMNS = "location string, date date, quantity double, _rule string, _reason string"


def end(spark: SparkSession, rows: list[tuple[date, float]], **run: Any) -> date:
    """The run date of sales (day, quantity) at North."""
    ready: Context = context(spark, run=run)
    frame = spark.createDataFrame([("North", day, quantity, None, None) for day, quantity in rows], COLUMNS)
    return run_date_of(ready, in_their_periods(ready, frame))


def days(back: int, until: int = 0, quantity: float = 5.0) -> list[tuple[date, float]]:
    """Daily sales from `back` to before `until` days ago."""
    return [(TODAY - timedelta(days=number), quantity) for number in range(back, until, -1)]


def test_zeros_filled_in_beyond_today_set_no_run_date(spark: SparkSession) -> None:
    rows = days(100, 20) + days(20, -30, quantity=0.0)
    assert end(spark, rows) == TODAY - timedelta(days=20)


def test_zeros_up_to_yesterday_set_it(spark: SparkSession) -> None:
    assert end(spark, days(100, 20) + days(20, 1, quantity=0.0)) == TODAY - timedelta(days=1)


def test_one_far_date_does_not_set_the_run_date(spark: SparkSession, capsys: Said) -> None:
    """It stops the run; a run date that is given mends it, and a shorter way off it is told."""
    rows = days(200, 100)
    with pytest.raises(InputRefused, match=r"no sales are known for the last 9\d days .*, but for 1 rows up to .*run.run_date"):
        end(spark, [*rows, *days(3, 2)])
    assert end(spark, [*rows, *days(3, 2)], run_date=str(TODAY - timedelta(days=98))) == TODAY - timedelta(days=98)
    assert end(spark, [*rows, *days(85, 84)]) == TODAY - timedelta(days=84)
    assert "for 1 rows up to" in capsys.readouterr().out


def test_a_week_that_is_not_over_is_told(spark: SparkSession, capsys: Said) -> None:
    monday = TODAY - timedelta(days=TODAY.weekday())
    rows = [(monday - timedelta(weeks=number), 5.0) for number in range(40, -1, -1)]
    assert end(spark, rows[:-1], frequency="W") == monday
    assert "the day after the last week" in capsys.readouterr().out
    assert end(spark, rows, frequency="W", run_date=str(monday + timedelta(days=1))) == monday + timedelta(days=1)
    assert f"the week of {monday} ends after the run date" in capsys.readouterr().out


def test_weekly_totals_that_are_planned_by_the_day_are_told(spark: SparkSession, capsys: Said) -> None:
    end(spark, [(TODAY - timedelta(weeks=number), 5.0) for number in range(40, 0, -1)])
    assert "say run.frequency: W" in capsys.readouterr().out


def test_a_newest_week_that_slipped_into_the_next_one_leaves_no_empty_week(spark: SparkSession, capsys: Said) -> None:
    """Weeks dated by Sunday, the last of them by Monday; the same with a run date in between."""
    monday = TODAY - timedelta(days=TODAY.weekday())
    rows = [(monday - timedelta(days=1, weeks=number), 5.0) for number in range(40, 0, -1)]
    assert end(spark, [*rows, (monday, 5.0)], frequency="W") == monday
    told = capsys.readouterr().out
    assert f"the week that they stand for count in it: {monday} as {monday - timedelta(days=1)}" in told
    assert end(spark, [*rows, (monday, 5.0)], frequency="W", run_date=str(monday)) == monday


def test_a_few_rows_after_the_last_week_set_no_run_date(spark: SparkSession, capsys: Said) -> None:
    monday = TODAY - timedelta(days=TODAY.weekday(), weeks=2)
    rows = [(monday - timedelta(weeks=number), 5.0) for number in range(40, 0, -1) for _ in range(10)]
    assert end(spark, [*rows, (monday + timedelta(days=3), 1.0)], frequency="W") == monday
    assert "1 rows of sales up to" in capsys.readouterr().out


def monthly(number: int) -> list[tuple[date, float]]:
    """Totals of as many months before this one, dated by the fourth Friday."""
    first = [
        date((12 * TODAY.year + TODAY.month - 1 - back) // 12, (TODAY.month - 1 - back) % 12 + 1, 1)
        for back in range(number, 0, -1)
    ]
    return [(day + timedelta(days=(4 - day.weekday()) % 7 + 21), 100.0) for day in first]


def test_months_dated_by_no_fixed_day_are_whole_and_told(spark: SparkSession, capsys: Said) -> None:
    assert end(spark, monthly(20), frequency="M") == TODAY.replace(day=1)
    told = capsys.readouterr().out
    assert "the day after the last month" in told
    assert "stand for months, of which nearly each has one, though on no fixed day: a date counts in the month in which" in told


@pytest.mark.parametrize("freq", ["D", "W"])
def test_monthly_totals_that_are_planned_by_the_day_or_week_are_told(spark: SparkSession, capsys: Said, freq: str) -> None:
    """All of them on Fridays, as weeks may be."""
    end(spark, monthly(20), frequency=freq, run_date=str(TODAY.replace(day=1)))
    told = capsys.readouterr().out
    assert "say run.frequency: M; as it is, each is taken for the sales of its" in told and "frequency: W" not in told
