"""Pooled models on Spark: the buckets draw rows of all series, one task learns a model from them, and every bucket forecasts
its series by it. A task holds about `sampling.ENOUGH_ROWS` rows, however many series there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import lightgbm
import numpy as np
import pandas as pd
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from echelon.core.demand.periods import PERIOD_DAYS, Frequency, period_index, start_date
from echelon.core.forecast.base.candidate import Candidate
from echelon.core.forecast.features.covariates import Signals
from echelon.core.forecast.features.history import History
from echelon.core.forecast.features.pool import Pool
from echelon.core.forecast.features.pooled_features import feature_names
from echelon.core.forecast.models.learned_models import LearnedModels, Lesson
from echelon.core.forecast.models.lightgbm_direct import blocks_of, learn
from echelon.core.forecast.models.sampling import PoolFacts, is_erratic, series_size
from echelon.core.forecast.models.training_rows import TrainingRows, training_rows
from echelon.engine.decimal_sums import exact_sum
from echelon.engine.grouped.buckets import apply_by, apply_to_rows
from echelon.stages.shared.context import Context
from echelon.stages.shared.history import SERIES
from echelon.stages.shared.resumable import Split
from echelon.stages.shared.windows import Windows

# Candidates that learn so, and whether there is a model for each block of the horizon.
SHARED_OUT = {"lightgbm": False, "lightgbm_blocks": True}
# Locations whose sums are a feature of their series; of more, those with most periods of demand.
MOST_LOCATIONS = 1_000
_DRAWN = "task int, names array<string>, key array<long>, values array<float>"
_LEARNED = "task int, booster string, reason string"
_FACTS = "until int, rows double, size double, sold double, erratic double"


@dataclass(frozen=True)
class Task:
    """One model: of a candidate, for some steps of the horizon, of what was known before the period `until`."""

    model: str
    until: int
    steps: range


@dataclass(frozen=True)
class Origins:
    """The cutoffs from which is forecast, oldest first, and how many periods; signals: what is known beside demand. every:
    models learn at every so many cutoffs, and in between forecast as they learned last. rhythm: periods from one time of
    learning to the next, on the calendar, so that a run a day later learns the same."""

    cutoffs: Sequence[int]
    horizon: int
    signals: Signals
    every: int = 1
    rhythm: int = 1

    @property
    def learned_until(self) -> dict[int, int]:
        """For each cutoff, the period before which its models learned."""
        last = {cutoff: self.cutoffs[i - i % self.every] for i, cutoff in enumerate(self.cutoffs)}
        return {cutoff: learned - learned % self.rhythm for cutoff, learned in last.items()}


def rhythm_of(context: Context) -> int:
    """Whole periods in `backtest.retrain_weeks`, at least one."""
    days = PERIOD_DAYS[context.settings.run.frequency]
    return max(int(7 * context.settings.backtest.retrain_weeks / days), 1)


def learned(context: Context, name: str, split: Split, origins: Origins, chosen: Sequence[Candidate]) -> list[Candidate]:
    """The candidates that forecast by what was learned from rows of all buckets; kept under `name` in a part that a run which
    goes on does not repeat."""
    if not chosen:
        return []
    windows, until = context.windows, origins.learned_until
    demand = context.lake.read("demand").select(*SERIES, "date", "demand")
    pool, facts = _pool(demand, windows), _facts(demand, sorted(set(until.values())), windows.freq)
    tasks = [
        Task(candidate.name, period, steps)
        for candidate in chosen
        for period in sorted(facts)
        for steps in blocks_of(windows.freq, origins.horizon, SHARED_OUT[candidate.name])
    ]
    draw = partial(_drawn, signals=origins.signals, pool=pool, facts=facts, tasks=tasks)
    rows = split.apply(draw, _DRAWN).withColumn("_task", F.col("task"))
    boosters = apply_by(rows, "_task", len(tasks), partial(_learned, facts=facts, tasks=tasks, freq=windows.freq), _LEARNED)
    found = context.lake.keep_parts(f"{name}_models", {f"{len(tasks)}-models": boosters}).toPandas().set_index("task")
    return [_candidate(candidate, pool, until, tasks, found) for candidate in chosen]


def _candidate(candidate: Candidate, pool: Pool, until: dict[int, int], tasks: list[Task], found: pd.DataFrame) -> Candidate:
    of_period: dict[int, Lesson] = {}
    for number, task in enumerate(tasks):
        if task.model == candidate.name:
            before = of_period.get(task.until, Lesson(()))
            booster, reason = str(found.loc[number, "booster"]), str(found.loc[number, "reason"])
            of_period[task.until] = Lesson((*before.boosters, (task.steps, booster)), before.reason or reason)
    models = LearnedModels(pool, {cutoff: of_period[period] for cutoff, period in until.items()})
    return Candidate(candidate.name, models, care=candidate.care)


def _drawn(
    rows: pd.DataFrame, signals: Signals, pool: Pool, facts: dict[int, PoolFacts], tasks: Sequence[Task]
) -> pd.DataFrame:
    """One row (_DRAWN) per task with the rows that it gets of this bucket."""
    panel = signals.panel(rows)
    made = []
    for until in sorted(facts):
        known = panel.before(until)
        history = History.of(known.select(known.lengths > 0).limited, pool)
        for number, task in enumerate(tasks):
            if task.until == until:
                part = training_rows(history, facts[until], task.steps)
                values = np.column_stack([part.label, part.unit, part.chance, part.features])
                made.append((number, feature_names(history.panel), part.key.view(np.int64), values.ravel()))
    return pd.DataFrame(made, columns=["task", "names", "key", "values"])


def _learned(rows: pd.DataFrame, facts: dict[int, PoolFacts], tasks: Sequence[Task], freq: Frequency) -> pd.DataFrame:
    """The model (_LEARNED) of one task, from the rows of all buckets."""
    number, names = int(rows["task"].iloc[0]), list(rows["names"].iloc[0])
    parts = [_part(np.asarray(key), np.asarray(values)) for key, values in zip(rows["key"], rows["values"], strict=True)]
    booster, reason = "", ""
    try:
        booster = learn(TrainingRows.joined(parts), facts[tasks[number].until], names, freq).model_to_string()
    except (ValueError, lightgbm.basic.LightGBMError) as error:
        reason = str(error)
    return pd.DataFrame({"task": [number], "booster": [booster], "reason": [reason]})


def _part(key: np.ndarray, values: np.ndarray) -> TrainingRows:
    table = values.reshape(len(key), -1) if len(key) else np.empty((0, 3), np.float32)
    return TrainingRows(key.astype(np.int64).view(np.uint64), table[:, 3:], table[:, 0], table[:, 1], table[:, 2])


def _pool(demand: DataFrame, windows: Windows) -> Pool:
    """Sums of all series and by location, of the largest locations one by one."""
    largest = demand.groupBy("location").count().orderBy(F.desc("count"), "location").limit(MOST_LOCATIONS)
    named = demand.join(F.broadcast(largest.select("location", F.col("location").alias("_name"))), "location", "left")
    by_date = named.groupBy("_name", "date").agg(exact_sum(F.col("demand")).alias("units"))
    packed = by_date.groupBy("_name").agg(F.collect_list(F.struct("date", "units")).alias("_rows"))
    arrays = packed.select("_name", F.transform("_rows", lambda r: F.unix_date(r["date"])).alias("days"), "_rows.units")
    found = arrays.toPandas().sort_values("_name", ignore_index=True)
    names = tuple(found["_name"].dropna())
    sums = np.zeros((1 + len(found), windows.periods))
    for row, (days, units) in enumerate(zip(found["days"], found["units"], strict=True), 1):
        sums[row, period_index(np.asarray(days, dtype="datetime64[D]"), windows.freq) - windows.first] = units
    sums[0] = sums[1:].sum(axis=0)
    return Pool(names, sums[: 1 + len(names)], windows.end)


def _facts(demand: DataFrame, until: Sequence[int], freq: Frequency) -> dict[int, PoolFacts]:
    """What the sampling design must know of all series, as known before each period."""
    sums = [_sums_before(period, freq) for period in until]
    by_series = demand.groupBy(*SERIES).agg(*(each.alias(f"_{period}") for period, each in zip(until, sums, strict=True)))
    known = by_series.select(F.explode(F.array(*(f"_{period}" for period in until))).alias("known")).select("known.*")
    rows = apply_to_rows(known.where("rows > 0"), partial(_facts_of_series, freq=freq), _FACTS)
    added = rows.groupBy("until").agg(*(exact_sum(F.col(name)).alias(name) for name in ("rows", "size", "sold", "erratic")))
    return {int(row["until"]): PoolFacts(row["rows"], row["size"], row["sold"], row["erratic"]) for row in added.collect()}


def _sums_before(period: int, freq: Frequency) -> Column:
    value = F.when(F.col("date") < F.lit(start_date(period, freq)), F.col("demand"))
    moments = F.coalesce(exact_sum(value), F.lit(0.0)), F.coalesce(exact_sum(value * value), F.lit(0.0))
    return F.struct(
        F.lit(period).alias("until"), F.count(value).alias("rows"), moments[0].alias("total"), moments[1].alias("squares")
    )


def _facts_of_series(rows: pd.DataFrame, freq: Frequency) -> pd.DataFrame:
    count = rows["rows"].to_numpy(np.int64)
    mean = rows["total"].to_numpy(np.float64) / count
    variance = rows["squares"].to_numpy(np.float64) / count - mean**2
    size, erratic = series_size(mean, count, freq), is_erratic(mean, variance)
    return rows[["until", "rows"]].assign(size=size, sold=(mean > 0).astype(float), erratic=erratic)
