"""What deliveries teach of lanes and suppliers. Buckets of lanes count their deliveries; the driver sees only the counts."""

from collections.abc import Callable
from datetime import date
from functools import partial

import pandas as pd
from pyspark.sql import DataFrame

from echelon.core.network.deliveries import KNOWN, known_deliveries
from echelon.core.network.lead_times import LeadTimeRules, lead_times
from echelon.core.network.receipts import shared_orders
from echelon.core.network.suppliers import suppliers
from echelon.engine.grouped.buckets import apply_in_buckets
from echelon.lake.contracts import TABLES
from echelon.stages.shared.context import Context

_LANE = ["source", "destination"]
_TYPES = {"source": "string", "destination": "string", "deliveries": "long"}
_COUNTS = ", ".join(f"{name} {_TYPES.get(name, 'double')}" for name in KNOWN)
_Learn = Callable[[pd.DataFrame, pd.DataFrame, LeadTimeRules], pd.DataFrame]


class Learned:
    """The tables that deliveries received before a day (None: all) teach."""

    def __init__(self, context: Context, received_before: date | None) -> None:
        self._context = context
        self._lanes = context.lake.read("lanes").toPandas()
        self._known = _counts(context, received_before)

    @property
    def lead_times(self) -> DataFrame:
        """The table `lead_times`."""
        return self._table("lead_times", lead_times)

    @property
    def suppliers(self) -> DataFrame:
        """The table `suppliers`."""
        return self._table("suppliers", suppliers)

    def _table(self, name: str, learn: _Learn) -> DataFrame:
        rules = LeadTimeRules(min_deliveries=self._context.settings.lead_times.min_deliveries)
        return self._context.spark.createDataFrame(learn(self._lanes, self._known, rules), TABLES[name].ddl)


def _counts(context: Context, received_before: date | None) -> pd.DataFrame:
    """`known_deliveries` of all lanes."""
    if context.settings.sources.deliveries is None:
        return pd.DataFrame(columns=KNOWN)
    read = context.lake.read
    rows = read("deliveries").join(read("lanes").select(*_LANE, "lead_time_days"), _LANE)
    count = partial(_counted, received_before=received_before)
    return apply_in_buckets(rows, _LANE, count, _COUNTS, context.settings.spark.buckets).toPandas()


def _counted(rows: pd.DataFrame, received_before: date | None) -> pd.DataFrame:
    lanes = rows[[*_LANE, "lead_time_days"]].drop_duplicates()
    return known_deliveries(lanes, shared_orders(rows.drop(columns="lead_time_days")), received_before)
