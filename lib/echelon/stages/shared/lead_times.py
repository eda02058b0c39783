"""Lanes and deliveries from the lake, and the tables that are learned from them. They do not grow with SKUs."""

from collections.abc import Callable
from datetime import date

import pandas as pd
from pyspark.sql import DataFrame

from echelon.core.network.lead_times import LeadTimeRules, lead_times
from echelon.core.network.receipts import shared_orders
from echelon.core.network.suppliers import suppliers
from echelon.lake.contracts import TABLES
from echelon.stages.shared.context import Context

_Learn = Callable[[pd.DataFrame, pd.DataFrame, LeadTimeRules, date | None], pd.DataFrame]


def lead_times_before(context: Context, received_before: date | None) -> DataFrame:
    """The table `lead_times` from the deliveries received before a day (None: all)."""
    return _learned(context, "lead_times", lead_times, received_before)


def suppliers_before(context: Context, received_before: date | None) -> DataFrame:
    """The table `suppliers` from the deliveries received before a day (None: all)."""
    return _learned(context, "suppliers", suppliers, received_before)


def _learned(context: Context, table: str, learn: _Learn, received_before: date | None) -> DataFrame:
    lanes, deliveries = (context.lake.read(name).toPandas() for name in ("lanes", "deliveries"))
    rules = LeadTimeRules(min_deliveries=context.settings.lead_times.min_deliveries)
    learned = learn(lanes, shared_orders(deliveries), rules, received_before)
    return context.spark.createDataFrame(learned, TABLES[table].ddl)
