"""Stock of several days in one source: added up, as bins are, it would count as often as there are days.

Which column tells the day is decided by what it holds, where its name is not plain: dates, nearly all of which are given for
nearly every SKU and location. Dates of a lot or bin (expiry, receipt, last sale) are other ones for each SKU, or named so.
"""

import re
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from echelon.config.models import Source
from echelon.lake.inputs import INPUTS
from echelon.lake.sources.matching import find_column
from echelon.lake.sources.part import FILE
from echelon.lake.sources.read import ROW
from echelon.stages.ingest.classify import RULE, Rule, refuse

_KEY = ("sku", "location")
BINS = r"(^|[ _-])(bin|lot|batch|charge|serial|pallet)|expir|best.?before|shelf"
# Names, with StockDate read as stock_date, of days that are those of a bin or lot, or of something else; of days of stock,
# whatever they hold; and of what may be told otherwise than as a date, as the number of a week.
_OTHERS = re.compile(
    rf"{BINS}|recei|produc|order|sold|sales?([ _-]|$)|arriv|deliver|inbound|ship|pack|manufact|mfg|purchas|promis|launch|until|"
    r"cover|use.?by|sell.?by|eingang|zugang|liefer|verfall|ablauf|(^|[ _-])(last|first|next|previous|due|eta|mhd|bbd|to|thru)"
    r"([ _-]|$)"
)
_DAYS = re.compile(r"(^|[ _-])(dates?|days?|dt|datum)($|[ _-])|as.?of|snapshot|stichtag")
_PERIODS = re.compile(r"(^|[ _-])(days?|weeks?|months?|quarters?|years?|periods?|kw|woche|monat|jahr|period[eo])($|[ _-])")
# Dates as people and programs write them: 2026-10-05, 5.10.2026, 10/5/26, 20261005, 202610, 2026-W41, 5-Oct-2026, Oct 2026.
_DATED = (
    r"^((19|20)\d\d[-./]\d{1,2}[-./]\d{1,2}([ T].*)?|(19|20)\d\d[-/]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./](\d\d)?\d\d([ T].*)?"
    r"|(19|20)\d\d(0[1-9]|1[0-2])([0-2]\d|3[01])?|(19|20)\d\d[- ]?(W|KW|CW)[- ]?\d{1,2}"
    r"|\d{1,2}[-. ]+\p{L}{3,9}[-., ]+\d{2,4}|\p{L}{3,9}[-., ]+(\d{1,2},? )?(19|20)\d\d|1\d{9}(\d{3}){0,3})$"
)
_IN_A_NAME = r"((?:19|20)\d\d[-_.]?[01]\d[-_.]?[0-3]\d)"
_EPOCH = r"^1\d{9}(\d{3}){0,3}$"
_NEARLY_ALL = 0.8
_ROW, _DAY = "as it is", "day"


@dataclass(frozen=True)
class _DayColumn:
    """A column that tells of which day stock is: by its text, or by the day alone of a moment."""

    name: str
    by: str


def refuse_snapshots(stock: DataFrame, source: Source) -> DataFrame:
    """Quarantine rows of a SKU and location that are of several days. stock: with what other rules refuse marked."""
    rows = stock.where(F.col(RULE).isNull() | (F.col(RULE) == "duplicate"))
    keys, several = rows.groupBy(*_KEY).count().agg(F.count("*"), F.count_if(F.col("count") > 1)).collect()[0]
    date_columns = _days(rows, source, keys) if several else []
    return refuse(stock, *(_rule(column) for column in date_columns))


def _days(rows: DataFrame, source: Source, keys: int) -> list[_DayColumn]:
    """The columns that tell of which day stock is."""
    cells = rows.select(*_KEY, F.explode(F.concat(_cells(), F.array(_of_file()))).alias("cell")).select(*_KEY, "cell.*")
    by = F.array(
        *(F.struct(F.lit(name).alias("by"), _text_or_day(F.col("value"), name).alias("stated")) for name in (_ROW, _DAY))
    )
    filled = cells.where(F.trim("value") != "").withColumn("is_date", F.col("value").rlike(_DATED))
    filled = filled.select(*_KEY, "key", "is_date", F.explode(by).alias("one")).select(*_KEY, "key", "is_date", "one.*")
    counts = filled.groupBy("key", "by", "stated").agg(
        F.count_distinct(*_KEY).alias("keys"), F.bool_and("is_date").alias("is_date")
    )
    sums = F.count("*"), F.sum("keys"), F.bool_and("is_date")
    columns = counts.groupBy("key", "by").agg(*sums).orderBy("key", "by").collect()
    mapped = _mapped(source, sorted({name for name, *_ in columns}))
    return [
        _DayColumn(name, by)
        for name, by, values, pairs, dated in columns
        if values > 1 and name not in mapped
        if _tells_days(name, by, dated, shared=keys > 1 and pairs >= _NEARLY_ALL * values * keys)
    ]


def _mapped(source: Source, names: list[str]) -> set[str | None]:
    ours = (column.name for column in INPUTS["stock"].columns if column.name not in source.constants)
    return {find_column(tuple(names), source.columns.get(name, name)) for name in ours}


def _tells_days(name: str, by: str, dated: bool, shared: bool) -> bool:
    """shared: nearly every SKU and location has nearly every value."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
    if name != FILE and _OTHERS.search(words):
        return False
    if shared and (dated or _PERIODS.search(words)):
        return True
    return bool(by == _ROW and dated and name != FILE and _DAYS.search(words))


def _rule(column: _DayColumn) -> Rule:
    """Rows of several days, unless these are of several bins or lots, each of one day."""
    all_rows = Window.partitionBy(*_KEY, F.col(RULE).isNull())
    cell = _of_file()["value"] if column.name == FILE else F.from_json(ROW, "map<string,string>")[column.name]
    day = F.coalesce(_text_or_day(cell, column.by), F.lit(""))
    of_bin = F.to_json(F.filter(_cells(), lambda cell: F.lower(cell["key"]).rlike(BINS)))
    bins = F.size(F.collect_set(of_bin).over(all_rows))
    with_days = F.size(F.collect_set(F.concat(of_bin, day)).over(all_rows))
    first, last = F.min(day).over(all_rows), F.max(day).over(all_rows)
    name = "names of files" if column.name == FILE else column.name
    return Rule(
        "conflicting",
        (first != last) & ((bins < 2) | (with_days > bins)),
        F.concat(
            F.lit(f"rows of several days ({name}: "), first, F.lit(" and "), last,
            F.lit("): stock is that of the run date; give that of other days as stock_history"),
        ),
    )  # fmt: skip


def _cells() -> Column:
    """Name and text of each column of the row."""
    return F.map_entries(F.from_json(ROW, "map<string,string>"))


def _of_file() -> Column:
    """The day that the name of the row's file holds, as a cell."""
    return F.struct(F.lit(FILE).alias("key"), F.regexp_extract(FILE, _IN_A_NAME, 1).alias("value"))


def _text_or_day(value: Column, by: str) -> Column:
    """The text, or of a moment its day alone."""
    if by == _ROW:
        return value
    seconds = value.try_cast("double") / F.pow(F.lit(10.0), F.length(value) - 10)
    written = F.regexp_replace(value, r"^(\S*\d[-./]\d\S*?)[ T]\d.*$", "$1")
    return F.when(value.rlike(_EPOCH), F.floor(seconds / 86_400).cast("string")).otherwise(written)
