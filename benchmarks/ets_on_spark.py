"""AutoETS on Spark against the same calls in plain Python processes, one per core."""

import multiprocessing
from collections.abc import Iterator
from functools import partial

import numpy as np
import pandas as pd
from echelon.core.forecast.evaluation.live import forecast
from echelon.core.forecast.panel import KEYS, make_panel
from echelon.core.forecast.selection.candidates import candidates
from echelon.engine.grouped.buckets import apply_in_buckets
from pyspark.sql import DataFrame, SparkSession

from benchmarks.made_up_demand import done, in_memory, made_up
from benchmarks.processor_time import in_turns

MONTHS, HORIZON, REPEATS = 60, 6, 3
_SCHEMA = "sku string, location string, model string, mean array<double>"


def ets_on_spark(spark: SparkSession, series: int, cores: int) -> Iterator[str]:
    """The line to print."""
    rows = made_up(series, MONTHS, "M")
    shares = [rows[rows["sku"].isin(names)] for names in _shares(rows["sku"].unique(), 8 * cores)]
    processes = multiprocessing.get_context("spawn").Pool(cores)
    with processes as pool, in_memory(spark.createDataFrame(rows)) as demand:
        here = partial(pool.map, ets, shares, chunksize=1)
        there = partial(_all_on_spark, demand, 4 * cores)
        here()
        there()  # processes start and load what was compiled
        plain, mine = in_turns(REPEATS, here, there)
    yield (
        f"AutoETS    {mine.wall / plain.wall - 1:+.0%} time on Spark ({mine.wall:.1f} s) against plain Python on {cores} "
        f"processes ({plain.wall:.1f} s), {mine.core / plain.core - 1:+.0%} in processor time; {series:,} series of {MONTHS} "
        f"months, {series / mine.wall / cores:,.1f} a second and core"
    )


def ets(rows: pd.DataFrame) -> pd.DataFrame:
    """Forecasts of AutoETS for every series."""
    panel = make_panel(rows, "M")
    (candidate,) = [one for one in candidates("M", ["auto_ets"]) if one.name == "auto_ets"]
    return forecast(panel, candidate, HORIZON)[["sku", "location", "model", "mean"]]


def _shares(names: np.ndarray, many: int) -> list[np.ndarray]:
    """Cheap and dear series in each."""
    return [names[first::many] for first in range(many)]


def _all_on_spark(demand: DataFrame, buckets: int) -> None:
    done(apply_in_buckets(demand, KEYS, ets, _SCHEMA, buckets))
