"""Whole inputs: what is refused with which words, and what every kind of file gives."""

import gzip
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from echelon.config import load
from echelon.lake.lake import Lake
from support.ingest_files import FILES, SIGNALS, ingested, refusal, rows, settings

OpenLake = Callable[..., Lake]
SALES = FILES["sales"]
HEADER = SALES.splitlines()[0] + "\n"


def csv_of(name: str, *lines: str) -> dict[str, str]:
    """The sales and the network, one file with other rows."""
    return {known: FILES[known] for known in ("sales", "locations", "lanes")} | {
        name: FILES[name].splitlines()[0] + "\n" + "".join(line + "\n" for line in lines)
    }


@pytest.mark.parametrize(
    ("files", "sources", "words"),
    [
        ({}, {"sales": {"path": "nowhere.csv"}}, "sales: nowhere.csv: no such file (relative paths start at"),
        ({}, {"sales": {"path": "foo://x/sales.csv"}}, 'sales: foo://x/sales.csv: can\'t be read'),
        ({"sales": "sku,date,qty\n"}, {}, "sales.csv: no column 'location', 'quantity'. The file has: sku, date, qty. Say"),
        ({"sales": SALES}, {"sales": {"columns": {"price": "cost"}}}, "no column 'cost'. The file has: sku, location, "),
        ({"sales": SALES}, {"sales": {"columns": {"skku": "sku"}}}, "sources.sales: 'skku' is no column of this input"),
        ({"sales": SALES}, {"sales": {"options": {"sep": ";"}}}, "'date', 'quantity'. The file has: sku,location,"),
        ({"sales": HEADER}, {}, "sales.csv: no rows"),
        ({"sales": ""}, {}, "sales.csv: the file is empty"),
        ({"sales": SALES}, {"sales": {"format": "parquet"}}, "sales.csv: can't be read, it may be damaged"),
        (
            {"sales": SALES, "stock_history": "sku,location,date\nA,North,2026-01-05\n"},
            {},
            "stock_history.csv: no column 'on_hand or stocked_out'",
        ),
        ({"sales": SALES, "stock": "sku,location\nA,North\n"}, {}, "stock.csv: no column 'on_hand'"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)  # fmt: skip
def test_an_input_that_can_not_be_read(
    lake: Lake, tmp_path: Path, files: dict[str, str], sources: dict[str, Any], words: str
) -> None:
    assert words in refusal(lake, settings(tmp_path, files, sources))


def test_a_folder_of_csv_files_that_are_taken_for_parquet(lake: Lake, tmp_path: Path) -> None:
    (tmp_path / "january.csv").write_text(SALES)
    message = refusal(lake, settings(tmp_path, {}, {"sales": {"path": str(tmp_path)}}))
    assert message.endswith("if these are CSV files, say format: csv")


def test_damaged_files(lake: Lake, tmp_path: Path) -> None:
    packed = gzip.compress((HEADER + "".join(f"A,North,2026-01-05,{i * 7919 % 1000},2,{i}\n" for i in range(5000))).encode())
    frame = pd.DataFrame({"sku": ["A"] * 500, "location": "N", "date": "2026-01-05", "quantity": range(500)})
    frame.to_parquet(tmp_path / "whole.parquet")
    stored = (tmp_path / "whole.parquet").read_bytes()
    damaged = {
        "cut.csv.gz": packed[: len(packed) // 2],
        "plain.csv.gz": SALES.encode(),
        "cut.parquet": stored[:-40],
        "scratched.parquet": stored[:4] + bytes(400) + stored[404:],
    }
    for name, content in damaged.items():
        (tmp_path / name).write_bytes(content)
        message = refusal(lake, settings(tmp_path, {}, {"sales": {"path": str(tmp_path / name)}}))
        assert message.startswith(f"sales: {tmp_path / name}: can't be read"), message
        assert "\n" not in message
        assert "Py4J" not in message


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (
            csv_of("lanes", "Maker,Hub,,,,,,", "Hub,North,,,,,,", "Hub,South,,,,,,", "Hub,West,,,,,,"),
            "lanes: lane Hub -> West: location West is not known",
        ),
        (csv_of("lanes", "Hub,North,,,,,,", "North,Hub,,,,,,", "Maker,South,,,,,,"), "lanes: the lanes form a loop: "),
        (csv_of("lanes", "Maker,North,,,,,,", "Hub,South,,,,,,"), "lanes: location Hub has no source: no lane leads to it"),
        (csv_of("lanes", "Maker,North,,,,,,"), "lanes: no lane leads to South, which has sales; lanes lead to North"),
        (
            csv_of("lanes", "Maker,Hub,,,,,,", "Hub,North,,,,,,", "Maker,North,,,,,,", "Hub,South,,,,,,"),
            "lanes: location North has two sources with priority 1: Hub and Maker; give one of them a higher number",
        ),
        (
            csv_of("lanes", "Maker,Hub,,,,24,10,,,2", "Hub,North,,,,,,", "Hub,South,,,,,,"),
            "lanes: lane Maker -> Hub: capacity 2 units a day (14 an order: review_period_days 7, run.frequency D) is below "
            "the least order of 30 units (moq 24 in lots of 10)",
        ),
        (csv_of("locations", "Maker,supplier,", "Hub,depot,", "North,,", "South,,"), "locations: Hub: kind 'depot' is"),
        (csv_of("sales", *["A,North,2026-01-05,x,1,d"] * 3), "sales: not one row was accepted; the first reasons are wro"),
        (csv_of("items", "X,,,,"), "sales: 2 of 2 rows would be quarantined, more than"),
        (
            csv_of("sales", *[f"A,North,2026-01-05,{q},1,d{n}" for n, q in enumerate([1] * 30 + ["?"] * 11)]),
            "ingest.max_quarantine_share = 20% allows: wrong_type (11 rows; quantity '?' is not a number)",
        ),
    ],
    ids=[
        "unknown location", "loop", "no source", "unsupplied", "priority", "capacity", "kind", "nothing accepted",
        "no known SKU", "dirt",
    ],
)  # fmt: skip
def test_inputs_that_contradict_each_other(lake: Lake, tmp_path: Path, files: dict[str, str], words: str) -> None:
    assert words in refusal(lake, settings(tmp_path, files))


@pytest.mark.parametrize(
    ("signals", "words"),
    [
        ({"price": {}}, "signals: nothing says when 'fuel' is known: give it under signals in the configuration, for example"),
        ({"fuel": {}, "price": {}, "prise": {}}, "signals: no row is named 'prise'. Did you mean 'price'? The"),
        ({"fuel": {}, "price": {"source": "sales"}}, "signals: 'price' is both an input and taken from sales: name one"),
        (SIGNALS | {"empty": {"source": "stock_history"}}, "'empty' is to be taken from stock_history, but sources."),
    ],
    ids=["not described", "not there", "twice", "no such source"],
)  # fmt: skip
def test_signals_of_which_nobody_knows_when(lake: Lake, tmp_path: Path, signals: dict[str, Any], words: str) -> None:
    files = {name: FILES[name] for name in ("sales", "locations", "lanes", "signals")}
    assert words in refusal(lake, settings(tmp_path, files, signals=signals))


def test_the_same_file_delivered_twice_is_told(lake: Lake, tmp_path: Path) -> None:
    """A few repeated rows go to the quarantine; a whole file again is somebody's mistake."""
    folder = tmp_path / "sales"
    folder.mkdir()
    text = HEADER + "".join(f"A,North,2026-01-05,{number},2,d{number}\n" for number in range(1, 31))
    for name in ("january.csv", "january (1).csv"):
        (folder / name).write_text(text)
    message = refusal(lake, settings(tmp_path, {}, {"sales": {"path": str(folder), "format": "csv"}}))
    assert "sales: 30 of 60 rows would be quarantined" in message
    assert "duplicate (30 rows; " in message


def test_a_date_format_that_is_none_or_does_not_fit(lake: Lake, tmp_path: Path) -> None:
    for pattern in ("HHH dd.MM.yyyy", "dd.MM.yyyyyyyyy"):
        message = refusal(lake, settings(tmp_path, FILES, {"sales": {"date_format": pattern}}))
        assert message.endswith("date_format is no pattern that Spark knows: see Dates in docs/inputs.md"), message
    message = refusal(lake, settings(tmp_path, FILES, {"sales": {"date_format": "dd.MM.yyyy"}}))
    assert "wrong_type (2 rows; date '2026-01-05' is not a date of the form dd.MM.yyyy)" in message


@pytest.mark.slow
def test_sales_alone_with_quotes_constants_and_their_own_dates(lake: Lake, tmp_path: Path) -> None:
    """Little input, everything else is a stated default (the supplier, although there is a list of locations). German CSV
    with a byte-order mark and Windows line ends."""
    lines = [
        "\ufeffArti`kel;Tag;Menge;Text",
        '"A;1";05.10.2026;2;"two\r\nlines, ""so""; too"',
        "B;06.10.2026;1,5;x",
        "B;07.10.2026;3;",
    ]
    configuration = settings(
        tmp_path,
        {"sales": "\r\n".join(lines) + "\r\n", "locations": "location,holding_rate\nShop,0.3\n"},
        {
            "sales": {
                "columns": {"sku": "Arti`kel", "date": "Tag", "quantity": "Menge"},
                "constants": {"location": "Shop"},
                "options": {"sep": ";"},
                "date_format": "dd.MM.yyyy",
            }
        },
        defaults={"unit_cost": 3, "lead_time_days": 5},
    )
    assert ingested(lake, configuration) == "4 rows read, 1 quarantined, 2 SKUs, 2 sales days"
    assert lake.run.run_date == date(2026, 10, 8)
    assert rows(lake, "sales", "sku", "location", "net_quantity", "revenue") == [
        ("A;1", "Shop", 2.0, None),
        ("B", "Shop", 3.0, None),
    ]
    assert rows(lake, "items", "sku", "description", "unit_cost", "unit_price") == [
        ("A;1", None, 3.0, None),
        ("B", None, 3.0, None),
    ]
    assert rows(lake, "locations", "location", "kind", "holding_rate") == [
        ("SUPPLIER", "supplier", 0.25),
        ("Shop", "store", 0.3),
    ]
    assert rows(lake, "lanes", "source", "destination", "lead_time_days") == [("SUPPLIER", "Shop", 5.0)]
    assert rows(lake, "targets", "sku", "location", "fill_rate") == [("*", "*", 0.95)]
    assert lake.read("stock").count() == lake.read("stock_history").count() == lake.read("deliveries").count() == 0
    inputs = {row[0]: row[1:] for row in rows(lake, "inputs", "input", "path", "rows_read")}
    assert inputs["stock"] == ("(default)", 0)


@pytest.mark.slow
def test_parquet_with_typed_columns(lake: Lake, tmp_path: Path) -> None:
    """As pandas writes it: nanoseconds, whole numbers for SKUs, decimals, lanes' whole numbers as 7.0."""
    folder = tmp_path / "sales"
    folder.mkdir()
    sold = pd.DataFrame(
        {
            "sku": [11, 12, 12, 12],
            "location": ["North", "North", "South", "South"],
            "date": pd.to_datetime(pd.Series(["2026-01-05 10:00", "2026-01-06 00:00", "2026-01-07 23:59", None])),
            "quantity": [1.5, 2.0, 1e7, 1.0],
            "price": [Decimal("2.50"), Decimal("4.00"), None, Decimal("1.00")],
        }
    )
    assert str(sold["date"].dtype) == "datetime64[ns]"
    sold.iloc[:2].to_parquet(folder / "one.parquet")
    sold.iloc[2:].to_parquet(folder / "two.parquet")
    lanes = pd.DataFrame({"source": "Maker", "destination": ["North", "South"], "review_period_days": [7.0, None]})
    lanes.to_parquet(tmp_path / "lanes.parquet")
    stock = pd.DataFrame({"sku": [11], "location": ["North"], "on_hand": [3]})
    stock.to_parquet(tmp_path / "stock.parquet")
    deliveries = {
        "delivery": [1],
        "source": "Maker",
        "destination": "North",
        "order_date": date(2025, 12, 1),
        "received_date": 20260101,
    }
    pd.DataFrame(deliveries).to_parquet(tmp_path / "deliveries.parquet")
    named = {name: {"path": str(tmp_path / f"{name}.parquet")} for name in ("lanes", "stock")}
    configuration = settings(tmp_path, {}, {"sales": {"path": str(folder)}, **named})
    assert ingested(lake, configuration) == "7 rows read, 1 quarantined, 2 SKUs, 3 sales days"
    sales = rows(lake, "sales", "sku", "location", "date", "net_quantity", "revenue")
    assert sales == [
        ("11", "North", date(2026, 1, 5), 1.5, 3.75),
        ("12", "North", date(2026, 1, 6), 2.0, 8.0),
        ("12", "South", date(2026, 1, 7), 1e7, None),
    ]
    assert rows(lake, "lanes", "destination", "review_period_days") == [("North", 7), ("South", 7)]
    assert rows(lake, "stock", "sku", "on_hand") == [("11", 3.0)]
    # A whole number that is no time in nanoseconds is no date.
    wrong = settings(
        tmp_path, {}, {"sales": {"path": str(folder)}, "deliveries": {"path": str(tmp_path / "deliveries.parquet")}}
    )
    with pytest.raises(Exception, match="received_date '20260101' is not a date"):
        ingested(lake, wrong)


@pytest.mark.slow
def test_the_included_sales_equal_pandas(lake: Lake, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows read = accepted + quarantined, and every sum as a second implementation has it."""
    monkeypatch.chdir(root)
    ingested(lake, load(["conf/base.yaml"]))
    raw = pd.read_csv("data/online_retail/sales.csv.gz", dtype=str, keep_default_na=False)
    inputs = {row[0]: row[1:] for row in rows(lake, "inputs", "input", "rows_read", "rows_accepted", "rows_quarantined")}
    assert inputs["sales"][0] == len(raw) == 102_927
    assert all(read == good + bad for read, good, bad in inputs.values())
    accepted = _accepted(raw)
    assert inputs["sales"][1] == len(accepted)
    quantity, price = pd.to_numeric(accepted["Quantity"]), pd.to_numeric(accepted["UnitPrice"])
    keys = [accepted["StockCode"], accepted["Country"], accepted["InvoiceDate"].str[:10]]
    expected = pd.DataFrame({"net": quantity, "revenue": quantity * price}).groupby(keys).sum().reset_index()
    expected.columns = pd.Index(["sku", "location", "date", "net", "revenue"])
    found = lake.read("sales").selectExpr("sku", "location", "string(date)", "net_quantity AS net", "revenue").toPandas()
    found = found.sort_values(["sku", "location", "date"], ignore_index=True)
    pd.testing.assert_frame_equal(found, expected, check_exact=False, rtol=1e-12, check_dtype=False)
    refused = {row["rule"]: row["count"] for row in lake.read("quarantine").groupBy("rule").count().collect()}
    assert set(refused) == {"duplicate", "zero_price", "negative_price", "unknown_sku", "unknown_location"}
    assert sum(refused.values()) == sum(bad for _, _, bad in inputs.values())


def _accepted(raw: pd.DataFrame) -> pd.DataFrame:
    """The rules of docs/inputs.md, in pandas."""
    items = set(pd.read_csv("data/online_retail/items.csv", dtype=str)["sku"])
    locations = set(pd.read_csv("data/online_retail/locations.csv")["location"])
    sold = raw[(pd.to_numeric(raw["UnitPrice"]) > 0) & (pd.to_numeric(raw["Quantity"]) != 0)].drop_duplicates()
    return sold[sold["StockCode"].isin(items) & sold["Country"].isin(locations)]
