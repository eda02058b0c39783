"""Files that are not what their source says: another encoding, another separator, no CSV at all, behind a pattern."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from support.read_files import HEADER, files, refusal

ROWS = "Müller,Łódź,2026-01-05,5\nMäller,North,2026-01-05,5\nA,South,2026-01-05,1\n"


@pytest.mark.parametrize("stated", ["windows-1252", "latin1", "ISO-8859-15", "Cp1250", "US-ASCII", "x-MacRoman"])
def test_a_utf_8_file_that_is_told_as_something_else_is_refused(read: Any, tmp_path: Path, stated: str) -> None:
    file = files(tmp_path, a_csv=f"{HEADER}\n{ROWS}") / "a.csv"
    message = refusal(read, file, options={"encoding": stated})
    assert f"a.csv is UTF-8, not {stated}" in message
    assert message.endswith("say options: {encoding: UTF-8} under sources.sales")


def test_it_is_shown_how_it_would_be_read(read: Any, tmp_path: Path) -> None:
    place = files(tmp_path, a_csv=f"{HEADER}\n{ROWS}", b_csv=f"{HEADER}\n{ROWS[-20:]}")
    message = refusal(read, place, format="csv", options={"encoding": "latin1"})
    assert "would be read as 'MÃ¤ller,North,2026-01-05,5' where 'Mäller,North,2026-01-05,5' stands" in message


@pytest.mark.parametrize("text", ["\ufeffsku,location,date,quantity", "sku,location,date,quantity,Größe"])
def test_a_header_in_utf_8_is_enough(read: Any, tmp_path: Path, text: str) -> None:
    file = files(tmp_path, a_csv=f"{text}\nA,North,2026-01-05,5\n") / "a.csv"
    assert "a.csv is UTF-8, not windows-1252" in refusal(read, file, options={"encoding": "windows-1252"})


def test_what_is_as_it_is_told_is_read(read: Any, tmp_path: Path) -> None:
    text = f"{HEADER}\n{ROWS}".replace("Łódź", "RENÉ»")
    place = files(tmp_path, a_csv=text.encode("windows-1252"), b_csv=text, c_csv=f"{HEADER}\nA,North,2026-01-05,5\n")
    for name, stated in (("a", "windows-1252"), ("b", "UTF-8"), ("b", "utf8"), ("c", "windows-1252")):
        found = read(place / f"{name}.csv", options={"encoding": stated})
        assert found.good("sku") == (["A"] if name == "c" else ["A", "Mäller", "Müller"])


@pytest.mark.parametrize(
    ("stated", "known"), [("latin-1", "iso8859-1"), ("ANSI", "windows-1252"), ("utf_8", "utf-8"), ("utf-8-sig", "UTF-8")]
)
def test_the_name_that_java_knows_is_told(read: Any, tmp_path: Path, stated: str, known: str) -> None:
    file = files(tmp_path, a_csv=f"{HEADER}\nA,North,2026-01-05,5\n") / "a.csv"
    assert refusal(read, file, options={"encoding": stated}).endswith(f"; '{stated}' is called {known} there")


def packed() -> dict[str, bytes]:
    text = f"{HEADER}\nA,North,2026-01-05,5\n".encode()
    archive, tape = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("sales.csv", text)
    with tarfile.open(fileobj=tape, mode="w") as opened_tape:
        opened_tape.addfile(tarfile.TarInfo("sales.csv"))
    return {
        "a ZIP archive, as Excel workbooks": archive.getvalue(),
        "packed by gzip: let its name end in .gz, in small letters": gzip.compress(text),
        "an Excel workbook (.xls)": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
        "a tar archive: unpack it": tape.getvalue(),
    }


@pytest.mark.parametrize("words", list(packed()))
@pytest.mark.parametrize("stated", [None, "UTF-16", "windows-1252"])
def test_what_is_no_csv_is_told_whatever_the_encoding(read: Any, tmp_path: Path, words: str, stated: str | None) -> None:
    file = files(tmp_path, a_csv=packed()[words]) / "a.csv"
    assert f"a.csv is {words}" in refusal(read, file, options={"encoding": stated} if stated else {})


def test_a_workbook_where_parquet_is_expected_is_told(read: Any, tmp_path: Path) -> None:
    place = files(tmp_path, **{"sales.xlsx": packed()["a ZIP archive, as Excel workbooks"]})
    assert "sales.xlsx is a ZIP archive" in refusal(read, place / "sales.xlsx")
    assert "say format: csv" in refusal(read, files(tmp_path, **{"sales.txt": f"{HEADER}\n"}) / "sales.txt")


@pytest.mark.parametrize(("separator", "told"), [(";", "';'"), ("\t", r"'\t'"), ("|", "'|'")])
def test_another_separator_is_told(read: Any, tmp_path: Path, separator: str, told: str) -> None:
    text = f"{HEADER}\nA,North,2026-01-05,5\n".replace(",", separator)
    file = files(tmp_path, a_csv=text) / "a.csv"
    message = refusal(read, file)
    assert message.endswith(f"Are its columns separated by {told}? Say options: {{sep: {told}}} under sources.sales")
    assert read(file, options={"sep": told.strip("'")}).good("sku") == ["A"]
    assert "Say which column is which" in refusal(read, file, options={"sep": told.strip("'")}, columns={"sku": "article"})


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_pattern_over_folders_that_name_a_value_is_told(read: Any, tmp_path: Path, kind: str) -> None:
    for store in ("0012", "0013"):
        folder = tmp_path / "in" / f"store={store}"
        folder.mkdir(parents=True)
        frame = pd.DataFrame({"sku": ["A"], "location": ["North"], "date": ["2026-01-05"], "quantity": [1]})
        frame.to_csv(folder / "a.csv", index=False) if kind == "csv" else frame.to_parquet(folder / "a.parquet")
    place = f"{tmp_path}/in/store=*/*.{kind}"
    told = "names of folders that the pattern leads through (store=0012) are no columns: name the folder above them as path"
    assert told in read(place).notes[0]
    message = refusal(read, place, columns={"location": "store"})
    assert message.endswith("Names of folders (store=0012) are columns where the folder above them is named as path")
    named = read(tmp_path / "in", format=kind, columns={"location": "store"})
    assert named.good("location") == ["0012", "0013"] and named.notes == []
    based = read(place, format=kind, columns={"location": "store"}, options={"basePath": str(tmp_path / "in")})
    assert based.good("location") == ["0012", "0013"] and based.notes == []


@pytest.mark.parametrize(("stated", "name"), [("windows-1252", "NESCAFÉ®"), ("ISO-8859-1", "PIPE Ø½"), ("GBK", "小")])
def test_bytes_that_happen_to_be_utf_8_are_read_as_they_are_told(read: Any, tmp_path: Path, stated: str, name: str) -> None:
    file = files(tmp_path, a_csv=f"{HEADER}\n{name},North,2026-01-05,5\n".encode(stated)) / "a.csv"
    assert read(file, options={"encoding": stated}).good("sku") == [name]
