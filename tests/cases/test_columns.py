"""Which column is which is never guessed: constants, columns there twice or meant twice, names that lost their digits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from support.ingest_files import settings
from support.read_files import HEADER, files, refusal

ROWS = "A,North,2026-01-05,5\nB,South,2026-01-06,2\n"


@pytest.mark.parametrize(
    ("header", "constants", "words"),
    [
        (
            "sku,location,date,quantity",
            {"location": "Main"},
            "constants.location is 'Main', but column 'location' of the ",
        ),
        (
            "sku,LOCATION ,date,quantity",
            {"location": "Main"},
            "column 'LOCATION ' of the file says 'North' (a.csv): leave",
        ),
        (
            "sku,location,date,quantity",
            {"quantity": "5"},
            "column 'quantity' of the file says '2' (a.csv): leave quan",
        ),
        ("sku,location,date,quantity", {"date": "2026-01-05"}, "column 'date' of the file says '2026-01-06'"),
    ],
)
def test_a_constant_never_hides_what_the_file_says(
    read: Any, tmp_path: Path, header: str, constants: dict[str, str], words: str
) -> None:
    message = refusal(read, files(tmp_path, a_csv=f"{header}\n{ROWS}") / "a.csv", constants=constants)
    assert words in message and "sources.sales.constants, or rename that column" in message


def test_a_constant_hides_no_column_of_any_file_or_format(read: Any, tmp_path: Path) -> None:
    place = files(tmp_path, a_csv="sku,date,quantity\nA,2026-01-05,5\n", b_csv=f"{HEADER}\n{ROWS}")
    assert "of the file says 'North' (b.csv)" in refusal(read, place, format="csv", constants={"location": "Main"})
    frame = pd.DataFrame({"sku": ["A"], "Location": ["North"], "date": "2026-01-05", "quantity": 1})
    frame.to_parquet(tmp_path / "a.parquet")
    assert "column 'Location' of the file says 'North'" in refusal(read, tmp_path / "a.parquet", constants={"location": "Main"})
    frame.drop(columns="Location").to_parquet(tmp_path / "p", partition_cols=["sku"])
    assert "column 'sku' of the file says 'A'" in refusal(read, tmp_path / "p", constants={"sku": "B", "location": "Main"})


def test_a_constant_stands_for_empty_and_equal_values(read: Any, tmp_path: Path) -> None:
    place = files(tmp_path, a_csv="sku,location,date,quantity,price\nA,,2026-01-05,5,2.50\nB,Main,2026-01-05,4,2.5\n") / "a.csv"
    found = read(place, constants={"location": "Main", "price": "2.5"})
    assert found.good("sku", "location", "price") == [("A", "Main", 2.5), ("B", "Main", 2.5)]
    elsewhere = files(tmp_path, b_csv=f"{HEADER}\n{ROWS}") / "b.csv"  # a column that is told to be another of ours
    found = read(elsewhere, constants={"location": "Main"}, columns={"document": "location"})
    assert found.good("location", "document") == [("Main", "North"), ("Main", "South")]


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        (
            {"quantity": "Qty", "price": "Qty"},
            "column 'Qty' of the file would be both quantity and price: say which is which",
        ),
        ({"quantity": "Qty", "document": "sku"}, "column 'sku' of the file would be both sku and document"),
        ({"quantity": "qty", "sku": "location"}, "column 'location' of the file would be both sku and location"),
    ],
)
def test_one_column_is_not_two_of_ours(read: Any, tmp_path: Path, columns: dict[str, str], words: str) -> None:
    place = files(tmp_path, a_csv="sku,location,date,Qty\nA,North,2026-01-05,5\n") / "a.csv"
    assert words in refusal(read, place, columns=columns)


def test_the_name_of_a_thing_may_describe_it_too(read: Any, tmp_path: Path) -> None:
    columns = {"sku": "name", "description": "name", "category": "name"}
    found = read(
        settings(tmp_path, {"items": "name,unit_cost\nCup,1\n", "sales": ""}, {"items": {"columns": columns}}), "items"
    )
    assert found.good("sku", "description", "category") == [("Cup", "Cup", "Cup")]


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("sku,location,date,quantity,sku", "'sku' is there twice: column 1 ('sku') and column 5 ('sku'). Say which is meant: "
                                           "columns: {sku: 'sku0'} or {sku: 'sku4'} under sources.sales"),
        ("sku,location,date,quantity,price,PRICE", "'price' is there twice: column 5 ('price') and column 6 ('PRICE')"),
        ("sku,location,date,quantity,Order No,order_no", "'order no' is there twice: column 5 ('Order No') and column 6 ('ord"),
    ],
)  # fmt: skip
def test_a_column_that_is_there_twice_is_named_with_both_places(read: Any, tmp_path: Path, header: str, words: str) -> None:
    place = files(tmp_path, a_csv=f"{header}\nA,North,2026-01-05,5,X,Y\n") / "a.csv"
    columns = {"document": "order no"} if "rder" in header else {}
    assert words in refusal(read, place, columns=columns)
    if "rice" not in header:
        return
    found = read(files(tmp_path, b_csv=f"{header}\nA,North,2026-01-05,5,1,2\n") / "b.csv", columns={"price": "PRICE5"})
    assert found.good("price") == [2.0]


def test_columns_that_nobody_asked_for_may_be_there_twice(read: Any, tmp_path: Path) -> None:
    place = files(tmp_path, a_csv=f"{HEADER},note,note,x0,x1,,\nA,North,2026-01-05,5,x,y,,,,\n") / "a.csv"
    assert read(place).good("sku", "quantity") == [("A", 5.0)]


@pytest.mark.parametrize("options", [{}, {"sep": ";"}, {"sep": ","}])
@pytest.mark.parametrize("line", ["sep=;", '"sep=;"', "SEP=;"])
def test_a_first_line_for_excel_is_named(read: Any, tmp_path: Path, line: str, options: dict[str, str]) -> None:
    place = files(tmp_path, a_csv=f"{line}\n{HEADER.replace(',', ';')}\nA;North;2026-01-05;5\n") / "a.csv"
    message = refusal(read, place, options=options)
    assert (
        "a.csv begins with a line 'sep=', which is for Excel alone: take it out of the file, and say options: {sep: ';'}"
        in message
    )


def test_names_that_a_spreadsheet_rounded_are_quarantined(read: Any, tmp_path: Path) -> None:
    names = ["4.01E+12", "4,01E+12", "4E+12", "1.00e+05", "1E5", "12E10", "1.5E3", "E+12", "4012345678901", "A4.01E+12"]
    rows = "".join(f'"{name}",North,2026-01-05,{place}\n' for place, name in enumerate(names))
    found = read(files(tmp_path, a_csv=f"{HEADER}\n{rows}") / "a.csv")
    assert found.good("sku") == sorted(names[4:])
    why = "is a long number as a spreadsheet shows it, rounded, and may stand for several: give the column the format text"
    assert [(rule, why in reason) for rule, reason in found.bad()] == [("rounded_name", True)] * 4
    assert found.notes == []


def test_numbers_that_became_names_are_told(read: Any, tmp_path: Path) -> None:
    rows = "".join(f"{name},North,2026-01-05,1\n" for name in ("1.0000001E7", "4711", "4.012345678901E12"))
    assert read(files(tmp_path, a_csv=f"{HEADER}\n{rows}") / "a.csv").notes == [
        "sales: every sku is a number, and some are written as 1.0000001E7: they are taken as they are written"
    ]


@pytest.mark.parametrize(("unit", "day"), [
    (10**9, "2026-01-05"), (10**6, "2026-01-05"), (10**3, "2026-01-05"), (1, None), (10**12, None), (10, None),
])  # fmt: skip
def test_whole_numbers_are_moments_where_one_unit_gives_a_year_of_our_time(
    read: Any, tmp_path: Path, unit: int, day: str | None
) -> None:
    seconds = 1767571200 if unit < 10**12 else 17675712
    frame = pd.DataFrame({"sku": "A", "location": "N", "date": [seconds * unit] * 3, "quantity": 1})
    frame.to_parquet(tmp_path / "a.parquet")
    found = read(tmp_path / "a.parquet")
    assert [str(date) for date in found.good("date")] == ([day] * 3 if day else [])
    assert {rule for rule, _ in found.bad()} == (set() if day else {"wrong_type"})


def test_timestamps_in_nanoseconds_of_early_1970_stay_what_they_are(read: Any, tmp_path: Path) -> None:
    dates = pd.to_datetime(["1970-01-25", "1970-02-10", "1979-05-01"]).astype("datetime64[ns]")
    pd.DataFrame({"sku": "A", "location": "N", "date": dates, "quantity": 1}).to_parquet(tmp_path / "a.parquet")
    assert [str(day) for day in read(tmp_path / "a.parquet").good("date")] == ["1970-01-25", "1970-02-10", "1979-05-01"]
