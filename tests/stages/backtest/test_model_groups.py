"""Groups of series that share a pooled model: as many as the rows of demand ask for, whatever the machine."""

import datetime as dt

import pytest
from echelon.stages.backtest.candidates import _model_groups, demand_rows
from pyspark.sql import SparkSession
from support.in_memory import context

DAYS = [dt.date(2024, 1, 1 + day) for day in range(5)]


@pytest.mark.parametrize("rows, groups", [(50, 1), (49, 2), (9, 6), (1000, 1)])
def test_rows_per_model_bound_a_group(spark: SparkSession, rows: int, groups: int) -> None:
    demand = [(f"S{i}", "X", day, 1.0) for i in range(10) for day in DAYS]
    made = context(spark, {"demand": demand}, backtest={"rows_per_model": rows})
    assert _model_groups(made, demand_rows(made)) == groups
