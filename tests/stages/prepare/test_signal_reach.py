"""Signals whose rows end before what is said of them are told, with what the backtest had; others are not."""

from datetime import date, timedelta
from typing import Any

import pytest
from echelon.core.demand.periods import Frequency, period_index, period_start
from echelon.stages.prepare.signal_reach import signal_notes
from echelon.stages.prepare.spikes import spike_notes
from echelon.stages.prepare.stock_books import stock_book_notes
from echelon.stages.replenish.data_exceptions.demand_spikes import demand_spikes
from echelon.stages.shared.windows import Windows
from pyspark.sql import SparkSession
from support.in_memory import Rows, context

FIRST, PERIODS, HORIZON = date(2024, 1, 1), 140, 14
THEREFORE = "Forecasts, backtest and replay use it as far as its rows reach and no further"


def windows_of(freq: Frequency) -> Windows:
    first = int(period_index(FIRST, freq))
    return Windows(freq, first, first + PERIODS, HORIZON, 4, 1)


def day(number: int, freq: Frequency = "D") -> date:
    found = period_start(int(period_index(FIRST, freq)) + number, freq).item()
    assert isinstance(found, date)
    return found


def lines(name: str, numbers: range, sku: str = "*", freq: Frequency = "D") -> Rows:
    return [("signal", name, sku, "*", day(n, freq), 1.0) for n in numbers]


def told(spark: SparkSession, settings: dict[str, Any], rows: Rows, freq: Frequency = "D") -> list[str]:
    made = context(spark, {"signals": rows}, sources={"sales": {"path": "s"}, "signals": {"path": "x"}}, signals=settings)
    return signal_notes(made, windows_of(freq))


def test_what_the_plan_lacks_is_told_and_what_it_has_is_not(spark: SparkSession) -> None:
    settings = {
        "weather": {"known_ahead": True, "missing": 0},
        "forecast": {"known_ahead": 10},
        "price": {"known_ahead": True, "missing": "last"},
        "promotion": {"known_ahead": True, "missing": 0},
        "flyer": {"known_ahead": True, "missing": 0},
        "fuel": {"delay_days": 7, "missing": "last"},
        "feed": {"delay_days": 7},
        "index": {"delay_days": 45, "missing": "last"},
    }
    rows = [
        *lines("weather", range(PERIODS)),
        *lines("forecast", range(PERIODS + 10)),
        *lines("price", range(PERIODS + 20), "A"), *lines("price", range(PERIODS), "B"),
        *lines("promotion", range(3, PERIODS + 30, 15), "A"),
        *lines("flyer", range(3, PERIODS + 5, 20), "A"),
        *lines("fuel", range(PERIODS - 7)),
        *lines("feed", range(PERIODS - 40)),
        *lines("index", range(0, PERIODS, 30)),
    ]  # fmt: skip
    found = told(spark, settings, rows)
    ahead = "is said to be known ahead, and"
    assert found == [
        f"feed has no row after {day(PERIODS - 41)}, though the backtest had 16. {THEREFORE}",
        f"flyer {ahead} its last row is of {day(143)}. {THEREFORE}: where nothing changes after it, say so by a row on or "
        f"after {day(PERIODS + HORIZON - 1)}",
        f"price {ahead} 14 of 28 days ahead have no row; the backtest had 112 of 112. {THEREFORE}",
        f"weather {ahead} 14 of 14 days ahead have no row; the backtest had 56 of 56. {THEREFORE}",
    ]


@pytest.mark.parametrize(("freq", "word"), [("W", "weeks"), ("M", "months")])
def test_weeks_and_months_are_counted_as_such(spark: SparkSession, freq: Frequency, word: str) -> None:
    rows = [("signal", "price", "*", "*", day(n, freq) + timedelta(days=3), 1.0) for n in range(PERIODS + 5)]
    (line,) = told(spark, {"price": {"known_ahead": True}}, rows, freq)
    assert f"9 of 14 {word} ahead have no row; the backtest had 56 of 56" in line


def test_without_signals_there_is_nothing_to_tell(spark: SparkSession) -> None:
    assert told(spark, {}, []) == []


def test_a_spike_is_an_exception_with_its_date_and_size(spark: SparkSession) -> None:
    """Two locations with one on the same day, one of them with another; its price makes it the first thing to look at."""
    demand: Rows = [
        ("A", "North", day(2), 5.0, 0.0, 1e9, 0.0, 1e9 - 5),
        ("A", "North", day(130), 5.0, 0.0, 120.5, 0.0, 115.5),
        ("A", "South", day(2), 6.0, 0.0, 600.0, 0.0, 594.0),
        ("A", "South", day(3), 6.0, 0.0, 6.0, 0.0, 0.0),
        ("B", "South", day(2), 6.0, 0.0, 6.0, 0.0, None),
    ]
    made = context(spark, {"demand": demand, "items": [("A", "Cup", "Kitchen", 2.0)]})
    north, south = demand_spikes(made).orderBy("location").collect()
    assert (north["kind"], north["sku"], north["location"], north["severity"]) == ("demand_spike", "A", "North", "medium")
    assert (north["quantity"], north["value"]) == (1e9 - 5 + 115.5, 2 * (1e9 - 5 + 115.5))
    assert north["detail"].startswith(
        f"1,000,000,000 sold on {day(2)}, unlike all other demand here, counted as 5, as at other locations of the SKU (1): a "
        f"promotion?; 120.50 sold on {day(130)}, unlike all other demand here, counted as 5. If it is a mistake"
    )
    assert (south["quantity"], south["value"]) == (594.0, 1188.0)
    (line,) = spike_notes(made.lake.read("demand"), windows_of("D"))
    assert line.startswith(
        "3 spikes in 2 SKU-locations are counted as a usual sale, 1,000,000,704 units less, 1 of them in the"
    )
    assert spike_notes(made.lake.read("demand").where("spike IS NULL"), windows_of("D")) == []


def test_stock_books_that_cannot_be_right_are_told(spark: SparkSession) -> None:
    """A sells on days that ended empty; B lost much on the days on which it did; C is never empty."""
    rows: Rows = [("A", "X", day(n), 3.0, 0.0, 3.0, 1.0, 0.0) for n in range(10)]
    rows += [("B", "X", day(n), 3.0, 0.0, 3.0 * (n < 2), 1.0 * (n > 1), 0.0) for n in range(10)]
    rows += [("C", "X", day(n), 1.0, 0.0, 1.0, 0.0, 0.0) for n in range(1)]
    demand = context(spark, {"demand": rows}).lake.read("demand")
    one, other = stock_book_notes(demand)
    assert one.startswith("stock_history says that 1 of 3 SKU-locations ended empty in most periods, and they sold in most of")
    assert other == "demand is 65% above what was sold, by what empty locations are estimated to have lost"
    assert stock_book_notes(demand.where("sku = 'C'")) == []
