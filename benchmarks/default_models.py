"""What the backtest and the forecast by all default models of days cost on Spark, LightGBM among them, in core-seconds.

The M5's series of `../shared/data`, with department and state for category and region, as the stages cut them: models
that learn from many series on groups of at most `backtest.rows_per_model` rows, the others on buckets of at most
`spark.rows_per_bucket`. A quarter of the series and all of them: their difference is what one more series costs.
"""

import math
from collections.abc import Iterator
from functools import partial

import numpy as np
import pandas as pd
from echelon.config.models import Backtest, Spark
from echelon.core.demand.periods import period_start
from echelon.core.forecast.evaluation.backtest import backtest, cutoffs
from echelon.core.forecast.evaluation.live import forecast
from echelon.core.forecast.features.covariates import Calendar, Signals
from echelon.core.forecast.panel import KEYS
from echelon.core.forecast.selection.candidates import candidates
from echelon.engine.grouped.buckets import apply_by, apply_in_buckets
from echelon.lake.contracts.forecast import QUANTILES
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from benchmarks.made_up_demand import done, in_memory
from benchmarks.memory import WorkerMemory
from benchmarks.processor_time import Cost, cost
from benchmarks.real.business import Business, demand_of
from benchmarks.real.sets import DATA, m5

HORIZON, WINDOWS, DAYS = 28, 3, 1_913
PROJECTED = (30_490, 1_000_000)
_SCHEMA = "sku string, location string, model string, rmsse double"


def default_models(spark: SparkSession) -> Iterator[str]:
    """The lines to print."""
    try:
        business = m5(DATA)
    except FileNotFoundError as error:
        yield f"default    skipped: {error.filename} is not there"
        return
    rows = rows_of(business)
    few = rows[rows["sku"].isin(rows["sku"].unique()[::4])]
    sizes = [len(frame.drop_duplicates(KEYS)) for frame in (few, rows)]
    with WorkerMemory() as memory:
        costs = [_cost(spark, frame) for frame in (few, rows)]
    yield from _lines(sizes, costs, memory.peak_mb)


def _cost(spark: SparkSession, rows: pd.DataFrame) -> Cost:
    with in_memory(spark.createDataFrame(rows)) as demand:
        return cost(partial(run, demand, len(rows)))


def run(demand: DataFrame, rows: int) -> None:
    """Backtest and forecast by all default models."""
    groups = math.ceil(rows / Backtest().rows_per_model)
    buckets = math.ceil(rows / Spark().rows_per_bucket)
    grouped = demand.withColumn("_group", F.pmod(F.xxhash64(*KEYS), F.lit(groups)).cast("int"))
    pooled = apply_by(grouped, "_group", groups, partial(scored, pooled=True), _SCHEMA)
    done(pooled.unionByName(apply_in_buckets(demand, KEYS, partial(scored, pooled=False), _SCHEMA, buckets)))


def scored(rows: pd.DataFrame, pooled: bool) -> pd.DataFrame:
    """Three windows and the forecast by the models that are pooled or by those that are not."""
    chosen = [candidate for candidate in candidates("D") if candidate.pooled == pooled]
    end = int(rows["date"].max().to_datetime64().astype("datetime64[D]").astype(int)) + 1
    panel = Signals(Calendar("D", end - DAYS, DAYS + HORIZON, end)).panel(rows)
    found = backtest(panel, chosen, cutoffs(panel.end, HORIZON, WINDOWS), HORIZON, QUANTILES, 2 * HORIZON)
    for candidate in chosen:
        forecast(panel, candidate, HORIZON)
    return found[["sku", "location", "model", "rmsse"]]


def rows_of(business: Business) -> pd.DataFrame:
    """Rows of demand from the first sale on, and one row per series with its attributes, as `Signals.panel` reads them."""
    demand = demand_of(business)
    series, column = np.nonzero(~np.isnan(demand.values))
    date = period_start(demand.end - demand.values.shape[1] + column, "D").astype("datetime64[s]")
    sold = demand.keys.iloc[series].assign(date=date, demand=demand.values[series, column])
    return pd.concat([sold, business.attributes[[*KEYS, "category", "region"]]], ignore_index=True)


def _lines(sizes: list[int], costs: list[Cost], peak_mb: float) -> Iterator[str]:
    marginal = (costs[1].core - costs[0].core) / (sizes[1] - sizes[0])
    each = costs[1].core / sizes[1]
    told = ", ".join(f"{n:,} series {n * each / 3600:,.2f} core-hours" for n in PROJECTED)
    names = [candidate.name for candidate in candidates("D")]
    yield (
        f"default    {sizes[1]:,} series of the M5, {', '.join(names)}: {WINDOWS} windows and the forecast "
        f"{costs[1].core:.0f} core-seconds, {1 / each:.1f} series a second and core ({1e3 * each:.0f} core-ms a series; "
        f"one more {1e3 * marginal:.0f}); as many again: {told}"
    )
    yield (
        f"           {costs[1].core / costs[0].core:.1f} x the cost of {sizes[0]:,} series, "
        f"{sizes[1] / sizes[0]:.1f} x as many; {peak_mb:,.0f} MB at most in one Python worker"
    )
