"""Reading loses nothing: files of any header, type, name, encoding and place. Cases are read as the stage `ingest` reads
them, without what comes after."""

from __future__ import annotations

import bz2
import gzip
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyspark
import pytest
from echelon.config.models import Configuration
from echelon.lake.sources.explain import missing_library
from support.case_plans import CASES
from support.read_files import HEADER, files, of, refusal

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

FOUR = [("A1", "North"), ("A1", "South"), ("A2", "North"), ("A2", "South")]


@pytest.mark.parametrize(
    "case",
    [
        "01-csv-folder-column-order", "20-path [2026] 100% #1", "21-header-dirt", "21c-utf16-told",
        "26-parquet-files-of-two-schemas", "26b-parquet-column-only-in-second", "27-line-ends-mixed", "27-line-ends-oldmac",
    ],
)  # fmt: skip
def test_a_case_that_is_read_whole(read: Any, tmp_path: Path, case: str) -> None:
    found = read(of(case, tmp_path))
    assert sorted(set(found.good("sku", "location"))) == FOUR
    assert found.bad() == []
    if case.startswith("26"):
        with_price = found.rows.groupby(found.rows["date"].map(str).str[:4])["price"].count()
        assert with_price["2025"] == 0 and with_price["2026"] == sum(found.rows["date"].map(str) >= "2026")


def test_whole_floats_are_written_as_whole_numbers(read: Any, tmp_path: Path) -> None:
    found = read(of("04-float-ids-in-parquet", tmp_path))
    assert set(found.good("sku")) == {"10000001", "10000002", "4711"}
    assert found.bad() == [("missing_value", "sku is empty")]


def test_what_spark_hides_is_named(read: Any, tmp_path: Path) -> None:
    found = read(of("20c-subfolder", tmp_path))
    assert len(found.notes) == 1
    assert (
        "left out: 2025.csv in sub-folders (options: {recursiveFileLookup: 'true'} reads them); _tmp.csv, as" in found.notes[0]
    )
    message = refusal(read, of("20b-underscore-file", tmp_path))
    assert message.endswith("_export.csv: not read, as its name begins with _ or . , which marks files that are not finished: "
                            "give it another name")  # fmt: skip


def test_utf_16_that_nobody_told_is_named(read: Any, tmp_path: Path) -> None:
    message = refusal(read, of("21b-utf16", tmp_path))
    assert message.endswith("sales.csv looks like UTF-16, not UTF-8: say options: {encoding: UTF-16} under sources.sales")


def test_a_null_byte_in_a_name_is_refused(read: Any, tmp_path: Path) -> None:
    found = read(of("27-line-ends-nul", tmp_path))
    assert sorted(set(found.good("sku", "location"))) == FOUR
    assert [rule for rule, _ in found.bad()] == ["control_character"] * 5


def test_what_is_plainly_a_number_is_read(read: Any, tmp_path: Path) -> None:
    found = read(of("28-number-dirt", tmp_path))
    numbers = json.loads((CASES / "28-number-dirt" / "numbers.json").read_text())
    accepted = {sku: quantity for sku, quantity in found.good("sku", "quantity") if sku.startswith("D")}
    assert accepted == {f"D{numbers.index(text)}": float(text) for text in ("1.234", "1e3", "+5", "5.", ".5")}
    assert {rule for rule, _ in found.bad()} == {"wrong_type"} and len(found.bad()) == len(numbers) - len(accepted)


def test_dates_are_those_that_are_written(read: Any, tmp_path: Path) -> None:
    found = read(of("29-date-dirt", tmp_path))
    dates = json.loads((CASES / "29-date-dirt" / "dates.json").read_text())
    accepted = {dates[int(sku[1:])]: str(day) for sku, day in found.good("sku", "date")}
    assert accepted == {text: text[:10] if text != "2026-9-1" else "2026-09-01" for text in accepted}
    refused = {"2026-02-29", "20260901", "2026/09/01", "46266", "2026-09", "2026-W36", "2026-09-01 24:00:00", "now"}
    assert set(dates) - set(accepted) == refused | {"2026-09-01 12:00 PM"}
    assert {rule for rule, _ in found.bad()} == {"wrong_type"}


def test_odd_names_stay_as_they_are(read: Any, tmp_path: Path) -> None:
    settings, names = of("17-odd-names", tmp_path), json.loads((CASES / "17-odd-names" / "names.json").read_text())
    sales, stock = read(settings), read(settings, "stock")
    assert set(sales.good("sku")) == set(names) and set(sales.good("location")) == {"North", "NA"}
    assert sales.bad() == stock.bad() == []
    assert dict(stock.good("sku", "on_hand")) == {name: float(place) for place, name in enumerate(names, 1)}


ONE, TWO = "A,North,2026-01-05,5\n", "B,South,2026-01-06,2\n"


def test_each_file_of_a_folder_has_its_own_header(read: Any, tmp_path: Path) -> None:
    """Another order, more columns, less columns, blanks, quotes, packed or empty files, folders that tell the rest."""
    place = files(
        tmp_path,
        a_csv=f"{HEADER}\n{ONE}",
        b_csv="quantity,date,note,location,sku\n7,2026-01-07,x,South,A\n",
        c_csv=f"{HEADER},price\nB,North,2026-01-08,1,2.5\n",
        d_csv='"sku" ,"location"," date","quantity","two\nlines"\nC,North,2026-01-09,3,z\n',
        e_csv="",
        **{"f_csv.gz": gzip.compress(f"{HEADER}\nD,North,2026-01-10,4\n".encode())},
        **{"g_csv.bz2": bz2.compress(b"location,quantity,sku,date\nNorth,5,E,2026-01-11\n")},
    )
    found = read(place, format="csv")
    assert found.bad() == []
    assert found.good("sku", "location", "quantity") == [
        ("A", "North", 5.0), ("A", "South", 7.0), ("B", "North", 1.0), ("C", "North", 3.0), ("D", "North", 4.0),
        ("E", "North", 5.0),
    ]  # fmt: skip
    assert found.rows.set_index("sku")["price"].to_dict()["B"] == 2.5
    assert found.notes == [f"sales: {place}: price is not in a.csv, f.csv.gz: unknown there"]
    texts = dict(zip(found.rows["_file"], map(json.loads, found.rows["_row"]), strict=True))
    assert texts["b.csv"] == {"sku": "A", "location": "South", "date": "2026-01-07", "quantity": "7", "note": "x"}


def test_a_file_that_lacks_a_required_column_is_named(read: Any, tmp_path: Path) -> None:
    place = files(tmp_path, a_csv=f"{HEADER}\n{ONE}", b_csv="sku,location,day\tof sale ,quantity\nA,North,2026-01-05,5\n")
    message = refusal(read, place, format="csv")
    assert message.startswith(
        f"sales: {place} (b.csv): no column 'date'. The file has: sku, location, 'day\\tof sale ', quantity"
    )


def test_a_row_never_loses_values(read: Any, tmp_path: Path) -> None:
    rows = ["A,North,2026-01-05,5", "A,North,2026-01-06,1,234", 'B,"No,rth",2026-01-07,5,,"" ,,', "B,North,2026-01-08,2,,x"]
    rows += ['C,North,2026-01-09,"3","q ""z"""', "C,North", "", "D,North,2026-01-10,4" + "," * 300]
    found = read(files(tmp_path, a_csv="\n".join([HEADER, *rows])) / "a.csv")
    assert found.good("sku", "location") == [("A", "North"), ("B", "No,rth"), ("D", "North")]
    assert [rule for rule, _ in found.bad()] == ["missing_value"] + ["too_many_values"] * 3
    assert ("too_many_values", "more values than the 4 columns of the file, beyond them '234'") in found.bad()
    whole = [json.loads(row).get("(whole record)") for row in found.rows["_row"]]
    assert [text for text in whole if text] == [rows[1], rows[3], rows[4]]


def test_folders_that_name_a_value_keep_it_as_text(read: Any, tmp_path: Path) -> None:
    files(tmp_path, store=b"", **{"csv__store=0012__day=2026-01-05__a_csv": "sku,quantity\nA,5\n"})
    files(tmp_path, **{"csv__store=12__day=2026-01-06__b_csv": "quantity,sku,price\n3,B,2\n"})
    named = {"location": "store", "date": "day"}
    found = read(tmp_path / "in" / "csv", format="csv", columns=named)
    assert found.good("sku", "location", "quantity") == [("A", "0012", 5.0), ("B", "12", 3.0)]
    frame = pd.DataFrame({"sku": ["A", "B"], "store": ["0012", "012"], "day": ["2026-01-05"] * 2, "quantity": [1, 2]})
    frame.to_parquet(tmp_path / "parquet", partition_cols=["store"])
    assert read(tmp_path / "parquet", columns=named).good("sku", "location") == [("A", "0012"), ("B", "012")]


def test_bytes_of_another_encoding_are_never_replaced(read: Any, tmp_path: Path) -> None:
    text = f"{HEADER}\nMüller,North,2026-01-05,5\nMäller,North,2026-01-05,5\n"
    place = files(tmp_path, a_csv=f"{HEADER}\n{ONE}", b_csv=text.encode("windows-1252"))
    message = refusal(read, place, format="csv")
    assert "b.csv is not UTF-8: say how it is written, most often options: {encoding: windows-1252}" in message
    assert "'Müller,North,2026-01-05,5'" in message
    found = read(place / "b.csv", options={"encoding": "windows-1252"})
    assert found.good("sku") == ["Mäller", "Müller"]
    stated = refusal(read, files(tmp_path, c_csv=text.replace("ü", "").encode("latin-1")) / "c.csv",
                     options={"Encoding": "windows-1252"})  # fmt: skip
    assert "c.csv: not every character of c.csv can be read as windows-1252" in stated
    assert "options.encoding is none that Java knows" in refusal(read, place / "a.csv", options={"encoding": "foo"})
    header = files(tmp_path, d_csv="sku,location,date,quantity,Größe\n".encode("latin-1") + ONE.encode()) / "d.csv"
    assert "d.csv is not UTF-8" in refusal(read, header)


def test_a_replaced_character_that_stands_in_the_file_is_told_and_kept(read: Any, tmp_path: Path) -> None:
    found = read(files(tmp_path, a_csv=f"{HEADER}\nM�ller,North,2026-01-05,5\n") / "a.csv")
    assert found.good("sku") == ["M�ller"]
    assert found.notes == ["sales: 1 rows hold U+FFFD, which a programme before wrote for characters it could not read"]


def test_files_of_two_encodings_are_both_named_whatever_is_stated(read: Any, tmp_path: Path) -> None:
    """Else the advice for one of them would be wrong for the other, and so on in a circle."""
    text = f"{HEADER}\nMüller,North,2026-01-05,5\n"
    place = files(tmp_path, a_csv=f"{HEADER}\n{ONE}", b_csv=text, c_csv=text.encode("windows-1252"))
    head = files(tmp_path / "h", b_csv=f"{HEADER},Größe\n{ONE}", c_csv=f"{HEADER},Größe\n".encode("windows-1252"))
    told = "b.csv is UTF-8 and c.csv is not, and one source has one encoding: convert c.csv to UTF-8, most often by: iconv"
    for options in ({}, {"encoding": "windows-1252"}, {"encoding": "ISO-8859-1"}):
        assert told in refusal(read, place, format="csv", options=options)
        assert told in refusal(read, head, format="csv", options=options)


def test_what_spark_writes_beside_its_files_is_left_out_and_named(read: Any, tmp_path: Path) -> None:
    more = {"_SUCCESS": b"", ".part-0_csv.crc": b"crc\0"}
    place = files(tmp_path, **{"part-0_csv": f"{HEADER}\n{ONE}"}, **more)
    found = read(place, format="csv")
    assert found.good("sku") == ["A"]
    assert found.notes == [f"sales: {place}: left out: .part-0.csv.crc, _SUCCESS, as names that begin with _ or . are not read"]
    files(tmp_path, **{"part-0_csv.crc": b"crc\0\0\0\2\0abc"})
    assert "part-0.csv.crc is a checksum of another file, which Hadoop wrote" in refusal(read, place, format="csv")


def test_a_packed_file_in_capitals_is_told_how_spark_knows_it(read: Any, tmp_path: Path) -> None:
    (tmp_path / "SALES.CSV.GZ").write_bytes(gzip.compress(f"{HEADER}\n{ONE}".encode()))
    assert "SALES.CSV.GZ is packed by gzip: let its name end in .gz, in small letters" in refusal(
        read, tmp_path / "SALES.CSV.GZ"
    )


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (
            "s3://bucket/sales.csv",
            "Spark has no library for s3: addresses. Name it in the configuration, spark: {sett",
        ),
        ("s3a://bucket/sales.parquet", "org.apache.hadoop:hadoop-aws:"),
        ("abfss://c@a.dfs.core.windows.net/sales.csv", "org.apache.hadoop:hadoop-azure:"),
        ("gs://bucket/sales", "gcs-connector"),
        ("foo://x/sales.csv", "Spark knows no addresses that begin with foo:"),
    ],
)
@pytest.mark.parametrize("form", [None, "delta"])
def test_an_address_without_its_library_names_what_to_install(read: Any, place: str, words: str, form: str | None) -> None:
    source = {"format": form} if form else {}
    assert words in refusal(read, place, **source)


def test_the_libraries_that_are_named_are_those_of_this_sparks_hadoop() -> None:
    jars = Path(pyspark.__file__).parent / "jars"
    version = next(jars.glob("hadoop-client-api-*.jar")).stem.removeprefix("hadoop-client-api-")
    said = missing_library('No FileSystem for scheme "s3a"', "s3a://b")
    assert said is not None and said.count(f"hadoop-aws:{version}'") == 1


def test_names_that_are_numbers(read: Any, tmp_path: Path) -> None:
    ids = [12.5, 1e20, float("inf"), 12345678.5, 4711.0, -0.0, float("nan"), 2.0**53]
    frame = pd.DataFrame({"sku": ids, "location": 7.0, "date": "2026-01-05", "quantity": 1e7})
    frame["location"] = frame["location"].astype("float32")
    frame.to_parquet(tmp_path / "a.parquet")
    found = read(tmp_path / "a.parquet")
    assert found.good("sku", "location", "quantity") == [(sku, "7", 1e7) for sku in ("0", "12.5", "12345678.5", "4711")]
    assert [rule for rule, _ in found.bad()] == ["missing_value"] + ["wrong_type"] * 3
    why = "sku '1.0E20' is a floating-point number too large to be exact: give text or whole numbers"
    assert ("wrong_type", why) in found.bad()
    whole = read(files(tmp_path, b_csv=f"{HEADER}\n4711.0,North,2026-01-05,5\n") / "b.csv")
    assert whole.notes == ["sales: every sku ends in .0: were they whole numbers once? They are taken as they are written"]


def test_a_delta_table_is_read_as_one(read: Any, tmp_path: Path, spark: SparkSession) -> None:
    frame = spark.sql("SELECT 'A' sku, 'North' location, '2026-01-05' date, 5.0D quantity, '0012' store")
    for _ in range(3):
        frame.write.format("delta").mode("overwrite").partitionBy("store").save(str(tmp_path / "sales"))
    for source in ({}, {"format": "delta"}):
        found = read(tmp_path / "sales", columns={"location": "store"}, **source)
        assert found.good("sku", "location", "quantity") == [("A", "0012", 5.0)]
    for place, source in (("sales", {"format": "parquet"}), ("sales/store=0012", {}), ("sale*/store=*/*.parquet", {})):
        assert "Delta table" in refusal(read, tmp_path / place, **source), place
    assert refusal(read, tmp_path / "none", format="delta").endswith(
        "no such file (relative paths start at the folder you run in)"
    )
    frame.drop("store").write.format("delta").saveAsTable("sold", path=str(tmp_path / "sold"))
    try:
        settings = Configuration.model_validate({"sources": {"sales": {"table": "spark_catalog.default.sold"}}})
        assert read(settings).good("sku", "location") == [("A", "North")]
    finally:
        spark.sql("DROP TABLE sold")
    assert refusal(read, settings) == "sales: spark_catalog.default.sold: Spark knows no such table"


def test_tables_of_other_formats_are_told(read: Any, tmp_path: Path) -> None:
    (tmp_path / "ice" / "metadata").mkdir(parents=True)
    (tmp_path / "ice" / "metadata" / "v1.metadata.json").write_text("{}")
    (tmp_path / "hudi" / ".hoodie").mkdir(parents=True)
    assert "this is an Iceberg table" in refusal(read, tmp_path / "ice")
    assert "this is an Iceberg table" in refusal(read, tmp_path / "ice" / "data")
    assert "this is a Hudi table" in refusal(read, tmp_path / "hudi")


def test_odd_paths(read: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"{HEADER}\n{ONE}"
    for name in ("a [b]{c,d} 100%25 #1+e?.csv", "p*.csv"):
        place = files(tmp_path, **{name.replace(".csv", "_csv"): text}) / name
        assert read(place).good("sku") == ["A"], name
        assert read(f"file:{place}").good("sku") == ["A"], name
    monkeypatch.chdir(tmp_path / "in")
    assert refusal(read, "nothing [2026].csv").endswith("and nothing fits the pattern")
    assert read(f"{tmp_path}/in/[p-x]*.csv", format="csv").good("sku") == ["A"]
    assert "Hadoop opens no file with a colon" in refusal(read, files(tmp_path, **{"x:y_csv": text}) / "x:y.csv")


def test_a_quotation_mark_without_its_partner_ends_in_words(read: Any, tmp_path: Path) -> None:
    rows = "A,North,2026-01-05,5\n" * 60_000
    message = refusal(read, files(tmp_path, a_csv=f'{HEADER}\n{ONE}A,"North,2026-01-05,5\n{rows}') / "a.csv")
    assert "(a.csv): a value has more than 1,000,000 characters, after 2 rows. Most often a quotation mark" in message
    found = read(files(tmp_path, b_csv=f'{HEADER}\n{ONE}A,"North,2026-01-05,5\n{ONE * 99}') / "b.csv")
    assert found.good("sku") == ["A"] and [rule for rule, _ in found.bad()] == ["broken_quotes"]


def test_a_text_far_too_long_in_parquet_is_quarantined(read: Any, tmp_path: Path) -> None:
    frame = pd.DataFrame({"sku": ["A", "B" * 2_000_000], "location": "North", "date": "2026-01-05", "quantity": 1})
    frame.to_parquet(tmp_path / "a.parquet")
    found = read(tmp_path / "a.parquet")
    assert found.good("sku") == ["A"]
    assert found.bad() == [("too_long", "sku has 2000000 bytes, more than 1000000")]
    assert found.rows["_row"].str.len().max() < 2000


def test_a_copy_of_a_file_beside_it_is_told(read: Any, tmp_path: Path) -> None:
    for name in ("sales.csv", "sales - Copy.csv"):
        (tmp_path / name).write_text("sku,location,date,quantity\nA,North,2026-01-05,5\nA,North,2026-01-06,4\n")
    found = read(tmp_path, format="csv")
    assert "sales: sales - Copy.csv and sales.csv hold the same rows: is one a copy?" in found.notes


def test_a_column_that_the_names_of_folders_would_hide_is_refused(read: Any, tmp_path: Path) -> None:
    (tmp_path / "location=0012").mkdir()
    frame = pd.DataFrame({"sku": ["A", "A"], "location": ["North", "South"], "date": "2026-01-05", "quantity": 1})
    frame.to_parquet(tmp_path / "location=0012" / "x.parquet")
    assert "'location' is a column of the files and in the names of their folders" in refusal(read, tmp_path)


def test_an_optional_column_in_other_letters_is_taken(read: Any, tmp_path: Path) -> None:
    (tmp_path / "sales.csv").write_text("SKU,Location,Date,quantity,PRICE\nA,North,2026-01-05,5,2.5\n")
    assert read(tmp_path / "sales.csv").good("sku", "location", "quantity", "price") == [("A", "North", 5.0, 2.5)]
