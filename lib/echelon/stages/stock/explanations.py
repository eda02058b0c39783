"""Which SKUs' stock is explained, by which evidence, and the table `stock_explanations`."""

from typing import Any

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from echelon.core.inventory.explanation.cause_names import CAUSES
from echelon.core.inventory.explanation.causes import Evidence
from echelon.core.inventory.explanation.explain import explain_stock
from echelon.core.inventory.model.supply_network import SupplyNetwork
from echelon.core.inventory.planning.stock_plan import SimulationSize, StockPlan
from echelon.engine.decimal_sums import exact_sum
from echelon.lake.contracts import TABLES
from echelon.stages.shared.context import Context
from echelon.stages.shared.history import SERIES
from echelon.stages.stock.network_building import Lanes

# Beside the columns of `stock_levels`; null where a SKU is not explained, `unexplained` says why it could not be.
PARTS = "safety_parts array<double>, demand_parts array<double>, unit_cost double, unexplained string"

NOT_A_TREE = "lanes with shares, limits or order costs, or a shelf life: only distribution trees are explained"


def with_evidence(context: Context, rows: DataFrame) -> DataFrame:
    """Planning rows with `bias` (of the champion of the series' segment; 0 if unknown) and `explained` (the SKU's stock is
    to be explained)."""
    read = context.lake.read
    champions = read("champions").where("purpose = 'plan'").select("segment", "bias")
    segments = read("segments")
    bias = segments.join(F.broadcast(champions), "segment", "left").select(
        *SERIES, F.coalesce("bias", F.lit(0.0)).alias("bias")
    )
    known = rows.join(bias, list(SERIES), "left").fillna(0.0, ["bias"])
    most = context.settings.stock.explain
    if most == "all" or most == 0:
        return known.withColumn("explained", F.lit(most == "all"))
    chosen = most_valuable(segments, most).withColumn("explained", F.lit(True))
    return known.join(F.broadcast(chosen), "sku", "left").fillna(False, ["explained"])


def most_valuable(segments: DataFrame, skus: int) -> DataFrame:
    """`sku` of those with the greatest annual value."""
    value = segments.groupBy("sku").agg(exact_sum(F.col("annual_value")).alias("_value"))
    return value.orderBy(F.desc("_value"), "sku").limit(skus).select("sku")


def explained_parts(
    network: SupplyNetwork, plan: StockPlan, rows: pd.DataFrame, lanes: Lanes, size: SimulationSize
) -> pd.DataFrame:
    """The columns PARTS, one row per node: parts in the order of CAUSES; nulls where the SKU is not to be explained, has no
    plan by simulation, or is planned on more than a distribution tree. The plan stands whatever goes wrong here."""
    if not rows["explained"].iloc[0] or plan.method != "simulation":
        return _columns(network, None, None, None, None)
    if not network.is_order_up_to_tree:
        return _columns(network, None, None, None, NOT_A_TREE)
    try:
        explanation = explain_stock(network, plan.base_stock_level, _evidence(network, rows, lanes), size.periods)
    except Exception as error:
        return _columns(network, None, None, None, " ".join(f"{type(error).__name__}: {error}".split())[:200])
    cost = float(rows["unit_cost"].iloc[0])
    return _columns(network, list(explanation.safety_stock.T + 0.0), list(explanation.lead_time_demand.T + 0.0), cost, None)


def _columns(network: SupplyNetwork, safety: Any, demand: Any, cost: float | None, reason: str | None) -> pd.DataFrame:
    """Values of all nodes, or one for all of them."""
    names = [part.split()[0] for part in PARTS.split(", ")]
    nodes = range(len(network.nodes))
    return pd.DataFrame(dict(zip(names, (safety, demand, cost, reason), strict=True)), index=nodes, dtype=object)


def _evidence(network: SupplyNetwork, rows: pd.DataFrame, lanes: Lanes) -> list[Evidence]:
    bias = dict(zip(rows["location"].astype(str), rows["bias"].astype(float), strict=True))
    return [Evidence(lanes.promised[(n.preferred.supplier, n.name)], bias.get(n.name, 0.0)) for n in network.nodes]


def explanation_rows(levels: DataFrame) -> DataFrame:
    """The table `stock_explanations` from planned levels with the columns PARTS."""
    with_causes = levels.where("safety_parts IS NOT NULL").withColumn("cause", F.array(*map(F.lit, CAUSES)))
    part = F.explode(F.arrays_zip("cause", "safety_parts", "demand_parts")).alias("part")
    rows = with_causes.select(*SERIES, "unit_cost", part).select(
        *SERIES,
        F.col("part.cause").alias("cause"),
        F.col("part.safety_parts").alias("safety_stock"),
        F.col("part.demand_parts").alias("lead_time_demand"),
        (F.col("part.safety_parts") * F.col("unit_cost")).alias("value"),
    )
    return rows.select(TABLES["stock_explanations"].column_names)


def failure_note(planned: DataFrame) -> str | None:
    """What to tell the user when SKUs could not be explained, else None."""
    failed = planned.where("unexplained IS NOT NULL").groupBy("unexplained").agg(F.count_distinct("sku").alias("skus"))
    rows = failed.orderBy(F.desc("skus"), "unexplained").collect()
    if not rows:
        return None
    return f"{sum(row['skus'] for row in rows):,} SKUs could not be explained, most of them by {rows[0]['unexplained']}"
