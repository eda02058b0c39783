"""Demand that is made up, as much of it as is asked for."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pandas as pd
from echelon.core.demand.periods import Frequency, period_start
from pyspark.sql import DataFrame

END: dict[Frequency, int] = {"D": 20_000, "M": 600}
SEASON: dict[Frequency, int] = {"D": 7, "M": 12}


def made_up(series: int, periods: int, freq: Frequency) -> pd.DataFrame:
    """Counts with a season, from nearly none to many per period: rows sku, location, date, demand."""
    rng = np.random.default_rng(5)
    season = 1.0 + 0.4 * np.sin(np.arange(periods) * 2 * np.pi / SEASON[freq])
    rate = np.geomspace(0.05, 30.0, series)[:, None] * season
    date = period_start(np.arange(END[freq] - periods, END[freq]), freq).astype("datetime64[s]")
    names = np.repeat([f"S{number:06d}" for number in range(series)], periods)
    demand = rng.poisson(rate * rng.gamma(2.0, 0.5, rate.shape)).astype(np.float64)
    return pd.DataFrame({"sku": names, "location": "X", "date": np.tile(date, series), "demand": demand.ravel()})


def copies(demand: DataFrame, times: int) -> DataFrame:
    """So many times as many series, each copy with SKUs of its own."""
    number = demand.sparkSession.range(times).withColumnRenamed("id", "_copy")
    return (
        demand.withColumnRenamed("sku", "_sku")
        .crossJoin(number)
        .selectExpr("concat(_sku, '-', _copy) AS sku", "* EXCEPT (_sku, _copy)")
    )


@contextmanager
def in_memory(frame: DataFrame) -> Iterator[DataFrame]:
    """Read once and kept by Spark, which then has room again for what is measured next."""
    frame.cache().count()
    try:
        yield frame
    finally:
        frame.unpersist(blocking=True)


def done(frame: DataFrame) -> None:
    """Work the frame out and write it nowhere."""
    frame.write.format("noop").mode("overwrite").save()
