"""Scores of candidates added up by segment: small enough for the driver."""

import pandas as pd
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from echelon.core.demand.periods import start_date
from echelon.core.forecast.evaluation.backtest import COVERAGE_COLUMNS
from echelon.core.forecast.evaluation.candidate_scores import MEANS
from echelon.engine.decimal_sums import exact_sum
from echelon.stages.backtest.candidates import FAILED
from echelon.stages.shared.history import SERIES
from echelon.stages.shared.windows import Windows


def replay_scores(scores: DataFrame, windows: Windows) -> DataFrame:
    """Scores of the windows that end before the held-back weeks."""
    return scores.where(F.col("cutoff") <= F.lit(start_date(windows.replay_cutoffs[-1], windows.freq)))


def segment_sums(scores: DataFrame, segments: DataFrame) -> pd.DataFrame:
    """`core.forecast.evaluation.candidate_scores.SUM_COLUMNS` by segment, replay_segment, model
    and cutoff: some thousand rows at most.

    A series has one segment for the plan and one of what was known when the replay's weeks began (null: none yet); both
    choices come from one pass over the scores.
    """
    joined = scores.join(segments.select(*SERIES, "segment", "replay_segment"), list(SERIES))
    return joined.groupBy("segment", "replay_segment", "model", "cutoff").agg(*_sums()).toPandas()


def _sums() -> list[Column]:
    known = {name: F.nanvl(name, F.lit(None)) for name in MEANS}
    plain = ("bias", "absolute_error", "inventory_cost", *COVERAGE_COLUMNS)
    return [
        F.count("*").cast("int").alias("series"),
        F.count_if(F.expr(FAILED)).cast("int").alias("failed"),
        *(F.count(value).cast("int").alias(f"{name}_known") for name, value in known.items()),
        *(F.coalesce(exact_sum(value), F.lit(0.0)).alias(name) for name, value in known.items()),
        *(exact_sum(F.col(name)).alias(name) for name in plain),
        exact_sum(F.abs("periods_in_stock")).alias("periods_in_stock"),
        exact_sum(F.aggregate("actual", F.lit(0.0), lambda total, value: total + value)).alias("demand"),
    ]
