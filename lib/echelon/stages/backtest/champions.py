"""The choice of champions: for the plan from all windows, for the replay from what was known when its weeks began."""

from dataclasses import dataclass
from datetime import date

import pandas as pd
from pyspark.sql import DataFrame

from echelon.core.demand.periods import start_date
from echelon.core.forecast.evaluation.candidate_scores import candidate_scores, window_summary
from echelon.core.forecast.selection.champion import ChampionRule, choose_champions
from echelon.core.forecast.selection.champion_history import history_rows, incumbents, next_number
from echelon.core.forecast.selection.names import order_of_defence
from echelon.errors import EchelonError
from echelon.lake.contracts import TABLES
from echelon.stages.backtest.candidate_sums import segment_sums
from echelon.stages.backtest.candidates import names
from echelon.stages.shared.context import Context
from echelon.stages.shared.windows import Windows


@dataclass(frozen=True)
class _Purpose:
    """What a choice is for: the sums that it may see, and the day before which all of that lies."""

    name: str
    sums: pd.DataFrame
    known_until: date


def champion_tables(context: Context, windows: Windows, scores: DataFrame) -> dict[str, DataFrame]:
    """The tables `candidate_scores`, `champions` and `champion_history`, by name."""
    run_date = context.lake.run.run_date or start_date(windows.end, windows.freq)
    history = context.lake.read_released("champion_history").toPandas()
    number, run_id = next_number(history), context.lake.run.run_id
    made: dict[str, list[pd.DataFrame]] = {"candidate_scores": [], "champions": []}
    added = []
    for purpose in _purposes(context, windows, scores, run_date):
        defending = incumbents(history, purpose.known_until)
        chosen = _chosen(context, purpose, defending)
        made["champions"].append(chosen)
        made["candidate_scores"].append(_compared(purpose, chosen))
        added.append(history_rows(chosen, defending, purpose.known_until, number, run_id, run_date))
    made["champion_history"] = [history, *added]
    return {name: _table(context, name, frames) for name, frames in made.items()}


def _purposes(context: Context, windows: Windows, scores: DataFrame, run_date: date) -> list[_Purpose]:
    sums = segment_sums(scores, context.lake.read("segments"))
    if sums["replay_segment"].isna().all():
        raise EchelonError(
            f"segments: no series was known before {windows.replay_start_date}, when the time begins that the replay "
            "holds back; an older Echelon made the table if there are some: run the stage 'prepare' first"
        )
    before = sums[sums["cutoff"] <= start_date(windows.replay_cutoffs[-1], windows.freq)]
    past = before.drop(columns="segment").rename(columns={"replay_segment": "segment"})
    return [_Purpose("plan", sums, run_date), _Purpose("replay", past, windows.replay_start_date)]


def _chosen(context: Context, purpose: _Purpose, defending: pd.DataFrame) -> pd.DataFrame:
    settings = context.settings.backtest
    rule = ChampionRule(settings.margin, settings.bias_limit, settings.least_windows)
    order = order_of_defence(names(context))
    before = dict(zip(defending["segment"], defending["previous"], strict=True))
    return choose_champions(window_summary(purpose.sums), order, rule, before).assign(purpose=purpose.name)


def _compared(purpose: _Purpose, chosen: pd.DataFrame) -> pd.DataFrame:
    rows = candidate_scores(purpose.sums).assign(purpose=purpose.name)
    champion_of = rows["segment"].map(dict(zip(chosen["segment"], chosen["model"], strict=True)))
    return rows.assign(champion=rows["model"] == champion_of)


def _table(context: Context, name: str, frames: list[pd.DataFrame]) -> DataFrame:
    rows = [frame[TABLES[name].column_names] for frame in frames if len(frame)]
    everything = pd.concat(rows) if rows else pd.DataFrame(columns=TABLES[name].column_names)
    return context.spark.createDataFrame(everything.astype(object).where(everything.notna(), None), TABLES[name].ddl)
