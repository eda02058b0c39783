"""The forecasts that are used: every series by the champion of its segment, and what they rest on."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from echelon.core.forecast.base.candidate import Candidate
from echelon.core.forecast.distributions.shape import SHAPE_COLUMNS
from echelon.core.forecast.evaluation.live import forecast
from echelon.core.forecast.features.covariates import Signals
from echelon.core.forecast.panel import KEYS
from echelon.core.forecast.selection.combination import MEMBER_COLUMNS
from echelon.core.forecast.selection.names import COMBINATIONS, needed_for
from echelon.stages.backtest.candidates import CandidateFunction, names, with_candidates
from echelon.stages.backtest.combinations import with_combinations
from echelon.stages.backtest.pooled import Origins, rhythm_of
from echelon.stages.forecast.forecast_drivers import FEATURE_COLUMNS, Explained, explained_skus, feature_rows
from echelon.stages.shared.context import Context
from echelon.stages.shared.history import SERIES
from echelon.stages.shared.windows import Windows

_LIVE = (
    "sku string, location string, model string, status string, start_date date, counts boolean, underdispersed boolean, "
    "mean array<double>, " + ", ".join(f"{name} double" for name in (*SHAPE_COLUMNS, "history_ratio")) + ", horizon int"
)
_SCHEMA = f"{_LIVE}, {FEATURE_COLUMNS}"
_COLUMNS = [column.split()[0] for column in _SCHEMA.split(", ")]


def live_forecasts(
    context: Context, chosen: DataFrame, known: DataFrame, signals: Signals, windows: Windows
) -> tuple[DataFrame, DataFrame]:
    """One row per series (`core.forecast.evaluation.live` and segment), and `feature_rows`. chosen: `with_champions`; known,
    signals: as `with_signals` makes them."""
    demand = known.join(chosen.select(*SERIES, "model"), list(SERIES))
    explained = explained_skus(context)
    function = partial(_champions_only, windows=windows, signals=signals, names=names(context), explained=explained)
    origins = Origins([windows.end], windows.horizon, signals, rhythm=rhythm_of(context))
    rows = with_candidates(context, "live", demand, function, _SCHEMA, origins)
    single, features = rows.where("features IS NULL"), rows.where("features IS NOT NULL")
    live = single.unionByName(_combined(context, demand, chosen, single, function))
    return live.join(chosen, [*SERIES, "model"]), features


def _combined(
    context: Context, demand: DataFrame, chosen: DataFrame, single: DataFrame, function: CandidateFunction
) -> DataFrame:
    """Rows of series whose champion is a combination, from what its members forecast now and in the backtest."""
    is_combination = F.col("model").isin(*COMBINATIONS)
    if context.lake.read("champions").where("purpose = 'plan'").where(is_combination).isEmpty():
        return single.limit(0)
    combined_series = chosen.where(is_combination).select(*SERIES)
    now = {"cutoff": F.col("start_date"), "forecast": F.col("mean"), "rmsse": F.lit(None).cast("double")}
    scores = context.lake.read("backtest_scores")
    both = single.withColumns(now).select(MEMBER_COLUMNS).unionByName(scores.select(MEMBER_COLUMNS))
    members = both.join(combined_series, list(SERIES), "semi")  # the demand of the others is not there
    return with_combinations(context, "live_combined", demand.where(is_combination), members, scores, function, _SCHEMA)


def _champions_only(
    rows: pd.DataFrame,
    chosen: list[Candidate],
    windows: Windows,
    signals: Signals,
    names: Sequence[str],
    explained: Explained,
) -> pd.DataFrame:
    """Forecast each series by its champion, and by the members of one that is a combination. A pooled model learns from all
    series, whoever their champion is, and says in rows of their own what it sees of each."""
    model_of = rows.drop_duplicates(KEYS).sort_values(KEYS)["model"].to_numpy()
    panel = signals.panel(rows)
    frames = feature_rows(panel, chosen, explained)
    for candidate in chosen:
        needed = np.array([candidate.name in needed_for(model, names) for model in model_of])
        if not needed.any():
            continue
        forecasts = forecast(panel if candidate.pooled else panel.select(needed), candidate, windows.horizon)
        frames.append(forecasts[needed] if candidate.pooled else forecasts)
    empty = pd.DataFrame(columns=_COLUMNS, dtype=object)
    table = pd.concat([empty, *(part.reindex(columns=_COLUMNS).astype(object) for part in frames)])
    return table.where(table.notna(), None)
