"""Exceptions that the data call for, beside those of the plan: each kind has a file of its own here."""

from collections.abc import Callable
from functools import reduce

from pyspark.sql import DataFrame

from echelon.lake.contracts import TABLES
from echelon.lake.schema import conform
from echelon.stages.replenish.data_exceptions.delivery_outliers import delivery_outliers
from echelon.stages.replenish.data_exceptions.demand_spikes import demand_spikes
from echelon.stages.replenish.data_exceptions.phantom_stock import phantom_stock
from echelon.stages.replenish.data_exceptions.refused_rows import refused_rows
from echelon.stages.replenish.data_exceptions.stock_mismatches import stock_mismatches
from echelon.stages.replenish.data_exceptions.unplanned_stock import unplanned_stock
from echelon.stages.shared.context import Context

Finder = Callable[[Context], DataFrame]
FINDERS: tuple[Finder, ...] = (
    demand_spikes,
    delivery_outliers,
    refused_rows,
    unplanned_stock,
    stock_mismatches,
    phantom_stock,
)


def data_exceptions(context: Context) -> DataFrame:
    """Rows of the table `exceptions`, at most one of a kind per SKU and location; `*` stands for every SKU or location."""
    table = TABLES["exceptions"]
    nothing = context.spark.createDataFrame([], table.ddl)
    return reduce(DataFrame.unionByName, (conform(find(context), table) for find in FINDERS), nothing)
