"""Times of the day that look like midnights of another time zone: their days are those before, one early each."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from echelon.config.models import Source
from echelon.errors import InputRefused
from echelon.lake.sources.moments import CLOCK, SECOND, stored_type

# So large a share of moments at one time of day, or at two an hour apart (summer time), is no time at which things happen.
_GREAT_MAJORITY = 0.9
_FEW = 10
# Offsets from UTC are whole quarters of an hour; a midnight from here on is that of a later day.
_QUARTER, _HOUR, _TEN, _NOON, _EVENING, _DAY = 900, 3600, 36_000, 43_200, 72_000, 86_400
# So many times a day may be midnights of so many zones.
_ZONES = 6
# Years whose rules of summer time stand for all of our time; zones of nobody, or of an atoll.
_YEARS = (2019, 2021, 2023, 2025)
_UNUSED = ("Etc/", "Pacific/Kiritimati")


def tell_days(source: Source, name: str, kept: DataFrame, moved: Mapping[str, int], files: Sequence[str]) -> list[str]:
    """What a user should know of the days of moments. moved: by column, number of moments in UTC that are no midnights there.

    Raises InputRefused where nearly all are midnights of a time zone further east, unless goods may be booked at that time.
    """
    notes = []
    for column in (column for column, number in moved.items() if number and source.time_zone is None):
        second = F.col(f"{SECOND}{column}")
        counts = kept.where(second.isNotNull()).groupBy(second.alias("second")).count()
        rows = [(row[0], row[1]) for row in counts.orderBy(F.desc("count"), "second").limit(_ZONES).collect()]
        total = kept.where(second.isNotNull()).count()
        times = midnights_elsewhere(rows[:2], total)
        if not times:
            notes.append(_of_several_zones(name, column, rows, total) or _of_utc(name, column))
        elif not is_midnight(_by_month(kept, column, times)):
            notes.append(_of_utc(name, column))
        elif _is_booked(name, times) and not _named_zone(source, column, files):
            notes.append(_of_booking(name, column, times))
        else:
            raise InputRefused(_refusal(source, name, column, times, files))
    return notes


def _is_booked(name: str, times: Sequence[int]) -> bool:
    """Whether goods may be booked at that time every day, as at closing. Taking midnights for it costs little: lead times are
    the same where both days are moved."""
    return name == "deliveries" and len(times) == 1 and times[0] % _HOUR == 0 and times[0] < _EVENING


def _of_booking(name: str, column: str, times: Sequence[int]) -> str:
    return (
        f"{name}: nearly every {column} is at {_clock(times)} in UTC: taken for the time of day at which it is booked, not for "
        f"midnights of another zone, which begin the day after; if they are, say sources.{name}.time_zone"
    )


def _of_utc(name: str, column: str) -> str:
    return (
        f"{name}: {column} tells moments: the days are those of UTC; say sources.{name}.time_zone if those of another zone are "
        "meant"
    )


def _of_several_zones(name: str, column: str, counts: Sequence[tuple[int, int]], total: int) -> str | None:
    """What to tell where nearly all moments are at a few times of the day."""
    few = [(second, number) for second, number in counts if second % _QUARTER == 0]
    late = sum(number for second, number in few if second >= _TEN)
    if total < _FEW or not late or sum(number for _, number in few) < _GREAT_MAJORITY * total:
        return None
    times = ", ".join(f"{_clock([second])} ({number / total:.0%})" for second, number in few)
    return (
        f"{name}: {column} is at {times} in UTC, as midnights of several time zones are. The days are those of UTC: "
        f"{late:,} rows from 10:00 on, which are midnights further east, count a day early. Write the days themselves, or "
        f"bring all to one zone and say sources.{name}.time_zone"
    )


def looks_late(clock: Column) -> Column:
    """Of a column of times without a zone, whether nearly all are at quarters of an hour, and some late in the day."""
    quarters = F.count_if(clock % _QUARTER == 0)
    return (quarters >= _GREAT_MAJORITY * F.count(clock)) & (F.count_if((clock % _QUARTER == 0) & (clock >= _TEN)) > 0)


def tell_clocks(source: Source, name: str, kept: DataFrame, late: Mapping[str, bool]) -> list[str]:
    """What a user should know of times that are written without a zone. late: by column, whether nearly all are at quarters of
    an hour and some late in the day, as midnights of zones further east are when they are written in UTC.

    Raises InputRefused where they follow summer time, as such midnights do.
    """
    notes = []
    for column in (column for column, so in late.items() if so and not source.times_in and source.time_zone != "UTC"):
        clock = F.col(f"{CLOCK}{column}")
        sums = kept.where(clock % _QUARTER == 0).groupBy(F.month(column), clock).count().collect()
        counts = [(row[0], row[1], row[2]) for row in sums]
        times = midnights_elsewhere(_by_second(counts)[:2], sum(number for _, _, number in counts))
        if times and is_midnight([one for one in counts if one[1] in times]):
            text = _as_if_in_utc(source, name, column, times)
            if len(times) > 1:
                raise InputRefused(text)
            notes.append(text)
    return notes


def _by_second(counts: Sequence[tuple[int, int, int]]) -> list[tuple[int, int]]:
    totals: dict[int, int] = {}
    for _, second, number in counts:
        totals[second] = totals.get(second, 0) + number
    return sorted(totals.items(), key=lambda one: (-one[1], one[0]))


def _as_if_in_utc(source: Source, name: str, column: str, times: Sequence[int]) -> str:
    return (
        f"{name}: {source.place}: nearly every {column} is at {_clock(times)} without a time zone, as "
        "midnights of another zone are when they are written in UTC; they begin the day after. If so, say "
        f"sources.{name}.times_in: UTC and whose days are meant, sources.{name}.time_zone (Europe/Berlin, say); "
        f"sources.{name}.time_zone: UTC alone takes the days as they are written"
    )


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
    return {months for months_of_zone in years for months in months_of_zone if months}


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
    zone = getattr(stored_type(files, source.columns.get(column, column)), "tz", None)
    return str(zone) if zone and zone.upper() != "UTC" else None


def _clock(times: Sequence[int]) -> str:
    return " or ".join(f"{second // _HOUR:02d}:{second % _HOUR // 60:02d}" for second in times)
