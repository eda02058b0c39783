"""Files of sales whose days overlap and whose rows of these days are the same: one extract, given twice.

Equal sales without a document are kept within a file, as two customers may buy the same. That two files have nearly all rows of
their common days in common, each row as often as the other file, does not happen by itself: rows of one table that are spread
over files are not there equally often. Rows of 0 say nothing here: days without a sale are alike everywhere.
"""

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F

from echelon.errors import InputRefused
from echelon.lake.sources.part import FILE
from echelon.stages.ingest.classify import RULE

_WHAT = ("sku", "location", "quantity", "price", "document")
# Of larger inputs a share of all different rows is compared, about so many.
_COMPARED = 200_000
# So large a share of the rows of one file's common days is nearly all; so many rows, of so many kinds, can't be chance, while
# fewer are told and fewest tell nothing. Many rows are told from half on: an extract that was much corrected.
_NEARLY_ALL, _HALF, _ENOUGH, _KINDS, _FEW = 0.9, 0.5, 50, 10, 5
_PAIRS = 20


def overlaps(sales: DataFrame) -> list[str]:
    """What to tell of files that share rows. sales: of several files, with what rules refuse marked.

    Raises InputRefused where so many rows would count twice that it can't be chance.
    """
    rows = sales.where(F.col(RULE).isNull() & (F.col("quantity") != 0))
    if rows.groupBy("date").agg(F.min(FILE).alias("one"), F.max(FILE).alias("other")).where("one < other").isEmpty():
        return []
    step = max(rows.count() // _COMPARED, 1)
    judged = [(_is_certain(pair), _words(pair, step)) for pair in _pairs(_counted(rows, step)).collect()]
    if certain := [words for sure, words in judged if sure]:
        more = f" ({len(certain) - 1} more pairs of files are alike)" if len(certain) > 1 else ""
        raise InputRefused(
            f"{certain[0]}{more}. Take one of them out, or let each file begin where the other ends; if both are meant, put "
            "them into one file, in which equal rows are kept, or say which column is the document (sources.sales.columns)"
        )
    return [f"{words}: is it one extract, given twice?" for _, words in judged]


def _is_certain(pair: Row) -> bool:
    return bool(pair["kinds"] >= _KINDS and pair["same"] >= max(_ENOUGH, _NEARLY_ALL * pair["least"]))


def _counted(rows: DataFrame, step: int) -> DataFrame:
    """Every `step`th different row: how often it is in each file, and what it is but for the day."""
    what, files = F.xxhash64(*_WHAT), F.col(FILE).alias("file")
    same = F.xxhash64("date", *_WHAT)
    some = rows.select(same.alias("row"), what.alias("what"), "date", files, "quantity").where(F.pmod(F.col("row"), step) == 0)
    return some.groupBy("row", "what", "date", "file").agg(F.count("*").alias("number"), F.sum("quantity").alias("units"))


def _pairs(counted: DataFrame) -> DataFrame:
    """Pairs of files with nearly all rows of their common days in common, or half of many, those with most first."""
    other = counted.select("row", "number", F.col("file").alias("other"))
    both = counted.join(other, ["row", "number"]).where("file < other")
    sums = F.sum("number").alias("same"), F.sum("units").alias("units"), F.count_distinct("what").alias("kinds")
    days = F.min("date").alias("first"), F.max("date").alias("last")
    pairs = both.groupBy("file", "other").agg(*sums, *days).where(F.col("same") >= _FEW)
    most = pairs.orderBy(F.desc("same"), "file", "other").limit(_PAIRS)
    in_days = counted.groupBy("file", "date").agg(F.sum("number").alias("here"))
    there = in_days.select(F.col("file").alias("other"), "date", F.col("here").alias("there"))
    common = most.join(in_days, "file").join(there, ["other", "date"]).groupBy("file", "other").agg(_least())
    share = F.when(F.col("same") >= _ENOUGH, _HALF).otherwise(_NEARLY_ALL)
    return (
        most.join(common, ["file", "other"])
        .where(F.col("same") >= share * F.col("least"))
        .orderBy(F.desc("same"), "file", "other")
    )


def _least() -> Column:
    """Rows of the common days in the file that has fewer."""
    return F.least(F.sum("here"), F.sum("there")).alias("least")


def _words(pair: Row, step: int) -> str:
    same, units = (float(pair[name]) * step for name in ("same", "units"))
    about = "about " if step > 1 else ""
    return (
        f"sales: {pair['file']} and {pair['other']} hold the same rows of {pair['first']} to {pair['last']}: "
        f"{about}{same:,.0f} rows with {units:,.0f} units count twice"
    )
