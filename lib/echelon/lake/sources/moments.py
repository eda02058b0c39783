"""Moments: dates that are told with a time zone, and which day they are.

A moment is a timestamp with time zone, or text with an offset behind the time. A Parquet file holds such timestamps in UTC and
not the zone in which they were midnights: midnight in Berlin is 23:00 or 22:00 of the day before.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import PurePosixPath
from zoneinfo import ZoneInfo, available_timezones

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from echelon.config.models import Source
from echelon.errors import EchelonError, InputRefused
from echelon.lake.files import parquet_schema

SECOND = "_second_"
# The day in ISO form, alone or before a time. Spark's casts also take '12:30', 'now' or '2011' for a date.
_DATE = r"^\d{4}-\d{1,2}-\d{1,2}(?=$|[ T])"
_ZONED = r"^\S+[T ][\d:.]+ ?([A-Za-z]|[+-]\d)"
_IN_UTC = r"^\S+[T ][\d:.]+ ?(Z|UTC|GMT|[+-]00?(:?00)?)$"
_MINUTES = r"^(\S+[T ]\d{1,2}:\d\d)(?= ?(Z|UTC|GMT|[+-]\d))"
# As `written_in_utc` writes it.
_OURS = r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?Z$"
_ZONE_LETTERS = set("XxZzVO")
# So large a share of moments at one time of day, or at two an hour apart (summer time), is no time at which things happen.
_GREAT_MAJORITY = 0.9
_FEW = 10
# Years whose rules of summer time stand for all of our time; zones of nobody, or of an atoll.
_YEARS = (2019, 2021, 2023, 2025)
_UNUSED = ("Etc/", "Pacific/Kiritimati")
_FILES = 1000
# Offsets from UTC are whole quarters of an hour; a midnight from here on is that of a later day.
_QUARTER, _HOUR, _TEN, _NOON, _EVENING, _DAY = 900, 3600, 36_000, 43_200, 72_000, 86_400


def written_in_utc(moment: Column) -> Column:
    """A timestamp with time zone as text that says so."""
    return F.concat(moment.cast("string"), F.lit("Z"))


def day_of(text: Column, source: Source) -> Column:
    """The day of a date as text, null where it is none: the day that is written, whatever the time zone behind it; with
    `time_zone` the day of a moment in that zone."""
    if source.date_format is None:
        return _iso_day(text, source.time_zone)
    day = _day_by_pattern(text, source.date_format, source.time_zone)
    return F.when(text.rlike(_OURS), _iso_day(text, source.time_zone)).otherwise(day)


def second_of(text: Column, source: Source) -> Column:
    """Second of the day of a moment that is written in UTC, null of everything else."""
    moment = F.when(text.rlike(_IN_UTC), _iso_moment(text))
    if source.date_format and _has_zone(source.date_format):
        by_pattern = F.try_to_timestamp(text, F.lit(source.date_format))
        same = F.to_timestamp_ntz(text, F.lit(source.date_format)).cast("timestamp") == by_pattern
        moment = F.coalesce(moment, F.when(by_pattern.isNotNull(), F.when(same, by_pattern)))
    return F.pmod(F.unix_seconds(moment), F.lit(_DAY))


def _iso_moment(text: Column) -> Column:
    """ISO 8601; Spark's cast wants seconds before a zone."""
    return F.coalesce(text.try_cast("timestamp"), F.regexp_replace(text, _MINUTES, "$1:00").try_cast("timestamp"))


def _iso_day(text: Column, zone: str | None) -> Column:
    moment = _iso_moment(text)
    written = F.regexp_extract(text, _DATE, 0).try_cast("date")
    day = F.when(text.rlike(_ZONED), _day_in(moment, zone)).otherwise(written) if zone else written
    return F.when(moment.isNotNull() & written.isNotNull(), day)


def _day_by_pattern(text: Column, pattern: str, zone: str | None) -> Column:
    moment = F.try_to_timestamp(text, F.lit(pattern))
    if not _has_zone(pattern):
        return moment.cast("date")
    day = _day_in(moment, zone) if zone else F.to_timestamp_ntz(text, F.lit(pattern)).cast("date")
    return F.when(moment.isNotNull(), day)


def _day_in(moment: Column, zone: str) -> Column:
    return F.from_utc_timestamp(moment, F.lit(zone)).cast("date")


def _has_zone(pattern: str) -> bool:
    return bool(_ZONE_LETTERS & set("".join(pattern.split("'")[::2])))


def is_local(files: Sequence[str], column: str) -> bool | None:
    """Whether a Parquet column of nanoseconds, which Spark reads as numbers, is told without a time zone; None where it holds
    numbers.

    Raises InputRefused where some of the files (the first 1,000) tell it with one and some without.
    """
    kinds = {file: kind for file in files[:_FILES] if (kind := _stored([file], column)) and pa.types.is_timestamp(kind)}
    local, zoned = ([file for file, kind in kinds.items() if (kind.tz is None) == without] for without in (True, False))
    if local and zoned:
        raise InputRefused(
            f"{column} is told without a time zone in {PurePosixPath(local[0]).name} and with {kinds[zoned[0]].tz} in "
            f"{PurePosixPath(zoned[0]).name}: write all files of a source alike"
        )
    return bool(local) if kinds else None


def _stored(files: Sequence[str], column: str) -> pa.DataType | None:
    """The type of a Parquet column, by the first file."""
    try:
        schema = parquet_schema(files[0]) if files else pa.schema([])
    except (EchelonError, OSError, pa.ArrowInvalid):
        return None
    return schema.field(column).type if column in schema.names else None


def tell_days(source: Source, name: str, kept: DataFrame, moved: Mapping[str, int], files: Sequence[str]) -> list[str]:
    """What a user should know of the days of moments. moved: by column, number of moments in UTC that are no midnights there.

    Raises InputRefused where nearly all are midnights of a time zone further east, unless goods may be booked at that time.
    """
    notes = []
    for column in (column for column, number in moved.items() if number and source.time_zone is None):
        second = F.col(f"{SECOND}{column}")
        counts = kept.where(second.isNotNull()).groupBy(second.alias("second")).count()
        rows = [(row[0], row[1]) for row in counts.orderBy(F.desc("count"), "second").limit(2).collect()]
        total = kept.where(second.isNotNull()).count()
        times = midnights_elsewhere(rows, total)
        if not times or not is_midnight(_by_month(kept, column, times)):
            told = f"tells moments: the days are those of UTC; say sources.{name}.time_zone if those of another zone are meant"
            notes.append(f"{name}: {column} {told}")
        elif _is_booked(name, times) and not _named_zone(source, column, files):
            told = (
                "taken for the time of day at which it is booked, not for midnights of another zone, which begin the day after"
            )
            clock = f"nearly every {column} is at {_clock(times)} in UTC"
            notes.append(f"{name}: {clock}: {told}; if they are, say sources.{name}.time_zone")
        else:
            raise InputRefused(_refusal(source, name, column, times, files))
    return notes


def _is_booked(name: str, times: Sequence[int]) -> bool:
    """Whether goods may be booked at that time every day, as at closing. Taking midnights for it costs little: lead times are
    the same where both days are moved."""
    return name == "deliveries" and len(times) == 1 and times[0] % _HOUR == 0 and times[0] < _EVENING


def midnights_elsewhere(counts: Sequence[tuple[int, int]], total: int) -> list[int]:
    """Seconds of the day in UTC at which nearly all moments are, if they look like midnights of a zone whose day is the next
    one; else none. counts: (second, moments), the most frequent first, two at most. Noon alone stands for the day; of a
    few moments nothing can be told."""
    seconds, numbers = [second for second, _ in counts], [number for _, number in counts]
    apart = _DAY if len(seconds) < 2 else abs(seconds[0] - seconds[1])
    if apart not in (_HOUR, _DAY - _HOUR):
        seconds, numbers = seconds[:1], numbers[:1]
    odd = any(second % _QUARTER for second in seconds) or seconds == [_NOON] or max(seconds, default=0) < _TEN
    return [] if odd or total < _FEW or sum(numbers) < _GREAT_MAJORITY * total else sorted(seconds)


def _by_month(kept: DataFrame, column: str, times: Sequence[int]) -> list[tuple[int, int, int]]:
    second = F.col(f"{SECOND}{column}")
    rows = kept.where(second.isin(*times)).groupBy(F.month(column), second).count().collect()
    return [(row[0], row[1], row[2]) for row in rows]


def is_midnight(counts: Sequence[tuple[int, int, int]]) -> bool:
    """Whether moments are midnights of a time zone east of UTC that is in use, in step with its summer time: noon in Berlin, at
    10:00 or 11:00 in UTC, is midnight nowhere. counts: (month of the year, second of the day in UTC, moments)."""
    total = sum(number for _, _, number in counts)
    fit = (sum(number for month, second, number in counts if second in zone[month - 1]) for zone in _midnights())
    return max(fit) >= _GREAT_MAJORITY * total


@cache
def _midnights() -> set[tuple[frozenset[int], ...]]:
    """Seconds in UTC at which days begin in zones east of it, for each month: two in those in which the clocks change."""
    names = {name for name in available_timezones() if not name.startswith(_UNUSED)}
    years = ([_seconds(ZoneInfo(name), year) for year in _YEARS] for name in sorted(names))
    return {months for found in years for months in found if months}


def _seconds(zone: ZoneInfo, year: int) -> tuple[frozenset[int], ...] | None:
    firsts = [_offset(zone, year, month) for month in range(1, 13)]
    offsets = list(zip(firsts, [*firsts[1:], firsts[0]], strict=True))
    if min(map(min, offsets)) < 0 or max(map(max, offsets)) == 0:
        return None
    return tuple(frozenset(-offset % _DAY for offset in pair) for pair in offsets)


def _offset(zone: ZoneInfo, year: int, month: int) -> int:
    offset = datetime(year, month, 1, tzinfo=zone).utcoffset()
    return int(offset.total_seconds()) if offset else 0


def _refusal(source: Source, name: str, column: str, times: Sequence[int], files: Sequence[str]) -> str:
    zone = _named_zone(source, column, files)
    known = f"{zone}, as the file names it" if zone else "Europe/Berlin, say"
    return (
        f"{name}: {source.place}: nearly every {column} is at {_clock(times)} in UTC, as midnights of another time zone are, "
        f"which begin the day after. Say whose days are meant: sources.{name}.time_zone ({known}; UTC takes them as they are)"
    )


def _named_zone(source: Source, column: str, files: Sequence[str]) -> str | None:
    """The time zone that a Parquet file names, unless it is UTC."""
    zone = getattr(_stored(files, source.columns.get(column, column)), "tz", None)
    return str(zone) if zone and zone.upper() != "UTC" else None


def _clock(times: Sequence[int]) -> str:
    return " or ".join(f"{second // _HOUR:02d}:{second % _HOUR // 60:02d}" for second in times)
