"""Stage `backtest`: every candidate forecasts from past cutoffs and is scored; each segment gets a champion."""

from functools import partial

import pandas as pd

from echelon.core.forecast.base.candidate import Candidate
from echelon.core.forecast.evaluation import backtest
from echelon.core.forecast.evaluation.scores import PINBALL_PROBABILITIES
from echelon.core.forecast.features.covariates import Signals
from echelon.lake.contracts import TABLES
from echelon.stages.backtest.candidate_levels import candidate_levels
from echelon.stages.backtest.candidates import FAILED, names, with_candidates
from echelon.stages.backtest.champions import champion_tables
from echelon.stages.backtest.combinations import any_combination, with_combinations
from echelon.stages.backtest.cost_terms import terms_of, with_cost_terms
from echelon.stages.backtest.pooled import Origins, rhythm_of
from echelon.stages.prepare.signals import with_signals
from echelon.stages.shared.context import Context
from echelon.stages.shared.failures import count_failures
from echelon.stages.shared.history import SERIES
from echelon.stages.shared.windows import Windows


def run(context: Context) -> str:
    """Publish `backtest_scores`, `candidate_scores`, `candidate_levels`, `champions` and `champion_history`."""
    lake, windows = context.lake, context.windows
    demand, signals = with_signals(context, lake.read("demand").select(*SERIES, "date", "demand"), windows)
    demand = with_cost_terms(context, demand, windows)
    refit = context.settings.backtest.refit
    function = partial(_backtest, windows=windows, signals=signals, refit=refit)
    origins = Origins(windows.cutoffs, windows.gap + windows.horizon, signals, refit, rhythm_of(context))
    scores = with_candidates(context, "scores", demand, function, TABLES["backtest_scores"].ddl, origins)
    if any_combination(context):
        combined = with_combinations(context, "combined", demand, scores, scores, function, TABLES["backtest_scores"].ddl)
        scores = scores.unionByName(combined)
    failed = count_failures(context, scores, "backtest forecasts", FAILED)
    levels = candidate_levels(context, scores)
    chosen = champion_tables(context, windows, scores)
    published = lake.publish({"backtest_scores": scores, "candidate_levels": levels, **chosen})
    return (
        f"{published['backtest_scores']:,} forecasts of {len(names(context))} candidates in {windows.windows} "
        f"windows, {failed:,} fallbacks, {published['champions']:,} champions"
    )


def _backtest(demand: pd.DataFrame, chosen: list[Candidate], windows: Windows, signals: Signals, refit: int) -> pd.DataFrame:
    return backtest.backtest(
        signals.panel(demand),
        chosen,
        windows.cutoffs,
        windows.horizon,
        PINBALL_PROBABILITIES,
        windows.least_periods,
        gap=windows.gap,
        refit=refit,
        terms=terms_of(demand),
    )
