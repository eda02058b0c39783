"""Cheap models of days on Spark: against statsforecast's own Fugue backend, and how their cost grows with the series.

Both read the same cached rows in the same session and give rows of one day with a column per model. Ours also learns the
distribution of each series, as the forecast stage needs it.
"""

import math
from collections.abc import Iterator
from functools import partial
from typing import cast

import numpy as np
import pandas as pd
from echelon.config.models import Spark
from echelon.core.demand.periods import period_start
from echelon.core.forecast.evaluation.live import forecast
from echelon.core.forecast.panel import KEYS, make_panel
from echelon.core.forecast.selection.candidates import candidates
from echelon.engine.grouped.buckets import apply_in_buckets
from pyspark.sql import DataFrame, SparkSession
from statsforecast import StatsForecast
from statsforecast.models import TSB, CrostonSBA, SeasonalNaive, WindowAverage

from benchmarks.made_up_demand import copies, done, in_memory, made_up
from benchmarks.processor_time import Cost, cost

CHEAP = ("seasonal_naive", "moving_average", "sba", "tsb")
DAYS, HORIZON, SMALL = 365, 28, (200, 1_000)
_SCHEMA = "sku string, location string, date timestamp_ntz, " + ", ".join(f"{name} double" for name in CHEAP)


def cheap_models(spark: SparkSession, series: int, cores: int) -> Iterator[str]:
    """The lines to print; series: at 4x."""
    base = spark.createDataFrame(made_up(series // 4, DAYS, "D"))
    found: dict[int, Cost] = {}
    yield f"cheap      {', '.join(CHEAP)} of {DAYS} days against statsforecast's Fugue backend, same session and rows"
    with in_memory(base) as demand:
        for warm in (demand, demand.limit(DAYS * cores)):  # workers start, Java compiles
            ours(warm, cores)
        theirs(demand.where(f"sku < 'S{10 * cores:06d}'"))
        for n in (n for n in SMALL if n < series // 4):
            with in_memory(demand.where(f"sku < 'S{n:06d}'")) as small:
                yield _comparison(n, *_compared(small, cores))
        found[1] = _alone(demand, cores)
    with in_memory(copies(base, 4)) as demand:
        found[4], other = _compared(demand, cores)
        yield _comparison(series, found[4], other)
    with in_memory(copies(base, 16)) as demand:
        found[16] = _alone(demand, cores)
    yield _growth(series // 4, found, cores)


def ours(demand: DataFrame, cores: int) -> None:
    """Echelon's way to forecast on Spark."""
    buckets = max(4 * cores, math.ceil(demand.count() / Spark().rows_per_bucket))
    done(apply_in_buckets(demand, KEYS, forecast_bucket, _SCHEMA, buckets))


def theirs(demand: DataFrame) -> None:
    """The same models by statsforecast, as its documentation says."""
    models = [SeasonalNaive(7), WindowAverage(56), CrostonSBA(), TSB(0.1, 0.05)]
    named = demand.selectExpr("sku AS unique_id", "date AS ds", "demand AS y")
    done(cast(DataFrame, StatsForecast(models=models, freq="D").forecast(df=named, h=HORIZON)))


def forecast_bucket(rows: pd.DataFrame) -> pd.DataFrame:
    """Forecasts of these candidates for every series: a row per day."""
    panel = make_panel(rows, "D")
    found = [forecast(panel, candidate, HORIZON) for candidate in candidates("D", CHEAP)]
    date = period_start(np.arange(panel.end, panel.end + HORIZON), "D").astype("datetime64[s]")
    days = {name: np.concatenate(table["mean"].to_list()) for name, table in zip(CHEAP, found, strict=True)}
    named = panel.keys.loc[panel.keys.index.repeat(HORIZON)].reset_index(drop=True)
    return named.assign(date=np.tile(date, len(panel.keys)), **days)


def _compared(demand: DataFrame, cores: int) -> tuple[Cost, Cost]:
    """Ours is run before and after theirs: the mean of both."""
    before, other, after = _alone(demand, cores), cost(partial(theirs, demand)), _alone(demand, cores)
    return Cost((before.wall + after.wall) / 2, (before.core + after.core) / 2), other


def _alone(demand: DataFrame, cores: int) -> Cost:
    return cost(partial(ours, demand, cores))


def _comparison(series: int, mine: Cost, other: Cost) -> str:
    return (
        f"           {series:>7,} series: {other.wall / mine.wall:4.1f} x as fast ({mine.wall:.1f} s, {other.wall:.1f} s), "
        f"{other.core / mine.core:4.1f} x in processor time ({1e3 * mine.core / series:.2f}, "
        f"{1e3 * other.core / series:.2f} core-ms a series)"
    )


def _growth(series: int, grown: dict[int, Cost], cores: int) -> str:
    told = ", ".join(f"{times}x {found.core:.1f}" for times, found in grown.items())
    marginal = (grown[16].core - grown[4].core) / (12 * series)
    return (
        f"growth     {told} core-seconds (1x: {series:,} series); {grown[16].core / grown[4].core:.1f} x from 4x to 16x; "
        f"{16 * series / grown[16].wall / cores:,.0f} series a second and core; {1e3 * marginal:.2f} core-ms for one more"
    )
