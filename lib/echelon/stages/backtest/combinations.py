"""Run combinations of candidates, when the forecasts of their members are there: both meet in balanced buckets."""

from collections.abc import Collection, Sequence
from functools import partial

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from echelon.core.demand.periods import Frequency
from echelon.core.forecast.base.candidate import OK
from echelon.core.forecast.panel import KEYS
from echelon.core.forecast.selection.combination import MEMBER_COLUMNS, combinations
from echelon.core.forecast.selection.names import COMBINATIONS, members
from echelon.core.forecast.selection.stacking import CASE_COLUMNS, ERROR_COLUMNS, error_products
from echelon.engine.grouped.buckets import apply_in_buckets
from echelon.stages.backtest.candidates import CandidateFunction, demand_rows, in_buckets, names
from echelon.stages.shared.context import Context
from echelon.stages.shared.history import SERIES
from echelon.stages.shared.resumable import buckets_of

_PRODUCTS = "cutoff timestamp_ntz, together string, first string, second string, cases long, product long"
_MEMBER = {column: f"_member_{column}" for column in MEMBER_COLUMNS if column not in KEYS}


def any_combination(context: Context) -> bool:
    """Whether one competes."""
    return not set(COMBINATIONS).isdisjoint(names(context))


def with_combinations(
    context: Context,
    name: str,
    demand: DataFrame,
    forecasts: DataFrame,
    scores: DataFrame,
    function: CandidateFunction,
    schema: str,
) -> DataFrame:
    """Rows of `function(demand rows, combinations)`, of which there must be one.

    forecasts (MEMBER_COLUMNS): those of the members from every cutoff that `function` asks for, and how they did before;
    scores: rows of `backtest_scores`, how they did on all series.
    """
    competing, rows = names(context), demand_rows(context)
    used = {member for each in COMBINATIONS if each in competing for member in members(each, competing)}
    of_members = forecasts.where(F.col("model").isin(sorted(used))).select(MEMBER_COLUMNS).withColumnsRenamed(_MEMBER)
    together = demand.unionByName(of_members, allowMissingColumns=True)
    combined = partial(
        _combined,
        function=function,
        competing=competing,
        freq=context.settings.run.frequency,
        products=_products(scores, used, buckets_of(context, rows)),
    )
    return context.lake.keep_parts(name, in_buckets(context, name, together, combined, schema, rows))


def _products(scores: DataFrame, models: Collection[str], buckets: int) -> pd.DataFrame:
    """`core.forecast.selection.stacking.error_products` of all series."""
    good_scores = scores.where(F.col("model").isin(sorted(models)) & (F.col("status") == OK)).select(ERROR_COLUMNS)
    products = apply_in_buckets(good_scores, SERIES, error_products, _PRODUCTS, buckets)
    added = products.groupBy(*CASE_COLUMNS).agg(F.sum("cases").alias("cases"), F.sum("product").alias("product")).toPandas()
    return added.assign(cutoff=pd.to_datetime(added["cutoff"])).sort_values(CASE_COLUMNS, ignore_index=True)


def _combined(
    rows: pd.DataFrame, function: CandidateFunction, competing: Sequence[str], freq: Frequency, products: pd.DataFrame
) -> pd.DataFrame:
    is_member = rows[_MEMBER["model"]].notna()
    back = {there: here for here, there in _MEMBER.items()}
    forecasts = rows.loc[is_member, [*KEYS, *back]].rename(columns=back)
    return function(rows[~is_member].drop(columns=list(back)), combinations(forecasts, competing, freq, products))
