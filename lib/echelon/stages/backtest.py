"""Stage `backtest`: every candidate forecasts from past cutoffs and is scored; each segment gets a champion."""

from functools import partial

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from echelon.core.demand.periods import start_date
from echelon.core.forecast import backtest
from echelon.core.forecast.candidate import Candidate
from echelon.core.forecast.champion import ChampionRule, choose_champions
from echelon.core.forecast.covariates import Signals
from echelon.core.forecast.names import model_name
from echelon.engine.exact import exact_mean, exact_sum
from echelon.lake.contracts import TABLES
from echelon.lake.contracts.forecast import QUANTILES
from echelon.stages.candidates import FAILED, names, with_candidates
from echelon.stages.combinations import any_combination, with_combinations
from echelon.stages.context import Context
from echelon.stages.failures import count_failures
from echelon.stages.history import SERIES, segmented, windows_of
from echelon.stages.signals import with_signals
from echelon.stages.windows import Windows


def run(context: Context) -> str:
    """Publish `backtest_scores` and `champions`."""
    lake, windows = context.lake, windows_of(context)
    demand, signals = with_signals(context, lake.read("demand").select(*SERIES, "date", "demand"), windows)
    function = partial(_backtest, windows=windows, signals=signals)
    scores = with_candidates(context, "scores", demand, function, TABLES["backtest_scores"].ddl)
    if any_combination(context):
        combined = with_combinations(context, "combined", demand, scores, function, TABLES["backtest_scores"].ddl)
        scores = scores.unionByName(combined)
    failed = count_failures(context, scores, "backtest forecasts", FAILED)
    published = lake.publish({"backtest_scores": scores, "champions": _champions(context, windows, scores)})
    return (
        f"{published['backtest_scores']:,} forecasts of {len(names(context))} candidates in {windows.windows} "
        f"windows, {failed:,} fallbacks, {published['champions']:,} champions"
    )


def _backtest(demand: pd.DataFrame, chosen: list[Candidate], windows: Windows, signals: Signals) -> pd.DataFrame:
    panel = signals.panel(demand)
    return backtest.backtest(panel, chosen, windows.cutoffs, windows.horizon, QUANTILES, windows.least_periods)


def _champions(context: Context, windows: Windows, scores: DataFrame) -> DataFrame:
    """The choice for the plan, from all windows, and for the replay, from what was known when its weeks began."""
    known = context.lake.read("demand").where(F.col("date") < F.lit(windows.replay_start_date))
    rule = ChampionRule(context.settings.backtest.margin, context.settings.backtest.bias_limit)
    order = [model_name(name) for name in names(context)]
    past = replay_scores(scores, windows)
    chosen = [
        choose_champions(_summary(rows, segments), order, rule).assign(purpose=purpose)
        for purpose, rows, segments in (
            ("plan", scores, context.lake.read("segments")),
            ("replay", past, context.lake.keep("replay_segments", segmented(context, known))),
        )
    ]
    return context.spark.createDataFrame(pd.concat(chosen)[TABLES["champions"].column_names], TABLES["champions"].ddl)


def replay_scores(scores: DataFrame, windows: Windows) -> DataFrame:
    """Scores of the windows that end before the held-back weeks."""
    last = windows.cutoffs[-1 - windows.held_back]
    return scores.where(F.col("cutoff") <= F.lit(start_date(last, windows.freq)))


def _summary(scores: DataFrame, segments: DataFrame) -> pd.DataFrame:
    """Scores by segment, model and cutoff: a few hundred rows at most. A series without a scale is left out of means."""
    demand = F.aggregate("actual", F.lit(0.0), lambda total, value: total + value)
    joined = scores.withColumn("_demand", demand).join(segments.select(*SERIES, "segment"), list(SERIES))
    return (
        joined.groupBy("segment", "model", "cutoff")
        .agg(
            F.count("*").alias("series"),
            *(exact_mean(F.nanvl(name, F.lit(None))).alias(name) for name in ("rmsse", "pinball")),
            exact_sum(F.col("bias")).alias("bias"),
            exact_sum(F.col("_demand")).alias("demand"),
        )
        .toPandas()
    )
