"""Accepted and refused rows of every input."""

from datetime import date, timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from echelon.config.models import Source
from echelon.errors import InputRefused
from echelon.lake.inputs import EVERY, INPUTS
from echelon.lake.sources.explain import READ_ERRORS, explain_read
from echelon.lake.sources.moments import CLOCK, SECOND
from echelon.lake.sources.read import LOST, Reading, look_over, read_source
from echelon.stages.ingest import classify
from echelon.stages.ingest.classify import Rule
from echelon.stages.ingest.repeats.copies import settle_copies
from echelon.stages.ingest.repeats.overlaps import overlaps
from echelon.stages.ingest.repeats.snapshots import refuse_snapshots
from echelon.stages.shared.context import Context
from echelon.stages.shared.notes import note


def classified(context: Context, name: str) -> DataFrame | None:
    """All rows of an input with the first rule that refuses each, kept in scratch files; None without a source.

    Raises InputRefused when the source can't be read, has no rows, or lacks a required column.
    """
    source: Source | None = getattr(context.settings.sources, name)
    if source is None:
        return None
    reading = read_source(context.spark, source, INPUTS[name])
    frame = classify.typed(reading.frame, INPUTS[name], source)
    try:
        kept = context.lake.keep(f"input_{name}", _own_rules(name, reading, frame))
    except READ_ERRORS as error:
        raise InputRefused(f"{name}: {source.place}: {explain_read(error, source.place)}") from None
    for text in (*reading.notes, *look_over(context.spark, reading, kept)):
        note("ingest", text)
    for text in overlaps(kept) if name == "sales" and len(reading.names) > 1 else []:
        note("ingest", text)
    kept = refuse_snapshots(kept, source) if name == "stock" else kept
    return kept.drop(LOST, *(column for column in kept.columns if column.startswith((SECOND, CLOCK))))


def _own_rules(name: str, reading: Reading, frame: DataFrame) -> DataFrame:
    if name == "sales":
        frame = classify.refuse(frame, *_sales_rules())
        return settle_copies(frame, name, reading.source) if "document" in reading.given else frame
    if name == "deliveries":
        backwards = F.col("received_date") < F.col("order_date")
        frame = classify.refuse(frame, Rule("received_before_ordered", backwards, F.lit("received before it was ordered")))
    if name == "lanes":
        half = F.col("days_up").isNull() != F.col("days_down").isNull()
        frame = classify.refuse(
            frame, Rule("missing_value", half, F.lit("days_up and days_down go together: give both or none"))
        )
    if name in ("signals", "events"):
        scopes = [scope for scope in ("sku", "location") if scope in INPUTS[name].key]
        frame = frame.withColumns({scope: F.coalesce(scope, F.lit(EVERY)) for scope in scopes})
    return settle_copies(frame, name, reading.source)


def _sales_rules() -> list[Rule]:
    """The price of a row of 0 says nothing: such a row only says that there was no sale."""
    price = F.when(F.col("quantity") != 0, F.col("price"))
    return [
        Rule("negative_price", price < 0, F.concat(F.lit("price "), price.cast("string"), F.lit(" is below 0"))),
        Rule("zero_price", price == 0, F.lit("price is 0: a correction, write-off or sample, no sale to a customer")),
    ]


def zeros_ahead(sales: DataFrame, run_date: date) -> DataFrame:
    """Quarantine rows of 0 on or after the run date: filled in ahead, they say nothing yet."""
    words = f"is not before the run date {run_date}, and quantity is 0: filled in ahead"
    ahead = (F.col("date") >= F.lit(run_date)) & (F.col("quantity") == 0)
    return classify.refuse(sales, Rule("zero_ahead", ahead, _reason("date", words)))


def in_history(frame: DataFrame, column: str, run_date: date, years: int) -> DataFrame:
    """Quarantine what happened on or after the run date, or so long before it that it must be an error."""
    future = Rule("future_date", F.col(column) >= F.lit(run_date), _reason(column, f"is not before the run date {run_date}"))
    return classify.refuse(frame, future, _too_old(column, run_date, years))


def near(frame: DataFrame, column: str, run_date: date, years: int) -> DataFrame:
    """Quarantine what lies so long before or after the run date that it must be an error; plans may reach ahead."""
    latest = run_date + timedelta(days=round(365.25 * years))
    words = f"is more than {years} years after the run date {run_date}"
    too_new = Rule("future_date", F.col(column) > F.lit(latest), _reason(column, words))
    return classify.refuse(frame, too_new, _too_old(column, run_date, years))


def _too_old(column: str, run_date: date, years: int) -> Rule:
    earliest = run_date - timedelta(days=round(365.25 * years))
    words = f"is more than {years} years before the run date {run_date}"
    return Rule("too_old", F.col(column) < F.lit(earliest), _reason(column, words))


def _reason(column: str, words: str) -> Column:
    return F.concat(F.lit(f"{column} "), F.col(column).cast("string"), F.lit(f" {words}"))
