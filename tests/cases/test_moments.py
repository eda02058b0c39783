"""Dates with a time zone count on the day that is meant, or are refused with the setting that says which."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd
import pytest
from echelon.config.models import Source
from echelon.lake.sources.midnights import is_midnight, midnights_elsewhere
from pydantic import ValidationError
from support.ingest_files import settings
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


def in_utc(zone: str, form: str = "%Y-%m-%d %H:%M:%S") -> list[str]:
    """Midnights of a year, written in UTC without saying so."""
    return [f"A,N,{moment:{form}},1" for moment in pd.date_range(YEAR[0], YEAR[-1], tz=zone).tz_convert("UTC")]


@pytest.mark.parametrize(("zone", "clock"), [("Europe/Berlin", "22:00 or 23:00"), ("Europe/London", "00:00 or 23:00")])
def test_midnights_that_are_written_in_utc_without_a_zone_are_refused(read: Any, tmp_path: Path, zone: str, clock: str) -> None:
    """They follow summer time. Both settings mend it; neither alone."""
    file = files(tmp_path, a_csv="\n".join([HEADER, *in_utc(zone)])) / "a.csv"
    words = (
        f"nearly every date is at {clock} without a time zone, as midnights of another zone are when they are written in UTC; "
        "they begin the day after. If so, say sources.sales.times_in: UTC and whose days are meant, sources.sales.time_zone "
    )
    assert words in refusal(read, file) and words in refusal(read, file, time_zone=zone)
    assert days(read(file, times_in="UTC", time_zone=zone)) == YEAR
    taken = read(file, time_zone="UTC")
    assert days(taken)[0] == "2025-06-30" and taken.notes == []


def test_a_pattern_without_a_zone_is_asked_the_same(read: Any, tmp_path: Path) -> None:
    pattern = "dd.MM.yyyy HH:mm"
    file = files(tmp_path, a_csv="\n".join([HEADER, *in_utc("Europe/Berlin", "%d.%m.%Y %H:%M")])) / "a.csv"
    assert "nearly every date is at 22:00 or 23:00 without" in refusal(read, file, date_format=pattern)
    assert days(read(file, date_format=pattern, times_in="UTC", time_zone="Europe/Berlin")) == YEAR


def test_one_late_hour_of_the_whole_year_is_told(read: Any, tmp_path: Path) -> None:
    """A shop that books at closing time, or a zone without summer time."""
    file = files(tmp_path, a_csv="\n".join([HEADER, *in_utc("Asia/Kolkata")])) / "a.csv"
    assert [note[:70] for note in read(file).notes] == [f"sales: {file}: nearly every date is at 18:30 without"[:70]]
    opening = files(
        tmp_path, b_csv="\n".join([HEADER, *(f"A,N,{day} {8 + i % 9:02d}:{i % 60:02d}:00,1" for i, day in enumerate(YEAR))])
    )
    assert read(opening / "b.csv").notes == []


def test_noon_that_is_written_in_utc_without_a_zone_is_on_its_day(read: Any, tmp_path: Path) -> None:
    moments = pd.date_range(f"{YEAR[0]} 12:00", f"{YEAR[-1]} 12:00", tz="Europe/Berlin").tz_convert("UTC")
    found = read(
        files(tmp_path, a_csv="\n".join([HEADER, *(f"A,N,{moment:%Y-%m-%d %H:%M},1" for moment in moments)])) / "a.csv"
    )
    assert days(found) == YEAR and found.notes == []


def test_times_that_follow_summer_time() -> None:
    summer, winter = [(month, 79200, 30) for month in (5, 6, 7)], [(month, 82800, 30) for month in (11, 12, 1)]
    assert is_midnight([*summer, *winter])
    assert not is_midnight([*summer, *winter, (12, 79200, 30)])


def test_midnights_of_several_zones_are_told(read: Any, tmp_path: Path) -> None:
    rows = [f"A,N,{day}T{hour}:00Z,1" for day in YEAR[:100] for hour in ("18:30", "23:00", "05:00")]
    file = files(tmp_path, a_csv="\n".join([HEADER, *rows])) / "a.csv"
    assert read(file).notes == [
        "sales: date is at 05:00 (33%), 18:30 (33%), 23:00 (33%) in UTC, as midnights of several time zones are. The days are "
        "those of UTC: 200 rows from 10:00 on, which are midnights further east, count a day early. Write the days themselves, "
        "or bring all to one zone and say sources.sales.time_zone"
    ]


def test_the_zone_of_times_goes_with_whose_days_are_meant() -> None:
    with pytest.raises(ValidationError, match="with times_in, say whose days are meant: time_zone"):
        Source(path="x.csv", times_in="UTC")


def by_month(zone: str, hour: int, first: str = YEAR[0], last: str = YEAR[-1]) -> list[tuple[int, int, int]]:
    local = [day.replace(hour=hour) for day in pd.date_range(first, last)]
    moments = pd.DatetimeIndex(local).tz_localize(zone, nonexistent="shift_forward").tz_convert("UTC")
    found = Counter((moment.month, moment.hour * 3600 + moment.minute * 60) for moment in moments)
    return [(month, second, number) for (month, second), number in found.items()]


@pytest.mark.parametrize("zone", [
    "Europe/Berlin", "Asia/Bangkok", "Pacific/Auckland", "Australia/Sydney", "Australia/Lord_Howe", "Asia/Tehran",
    "Africa/Johannesburg", "Europe/London",
])  # fmt: skip
def test_midnights_east_of_utc_are_known_by_their_summer_time(zone: str) -> None:
    assert is_midnight(by_month(zone, 0))
    assert is_midnight(by_month(zone, 0, "2026-06-01", "2026-06-30"))
    assert is_midnight(by_month(zone, 0, "2026-03-20", "2026-04-10"))


@pytest.mark.parametrize(
    ("zone", "hour"), [("Europe/Berlin", 12), ("Europe/London", 12), ("Europe/London", 17), ("Pacific/Honolulu", 0)]
)
def test_a_time_of_day_that_is_midnight_nowhere_is_one(zone: str, hour: int) -> None:
    assert not is_midnight(by_month(zone, hour))


def test_noon_in_berlin_and_deliveries_at_closing_time_are_moments(read: Any, tmp_path: Path) -> None:
    moments = pd.date_range(f"{YEAR[0]} 12:00", f"{YEAR[-1]} 12:00", tz="Europe/Berlin").tz_convert("UTC")
    rows = [f"A,N,{moment:%Y-%m-%dT%H:%MZ},1" for moment in moments]
    found = read(files(tmp_path, a_csv="\n".join([HEADER, *rows])) / "a.csv")
    assert days(found) == YEAR
    assert found.notes[0].startswith("sales: date tells moments: the days are those of UTC")
    closing = "".join(f"{day},M,N,{day}T08:00Z,{day}T17:00Z\n" for day in YEAR[:60])
    texts = {"sales": "", "deliveries": f"delivery,source,destination,order_date,received_date\n{closing}"}
    found = read(settings(tmp_path, texts), "deliveries")
    assert [str(day) for day in found.good("received_date")] == YEAR[:60]
    told = "deliveries: nearly every received_date is at 17:00 in UTC: taken for the time of day at which it is booked, not for"
    assert any(note.startswith(told) for note in found.notes)
    for clock in ("18:30", "22:00"):  # nobody closes then every day: India, Africa
        again = texts | {"deliveries": texts["deliveries"].replace("17:00", clock)}
        assert f"received_date is at {clock} in UTC" in refusal(read, settings(tmp_path, again), "deliveries")
    rows = [f"A,N,{day}T17:00Z,1" for day in YEAR[:60]]
    assert "nearly every date is at 17:00 in UTC" in refusal(read, files(tmp_path, b_csv="\n".join([HEADER, *rows])) / "b.csv")


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-05T08:15Z", "2026-01-05T08:15+01:00", "2026-01-05 08:15 +01:00", "2026-01-05T08:15-0530", "2026-01-05T08:15",
        "2026-01-05 08:15 UTC", "2026-01-05T08:15:00.5Z",
    ],
)  # fmt: skip
def test_times_of_iso_8601_need_no_seconds(read: Any, tmp_path: Path, text: str) -> None:
    place = files(tmp_path, a_csv=f"{HEADER}\nA,N,{text},1\n") / "a.csv"
    assert days(read(place)) == days(read(place, time_zone="UTC")) == ["2026-01-05"]


def test_plain_letters_of_a_pattern_need_quotes() -> None:
    for pattern, letter in (("yyyy-MM-ddTHH:mm:ss", "T"), ("yyyy-MM-dd at HH", "t"), ("yyyyNMMdd", "N")):
        with pytest.raises(ValidationError, match=f"need single quotes, {letter} is written '{letter}': yyyy-MM-dd'T'HH:mm:ss"):
            Source(path="x.csv", date_format=pattern)
    for pattern in ("yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "[M/d/yy][d-MMM-yy]", "yyyy 'at' MM", "dd.MM.yyyy hh:mm a z", "yyyy''MMdd"):
        assert Source(path="x.csv", date_format=pattern).date_format == pattern


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
