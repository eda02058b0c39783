"""Stage `replay`: the held-back weeks under this plan and under the classical one, on the same demand and lead times.

Nothing that is used here was known only later: champions, spread, levels and lead times come from before the weeks.
"""

from functools import partial

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from echelon.core.demand.periods import PERIOD_DAYS
from echelon.core.inventory.model.supply_network import SupplyNetwork
from echelon.core.inventory.planning.stock_plan import SimulationSize
from echelon.report.sections.comparison import LEAST_TESTED
from echelon.stages.backtest.candidate_sums import replay_scores
from echelon.stages.forecast.ahead import with_paths
from echelon.stages.forecast.distributions import distributions, residual_sums, with_champions
from echelon.stages.forecast.reconcile import beyond, corrected, hierarchy
from echelon.stages.replay.intervals import intervals
from echelon.stages.replay.measures import MEASURES, measured_rows, totals, with_intervals
from echelon.stages.replay.replayed import Replayed
from echelon.stages.shared.context import Context
from echelon.stages.shared.forecast_reach import forecast_reach
from echelon.stages.shared.history import SERIES
from echelon.stages.shared.lead_times import Learned
from echelon.stages.shared.resumable import bucket_parts
from echelon.stages.shared.windows import Windows
from echelon.stages.stock import plan_or_fall_back, simulation_size
from echelon.stages.stock.network_building import Lanes, make_network, planning_rows, shared_lanes


def run(context: Context) -> str:
    """Publish `kpis`."""
    lake, windows = context.lake, context.windows
    known = lake.read("demand").where(F.col("date") < F.lit(windows.replay_start_date))
    rows = lake.keep("rows", _rows(context, windows, known))
    lanes = shared_lanes(context, Learned(context, windows.replay_start_date).lead_times)
    function = partial(
        _replay_bucket,
        lanes=lanes,
        size=simulation_size(context),
        replications=context.settings.replay.replications,
        window=max(2, round(context.settings.replay.moving_average_days / PERIOD_DAYS[windows.freq])),
    )
    measured = lake.keep_parts("measured", bucket_parts(context, "measured", rows, function, MEASURES))
    lake.publish({"kpis": with_intervals(totals(measured), intervals(context, measured))})
    return _outcome(context)


def _outcome(context: Context) -> str:
    rows = context.lake.read("kpis").where("scope = 'total'").collect()
    by_policy = {row["policy"]: row for row in rows}
    ours, theirs = by_policy["echelon"], by_policy["classical"]
    stock = f"{ours['stock_value'] / theirs['stock_value'] - 1:+.0%}" if theirs["stock_value"] else "-"
    return (
        f"{int(ours['series']):,} series held back {context.windows.held_back_words}: fill rate {_rate(ours)} "
        f"(classical {_rate(theirs)}), stock value {stock}{_no_proof(ours['tested_share'])}"
    )


def _rate(row: Row) -> str:
    """A fill rate in words, a dash without demand."""
    return "-" if row["fill_rate"] is None else f"{row['fill_rate']:.1%}"


def _no_proof(tested: float | None) -> str:
    """What to say where most demand waits longer for its supply than was held back."""
    if tested is None or tested >= LEAST_TESTED:
        return ""
    return "; no proof: shorter than the lead times (`replay.weeks`)"


def _rows(context: Context, windows: Windows, known: DataFrame) -> DataFrame:
    """One row per series: what `make_network` takes, and demand before and in the held-back weeks as arrays."""
    segments = context.lake.read("segments").where("replay_segment IS NOT NULL")
    segments = segments.select(*SERIES, F.col("replay_segment").alias("segment"))
    chosen = with_champions(segments, context.lake.read("champions"), "replay")
    scores = context.lake.read("backtest_scores").join(chosen, [*SERIES, "model"])
    counts = known.groupBy(*SERIES).agg(F.bool_and(F.col("demand") == F.round("demand")).alias("counts"))
    at_start = scores.where(F.col("cutoff") == F.lit(windows.replay_cutoff_date)).join(counts, list(SERIES))
    begun = at_start.withColumns({"start_date": F.lit(windows.replay_start_date), "horizon": F.lit(windows.horizon)})
    live = begun.withColumnRenamed("forecast", "mean").drop("cutoff", "actual")
    past = replay_scores(scores, windows)
    reach = forecast_reach(context, windows)
    sums = hierarchy(context, live, past, known, windows, windows.replay_start, reach)
    near = corrected(context, sums, live, "start_date", "mean", windows)
    means = beyond(context, sums, near, "start_date", "mean", "mean", reach, windows)
    demand_distributions = distributions(means, residual_sums(context, with_paths(context, sums, past, windows)))
    items = context.lake.read("items").select("sku", F.coalesce("unit_price", "unit_cost").alias("unit_price"))
    abc = segments.groupBy("sku").agg(F.min(F.substring_index("segment", "-", 1)).alias("abc"))
    joined = planning_rows(context, demand_distributions).join(items, "sku").join(abc, "sku")
    return joined.join(_arrays(context, windows), list(SERIES))


def _arrays(context: Context, windows: Windows) -> DataFrame:
    """Demand per series, oldest first: before the held-back weeks and in them."""
    ordered = F.array_sort(F.collect_list(F.struct("date", "demand")))
    series = context.lake.read("demand").groupBy(*SERIES).agg(ordered.alias("_all"))
    start = F.lit(windows.replay_start_date)

    return series.select(
        *SERIES,
        F.transform(F.filter("_all", lambda row: row["date"] < start), lambda row: row["demand"]).alias("history"),
        F.transform(F.filter("_all", lambda row: row["date"] >= start), lambda row: row["demand"]).alias("held_back"),
    )


def _replay_bucket(rows: pd.DataFrame, lanes: Lanes, size: SimulationSize, replications: int, window: int) -> pd.DataFrame:
    frames = []
    for sku, rows_of_sku in rows.groupby("sku", sort=True):
        network = make_network(str(sku), rows_of_sku, lanes)
        history, held_back = _matrix(network, rows_of_sku, "history"), _matrix(network, rows_of_sku, "held_back")
        plan = plan_or_fall_back(network, size, lanes.periods_per_year)
        by_policy = Replayed(history, held_back, window, lanes.period_days, replications).policies(network, plan)
        frames += [measured_rows(policy, network, rows_of_sku, result) for policy, result in by_policy.items()]
    return pd.concat(frames)


def _matrix(network: SupplyNetwork, rows: pd.DataFrame, column: str) -> np.ndarray:
    """(periods, nodes), aligned at the end; 0 where there are no customers or no history yet."""
    by_location = dict(zip(rows["location"], rows[column], strict=True))
    length = max(len(values) for values in by_location.values())
    matrix = np.zeros((length, len(network.nodes)))
    for index, node in enumerate(network.nodes):
        values = np.asarray(by_location.get(node.name, ()), dtype=float)
        if len(values):
            matrix[-len(values) :, index] = values
    return matrix
