"""Dates with a time zone count on the day that is meant, or are refused with the setting that says which."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd
import pytest
from echelon.config.models import Source
from echelon.lake.sources.moments import midnights_elsewhere
from pydantic import ValidationError
from support.read_files import HEADER, files, refusal

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Unit = Literal["us", "ns"]
YEAR = [str(day.date()) for day in pd.date_range("2025-07-01", "2026-06-30")]


def parquet(folder: Path, zone: str | None, unit: Unit = "us", hours: int = 0) -> Path:
    """Daily sales dated by midnight, or another hour, in a zone."""
    days = pd.date_range(YEAR[0], YEAR[-1], tz=zone, unit=unit) + pd.Timedelta(hours=hours)
    file = folder / f"{unit}{(zone or 'none').replace('/', '-')}{hours}.parquet"
    pd.DataFrame({"sku": "A", "location": "North", "date": days, "quantity": 1.0}).to_parquet(file)
    return file


def days(found: Any) -> list[str]:
    return [str(day) for day in found.good("date")]


@pytest.mark.parametrize(("zone", "unit", "clock"), [
    ("Europe/Berlin", "us", "22:00 or 23:00"), ("Europe/Berlin", "ns", "22:00 or 23:00"), ("Asia/Kolkata", "us", "18:30"),
    ("Europe/London", "us", "00:00 or 23:00"),
])  # fmt: skip
def test_midnights_of_another_zone_are_refused_and_its_name_mends_it(
    read: Any, tmp_path: Path, zone: str, unit: Unit, clock: str
) -> None:
    file = parquet(tmp_path, zone, unit)
    assert refusal(read, file) == (
        f"sales: {file}: nearly every date is at {clock} in UTC, as midnights of another time zone are, which begin the day "
        f"after. Say whose days are meant: sources.sales.time_zone ({zone}, as the file names it; UTC takes them as they are)"
    )
    assert days(read(file, time_zone=zone)) == YEAR
    assert days(read(file, time_zone="UTC"))[0] == ("2025-06-30")


@pytest.mark.parametrize(
    ("zone", "unit"), [("UTC", "us"), ("UTC", "ns"), (None, "us"), (None, "ns"), ("America/New_York", "us")]
)
def test_days_that_are_the_same_in_utc_stay(read: Any, tmp_path: Path, zone: str | None, unit: Unit) -> None:
    found = read(parquet(tmp_path, zone, unit))
    assert days(found) == YEAR
    assert bool(found.notes) == (zone == "America/New_York")


@pytest.mark.parametrize("unit", ["us", "ns"])
def test_times_without_a_zone_are_never_moved(read: Any, tmp_path: Path, unit: Unit) -> None:
    assert days(read(parquet(tmp_path, None, unit, hours=23))) == YEAR
    assert days(read(parquet(tmp_path, None, unit, hours=23), time_zone="Europe/Berlin")) == YEAR


def test_moments_of_the_whole_day_are_told(read: Any, tmp_path: Path) -> None:
    moments = pd.date_range("2026-01-01", "2026-01-10", freq="7h", tz="UTC")
    frame = pd.DataFrame({"sku": "A", "location": "North", "date": moments, "quantity": 1.0})
    frame.to_parquet(tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet").notes == [
        "sales: date tells moments: the days are those of UTC; say sources.sales.time_zone if those of another zone are meant"
    ]
    found = read(tmp_path / "a.parquet", time_zone="Australia/Sydney")
    assert found.notes == [] and str(found.good("date")[-1]) == str(moments[-1].tz_convert("Australia/Sydney").date())


def test_a_table_with_moments_is_asked_the_same(read: Any, tmp_path: Path, spark: SparkSession) -> None:
    rows = (
        "select 'A' sku, 'N' location, timestamp'2026-01-05 23:00:00Z' + make_dt_interval(id) date, 1D quantity from range(30)"
    )
    spark.sql(rows).write.format("delta").save(str(tmp_path / "t"))
    assert "date is at 23:00 in UTC" in refusal(read, tmp_path / "t")
    assert days(read(tmp_path / "t", time_zone="+01:00"))[0] == "2026-01-06"
    assert days(read(tmp_path / "t", time_zone="+01:00", date_format="dd.MM.yyyy"))[0] == "2026-01-06"


@pytest.mark.parametrize("pattern", [None, "yyyy-MM-dd'T'HH:mm:ssXXX"])
def test_text_with_an_offset_counts_on_the_day_that_is_written(read: Any, tmp_path: Path, pattern: str | None) -> None:
    rows = [f"A,N,{day}T00:00:00{'+02:00' if '03-28' < day[5:] < '10-26' else '+01:00'},1" for day in YEAR]
    file = files(tmp_path, a_csv="\n".join([HEADER, *rows])) / "a.csv"
    assert days(read(file, date_format=pattern)) == YEAR
    assert days(read(file, date_format=pattern, time_zone="America/New_York"))[0] == "2025-06-30"


@pytest.mark.parametrize("pattern", [None, "yyyy-MM-dd'T'HH:mm:ss.SSSX"])
def test_text_in_utc_that_was_midnight_elsewhere_is_refused(read: Any, tmp_path: Path, pattern: str | None) -> None:
    """As programs write it that turn a local day into a moment."""
    moments = pd.date_range(YEAR[0], YEAR[-1], tz="Europe/Berlin").tz_convert("UTC")
    rows = [f"A,N,{moment:%Y-%m-%dT%H:%M:%S}.000Z,1" for moment in moments]
    file = files(tmp_path, a_csv="\n".join([HEADER, *rows])) / "a.csv"
    assert "nearly every date is at 22:00 or 23:00 in UTC" in refusal(read, file, date_format=pattern)
    assert days(read(file, date_format=pattern, time_zone="Europe/Berlin")) == YEAR


@pytest.mark.parametrize(
    ("counts", "total", "found"),
    [
        ([(82800, 60), (79200, 40)], 100, [79200, 82800]),
        ([(82800, 60), (79200, 20)], 100, []),  # things happen at all times
        ([(82800, 95), (3600, 5)], 100, [82800]),
        ([(82799, 100)], 100, []),  # the last second of the day
        ([(43200, 100)], 100, []),  # noon stands for the day
        ([(43200, 60), (39600, 40)], 100, [39600, 43200]),  # Auckland
        ([(18000, 60), (14400, 40)], 100, []),  # west of UTC midnight is on the same day
        ([(0, 60), (82800, 40)], 100, [0, 82800]),
        ([], 0, []),
        ([(52200, 1)], 1, []),  # one moment tells nothing
    ],
)
def test_what_looks_like_midnights_elsewhere(counts: list[tuple[int, int]], total: int, found: list[int]) -> None:
    assert midnights_elsewhere(counts, total) == found


def test_files_with_and_without_a_zone_are_not_one_source(read: Any, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for number, zone in enumerate((None, "Europe/Berlin")):
        frame = pd.DataFrame(
            {"sku": "A", "location": "N", "date": pd.date_range("2026-01-05", periods=20, tz=zone), "quantity": 1}
        )
        frame.to_parquet(folder / f"{number}.parquet")
    assert "date is told without a time zone in 0.parquet and with Europe/Berlin in 1.parquet" in refusal(read, folder)


def test_a_zone_that_is_none_is_refused() -> None:
    with pytest.raises(ValidationError, match="expected a time zone like Europe/Berlin, UTC or"):
        Source(path="x.csv", time_zone="Berlin")
