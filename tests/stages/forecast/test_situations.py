"""Errors in events, promotions, launches, run-downs and after level shifts, against sums by hand."""

from datetime import date, timedelta

import pandas as pd
import pytest
from echelon.lake.contracts import TABLES
from echelon.stages.forecast.situations import situation_table
from pyspark.sql import SparkSession
from support.in_memory import Rows, context

DAYS, HORIZON = 280, 7
START = date(2025, 1, 6)
CUTOFF = START + timedelta(days=DAYS - HORIZON)
OLD, NEW, GONE = ("A", "North"), ("B", "South"), ("C", "North")
ACTUAL, CHAMPION, AVERAGE = [10.0] * 7, [11.0, 8.0, 10.0, 10.0, 10.0, 10.0, 10.0], [12.0] * 7


_COMPARED = "sku string, location string, cutoff date, actual array<double>, `with` array<double>, without array<double>"


def day(step: int) -> date:
    return CUTOFF + timedelta(days=step)


@pytest.fixture(scope="module")
def table(spark: SparkSession) -> pd.DataFrame:
    """A is old and has an event and a promotion; B was launched 60 days before; C is ending, and its level moved before."""
    first = {OLD: START, NEW: CUTOFF - timedelta(days=60), GONE: START}
    last = START + timedelta(days=DAYS - 1)
    scores = [
        (*key, model, CUTOFF, "ok", 1.0, 0.0, 0.1, forecast, ACTUAL)
        for key in first for model, forecast in (("lightgbm", CHAMPION), ("moving_average", AVERAGE), ("tsb", [99.0] * 7))
    ]  # fmt: skip
    columns = TABLES["segments"].column_names
    told: dict[tuple[str, str], dict[str, object]] = {
        NEW: {"life_cycle": "new"},
        GONE: {"life_cycle": "ending", "level_shift": CUTOFF - timedelta(days=30)},
    }
    segments = [
        tuple({"sku": key[0], "location": key[1], "life_cycle": "mature", **told.get(key, {})}.get(name) for name in columns)
        for key in first
    ]
    tables: dict[str, Rows] = {
        "demand": [(*key, on, 10.0, 0.0, 10.0, 0.0) for key, begun in first.items() for on in (begun, last)],
        "segments": segments,
        "signals": [
            ("event", "fair", "*", "North", day(0), 1.0), ("event", "fair", "*", "North", day(-1), 1.0),
            ("event", "holiday", "*", "*", day(0), 1.0), ("signal", "promotion", "A", "*", day(1), 1.0),
            ("signal", "promotion", "A", "*", day(2), 0.0), ("signal", "price", "A", "*", day(3), 5.0),
        ],
        "backtest_scores": scores,
    }  # fmt: skip
    work = context(
        spark, tables, backtest={"horizon": HORIZON, "windows": 6}, replay={"weeks": 2},
        signals={"promotion": {"known_ahead": True, "missing": 0}, "price": {"missing": "last"}},
    )  # fmt: skip
    chosen = spark.createDataFrame([(*key, "lightgbm") for key in first], "sku string, location string, model string")
    compared = spark.createDataFrame([(*OLD, CUTOFF, ACTUAL, CHAMPION, AVERAGE)], _COMPARED)
    found = situation_table(work, chosen, compared, work.windows).toPandas()
    assert list(found.columns) == TABLES["situation_scores"].column_names
    return found.set_index(["situation", "model"]).sort_index()


def row(table: pd.DataFrame, situation: str, model: str = "champion") -> tuple[int, int, float, float]:
    found = table.loc[[(situation, model)]].iloc[0]
    return int(found["forecasts"]), int(found["periods"]), round(float(found["wape"]), 6), round(float(found["bias"]), 6)


def test_all_periods_and_only_champions_and_what_they_are_compared_with_are_there(table: pd.DataFrame) -> None:
    assert row(table, "all") == (3, 21, round(9 / 210, 6), round(-3 / 210, 6))
    assert {model for _, model in table.index} == {"champion", "moving_average", "with_drivers", "without_drivers"}


def test_the_pooled_model_with_and_without_drivers_stands_beside_on_the_same_rows(table: pd.DataFrame) -> None:
    assert row(table, "promotion", "with_drivers") == (1, 1, 0.2, -0.2)
    assert row(table, "promotion", "without_drivers") == (1, 1, 0.2, 0.2)
    assert row(table, "all", "without_drivers") == (1, 7, 0.2, 0.2)


def test_an_event_counts_once_where_it_is_and_on_its_day_alone(table: pd.DataFrame) -> None:
    assert row(table, "event") == (3, 3, 0.1, 0.1)
    assert row(table, "event", "moving_average") == (3, 3, 0.2, 0.2)


def test_a_promotion_is_a_signal_that_is_on(table: pd.DataFrame) -> None:
    assert row(table, "promotion") == (1, 1, 0.2, -0.2)


def test_launches_run_downs_and_level_shifts_take_the_whole_window(table: pd.DataFrame) -> None:
    for situation in ("launch", "run_down", "level_shift"):
        assert row(table, situation) == (1, 7, round(3 / 70, 6), round(-1 / 70, 6))


def test_ordinary_periods_are_in_no_other_situation(table: pd.DataFrame) -> None:
    assert row(table, "ordinary") == (1, 5, 0.0, 0.0)
