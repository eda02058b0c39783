"""Speed of the whole plan, measured in one run: seconds per stage, work per second, and where the time goes.

The stock stage's grouped work is then done once more in plain Python on as many processes as Spark had, which shows what
Spark and Arrow cost. Watching costs two function calls per watched call; the rows for plain Python are fetched after the
stages.
"""

import argparse
import json
import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import deltalake
import pandas as pd
from echelon.config import Configuration, load
from echelon.lake import lake
from echelon.stages import report, stock
from echelon.stages.runner import STAGES, run
from echelon.stages.shared import resumable as parts

from benchmarks.copies import copied
from benchmarks.many_networks import Many, plan_copies
from benchmarks.memory import WorkerMemory
from benchmarks.watch import Watch, watch

GroupFunction = Callable[[pd.DataFrame], pd.DataFrame]


@dataclass
class StockWork:
    """What the stock stage groups by SKU: its rows (fetched when the stages are done), the function of a group, what comes
    out, and how long many more SKUs take."""

    rows: Any = None
    function: GroupFunction | None = None
    schema: str = ""
    many: Many = Many(0, 0.0)


@dataclass(frozen=True)
class Measured:
    """One run: where its tables lie, wall-clock seconds, peak memory of a Python worker, and the watches."""

    output: Path
    seconds: float
    worker_mb: float
    checks: Watch
    commits: Watch
    waits: Watch
    levels: Watch
    work: StockWork


def main() -> None:
    """Plan the included data into a temporary folder and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--copies", type=int, default=1, help="plan the data so many times over (10: a million sales rows)")
    copies = parser.parse_args().copies
    with tempfile.TemporaryDirectory() as folder:
        settings = load(["conf/base.yaml"], [f"run.output={folder}/out"])
        measured = measure(copied(settings, copies, Path(folder)) if copies > 1 else settings)
        print()
        for line in figures(measured):
            print(line, flush=True)


def measure(settings: Configuration) -> Measured:
    """Run all stages under the watches."""
    checks, commits, waits = watch(lake.Lake, "_check"), watch(lake.Lake, "_commit"), watch(lake.Lake, "settle")
    levels = watch(lake.Lake, "keep_parts", only=lambda _, name, *__: name == "levels")
    work = _catch_stock_work()
    began = time.perf_counter()
    with WorkerMemory() as memory:
        run(settings, [*STAGES, "report"])
    seconds = time.perf_counter() - began - work.many.seconds
    return Measured(Path(settings.run.output), seconds, memory.peak_mb, checks, commits, waits, levels, work)


def _catch_stock_work() -> StockWork:
    """Note what the stock stage applies by group, and fetch its rows after the report, while Spark still runs."""
    work, divide, last = StockWork(), parts.bucket_parts, report.run

    def noted(context: Any, name: str, frame: Any, function: GroupFunction, schema: str) -> Any:
        work.rows, work.function, work.schema = frame, function, schema
        return divide(context, name, frame, function, schema)

    def fetched(context: Any) -> Any:
        summary = last(context)
        assert work.function is not None
        work.many = plan_copies(work.rows, work.function, work.schema, context.settings.spark.buckets)
        work.rows = work.rows.toPandas()
        return summary

    stock.bucket_parts = noted  # type: ignore[attr-defined, assignment]
    report.run = fetched
    return work


def plain_seconds(work: StockWork, processes: int) -> tuple[float, float]:
    """The same groups, largest first, in plain Python processes that have started, and done one group, before: wall-clock
    seconds, and seconds of processor time of all processes."""
    assert work.function is not None
    groups = [rows for _, rows in work.rows.groupby("sku", sort=True)]
    groups.sort(key=len, reverse=True)
    with multiprocessing.get_context("spawn").Pool(processes, work.function, (groups[-1],)) as pool:
        pool.map(abs, range(processes))
        began = time.perf_counter()
        used = sum(pool.imap_unordered(partial(_processor_seconds, work.function), groups))
        return time.perf_counter() - began, used


def _processor_seconds(function: GroupFunction, rows: pd.DataFrame) -> float:
    began = time.process_time()
    function(rows)
    return time.process_time() - began


def figures(measured: Measured) -> Iterator[str]:
    """The lines to print; the last one takes as long as the simulation."""
    (state,) = (json.loads(file.read_text()) for file in (measured.output / "runs").glob("*.json"))
    seconds = {name: done["seconds"] for name, done in state["stages"].items()}
    scores = _columns(measured.output, "backtest_scores", ["sku", "location", "model", "cutoff"])
    sizes = scores.nunique()
    series = len(scores[["sku", "location"]].drop_duplicates())
    networks = _columns(measured.output, "stock_levels", ["sku"])["sku"].nunique()
    processes = os.cpu_count() or 1
    yield from (f"{name:<10} {taken:7.1f} s  {taken / measured.seconds:6.1%}" for name, taken in seconds.items())
    yield from [
        f"{'all':<10} {measured.seconds:7.1f} s  with start, release and report",
        "",
        f"backtest   {series / seconds['backtest']:,.0f} series a second, {len(scores) / seconds['backtest']:,.0f} forecasts "
        f"({series:,} series x {sizes['model']} candidates x up to {sizes['cutoff']} windows = {len(scores):,})",
        f"stock      {networks / seconds['stock']:,.2f} SKU networks a second ({networks:,} on {processes} cores), "
        f"{networks / measured.levels.seconds:,.2f} in the grouped work alone",
        f"many       {measured.work.many.skus / measured.work.many.seconds:,.1f} SKU networks a second when there are "
        f"{measured.work.many.skus:,} (levels, certified; one Spark job)",
        f"memory     {measured.worker_mb:,.0f} MB at most in one Python worker",
        f"checks     {measured.checks.seconds:.1f} s in Great Expectations, {_share(measured.checks, measured)} of the time",
        f"commits    {measured.waits.seconds:.1f} s waiting for Delta commits, {_share(measured.waits, measured)} of the time "
        f"({measured.commits.seconds:.1f} s under way beside other work)",
    ]
    plain, used = plain_seconds(measured.work, processes)
    yield (
        f"grouped    {measured.levels.seconds:.1f} s by Spark, {plain:.1f} s in plain Python on {processes} processes: "
        f"Spark's share {1 - plain / measured.levels.seconds:.0%} (stock levels); "
        f"{1e3 * used / networks:.0f} core-ms a SKU in plain Python, "
        f"{processes * networks / used:.0f} SKU/s if nothing else runs"
    )


def _columns(output: Path, table: str, names: list[str]) -> pd.DataFrame:
    return deltalake.DeltaTable(output / "tables" / table).to_pandas(columns=names)


def _share(watch: Watch, measured: Measured) -> str:
    return f"{watch.seconds / measured.seconds:.1%}"
