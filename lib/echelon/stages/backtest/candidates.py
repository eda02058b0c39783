"""Run forecasting candidates over all series, in balanced buckets."""

import math
from collections.abc import Callable
from functools import partial

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from echelon.core.forecast.base.candidate import OK, TOO_LITTLE
from echelon.core.forecast.selection.candidates import candidates
from echelon.core.forecast.selection.names import competing
from echelon.engine.grouped.buckets import apply_by
from echelon.engine.grouped.typed import PandasFunction
from echelon.stages.backtest.pooled import SHARED_OUT, Origins, learned
from echelon.stages.shared.context import Context
from echelon.stages.shared.history import SERIES, life_cycle_of
from echelon.stages.shared.resumable import bucket_parts, split

# Few data are no failure: the seasonal naive stands in, and another model can become champion.
FAILED = f"status <> '{OK}' AND status NOT LIKE '{TOO_LITTLE}%'"
CandidateFunction = Callable[..., pd.DataFrame]  # of rows of demand, and `chosen`: the candidates


def names(context: Context) -> tuple[str, ...]:
    """The candidates that compete in this run, simplest first."""
    return competing(context.settings.backtest.candidates, context.settings.run.frequency)


def with_candidates(
    context: Context, name: str, demand: DataFrame, function: CandidateFunction, schema: str, origins: Origins
) -> DataFrame:
    """Rows of `function(demand rows, candidates)` for all candidates but combinations, over balanced buckets.

    What models learn from all series is learned before (`pooled.py`). Pooled models that can't be taught so run side by side
    with the others, by model group. Kept under `name` in parts that a run which goes on does not repeat.
    """
    settings = context.settings
    seconds, care = settings.backtest.seconds_per_series, life_cycle_of(settings)
    chosen = candidates(settings.run.frequency, names(context), seconds, care)
    rows = demand_rows(context)
    buckets = split(context, name, demand, SERIES, rows)
    shared_out = [candidate for candidate in chosen if candidate.name in SHARED_OUT]
    taught = learned(context, name, buckets, origins, shared_out)
    local = [candidate for candidate in chosen if not candidate.pooled] + taught
    pooled = [candidate for candidate in chosen if candidate.pooled and candidate not in shared_out]
    by_group = _by_group(context, demand, partial(function, chosen=pooled), schema, rows) if pooled else {}
    return context.lake.keep_parts(name, by_group | buckets.parts(partial(function, chosen=local), schema))


def _by_group(context: Context, demand: DataFrame, function: PandasFunction, schema: str, rows: int) -> dict[str, DataFrame]:
    groups = _model_groups(context, rows)
    grouped = demand.withColumn("_group", F.pmod(F.xxhash64(*SERIES), F.lit(groups)).cast("int"))
    return {f"pooled-in-{groups}": apply_by(grouped, "_group", groups, function, schema)}


def in_buckets(
    context: Context, name: str, demand: DataFrame, function: PandasFunction, schema: str, rows: int
) -> dict[str, DataFrame]:
    """Parts of balanced buckets of series, as many as `rows` of demand need."""
    return bucket_parts(context, name, demand, function, schema, SERIES, rows)


def _model_groups(context: Context, rows: int) -> int:
    """Groups that share a pooled model; their number follows from the data alone, never from the machine. Series are drawn
    into them by a hash, so that no group is much larger than the others, however unequal SKUs and locations are."""
    return max(1, math.ceil(rows / context.settings.backtest.rows_per_model))


def demand_rows(context: Context) -> int:
    """Of the published table: files know their number of rows, which a frame made from them would have to count."""
    return context.lake.read("demand").count()
