"""What the stages backtest and forecast cost with all default models of days, LightGBM among them, in core-seconds.

The M5's series of `../shared/data`, with their events and signals, through the stages with default settings (`ingest` and
`prepare` included). A quarter of the series and all of them: their difference is what one more series costs.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from echelon.core.forecast.selection.candidates import candidates
from pyspark.sql import SparkSession

from benchmarks.memory import WorkerMemory
from benchmarks.real.business import Business, demand_of
from benchmarks.real.sets import DATA, m5
from benchmarks.real.stage_run import plan

PROJECTED = (30_490, 1_000_000)


def default_models(spark: SparkSession) -> Iterator[str]:
    """The lines to print."""
    try:
        business = m5(DATA)
    except FileNotFoundError as error:
        yield f"default    skipped: {error.filename} is not there"
        return
    series = len(business.attributes)
    sizes = [series // 4, series]
    with WorkerMemory() as memory:
        cores = [_core_seconds(spark, business.drawn(size)) for size in sizes]
    yield from _lines(sizes, cores, memory.peak_mb)


def _core_seconds(spark: SparkSession, business: Business) -> float:
    with tempfile.TemporaryDirectory() as folder:
        return plan(spark, business.write(demand_of(business).end, Path(folder))).cost.core


def _lines(sizes: list[int], cores: list[float], peak_mb: float) -> Iterator[str]:
    marginal, each = (cores[1] - cores[0]) / (sizes[1] - sizes[0]), cores[1] / sizes[1]
    told = ", ".join(f"{n:,} series {n * marginal / 3600:,.2f} core-hours" for n in PROJECTED)
    names = ", ".join(candidate.name for candidate in candidates("D"))
    yield (
        f"default    {sizes[1]:,} series of the M5, {names}: ingest to forecast {cores[1]:.0f} core-seconds "
        f"({1e3 * each:.0f} core-ms a series; one more {1e3 * marginal:.0f}); as many more: {told}"
    )
    yield (
        f"           {cores[1] / cores[0]:.1f} x the cost of {sizes[0]:,} series, "
        f"{sizes[1] / sizes[0]:.1f} x as many; {peak_mb:,.0f} MB at most in one Python worker"
    )
