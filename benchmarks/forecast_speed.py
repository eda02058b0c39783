"""Speed of forecasting: `python -m benchmarks.forecast_speed`, ratios measured in one run, medians of several.

Cheap models against statsforecast's own Fugue backend on the same Spark and the same series; AutoETS on Spark against the
same calls in plain Python processes, one per core; how cost grows with the number of series; and what a backtest of the
default models of days costs per series on one core, without LightGBM, which is shared by many series.
"""

import argparse
import multiprocessing
import os
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import pandas as pd
from echelon.config.models import Spark
from echelon.core.demand.periods import Frequency, period_start
from echelon.core.forecast.backtest import backtest, cutoffs
from echelon.core.forecast.candidates import candidates
from echelon.core.forecast.live import forecast
from echelon.core.forecast.names import COMBINATIONS, DEFAULT
from echelon.core.forecast.panel import Panel, make_panel
from echelon.engine.buckets import apply_in_buckets
from echelon.engine.session import start
from echelon.lake.contracts.forecast import QUANTILES
from pyspark.sql import DataFrame, SparkSession
from statsforecast import StatsForecast
from statsforecast.models import TSB, CrostonSBA, SeasonalNaive, WindowAverage

CHEAP = ("seasonal_naive", "moving_average", "sba", "tsb")
HORIZON = 28
END: dict[Frequency, int] = {"D": 20_000, "M": 600}
REPEATS = 3
PROJECTED = (30_490, 1_000_000)
_SCHEMA = "sku string, location string, model string, mean array<double>"


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.forecast_speed", description=__doc__)
    parser.add_argument("--series", type=int, default=3_000, help="series of the cheap models at 1x")
    parser.add_argument("--ets-series", type=int, default=400, help="monthly series of AutoETS")
    parser.add_argument("--backtest-series", type=int, default=60, help="daily series of the backtest on one core")
    given = parser.parse_args()
    cores = os.cpu_count() or 1
    print(backtest_on_one_core(given.backtest_series), flush=True)
    spark = start(Spark(master=f"local[{cores}]"))
    for line in (*cheap_models(spark, given.series, cores), auto_ets_figures(spark, given.ets_series, cores)):
        print(line, flush=True)
    spark.stop()


def made_up(series: int, periods: int, freq: Frequency) -> pd.DataFrame:
    """Counts with a season, from nearly none to many per period: rows sku, location, date, demand."""
    rng = np.random.default_rng(5)
    season = 1.0 + 0.4 * np.sin(np.arange(periods) * 2 * np.pi / {"D": 7, "M": 12}.get(freq, 52))
    rate = np.geomspace(0.05, 30.0, series)[:, None] * season
    date = period_start(np.arange(END[freq] - periods, END[freq]), freq).astype("datetime64[s]")
    names = np.repeat([f"S{number:06d}" for number in range(series)], periods)
    demand = rng.poisson(rate * rng.gamma(2.0, 0.5, rate.shape)).astype(np.float64)
    return pd.DataFrame({"sku": names, "location": "X", "date": np.tile(date, series), "demand": demand.ravel()})


def forecast_bucket(rows: pd.DataFrame, names: tuple[str, ...], freq: Frequency, horizon: int) -> pd.DataFrame:
    """Forecasts of these candidates for every series."""
    panel = make_panel(rows, freq)
    found = [forecast(panel, candidate, horizon) for candidate in candidates(freq, names)]
    return pd.concat(found)[["sku", "location", "model", "mean"]]


def ours(demand: DataFrame, names: tuple[str, ...], freq: Frequency, horizon: int, buckets: int) -> None:
    """Echelon's way to forecast on Spark."""
    function = partial(forecast_bucket, names=names, freq=freq, horizon=horizon)
    _done(apply_in_buckets(demand, ["sku", "location"], function, _SCHEMA, buckets))


def theirs(demand: DataFrame) -> None:
    """The same models by statsforecast's Fugue backend."""
    models = [SeasonalNaive(7), WindowAverage(56), CrostonSBA(), TSB(0.1, 0.05)]
    named = demand.selectExpr("sku AS unique_id", "date AS ds", "demand AS y")
    _done(StatsForecast(models=models, freq="D").forecast(df=named, h=HORIZON))


def cheap_models(spark: SparkSession, series: int, cores: int) -> Iterator[str]:
    """Against statsforecast, and at 1, 4 and 16 times as many series."""
    rows = made_up(series, 365, "D")
    demand = _cached(spark.createDataFrame(rows))
    run = partial(ours, names=CHEAP, freq="D", horizon=HORIZON, buckets=4 * cores)
    run(demand)  # workers start and load what was compiled
    theirs(demand.where("sku < 'S000020'"))
    mine, other = _medians(lambda: run(demand), lambda: theirs(demand))
    yield (
        f"cheap      {series / mine / cores:,.0f} series a second and core ({', '.join(CHEAP)}; {series:,} of 365 days), "
        f"{other / mine:.1f} x statsforecast's Fugue backend ({series / other / cores:,.0f})"
    )
    seconds = {1: mine}
    for times in (4, 16):
        more = _cached(_copies(demand, times))
        (seconds[times],) = _medians(lambda more=more: run(more))
    grown = ", ".join(f"{times}x {taken:.1f} s" for times, taken in seconds.items())
    marginal = (seconds[16] - seconds[1]) * cores / (15 * series)
    projected = ", ".join(f"{n:,} series {n * marginal / 60:,.1f} core-minutes" for n in PROJECTED)
    yield f"growth     {grown}; {1e3 * marginal:.2f} core-ms a series beyond fixed costs: {projected}"


def auto_ets_figures(spark: SparkSession, series: int, cores: int) -> str:
    """AutoETS of months on Spark against plain Python."""
    rows = made_up(series, 60, "M")
    demand = _cached(spark.createDataFrame(rows))
    run = partial(ours, names=("auto_ets",), freq="M", horizon=6, buckets=4 * cores)
    run(demand)
    parts = [part for _, part in rows.groupby(rows["sku"].str[-2:])]
    function = partial(forecast_bucket, names=("auto_ets",), freq="M", horizon=6)
    with multiprocessing.get_context("spawn").Pool(cores) as pool:
        pool.map(function, parts[:cores], chunksize=1)
        mine, plain = _medians(lambda: run(demand), lambda: pool.map(function, parts, chunksize=1))
    return (
        f"AutoETS    {series / mine / cores:,.1f} series a second and core on Spark, {mine / plain - 1:+.0%} time against "
        f"plain Python on {cores} processes ({series:,} series of 60 months)"
    )


def backtest_on_one_core(series: int) -> str:
    """Three windows and the forecast by the default models of days, on series as long as those of M5."""
    panel = make_panel(made_up(series, 1_913, "D"), "D")
    names = [name for name in DEFAULT["D"] if name not in ("lightgbm", *COMBINATIONS)]
    few = panel.select(np.arange(series) < 3)
    _backtest(few, names)  # compiles
    before = time.process_time()
    _backtest(panel, names)
    each = (time.process_time() - before) / series
    projected = ", ".join(f"{n:,} series {n * each / 3600:,.2f} core-hours" for n in PROJECTED)
    return f"backtest   {1e3 * each:.1f} core-ms a series of 1,913 days ({len(names)} models, 3 windows, forecast): {projected}"


def _backtest(panel: Panel, names: list[str]) -> None:
    chosen = candidates("D", names)
    backtest(panel, chosen, cutoffs(panel.end, HORIZON, 3), HORIZON, QUANTILES, 2 * HORIZON)
    for candidate in chosen:
        forecast(panel, candidate, HORIZON)


def _copies(demand: DataFrame, times: int) -> DataFrame:
    number = demand.sparkSession.range(times).withColumnRenamed("id", "_copy")
    return demand.crossJoin(number).selectExpr("concat(sku, '-', _copy) AS sku", "location", "date", "demand")


def _cached(frame: DataFrame) -> DataFrame:
    frame.cache().count()
    return frame


def _done(frame: DataFrame) -> None:
    frame.write.format("noop").mode("overwrite").save()


def _medians(*runs: Callable[[], object]) -> list[float]:
    """Median seconds of each, taken in turn so that a busy moment meets all of them."""
    taken: list[list[float]] = [[] for _ in runs]
    for _ in range(REPEATS):
        for run, seconds in zip(runs, taken, strict=True):
            began = time.perf_counter()
            run()
            seconds.append(time.perf_counter() - began)
    return [statistics.median(seconds) for seconds in taken]


if __name__ == "__main__":
    main()
