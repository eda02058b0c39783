"""SKU networks a second through Spark when there are so many that fixed costs vanish: the planned SKUs, copied."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd
from echelon.engine.grouped.buckets import apply_in_buckets
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

COPIES = 10


@dataclass(frozen=True)
class Many:
    """SKUs planned in one Spark job, and its wall-clock seconds."""

    skus: int
    seconds: float


def plan_copies(rows: DataFrame, function: Callable[[pd.DataFrame], pd.DataFrame], schema: str, buckets: int) -> Many:
    """Plan COPIES of every SKU, each with random numbers of its own as its name differs, without explaining any: only the
    most valuable SKUs of a large assortment are explained. The rows are read before; the result is not written."""
    number = rows.sparkSession.range(COPIES).withColumnRenamed("id", "_copy")
    named = rows.withColumn("explained", F.lit(False)).crossJoin(number)
    copies: Any = named.withColumn("sku", F.concat_ws("-", "sku", "_copy")).drop("_copy").cache()
    skus = copies.select("sku").distinct().count()
    began = time.perf_counter()
    apply_in_buckets(copies, ["sku"], function, schema, buckets).write.format("noop").mode("overwrite").save()
    return Many(skus, time.perf_counter() - began)
