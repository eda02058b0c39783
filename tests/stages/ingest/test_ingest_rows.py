"""Every kind of bad row, all in one run: what is accepted, what is quarantined, and under which rule."""

import csv
import json
from collections import Counter
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest
from echelon.errors import InputRefused
from echelon.lake.contracts import TABLES
from echelon.lake.lake import Lake
from echelon.lake.run_state import new_run
from echelon.stages.ingest import accept, master
from echelon.stages.shared.context import Context
from pyspark.sql import SparkSession
from support.ingest_files import FILES, ingested, rows, settings

OK = None
Lines = list[tuple[str, str | None]]
SALES: Lines = [
    ("A,North,2026-01-05,5,2.50,d1", OK),
    ("A,North,2026-01-05,-1,2.50,d2", OK),
    ("A,North,2026-01-05 23:59:59,0.5,,d3", OK),
    ("A,South,2026-01-06T23:30:00-05:00,1e1,+.5,", OK),
    ("A,South,2026-01-06T23:30:00-05:00,1e1,+.5,", OK),
    (" \tA\u00a0,North , 2026-01-07 , 3 ,2,d4", OK),
    ('"B","South","2026-01-31","2","4","line 1\nline 2, and ""more"""', OK),
    ("A,North,2026-01-05,5,2.50,d1", "duplicate"),
    ("A,North,2026-01-05,5,2.50,d1", "duplicate"),
    (",North,2026-01-06,5,2.5,d5", "missing_value"),
    (" \t\u00a0,North,2026-01-06,5,2.5,d5", "missing_value"),
    ("A,,2026-01-06,5,2.5,d6", "missing_value"),
    ("A,North,,5,2.5,d7", "missing_value"),
    ("A,North,2026-01-06,,2.5,d8", "missing_value"),
    ("A,North", "missing_value"),
    ("A,North,06.01.2026,5,2.5,d9", "wrong_type"),
    ("A,North,2026-02-30,5,2.5,d10", "wrong_type"),
    ("A,North,12:30,5,2.5,d11", "wrong_type"),
    ("A,North,today,5,2.5,d12", "wrong_type"),
    ("A,North,2026,5,2.5,d13", "wrong_type"),
    ("A,North,-2026-01-06,5,2.5,d13", "wrong_type"),
    ("A,North,2026-01-06 noon,5,2.5,d13", "wrong_type"),
    ("A,North,2026-01-06,five,2.5,d14", "wrong_type"),
    ('A,North,2026-01-06,"1,000",2.5,d15', "wrong_type"),
    ("A,North,2026-01-06,7d,2.5,d16", "wrong_type"),
    ("A,North,2026-01-06,NaN,2.5,d17", "wrong_type"),
    ("A,North,2026-01-06,Infinity,2.5,d18", "wrong_type"),
    ("A,North,2026-01-06,1e999,2.5,d19", "wrong_type"),
    ("A,North,2026-01-06,5,nan,d20", "wrong_type"),
    ("A,North,2026-01-06,1e30,2.5,d21", "out_of_range"),
    ("A,North,2026-01-06,5,1e300,d22", "out_of_range"),
    ("A,North,2026-01-06,5,-2.5,d23", "negative_price"),
    ("A,North,2026-01-06,5,0,d24", "zero_price"),
    ("A,North,2026-01-06,0,2.5,d25", OK),
    ("A,North,2026-01-06,0,0,d25", OK),
    ("A,North,2026-02-01,0,,", "zero_ahead"),
    ("A,North,2026-02-01,5,2.5,d26", "future_date"),
    ("A,North,9999-12-31,5,2.5,d27", "future_date"),
    ("A,North,0026-01-06,5,2.5,d27", "too_old"),
    ('A,North,2026-01-06,5,2.5,"d27\nA,North,2026-01-07,6,2.5,d27\nA,North,2026-01-08,7,2.5,d27"', "broken_quotes"),
    ("A,North,40848-01-06,5,2.5,d27", "wrong_type"),
    ("POST,North,2026-01-06,5,2.5,d28", "unknown_sku"),
    ("a,North,2026-01-06,5,2.5,d29", "unknown_sku"),
    ("A,Unspecified,2026-01-06,5,2.5,d30", "unknown_location"),
]
OTHERS: dict[str, Lines] = {
    "items": [
        ("A,Cup,Kitchen,1,2.5,", "duplicate"),
        ("D,Fork,Kitchen,1,2,", "conflicting"),
        ("D,Fork,Kitchen,1,3,", "conflicting"),
        ("C,Spoon,Kitchen,-1,2", "out_of_range"),
        ("C,Spoon,Kitchen,1,2,0.5", "out_of_range"),
        (",Fork,Kitchen,1,2", "missing_value"),
    ],
    "locations": [
        ("North,store,0.25,Coast", "duplicate"),
        ("Inn,store,0.2,Coast", "conflicting"),
        ("Inn,store,0.3,Coast", "conflicting"),
        ("West,store,-0.1", "out_of_range"),
        ("East,store,much", "wrong_type"),
    ],
    "lanes": [("Hub,North,2,0.5,1,0,1,1,,,,,", "duplicate")],
    "deliveries": [
        ("1,Maker,Hub,A,2026-01-01,2026-01-05,2026-01-04,24,24", "duplicate"),
        ("1,Maker,Hub,A,2026-01-01,2026-01-05,2026-01-09,24,6", OK),
        ("8,Maker,Hub,A,2026-01-02,,2026-01-09,24,24", "conflicting"),
        ("8,Maker,Hub,A,2026-01-03,,2026-01-09,24,24", "conflicting"),
        ("2,Maker,Hub,A,2026-01-09,2026-01-05,2026-01-04,24,24", "received_before_ordered"),
        ("3,Maker,Hub,A,2026-01-09,2026-01-05,2026-02-01,24,24", "future_date"),
        ("7,Maker,Hub,A,1926-01-09,2026-01-05,2026-01-10,24,24", "too_old"),
        ("4,Maker,Hub,A,2026-01-09,soon,2026-01-10,24,24", "wrong_type"),
        ("5,Maker,Hub,A,2026-01-09,2026-01-05,,24,24", "missing_value"),
        ("6,Maker,Hub,A,2026-01-09,2026-01-05,2026-01-10,-24,24", "out_of_range"),
    ],
    "stock": [
        ("Z,North,5,,", "unknown_sku"),
        ("A,Nowhere,5,,", "unknown_location"),
        ("A,South,-5,,", OK),
        ("A,South,,,", "missing_value"),
        ("A,North,6,,", OK),
        ("A,North,5,,", "duplicate"),
    ],
    "stock_history": [
        ("A,North,2026-01-09,0,maybe", "wrong_type"),
        ("A,North,2026-01-09,some,", "wrong_type"),
        ("A,North,2026-01-09,,", "missing_value"),
        ("A,North,,0,", "missing_value"),
        ("A,North,2026-01-07,-2,", "duplicate"),
        ("A,North,2026-01-08,0,", OK),
        ("A,North,2026-01-08,4,", OK),
        ("A,North,2026-01-09 10:00,0,", "conflicting"),
        ("A,North,2026-01-09 18:00,4,", "conflicting"),
        ("B,North,2026-01-09,,true", "conflicting"),
        ("B,North,2026-01-09,,false", "conflicting"),
        ("A,North,2026-02-01,0,", "future_date"),
        ("A,North,1026-01-09,0,", "too_old"),
        ("Z,North,2026-01-09,0,", "unknown_sku"),
        ("A,Nowhere,2026-01-09,0,", "unknown_location"),
    ],
    "targets": [
        ("B,South,95", "out_of_range"),
        ("Z,*,0.9", "unknown_sku"),
        ("*,Nowhere,0.9", "unknown_location"),
        ("*,*,0.960", "duplicate"),
        ("B,South,0.9", "conflicting"),
        ("B,South,0.8", "conflicting"),
    ],
    "signals": [
        ("fuel,2026-01-05,1.5,,", "duplicate"),
        ("fuel,2026-01-26,1.7,,", "conflicting"),
        ("fuel,2026-01-26,1.8,,", "conflicting"),
        ("fuel,2026-01-19,dear,,", "wrong_type"),
        ("fuel,2026-01-19,,,", "missing_value"),
        (",2026-01-19,1.7,,", "missing_value"),
        ("fuel,,1.7,,", "missing_value"),
        ("fuel,0026-01-19,1.7,,", "too_old"),
        ("fuel,9999-12-31,1.7,,", "future_date"),
        ("price,2026-01-19,2.5,Z,", "unknown_sku"),
        ("price,2026-01-19,2.5,A,Nowhere", "unknown_location"),
    ],
    "events": [
        ("New Year,2026-01-01,", "duplicate"),
        ("Easter,soon,", "wrong_type"),
        ("Easter,2126-04-05,", "future_date"),
        ("Fair,2026-05-01,Nowhere", "unknown_location"),
    ],
}
STOCK_HISTORY = [
    ("North", "2026-01-05", 4.0, False),
    ("North", "2026-01-06", 0.0, True),
    ("North", "2026-01-07", -2.0, True),
    ("North", "2026-01-08", 4.0, False),
    ("South", "2026-01-06", None, True),
    ("South", "2026-01-07", None, False),
    ("South", "2026-01-08", 7.0, True),
]


@pytest.fixture(scope="module")
def lake(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory, root: Path) -> Lake:
    """The tables after the one run that all tests of this file look at."""
    folder = tmp_path_factory.mktemp("a folder+more")
    lines = "\n".join(line for line, _ in SALES)
    files = FILES | {name: FILES[name] + "\n".join(line for line, _ in bad) + "\n" for name, bad in OTHERS.items()}
    files["sales"] = FILES["sales"].splitlines()[0] + "\n" + lines + "\n"
    found = Lake(spark, str(folder / "out"), root / "expectations", new_run("0" * 64))
    configuration = settings(folder, files, run={"run_date": "2026-02-01"}, ingest={"max_quarantine_share": 1})
    ingested(found, configuration)
    return found


def cells(name: str, line: str) -> dict[str, Any]:
    """The row as the quarantine keeps it: the text of every column of the file."""
    names = FILES[name].splitlines()[0].split(",")
    values: list[str | None] = [value or None for value in next(csv.reader([line]))]
    return dict(zip_longest(names, values))


def test_every_bad_row_is_quarantined_under_its_rule_and_no_other(lake: Lake) -> None:
    expected = Counter(
        (name, json.dumps(cells(name, line), sort_keys=True), rule)
        for name, listed in (OTHERS | {"sales": SALES}).items()
        for line, rule in listed
        if rule
    )
    found = Counter(
        (name, json.dumps(json.loads(row), sort_keys=True), rule)
        for name, row, rule in rows(lake, "quarantine", "input", "row", "rule")
    )
    assert found - expected == Counter()
    assert expected - found == Counter()


def test_identical_rows_are_numbered(lake: Lake) -> None:
    copies = lake.read("quarantine").where("input = 'sales' AND rule = 'duplicate'").select("copy").collect()
    assert sorted(row["copy"] for row in copies) == [1, 2]


def test_the_reason_says_what_is_wrong(lake: Lake) -> None:
    reasons = {(row[0], row[1]) for row in rows(lake, "quarantine", "input", "reason")}
    assert reasons >= {
        ("sales", "sku is empty"),
        ("sales", "quantity 'five' is not a number"),
        ("sales", "date '06.01.2026' is not a date"),
        ("sales", "quantity 1e30 is not between -1e+12 and 1e+12"),
        ("sales", "price -2.5 is below 0"),
        ("sales", "sku 'POST' is not in items"),
        ("sales", "location 'Unspecified' is not in locations"),
        ("sales", "date 2026-02-01 is not before the run date 2026-02-01"),
        ("sales", "the same line of the same document again"),
        ("sales", "date 2026-02-01 is not before the run date 2026-02-01, and quantity is 0: filled in ahead"),
        ("lanes", "the same row again"),
        ("items", "rows for one sku (D) differ: unit_price 2 and 3"),
        ("locations", "rows for one location (Inn) differ: holding_rate 0.2 and 0.3"),
        ("targets", "rows for one sku and location (B, South) differ: fill_rate 0.8 and 0.9"),
        (
            "deliveries",
            "rows for one delivery and source and destination and sku and received_date (8, Maker, Hub, A, 2026-01-09) differ: "
            "order_date 2026-01-02 and 2026-01-03",
        ),
        ("signals", "rows for one name and sku and location and date (fuel, *, *, 2026-01-26) differ: value 1.7 and 1.8"),
        ("stock_history", "rows for one sku and location and date (B, North, 2026-01-09) differ: stocked_out false and true"),
        ("targets", "another row for this sku and location says the same"),
        ("items", "shelf_life_days 0.5 is not at least 1"),
        ("stock_history", "stocked_out 'maybe' is not yes or no (true, false, 1, 0, y, n)"),
        ("stock_history", "on_hand and stocked_out are empty: give one of them"),
        ("targets", "fill_rate 95 is not between 0 and 1"),
        ("deliveries", "received before it was ordered"),
        ("signals", "date 9999-12-31 is more than 20 years after the run date 2026-02-01"),
        ("events", "location 'Nowhere' is not in locations"),
    }


def test_rows_read_are_rows_accepted_and_quarantined(lake: Lake) -> None:
    for name, read, accepted, refused in rows(lake, "inputs", "input", "rows_read", "rows_accepted", "rows_quarantined"):
        bad = [rule for _, rule in (OTHERS | {"sales": SALES})[name] if rule]
        kept = len((OTHERS | {"sales": SALES})[name]) - len(bad)
        good = kept + (len(FILES[name].splitlines()) - 1 if name in OTHERS else 0)
        assert (read, accepted, refused) == (good + len(bad), good, len(bad)), name


def test_sales_are_added_up_per_day(lake: Lake) -> None:
    columns = ("quantity_sold", "quantity_returned", "net_quantity", "revenue", "source_rows")
    found = lake.read("sales").selectExpr("sku", "location", "string(date)", *columns).orderBy("date", "location").collect()
    assert [tuple(row) for row in found] == [
        ("A", "North", "2026-01-05", 5.5, 1.0, 4.5, 10.0, 3),
        ("A", "North", "2026-01-06", 0.0, 0.0, 0.0, 0.0, 2),
        ("A", "South", "2026-01-06", 20.0, 0.0, 20.0, 10.0, 2),
        ("A", "North", "2026-01-07", 3.0, 0.0, 3.0, 6.0, 1),
        ("B", "South", "2026-01-31", 2.0, 0.0, 2.0, 8.0, 1),
    ]


def test_what_the_sources_leave_out_has_its_default(lake: Lake) -> None:
    assert rows(lake, "items", "sku", "unit_cost", "unit_price")[:2] == [("A", 1.0, 2.5), ("B", 2.0, 4.0)]
    assert rows(lake, "locations", "location", "kind", "holding_rate")[1::2] == [
        ("Hub", "warehouse", 0.2), ("Maker", "supplier", 0.25), ("South", "store", 0.25),
    ]  # fmt: skip
    assert rows(lake, "lanes", "destination", "review_period_days", "moq", "lot_size", "priority") == [
        ("Hub", 7, 24.0, 12.0, 1), ("North", 1, 0.0, 1.0, 1), ("South", 1, 0.0, 1.0, 1),
    ]  # fmt: skip
    more = ("share", "capacity", "days_up", "days_down", "order_cost")
    assert rows(lake, "lanes", "destination", *more) == [
        ("Hub", 1.0, 500.0, 90.0, 5.5, 20.0), ("North", *[None] * 5), ("South", *[None] * 5),
    ]  # fmt: skip
    assert rows(lake, "items", "sku", "shelf_life_days")[:2] == [("A", None), ("B", 30.0)]
    assert rows(lake, "stock", "sku", "location", "on_hand", "on_order", "backorders") == [
        ("A", "North", 11.0, 0.0, 0.0), ("A", "South", 0.0, 0.0, 5.0), ("B", "Hub", 0.0, 12.0, 3.0),
    ]  # fmt: skip
    assert rows(lake, "stock_history", "location", "string(date)", "on_hand", "stocked_out") == STOCK_HISTORY
    assert rows(lake, "targets", "sku", "location", "fill_rate") == [("*", "*", 0.96), ("A", "North", 0.99)]
    assert ("North", "Coast") in rows(lake, "locations", "location", "region")


def test_items_and_locations_of_refused_rows_are_there_with_what_can_be_read(lake: Lake) -> None:
    """C: a cost below 0 and a shelf life of half a day; D, Inn: rows that do not agree."""
    assert rows(lake, "items", "sku", "description", "unit_cost", "unit_price", "shelf_life_days")[2:] == [
        ("C", "Spoon", 1.0, 2.0, None), ("D", "Fork", 1.0, None, None),
    ]  # fmt: skip
    found = rows(lake, "locations", "location", "kind", "holding_rate", "region")
    assert found[::2] == [
        ("East", "store", 0.25, None), ("Inn", "store", 0.25, "Coast"), ("North", "store", 0.25, "Coast"),
        ("West", "store", 0.25, None),
    ]  # fmt: skip


def test_receipts_of_one_delivery_are_numbered_by_day(lake: Lake) -> None:
    assert rows(lake, "deliveries", "delivery", "part", "string(received_date)", "quantity_received") == [
        ("1", 1, "2026-01-04", 24.0), ("1", 2, "2026-01-09", 6.0),
    ]  # fmt: skip


def test_the_quarantine_names_sku_and_location(lake: Lake) -> None:
    named = rows(lake, "quarantine", "input", "rule", "sku", "location")
    assert {("stock", "unknown_sku", "Z", "North"), ("items", "out_of_range", "C", None)} <= set(named)


BAD_LANES = [
    ("Hub,North,9,0.5,1,0,1,1", "conflicting"),
    ("Maker,North,-1,0.5,1,0,1,2", "out_of_range"),
    ("Maker,North,1,0.5,0,0,1,2", "out_of_range"),
    ("Maker,North,1,0.5,1,0,0,2", "out_of_range"),
    ("Maker,North,1,0.5,1.5,0,1,2", "wrong_type"),
    ("Maker,North,1,0.5,99999999999,0,1,2", "wrong_type"),
    ("Maker,,1,0.5,1,0,1,2", "missing_value"),
    ("Maker,North,1,0.5,1,0,1,2,1.5,,,,", "out_of_range"),
    ("Maker,North,1,0.5,1,0,1,2,,0,,,", "out_of_range"),
    ("Maker,North,1,0.5,1,0,1,2,,,0,1,", "out_of_range"),
    ("Maker,North,1,0.5,1,0,1,2,,,60,0,", "out_of_range"),
    ("Maker,North,1,0.5,1,0,1,2,,,60,,", "missing_value"),
    ("Maker,North,1,0.5,1,0,1,2,,,,,-3", "out_of_range"),
]


def test_every_bad_lane_has_its_rule_and_stops_the_run(lake: Lake, tmp_path: Path) -> None:
    """Lanes decide what is planned: the message has the file, the reason and the row."""
    lines = FILES["lanes"] + "".join(line + "\n" for line, _ in BAD_LANES)
    context = Context(settings(tmp_path, FILES | {"lanes": lines}), lake.spark, lake)
    found = accept.classified(context, "lanes")
    assert found is not None
    told = {row["_row"]: (row["_rule"], row["_reason"]) for row in found.where("_rule IS NOT NULL").collect()}
    expected = Counter(rule for _, rule in BAD_LANES)
    assert Counter(rule for rule, _ in told.values()) == expected + Counter(conflicting=1)
    assert {reason for _, reason in told.values()} >= {
        "review_period_days '1.5' is not a whole number",
        "lot_size 0 is not above 0",
        "rows for one source and destination (Hub, North) differ: lead_time_days 2 and 9",
        "days_up and days_down go together: give both or none",
        "share 1.5 is not between 0 and 1",
    }
    both = r"rows for one source and destination \(Hub, North\) differ: lead_time_days 2 and 9"
    with pytest.raises(InputRefused, match=rf"^lanes: lanes.csv: {both}: \{{.*\}}, and \d+ more. Lanes decide"):
        master.refuse_bad_lanes({"lanes": found})


def test_signals_and_events_are_one_table(lake: Lake) -> None:
    assert rows(lake, "signals", "kind", "name", "sku", "location", "string(date)", "value") == [
        ("event", "Carnival", "*", "South", "2026-02-16", 1.0),
        ("event", "New Year", "*", "*", "2026-01-01", 1.0),
        ("signal", "fuel", "*", "*", "2026-01-05", 1.5),
        ("signal", "fuel", "*", "*", "2026-01-12", 1.6),
        ("signal", "price", "A", "*", "2026-01-05", 2.5),
        ("signal", "price", "A", "North", "2026-03-01", 2.25),
    ]


def test_every_table_is_published_and_checked(lake: Lake) -> None:
    ours = {name for name, table in TABLES.items() if table.stage == "ingest"}
    assert set(lake.run.tables) == ours
    assert {check.table for check in lake.run.checks} == ours
    failed = {(check.table, check.subject) for check in lake.run.checks if not check.success}
    # Few days of sales, and many bad rows among few: the guard warns of both and publishes.
    assert {table for table, _ in failed} <= {"sales", "inputs"}
    assert not any(check.blocks for check in lake.run.checks)
