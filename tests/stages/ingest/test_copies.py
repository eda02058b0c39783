"""Stock in several rows of a SKU and location: of bins, of days, or given twice."""

from pathlib import Path
from typing import cast

import pytest
from echelon.lake.lake import Lake
from echelon.stages.ingest import accept, complete
from echelon.stages.shared.context import Context
from pyspark.sql import SparkSession
from support.captured import Captured
from support.ingest_files import FILES, settings


@pytest.mark.parametrize(
    ("lines", "rules", "on_hand"),
    [
        (["sku,location,bin,on_hand", "A,North,1,70", "A,North,2,70", "A,North,3,-20"], [], [120.0]),
        (["sku,location,Lot,Date,on_hand", "A,North,1,2026-01-01,70", "A,North,2,2026-01-02,70"], [], [140.0]),
        (["sku,location,Date,on_hand", "A,North,2026-01-01,70", "A,North,2026-01-02,60"], ["conflicting"] * 2, []),
        (["sku,location,on_hand", "A,North,70", "A,North,12", "A,North,70"], ["duplicate"], [82.0]),
    ],
    ids=["bins", "lots with the day they came", "days", "the same row again"],
)
def test_rows_of_stock(spark: SparkSession, tmp_path: Path, lines: list[str], rules: list[str], on_hand: list[float]) -> None:
    files = FILES | {"stock": "".join(line + "\n" for line in lines)}
    found = accept.classified(Context(settings(tmp_path, files), spark, cast(Lake, Captured())), "stock")
    assert found is not None
    assert [row["_rule"] for row in found.where("_rule IS NOT NULL").collect()] == rules
    summed = complete.stock_table(found.where("_rule IS NULL").drop("_rule"))
    assert [row["on_hand"] for row in summed.collect()] == on_hand
