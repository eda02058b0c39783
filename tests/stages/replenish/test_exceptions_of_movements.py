"""Exceptions of movements and stock: which rows of which inputs are compared, and what is told. Every shop is a case."""

import datetime as dt
from functools import reduce
from typing import Any

import pytest
from echelon.stages.replenish.data_exceptions.delivery_outliers import delivery_outliers
from echelon.stages.replenish.data_exceptions.phantom_stock import phantom_stock
from echelon.stages.replenish.data_exceptions.stock_mismatches import stock_mismatches
from pyspark.sql import DataFrame, SparkSession
from support.in_memory import Rows, context

RUN_DATE = dt.date(2026, 11, 2)
SOURCES = ("sales", "items", "lanes", "deliveries", "stock", "stock_history")
FINDERS = (delivery_outliers, stock_mismatches, phantom_stock)
Found = dict[tuple[str, str, str], tuple[float, float, str]]


def day(before: int) -> dt.date:
    """A day so many days before the run date; 1 is the last day of the data."""
    return RUN_DATE - dt.timedelta(before)


def sale(location: str, before: int, units: float = 5, sku: str = "A") -> tuple[Any, ...]:
    return (sku, location, day(before), float(units), 0.0, float(units), None, 1)


def book(location: str, before: int, units: float, sku: str = "A") -> tuple[Any, ...]:
    return (sku, location, day(before), float(units), units <= 0)


def came(name: str, lane: str, ordered: int, received: int, units: float | None, sku: str | None = "A") -> tuple[Any, ...]:
    source, destination = lane.split(" > ")
    return (name, source, destination, sku, day(ordered), None, day(received), units, units)


def stock(location: str, on_hand: float, sku: str = "A", on_order: float = 0) -> tuple[Any, ...]:
    return (sku, location, float(on_hand), float(on_order), 0.0)


def found(spark: SparkSession, tables: dict[str, Rows], frequency: str = "D", without: str = "") -> Found:
    """(kind, sku, location) -> units, value, detail."""
    given: dict[str, Rows] = {"stock": [], "stock_history": [], "deliveries": [], "lanes": []} | tables
    named = {row[1] for name in ("sales", "stock", "stock_history") for row in given[name]} | {"Hub", "Empty hub"}
    places: Rows = [("Maker", "supplier", 0.0), *((name, "store", 0.25) for name in sorted(named))]
    costs: Rows = [("A", None, None, 2.0), ("B", None, None, 3.0)]
    sources = {name: {"path": f"{name}.csv"} for name in SOURCES if name != without}
    made = context(spark, given | {"locations": places, "items": costs}, sources=sources, run={"frequency": frequency})
    made.lake.run.run_date = RUN_DATE
    rows = reduce(DataFrame.unionByName, (find(made) for find in FINDERS)).collect()
    return {(row["kind"], row["sku"], row["location"]): (row["quantity"], row["value"], row["detail"]) for row in rows}


def shop(name: str, today: float | None, newest: float = 25, receipt: bool = True) -> dict[str, Rows]:
    """Eight days: 40 in the shop, 5 sold a day, 20 received on the fourth last day, 25 at the end; stock of today."""
    between = [book(name, n, 5 * n + (20 if n <= 4 else 0)) for n in range(2, 8)]
    return {
        "sales": [sale(name, n) for n in range(1, 8)],
        "stock_history": [book(name, 8, 40), *between, book(name, 1, newest)],
        "deliveries": [came(f"to {name}", f"Hub > {name}", 6, 4, 20.0)] if receipt else [],
        "stock": [] if today is None else [stock(name, today)],
        "lanes": [("Hub", name, 2.0, 0.5, 1, 0.0, 1.0, 1)],
    }


def together(*cases: dict[str, Rows]) -> dict[str, Rows]:
    names = ("sales", "stock_history", "deliveries", "stock", "lanes")
    return {name: [row for case in cases for row in case.get(name, [])] for name in names}


def hub(name: str, today: float, on_order: float = 0) -> dict[str, Rows]:
    """A warehouse that had 100 a week ago, bought none since and sent 20 to its shop."""
    lane, bought = f"{name} > Shop of {name}", f"Maker > {name}"
    return {
        "stock_history": [book(name, 8, 100)],
        "deliveries": [came(f"out of {name}", lane, 6, 4, 20.0), came(f"into {name}", bought, 30, 20, 60.0)],
        "stock": [stock(name, today), stock(f"Shop of {name}", 0, on_order=on_order)],
        "lanes": [("Maker", name, 10.0, 2.0, 7, 0.0, 1.0, 1), (name, f"Shop of {name}", 2.0, 0.5, 1, 0.0, 1.0, 1)],
    }


NOT_KEPT: dict[str, Rows] = {
    "sales": [sale("Not kept", n) for n in range(1, 60)],
    "stock_history": [book("Not kept", n, 0) for n in range(1, 60)],
}
SLOW: Rows = [sale("Slow", n, 1, "B") for n in range(1, 130, 10)]


def silent(name: str, on_hand: float) -> dict[str, Rows]:
    """A shop that sold every day up to a month ago."""
    return {"sales": [sale(name, n) for n in range(30, 130)], "stock": [stock(name, on_hand)]}


MISTYPED: Rows = [
    *(came(f"d{n}", "Hub > Right", 100 + n, 98 + n, None, None) for n in range(10)),
    came("typo", "Hub > Right", 472, 105, None, None),
    came("w", "Maker > Hub", 375, 10, 8.0),
]


@pytest.fixture(scope="module")
def told(spark: SparkSession) -> Found:
    blind = {"deliveries": [came("bulk", "Hub > Bulk", 6, 3, None, None)]}
    cases = together(
        shop("Right", 25), shop("Short", 10), shop("Newest", None, newest=37),
        shop("Rise", 500, receipt=False), shop("Fall", 3, newest=22, receipt=False), shop("Bulk", 500), blind,
        hub("Full hub", 80), hub("Lost hub", 70), hub("Empty hub", 70, on_order=10),
        {"stock_history": [book("Old", 60, 40)], "stock": [stock("Old", 3)]}, NOT_KEPT,
        silent("Phantom", 40), silent("Sold out", 0), {"sales": SLOW, "stock": [stock("Slow", 9, "B")]},
        silent("Filled", 40), {"deliveries": [came("fill", "Hub > Filled", 9, 6, 40.0)]},
        silent("Emptied", 40),
        {"stock_history": [book("Emptied", 5, 0)]}, {"deliveries": [came("e", "Hub > Emptied", 9, 4, 40.0)]},
        {"deliveries": MISTYPED, "lanes": [("Maker", "Hub", 10.0, 2.0, 7, 0.0, 1.0, 1)]},
    )  # fmt: skip
    return found(spark, cases)


def of_kind(found: Found, kind: str) -> dict[str, float]:
    """Location -> units."""
    return {location: told[0] for (name, _, location), told in found.items() if name == kind}


def test_only_what_movements_do_not_explain_is_a_mismatch(told: Found) -> None:
    mismatches = {"Short": 15.0, "Newest": 12.0, "Fall": 22.0, "Lost hub": 10.0, "Not kept": 155.0}
    assert of_kind(told, "stock_mismatch") == mismatches


def test_a_mismatch_tells_its_value_and_the_sum(told: Found) -> None:
    units, value, detail = told["stock_mismatch", "A", "Short"]
    sums = f"40 on {day(8)} + 20 received - 35 sold = 25, but 10 are on the book on {day(1)}"
    assert (units, value, detail) == (15.0, 30.0, f"{sums}: 15 units fewer than movements explain.")
    assert "fewer than movements explain, whatever was received" in told["stock_mismatch", "A", "Fall"][2]
    assert "last 31 days, though 31 of them had sales" in told["stock_mismatch", "A", "Not kept"][2]


def test_stock_that_does_not_sell_for_unlikely_long_is_a_phantom(told: Found) -> None:
    assert of_kind(told, "phantom_stock") == {"Phantom": 40.0}
    assert f"no sale for 29 days (since {day(30)})" in told["phantom_stock", "A", "Phantom"][2]


def test_a_delivery_that_took_a_year_too_long_is_named(told: Found) -> None:
    assert of_kind(told, "delivery_outlier") == {"Right": 0.0, "Hub": 8.0}
    assert told["delivery_outlier", "*", "Right"][2] == (
        f"Delivery 'typo' from Hub: 367 days from the order ({day(472)}) to the receipt ({day(105)}), where 2 are usual. "
        "Left out of lead times; are the dates right?"
    )


def test_inputs_that_ended_or_are_not_given_judge_nothing(spark: SparkSession) -> None:
    ended = together(shop("Right", 3), {"sales": [sale("Right", 9)]})
    ended["sales"] = [row for row in ended["sales"] if row[2] < day(6)]
    assert of_kind(found(spark, ended), "stock_mismatch") == {}
    given = together(hub("Lost hub", 70), {"sales": [sale("Shop of Lost hub", 1)], "stock_history": [book("Lost hub", 1, 70)]})
    assert of_kind(found(spark, given | {"stock": []}, without="stock"), "stock_mismatch") == {}


def test_weeks_dated_by_one_day_are_not_compared_by_the_day(spark: SparkSession) -> None:
    weekly = shop("Short", 3) | {"sales": [sale("Short", 7 * n) for n in range(1, 9)]}
    assert found(spark, weekly, "W") == {}
