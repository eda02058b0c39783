"""The run date, and whether the sales reach it: where the data end is told, not guessed."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from echelon.core.demand.periods import Frequency
from echelon.core.demand.silence import LONGEST_GAP, Ends, Stamps, ends
from echelon.core.demand.stamps import slipped_stamps, stamp_period_words, stamps_whole_periods, stray_stamps
from echelon.errors import InputRefused
from echelon.stages.ingest.classify import RULE, first_reasons
from echelon.stages.shared.context import Context
from echelon.stages.shared.notes import note

_PERIOD: dict[Frequency, str] = {"D": "sale", "W": "week", "M": "month"}
_SHOWN = 3
# So many dates show whether they are days, or stand for weeks or months.
_ENOUGH_DATES = 8
# A few rows beyond so long a stretch without any are told, though they do not stop the run.
_NOTED_DAYS = 7


@dataclass(frozen=True)
class Day:
    """Accepted rows of sales of one date, and those of them that are not 0."""

    date: date
    rows: int
    sold: int


def in_their_periods(context: Context, sales: DataFrame) -> DataFrame:
    """Sales whose dates stand for weeks or months, those dated outside of theirs by its nearest day; tells which."""
    freq = context.settings.run.frequency
    days = _days(sales) if freq != "D" else []
    dates, rows = [day.date for day in days], [day.rows for day in days]
    if days and (counts := stamp_period_words(dates, freq, rows)):
        note(
            "ingest",
            f"the dates of sales stand for {_PERIOD[freq]}s, of which nearly each has one, though on no fixed day: a date "
            f"counts in the {_PERIOD[freq]} {counts}. Where another is meant, give a day of it",
        )
    moved = slipped_stamps(dates, freq, rows)
    if not moved:
        return sales
    shown = [f"{day} as {moved[day]}" for day in sorted(moved, reverse=True)[:_SHOWN]]
    more = f" and {len(moved) - _SHOWN} more" if len(moved) > _SHOWN else ""
    note(
        "ingest",
        f"dates of sales just outside of the {_PERIOD[freq]} that they stand for count in it: {', '.join(shown)}{more}",
    )
    pairs = [F.lit(day) for pair in moved.items() for day in pair]
    return sales.withColumn("date", F.coalesce(F.try_element_at(F.create_map(*pairs), F.col("date")), F.col("date")))


def run_date_of(context: Context, sales: DataFrame) -> date:
    """The configured day, else the day after the last row, or after the last week or month where dates stand for these.

    Tells what it takes for the end of the data. Raises InputRefused where no row was accepted, and where nothing is known of
    more days before the run date than `ingest.max_gap_days`.
    """
    days, freq = _days(sales), context.settings.run.frequency
    whole = stamps_whole_periods([day.date for day in days], freq, [day.rows for day in days])
    stamps, wanted = Stamps(freq, whole), context.settings.run.run_date
    run_date = wanted or _following(_known(_whole(days, freq)), stamps)
    if wanted is None:
        note(
            "ingest", f"no run date given: planned for {run_date}, the day after the last {_PERIOD[freq] if whole else 'sale'}"
        )
    earliest = run_date - timedelta(days=round(365.25 * context.settings.ingest.max_history_years))
    history = [day for day in days if earliest <= day.date < run_date]
    if history:
        _tell_end(context, history, run_date, stamps)
        _tell_silent_locations(context, sales, run_date, earliest)
    return run_date


def _days(sales: DataFrame) -> list[Day]:
    counts = F.count("*"), F.count_if(F.col("quantity") != 0)
    rows = sales.where(F.col(RULE).isNull()).groupBy("date").agg(*counts).orderBy("date").collect()
    if not rows:
        raise InputRefused("sales: not one row was accepted; the first reasons are " + first_reasons(sales))
    return [Day(*row) for row in rows]


def _whole(days: list[Day], freq: Frequency) -> list[Day]:
    """Without a few rows beside the usual stamps, which stand for no period; tells of those at the end."""
    stray = set(stray_stamps([day.date for day in days], freq, [day.rows for day in days]))
    whole = [day for day in days if day.date not in stray]
    if late := [day for day in days if day.date > whole[-1].date]:
        rows, last = sum(day.rows for day in late), late[-1].date
        note("ingest", f"{rows} rows of sales up to {last} are too few to stand for a {_PERIOD[freq]}: they set no run date")
    return whole


def _known(days: list[Day]) -> date:
    """The last day that is not in the future. Where rows of 0 lie there, zeros were filled in ahead: they set no date."""
    today = datetime.now(UTC).date()
    ahead = any(day.date > today and day.sold < day.rows for day in days)
    known = [day.date for day in days if day.date <= today and (day.sold or not ahead)]
    if not known:
        raise InputRefused(
            f"sales: not one sale before today, {today}: correct the dates, or say what day to plan for: run.run_date"
        )
    return known[-1]


def _following(last: date, stamps: Stamps) -> date:
    end = stamps.covered(last)[1]
    return (end if end <= datetime.now(UTC).date() else last) + timedelta(days=1)


def _longest(context: Context) -> int:
    return context.settings.ingest.max_gap_days or LONGEST_GAP[context.settings.run.frequency]


def _tell_end(context: Context, history: list[Day], run_date: date, stamps: Stamps) -> None:
    rows = [(day.date, day.rows) for day in history]
    known, near = (ends(rows, run_date, stamps, longest) for longest in (_longest(context), _NOTED_DAYS))
    _refuse_gap(context, known, run_date)
    if near.silent > near.usual:
        note("ingest", _gap(near, run_date))
    if known.early:
        number, first = known.early
        note(
            "ingest",
            f"{number} rows of sales ({first} and on) lie long before all others ({known.first} and on): mistyped?",
        )
    if stamps.covered(known.last)[1] >= run_date:
        note(
            "ingest",
            f"the {_PERIOD[stamps.freq]} of {known.last} ends after the run date {run_date} and is taken for complete",
        )
    _tell_zeros(history, known, stamps)
    _tell_longer_periods(history, stamps)


def _gap(known: Ends, run_date: date) -> str:
    text = f"no sales are known for the last {known.silent} days before the run date {run_date}: the last are of {known.last}"
    return text + (f", but for {known.late[0]} rows up to {known.late[1]}" if known.late else "")


def _refuse_gap(context: Context, known: Ends, run_date: date) -> None:
    longest = _longest(context)
    if known.silent > longest and known.silent > known.usual:
        raise InputRefused(
            f"sales: {_gap(known, run_date)}. Give the sales up to the run date (or rows of 0, if nothing was sold), correct "
            f"dates that can't be, or plan for another day (run.run_date); ingest.max_gap_days ({longest}) allows longer gaps"
        )


def _tell_zeros(history: list[Day], known: Ends, stamps: Stamps) -> None:
    sold = [day.date for day in history if day.sold and day.date <= known.last]
    if not sold:
        return
    usual = max((stamps.between(*pair) for pair in pairwise(sold)), default=0)
    empty = (known.last - stamps.covered(sold[-1])[1]).days
    if empty > max(usual, 1):
        note(
            "ingest",
            f"after {sold[-1]} all rows of sales are 0, up to {known.last}: {empty} days that are taken for no demand",
        )


def _tell_longer_periods(history: list[Day], stamps: Stamps) -> None:
    """Totals of periods that are planned by shorter ones. Months first: they may all be dated by one weekday."""
    longer: list[Frequency] = {"D": ["M", "W"], "W": ["M"], "M": []}[stamps.freq]  # type: ignore[assignment]
    dates, rows = [day.date for day in history], [day.rows for day in history]
    alike = [freq for freq in longer if len(history) >= _ENOUGH_DATES and stamps_whole_periods(dates, freq, rows)]
    if alike:
        word = _PERIOD[alike[0]]
        note(
            "ingest",
            f"the dates of sales look like those of {word}s: if rows are totals of {word}s, say run.frequency: {alike[0]}; "
            f"as it is, each is taken for the sales of its {'day' if stamps.freq == 'D' else 'week'} alone",
        )


def _tell_silent_locations(context: Context, sales: DataFrame, run_date: date, earliest: date) -> None:
    """Locations are few."""
    since = run_date - timedelta(days=_longest(context) + 1)
    known = sales.where(F.col(RULE).isNull() & (F.col("date") < F.lit(run_date)) & (F.col("date") >= F.lit(earliest)))
    last = known.groupBy("location").agg(F.max("date").alias("last"))
    silent = sorted((row["last"], row["location"]) for row in last.where(F.col("last") < F.lit(since)).collect())[::-1]
    if silent:
        named = ", ".join(f"{location} (the last of {day})" for day, location in silent[:_SHOWN])
        more = f" and {len(silent) - _SHOWN} more" if len(silent) > _SHOWN else ""
        note("ingest", f"locations without a sale for more than {_longest(context)} days: {named}{more}")
