"""What grouping by `applyInPandas` costs: `python -m benchmarks.grouped_work`, processor time of the stages that forecast.

The included data are backtested and forecast in turns, with groups that `groupBy` hands over, and with the same partitions
through `mapInPandas` (Spark 4.1's `repartitionById`), which neither sorts nor knows of groups.
"""

import argparse
import statistics
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
from echelon.config import load
from echelon.engine.grouped import buckets
from echelon.engine.grouped.typed import typed
from echelon.engine.grouped.worker import spare_next_task
from echelon.engine.session import start
from echelon.lake.lake import Lake
from echelon.lake.run_state import new_run
from echelon.stages.backtest import candidates
from echelon.stages.runner import STAGES
from echelon.stages.shared import resumable as parts
from echelon.stages.shared.context import Context
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from benchmarks.processor_time import Cost, cost

MEASURED = ("backtest", "forecast")
Function = Callable[[pd.DataFrame], pd.DataFrame]


def main() -> None:
    """Print the cost of each stage by both ways, and the median of the ratios."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.grouped_work", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="times that each way is measured")
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        context = _prepared(folder)
        _measured(context)  # what is compiled once is compiled here
        pairs = [_pair(context) for _ in range(rounds)]
        context.spark.stop()
    for stage in MEASURED:
        ratio = statistics.median(there[stage].core / without[stage].core for there, without in pairs)
        core = [statistics.median(pair[way][stage].core for pair in pairs) for way in (0, 1)]
        print(f"{stage:<10} applyInPandas {core[0]:6.1f} core-s, mapInPandas {core[1]:6.1f} core-s, ratio {ratio:.3f}")


def _prepared(folder: str) -> Context:
    settings = load(["conf/base.yaml"], [f"run.output={folder}/out"])
    spark = start(settings.spark)
    context = Context(settings, spark, Lake(spark, settings.run.output, Path(settings.run.suites), new_run("0" * 64)))
    for stage in ("ingest", "prepare"):
        _run(context, stage)
    return context


def _pair(context: Context) -> tuple[dict[str, Cost], dict[str, Cost]]:
    there = _measured(context)
    with _through_map_in_pandas():
        return there, _measured(context)


def _measured(context: Context) -> dict[str, Cost]:
    return {stage: cost(lambda stage=stage: _run(context, stage)) for stage in MEASURED}  # type: ignore[misc]


def _run(context: Context, stage: str) -> None:
    STAGES[stage](context)
    context.lake.settle()
    context.lake.end_stage(True)


@contextmanager
def _through_map_in_pandas() -> Iterator[None]:
    modules = (buckets, candidates, parts)
    for module in modules:
        module.apply_by = _by_partition  # type: ignore[attr-defined]
    try:
        yield
    finally:
        for module in modules:
            module.apply_by = _APPLY_BY  # type: ignore[attr-defined]


_APPLY_BY = buckets.apply_by


def _by_partition(frame: DataFrame, group: str, groups: int, function: Function, schema: str) -> DataFrame:
    of_rows = typed(function, schema)

    def on_partition(batches: Iterable[pd.DataFrame]) -> Iterable[pd.DataFrame]:
        spare_next_task()
        rows = [batch.drop(columns=group) for batch in batches if len(batch)]
        if rows:
            yield of_rows(pd.concat(rows, ignore_index=True))

    return buckets._with_timestamps(frame).repartitionById(groups, F.col(group)).mapInPandas(on_partition, schema)


if __name__ == "__main__":
    main()
