"""Groups of series that share a pooled model: as many as the rows of demand ask for, whatever the machine."""

import datetime as dt

import pytest
from echelon.core.forecast.features.covariates import Calendar, Signals
from echelon.stages.backtest.candidates import _model_groups, demand_rows
from echelon.stages.backtest.pooled import Origins, rhythm_of
from pyspark.sql import SparkSession
from support.in_memory import context

DAYS = [dt.date(2024, 1, 1 + day) for day in range(5)]


@pytest.mark.parametrize("rows, groups", [(50, 1), (49, 2), (9, 6), (1000, 1)])
def test_rows_per_model_bound_a_group(spark: SparkSession, rows: int, groups: int) -> None:
    demand = [(f"S{i}", "X", day, 1.0) for i in range(10) for day in DAYS]
    made = context(spark, {"demand": demand}, backtest={"rows_per_model": rows})
    assert _model_groups(made, demand_rows(made)) == groups


def test_a_day_more_changes_neither_when_models_learn_nor_how_many_there_are() -> None:
    signals = Signals(Calendar("D", 0, 1, 1))
    days = [Origins([1_400 + day, 1_428 + day], 28, signals, rhythm=7).learned_until for day in range(8)]
    assert [list(found.values()) for found in days] == [[1_400, 1_428]] * 7 + [[1_407, 1_435]]
    assert list(Origins([1_400, 1_428, 1_456], 28, signals, 2).learned_until.values()) == [1_400, 1_400, 1_456]


@pytest.mark.parametrize("frequency, periods", [("D", 14), ("W", 2), ("M", 1)])
def test_the_rhythm_is_told_in_weeks(spark: SparkSession, frequency: str, periods: int) -> None:
    assert rhythm_of(context(spark, run={"frequency": frequency}, backtest={"retrain_weeks": 2})) == periods
