"""Stage `stock`: base-stock levels of every SKU's network, optimised and certified by simulation, and why they are needed."""

from functools import partial

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from echelon.config.models import Stock
from echelon.core.demand.periods import Frequency
from echelon.core.inventory.model.supply_network import SupplyNetwork
from echelon.core.inventory.planning.analytic import plan_analytic
from echelon.core.inventory.planning.plan import plan_network
from echelon.core.inventory.planning.stock_plan import SimulationSize, StockPlan
from echelon.lake.contracts import TABLES
from echelon.stages.shared.context import Context
from echelon.stages.shared.failures import count_failures
from echelon.stages.shared.notes import note
from echelon.stages.shared.resumable import bucket_parts
from echelon.stages.stock.explanations import PARTS, explained_parts, explanation_rows, failure_note, with_evidence
from echelon.stages.stock.long_lead_times import shortened
from echelon.stages.stock.network_building import Lanes, make_network, planning_rows, shared_lanes
from echelon.stages.stock.stock_changes import changes, safety_stock_by_cause

PERIODS: dict[Frequency, int] = {"D": 120, "W": 52, "M": 36}
PLAN_COLUMNS = [name for name in TABLES["stock_levels"].column_names if name not in ("sku", "location", "source", "echelon")]


def run(context: Context) -> str:
    """Publish `stock_levels`, `stock_explanations` and `stock_changes`."""
    lake = context.lake
    lanes = shared_lanes(context, lake.read("lead_times"))
    _tell_shortened(context, lanes)
    rows = with_evidence(context, planning_rows(context, lake.read("demand_distributions")))
    function = partial(_plan_bucket, lanes=lanes, size=simulation_size(context))
    schema = f"{TABLES['stock_levels'].ddl}, {PARTS}"
    planned = lake.keep_parts("levels", bucket_parts(context, "levels", rows, function, schema))
    levels = planned.select(TABLES["stock_levels"].column_names)
    failed = count_failures(context, levels, "stock levels", "method = 'analytic'")
    explained = explanation_rows(planned)
    if failures := failure_note(planned):
        note("stock", failures)
    tables = {"stock_levels": levels, "stock_explanations": explained, "stock_changes": _changes(context, levels, explained)}
    published = lake.publish(tables)
    skus, explained_skus, missed = (f"{number:,}" for number in _counted(planned))
    return (
        f"{skus} SKU networks, {explained_skus} explained, {published['stock_levels']:,} levels, {failed:,} fallbacks, "
        f"{missed} with a target out of reach"
    )


def _tell_shortened(context: Context, lanes: Lanes) -> None:
    for row in context.lake.read("lead_times").orderBy("source", "destination").collect():
        if note := shortened(row.asDict(), lanes.period_days):
            print(f"{'stock':<10} note: {note}")


def _counted(planned: DataFrame) -> tuple[int, ...]:
    """SKUs planned, explained, and with a target out of reach."""
    conditions = ("true", "safety_parts IS NOT NULL", "status LIKE 'target not reached%'")
    counts = [F.count_distinct(F.when(F.expr(condition), F.col("sku"))) for condition in conditions]
    return tuple(planned.select(*counts).collect()[0])


def _changes(context: Context, levels: DataFrame, explained: DataFrame) -> DataFrame:
    """What moved the safety stock since the last release; nothing did before there was one."""
    lake, old = context.lake, context.lake.read_released
    if "stock_levels" not in lake.released:
        return context.spark.createDataFrame([], TABLES["stock_changes"].ddl)
    before = safety_stock_by_cause(old("stock_levels"), old("stock_explanations"), old("items"))
    return changes(before, safety_stock_by_cause(levels, explained, lake.read("items")))


def simulation_size(context: Context) -> SimulationSize:
    """How much is simulated per SKU."""
    chosen: Stock = context.settings.stock
    periods = chosen.periods or PERIODS[context.settings.run.frequency]
    return SimulationSize(periods, chosen.replications, chosen.certification_replications)


def plan_or_fall_back(network: SupplyNetwork, size: SimulationSize, periods_per_year: float = 365.0) -> StockPlan:
    """The plan by simulation; whatever goes wrong with one SKU, it gets analytic levels and the reason."""
    try:
        return plan_network(network, size, periods_per_year).plan
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        return plan_analytic(network, reason, periods_per_year)


def _plan_bucket(rows: pd.DataFrame, lanes: Lanes, size: SimulationSize) -> pd.DataFrame:
    tables = []
    for sku, rows_of_sku in rows.groupby("sku", sort=True):
        network = make_network(str(sku), rows_of_sku, lanes)
        plan = plan_or_fall_back(network, size, lanes.periods_per_year)
        tables.append(_table(network, plan).join(explained_parts(network, plan, rows_of_sku, lanes, size)))
    return pd.concat(tables)


def _table(network: SupplyNetwork, plan: StockPlan) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "sku": network.sku,
            "location": [point.name for point in network.nodes],
            "source": [point.preferred.supplier for point in network.nodes],
            "echelon": echelons(network),
            **{name: getattr(plan, name) for name in PLAN_COLUMNS},
        }
    )
    # Not a number means unknown, which a table says by null.
    return frame.astype(object).where(frame.notna(), None)


def echelons(network: SupplyNetwork) -> list[int]:
    """1 for points supplied from outside alone, else one more than the highest echelon that supplies them."""
    depth: list[int] = []
    for point in network.nodes:
        depth.append(1 + max(depth[link.source] if link.source >= 0 else 0 for link in point.links))
    return depth
