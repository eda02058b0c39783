"""Notes on what was done with rows of one key: those that conflict are not used, stock by bin or lot is added up."""

from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from echelon.engine.decimal_sums import exact_sum
from echelon.stages.ingest.classify import REASON, RULE
from echelon.stages.ingest.records import Frames
from echelon.stages.shared.notes import note


def note_rows(rows: Frames) -> None:
    """Notes on conflicting rows and on stock that was added up."""
    others = [frame.select(F.lit(name).alias("input"), RULE, REASON) for name, frame in rows.items() if name != "sales"]
    if not others:
        return
    conflicting = reduce(DataFrame.unionByName, others).where(F.col(RULE) == "conflicting")
    for name, number, reason in conflicting.groupBy("input").agg(F.count("*"), F.min(REASON)).orderBy("input").collect():
        note("ingest", f"{name}: {number} rows conflict and are not used: {reason}")
    if "stock" in rows:
        _note_added_up(rows["stock"].where(F.col(RULE).isNull()))


def _note_added_up(stock: DataFrame) -> None:
    sums = F.count("*").alias("rows"), exact_sum(F.col("on_hand")).alias("units")
    added = stock.groupBy("sku", "location").agg(*sums).where("rows > 1")
    most = F.max(F.struct("rows", "units", "sku", "location")).alias("most")
    totals = added.agg(F.count("*").alias("keys"), F.sum("rows").alias("rows"), most).collect()[0]
    if totals["keys"]:
        example = totals["most"]
        note(
            "ingest",
            f"stock: {totals['rows']} rows of {totals['keys']} SKU-locations are added up, as stock by bin or lot: "
            f"'{example['sku']}' at '{example['location']}' has {example['units']:g} in {example['rows']} rows",
        )
