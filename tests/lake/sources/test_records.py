"""Large CSV files are read in parts where no record goes over several lines, with the rows that are read otherwise."""

from collections import Counter
from pathlib import Path

import pytest
from echelon.config.models import Source
from echelon.lake.inputs import INPUTS
from echelon.lake.sources.csv import records
from echelon.lake.sources.read import ROW, read_source
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

HEADER = "sku,location,date,quantity\n"
ONE_LINE = {
    "plain": "a,b,2024-01-01,1\n",
    "quoted": '"a, ""the first""",b,2024-01-01,"1"\r\n',
    "no last line end": "a,b,2024-01-01,1",
    "more and fewer values": "a,b,2024-01-01,1,2,3\na,b\n\n",
}
OPEN = {
    "a value over two lines": '"a\nb",c,2024-01-01,1\n',
    "inches before a value over two lines": '5" pipe,"a\nb" and "c",2024-01-01,1\n',
    "a quote within a value": '5" pipe,b,2024-01-01,1\n',
    "blanks behind a quote": '"a" ,b,2024-01-01,1\n',
    "a line of blanks": "a,b,2024-01-01,1\n  \n",
    "an old line end": "a,b,2024-01-01,1\ra,b,2024-01-02,1\n",
}


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "_LARGE", 1)


def written(folder: Path, text: str, **options: str) -> tuple[Source, list[str]]:
    path = folder / "sales.csv"
    path.write_text(text, newline="")
    return Source(path=str(path), options=options), [str(path)]


@pytest.mark.usefixtures("looked_at")
@pytest.mark.parametrize("text", ONE_LINE.values(), ids=ONE_LINE)
def test_records_of_one_line_are_known(spark: SparkSession, tmp_path: Path, text: str) -> None:
    assert records.end_with_their_lines(spark, *written(tmp_path, HEADER + text))


@pytest.mark.usefixtures("looked_at")
@pytest.mark.parametrize("text", OPEN.values(), ids=OPEN)
def test_what_may_go_over_lines_is_known(spark: SparkSession, tmp_path: Path, text: str) -> None:
    assert not records.end_with_their_lines(spark, *written(tmp_path, HEADER + text))


@pytest.mark.usefixtures("looked_at")
@pytest.mark.parametrize("options", [{"escape": "\\"}, {"quote": "'"}, {"encoding": "UTF-16"}, {"multiLine": "true"}])
def test_other_ways_to_cut_records_are_left_to_spark(spark: SparkSession, tmp_path: Path, options: dict[str, str]) -> None:
    assert not records.end_with_their_lines(spark, *written(tmp_path, HEADER + ONE_LINE["plain"], **options))


def test_small_files_are_not_looked_at(spark: SparkSession, tmp_path: Path) -> None:
    assert not records.end_with_their_lines(spark, *written(tmp_path, HEADER + ONE_LINE["plain"]))


def test_rows_are_the_same_by_lines(spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, _ = written(tmp_path, HEADER + "".join(text for text in ONE_LINE.values() if text.endswith("\n")))

    def rows() -> Counter[tuple[object, ...]]:
        frame = read_source(spark, source, INPUTS["sales"]).frame
        return Counter(tuple(map(str, row)) for row in frame.collect())

    whole = rows()
    monkeypatch.setattr(records, "_LARGE", 1)
    assert rows() == whole and len(whole) == 4


def test_a_large_file_is_read_in_parts(spark: SparkSession, tmp_path: Path) -> None:
    lines = (records._LARGE // 17) + 1
    source, _ = written(tmp_path, HEADER + "a,b,2024-01-01,1\n" * lines)
    frame = read_source(spark, source, INPUTS["sales"]).frame
    assert frame.select(F.spark_partition_id()).distinct().count() > 1
    assert frame.select(ROW).count() == lines
