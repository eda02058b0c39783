"""What one SKU adds to each row of `kpis`, and how SKUs add up."""

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from echelon.core.inventory.model.supply_network import SupplyNetwork
from echelon.core.inventory.planning.warm_up import slowest_lane
from echelon.core.inventory.replay import Replay
from echelon.engine.decimal_sums import exact_sum
from echelon.lake.contracts import TABLES

KEYS = ("policy", "scope", "member")
_SUMS = (
    "series",
    "demand_periods",
    "demand",
    "tested_units",
    "served",
    "served_variance",
    "target_units",
    "stock_out_periods",
    "stock_units",
    "stock_value",
    "holding_cost",
    "lost_value",
)
_SHARES = ("fill_rate", "fill_rate_se", "target_fill_rate", "stock_out_share", "tested_share")
MEASURES = ", ".join([f"{name} string" for name in (*KEYS, "sku")] + [f"{name} double" for name in _SUMS])


def measured_rows(policy: str, network: SupplyNetwork, rows: pd.DataFrame, result: Replay) -> pd.DataFrame:
    """Rows of MEASURES of one SKU: total, each location, and its ABC class.

    rows: the SKU's rows of locations with customers, with fill_rate (target), unit_cost, unit_price and abc.
    """
    names = [node.name for node in network.nodes]
    everything = np.ones(len(names), dtype=bool)
    groups = [("total", "all", everything), ("abc", str(rows["abc"].iloc[0]), everything)]
    groups += [("location", name, np.array(names) == name) for name in names]
    return pd.DataFrame(
        [
            {"policy": policy, "scope": scope, "member": member, "sku": network.sku} | _sums(network, rows, result, chosen)
            for scope, member, chosen in groups
        ]
    )


def _sums(network: SupplyNetwork, rows: pd.DataFrame, result: Replay, chosen: np.ndarray) -> dict[str, float]:
    cost, price = float(rows["unit_cost"].iloc[0]), float(rows["unit_price"].iloc[0])
    sells = np.array([node.demand is not None for node in network.nodes]) & chosen
    targets = np.array([node.target_fill_rate or 0.0 for node in network.nodes])
    replications = result.served_by_replication.shape[1]
    served = result.served_by_replication[sells].sum(axis=0)
    stock = float(result.on_hand[chosen].sum())
    tested = sells & (slowest_lane(network) <= result.periods)
    return {
        "series": float(sells.sum()),
        "demand_periods": float(result.demand_periods[sells].sum()),
        "demand": float(result.demand[sells].sum()),
        "tested_units": float(result.demand[tested].sum()),
        "served": float(result.served[sells].sum()),
        "served_variance": float(served.var(ddof=1) / replications),
        "target_units": float((targets * result.demand)[sells].sum()),
        "stock_out_periods": float(result.stock_out_periods[sells].sum()),
        "stock_units": stock,
        "stock_value": stock * cost,
        "holding_cost": float(result.holding_cost[chosen].sum()),
        "lost_value": float((result.demand - result.served)[sells].sum()) * price,
    }


def totals(measured: DataFrame) -> DataFrame:
    """The table `kpis` without its intervals. Lead times of SKUs are independent, so the variances of what is served add up."""
    added = measured.groupBy(*KEYS).agg(*(exact_sum(F.col(name)).alias(name) for name in _SUMS))
    demand = F.when(F.col("demand") > 0, F.col("demand"))
    share = F.when(F.col("demand") > 0, F.least(F.col("served") / F.col("demand"), F.lit(1.0)))
    return added.withColumns(
        {
            "fill_rate": share,
            "fill_rate_se": F.sqrt("served_variance") / demand,
            "target_fill_rate": F.col("target_units") / demand,
            "stock_out_share": F.col("stock_out_periods") / F.when(F.col("demand_periods") > 0, F.col("demand_periods")),
            "lost_value": F.greatest("lost_value", F.lit(0.0)),
            "tested_share": F.col("tested_units") / demand,
        }
    ).select(*(name for name in TABLES["kpis"].column_names if name in (*KEYS, *_SUMS, *_SHARES)))


def with_intervals(kpis: DataFrame, intervals: DataFrame) -> DataFrame:
    """The whole table `kpis`."""
    return kpis.join(intervals, list(KEYS), "left").select(*TABLES["kpis"].column_names)
