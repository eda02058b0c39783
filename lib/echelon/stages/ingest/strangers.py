"""Rows of SKUs and locations that nothing else knows: quarantined, and told where not one row is known."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from echelon.errors import InputRefused
from echelon.lake.inputs import EVERY
from echelon.stages.ingest import classify
from echelon.stages.ingest.classify import RULE
from echelon.stages.ingest.records import Counts, Frames
from echelon.stages.shared.context import Context
from echelon.stages.shared.notes import note

_SHOWN = 3
_ONLY_KNOWN = ("stock", "stock_history")
_OR_EVERY = ("targets", "signals", "events")
_RULES = {"sku": "unknown_sku", "location": "unknown_location"}


def refuse_strange_sales(rows: Frames) -> DataFrame:
    """Sales of SKUs and locations that are not in `items` and `locations`, where these are given. A row of theirs that was
    refused makes its SKU or location no stranger."""
    sales = rows["sales"]
    for column, known in (("sku", "items"), ("location", "locations")):
        if known in rows:
            sales = classify.refuse_unknown(sales, _named(rows[known], column), column, _RULES[column], known)
    return sales


def refuse_strangers(context: Context, rows: Frames) -> Frames:
    """The inputs beside sales that name SKUs or locations, known ones alone. rows: with the final `sales`."""
    changed = {name: rows[name] for name in (*_ONLY_KNOWN, *_OR_EVERY) if name in rows}
    for column, names, where in (("sku", *_skus(rows)), ("location", *_locations(context, rows))):
        names = context.lake.keep(f"known_{column}", names.distinct())
        every = context.spark.createDataFrame([(EVERY,)], f"{column} string")
        for name in changed:
            if column in changed[name].columns:
                known = names.union(every) if name in _OR_EVERY else names
                changed[name] = classify.refuse_unknown(changed[name], known, column, _RULES[column], where)
    return changed


def _skus(rows: Frames) -> tuple[DataFrame, str]:
    if "items" in rows:
        return _named(rows["items"], "sku"), "items"
    return _accepted(rows["sales"], "sku"), "accepted sales"


def _locations(context: Context, rows: Frames) -> tuple[DataFrame, str]:
    if "locations" in rows and "lanes" in rows:
        return _named(rows["locations"], "location"), "locations"
    default = context.spark.createDataFrame([(context.settings.defaults.supplier,)], "location string")
    if "locations" in rows:
        return _named(rows["locations"], "location").union(default), "locations"
    sold = _accepted(rows["sales"], "location")
    if "lanes" not in rows:
        return sold.union(default), "accepted sales"
    return sold.union(_accepted(rows["lanes"], "source")).union(
        _accepted(rows["lanes"], "destination")
    ), "lanes or accepted sales"


def _accepted(frame: DataFrame, column: str) -> DataFrame:
    return frame.where(F.col(RULE).isNull()).select(F.col(column))


def _named(frame: DataFrame, column: str) -> DataFrame:
    return frame.where(F.col(column).isNotNull()).select(column)


def tell_strangers(rows: Frames, counts: Counts) -> None:
    """Say where not one row of an input belongs to anything that is planned; stock is refused for that, since all would be
    ordered from empty."""
    _refuse_foreign_stock(rows, counts)
    for name in (*_ONLY_KNOWN, *_OR_EVERY):
        if name in counts and not counts[name].accepted and counts[name].harmless:
            reasons = classify.first_reasons(rows[name])
            note("ingest", f"not one row of {name} belongs to anything that is planned: {reasons}")


def _refuse_foreign_stock(rows: Frames, counts: Counts) -> None:
    if "stock" not in rows:
        return
    stock, sales = rows["stock"], rows["sales"].where(F.col(RULE).isNull() & (F.col("quantity") > 0))
    planned = stock.where(F.col(RULE).isNull()).join(sales.select("sku"), "sku", "left_semi")
    strangers = counts["stock"].harmless or counts["stock"].accepted
    if not strangers or not planned.isEmpty():
        return
    unplaced = stock.where(F.col(RULE) == _RULES["location"]).limit(1).count()
    column, what = ("location", "a location") if unplaced else ("sku", "a SKU")
    raise InputRefused(
        f"stock: not one of its {counts['stock'].read} rows belongs to {what} that is planned: stock is of "
        f"{_examples(stock, column)}; sales are of {_examples(sales, column)}. Write both alike (leading zeros, capitals, "
        "blanks), or leave sources.stock out to order from empty"
    )


def _examples(frame: DataFrame, column: str) -> str:
    rows = frame.where(F.col(column).isNotNull()).select(column).distinct().orderBy(column).limit(_SHOWN).collect()
    return ", ".join(f"'{row[0]}'" for row in rows)
