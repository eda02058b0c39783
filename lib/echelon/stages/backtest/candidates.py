"""Run forecasting candidates over all series: pooled ones by model group, the others over balanced buckets."""

import math
from collections.abc import Callable

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from echelon.core.forecast.base.candidate import OK, TOO_LITTLE, Candidate
from echelon.core.forecast.selection.candidates import candidates
from echelon.core.forecast.selection.names import competing
from echelon.engine.grouped.buckets import apply_by
from echelon.engine.grouped.typed import PandasFunction
from echelon.stages.shared.context import Context
from echelon.stages.shared.history import SERIES, life_cycle_of
from echelon.stages.shared.resumable import bucket_parts

# Few data are no failure: the seasonal naive stands in, and another model can become champion.
FAILED = f"status <> '{OK}' AND status NOT LIKE '{TOO_LITTLE}%'"
CandidateFunction = Callable[[pd.DataFrame, list[Candidate]], pd.DataFrame]


def names(context: Context) -> tuple[str, ...]:
    """The candidates that compete in this run, simplest first."""
    return competing(context.settings.backtest.candidates, context.settings.run.frequency)


def with_candidates(context: Context, name: str, demand: DataFrame, function: CandidateFunction, schema: str) -> DataFrame:
    """Rows of `function(demand rows, candidates)` for all candidates but combinations: pooled ones by model group, the others
    over balanced buckets.

    Both run side by side, the pooled ones first, as they take longest; kept under `name` in parts that a run which goes on
    does not repeat.
    """
    settings = context.settings
    seconds, care = settings.backtest.seconds_per_series, life_cycle_of(settings)
    chosen = candidates(settings.run.frequency, names(context), seconds, care)
    local, pooled = _given(function, chosen, pooled=False), _given(function, chosen, pooled=True)
    rows = demand_rows(context)
    groups = _model_groups(context, rows)
    grouped = demand.withColumn("_group", F.pmod(F.xxhash64(*SERIES), F.lit(groups)).cast("int"))
    by_group = {f"pooled-in-{groups}": apply_by(grouped, "_group", groups, pooled, schema)}
    return context.lake.keep_parts(name, by_group | in_buckets(context, name, demand, local, schema, rows))


def in_buckets(
    context: Context, name: str, demand: DataFrame, function: PandasFunction, schema: str, rows: int
) -> dict[str, DataFrame]:
    """Parts of balanced buckets of series, as many as `rows` of demand need."""
    return bucket_parts(context, name, demand, function, schema, SERIES, rows)


def _given(function: CandidateFunction, chosen: list[Candidate], pooled: bool) -> PandasFunction:
    return lambda rows: function(rows, [candidate for candidate in chosen if candidate.pooled == pooled])


def _model_groups(context: Context, rows: int) -> int:
    """Groups that share a pooled model; their number follows from the data alone, never from the machine. Series are drawn
    into them by a hash, so that no group is much larger than the others, however unequal SKUs and locations are."""
    return max(1, math.ceil(rows / context.settings.backtest.rows_per_model))


def demand_rows(context: Context) -> int:
    """Of the published table: files know their number of rows, which a frame made from them would have to count."""
    return context.lake.read("demand").count()
