"""Moments: dates that are told with a time zone, and which day they are. Times without one count on the day that is written,
unless the source says in which zone they were written.

A moment is a timestamp with time zone, or text with an offset behind the time. A Parquet file holds such timestamps in UTC and
not the zone in which they were midnights: midnight in Berlin is 23:00 or 22:00 of the day before.
"""

from collections.abc import Sequence
from pathlib import PurePosixPath

import pyarrow as pa
from pyspark.sql import Column
from pyspark.sql import functions as F

from echelon.config.models import Source
from echelon.errors import EchelonError, InputRefused
from echelon.lake.files import parquet_schema

SECOND, CLOCK = "_second_", "_clock_"
# The day in ISO form, alone or before a time. Spark's casts also take '12:30', 'now' or '2011' for a date.
_DATE = r"^\d{4}-\d{1,2}-\d{1,2}(?=$|[ T])"
_ZONED = r"^\S+[T ][\d:.]+ ?([A-Za-z]|[+-]\d)"
_TIMED = r"^\S+[T ][\d:.]+$"
_IN_UTC = r"^\S+[T ][\d:.]+ ?(Z|UTC|GMT|[+-]00?(:?00)?)$"
_MINUTES = r"^(\S+[T ]\d{1,2}:\d\d)(?= ?(Z|UTC|GMT|[+-]\d))"
# As `written_in_utc` writes it.
_OURS = r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?Z$"
_ZONE_LETTERS = set("XxZzVO")
_FILES = 1000
_DAY = 86_400


def written_in_utc(moment: Column) -> Column:
    """A timestamp with time zone as text that says so."""
    return F.concat(moment.cast("string"), F.lit("Z"))


def day_of(text: Column, source: Source) -> Column:
    """The day of a date as text, null where it is none: the day that is written, whatever the time zone behind it; with
    `time_zone` the day of a moment in that zone."""
    if source.date_format is None:
        return _iso_day(text, source)
    return F.when(text.rlike(_OURS), _iso_day(text, source)).otherwise(_day_by_pattern(text, source.date_format, source))


def second_of(text: Column, source: Source) -> Column:
    """Second of the day of a moment that is written in UTC, null of everything else."""
    moment = F.when(text.rlike(_IN_UTC), _iso_moment(text))
    if source.date_format and _has_zone(source.date_format):
        by_pattern = F.try_to_timestamp(text, F.lit(source.date_format))
        same = F.to_timestamp_ntz(text, F.lit(source.date_format)).cast("timestamp") == by_pattern
        moment = F.coalesce(moment, F.when(by_pattern.isNotNull(), F.when(same, by_pattern)))
    return F.pmod(F.unix_seconds(moment), F.lit(_DAY))


def clock_of(text: Column, source: Source) -> Column:
    """Second of the day of a time that is written without a zone, null of everything else."""
    moment = F.when(text.rlike(_TIMED), text.try_cast("timestamp"))
    if source.date_format and _has_time(source.date_format):
        moment = F.coalesce(moment, F.try_to_timestamp(text, F.lit(source.date_format)))
    return F.pmod(F.unix_seconds(moment), F.lit(_DAY))


def _iso_moment(text: Column) -> Column:
    """ISO 8601; Spark's cast wants seconds before a zone."""
    return F.coalesce(text.try_cast("timestamp"), F.regexp_replace(text, _MINUTES, "$1:00").try_cast("timestamp"))


def _iso_day(text: Column, source: Source) -> Column:
    moment, zone = _iso_moment(text), source.time_zone
    day = written = F.regexp_extract(text, _DATE, 0).try_cast("date")
    if zone and source.times_in:
        day = F.when(text.rlike(_TIMED), _day_in(F.to_utc_timestamp(moment, F.lit(source.times_in)), zone)).otherwise(written)
    if zone:
        day = F.when(text.rlike(_ZONED), _day_in(moment, zone)).otherwise(day)
    return F.when(moment.isNotNull() & written.isNotNull(), day)


def _day_by_pattern(text: Column, pattern: str, source: Source) -> Column:
    moment, zone = F.try_to_timestamp(text, F.lit(pattern)), source.time_zone
    if zone and source.times_in and _has_time(pattern):
        return _day_in(F.to_utc_timestamp(moment, F.lit(source.times_in)), zone)
    if not _has_zone(pattern):
        return moment.cast("date")
    day = _day_in(moment, zone) if zone else F.to_timestamp_ntz(text, F.lit(pattern)).cast("date")
    return F.when(moment.isNotNull(), day)


def _day_in(moment: Column, zone: str) -> Column:
    return F.from_utc_timestamp(moment, F.lit(zone)).cast("date")


def _has_zone(pattern: str) -> bool:
    return bool(_ZONE_LETTERS & set("".join(pattern.split("'")[::2])))


def _has_time(pattern: str) -> bool:
    """Whether a pattern tells the hour, and no zone."""
    return bool(set("HhKk") & set("".join(pattern.split("'")[::2]))) and not _has_zone(pattern)


def is_local(files: Sequence[str], column: str) -> bool | None:
    """Whether a Parquet column of nanoseconds, which Spark reads as numbers, is told without a time zone; None where it holds
    numbers.

    Raises InputRefused where some of the files (the first 1,000) tell it with one and some without.
    """
    kinds = {file: kind for file in files[:_FILES] if (kind := stored_type([file], column)) and pa.types.is_timestamp(kind)}
    local, zoned = ([file for file, kind in kinds.items() if (kind.tz is None) == without] for without in (True, False))
    if local and zoned:
        raise InputRefused(
            f"{column} is told without a time zone in {PurePosixPath(local[0]).name} and with {kinds[zoned[0]].tz} in "
            f"{PurePosixPath(zoned[0]).name}: write all files of a source alike"
        )
    return bool(local) if kinds else None


def stored_type(files: Sequence[str], column: str) -> pa.DataType | None:
    """The type of a Parquet column, by the first file."""
    try:
        schema = parquet_schema(files[0]) if files else pa.schema([])
    except (EchelonError, OSError, pa.ArrowInvalid):
        return None
    return schema.field(column).type if column in schema.names else None
