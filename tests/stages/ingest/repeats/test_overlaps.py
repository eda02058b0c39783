"""Files of sales that hold the same rows of the same days."""

import random
from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from echelon.errors import InputRefused
from echelon.stages.ingest.repeats.overlaps import overlaps
from pyspark.sql import DataFrame, SparkSession

COLUMNS = "_file string, sku string, location string, date date, quantity double, price double, document string, _rule string"
Sale = tuple[str, str, date, float]


def sales(days: int, seed: int = 1, start: date = date(2026, 1, 5)) -> list[Sale]:
    """Eight sales a day of some SKUs at two locations."""
    draw = random.Random(seed)
    return [
        (f"S{draw.randrange(30)}", draw.choice("NW"), start + timedelta(days=day), float(draw.randrange(1, 9)))
        for day in range(days)
        for _ in range(8)
    ]


def frame(spark: SparkSession, **files: Sequence[Sale]) -> DataFrame:
    rows = [(name, sku, place, day, sold, 2.5, None, None) for name, lines in files.items() for sku, place, day, sold in lines]
    return spark.createDataFrame(rows, COLUMNS)


def until(rows: list[Sale], day: int) -> list[Sale]:
    return [row for row in rows if (row[2] - date(2026, 1, 5)).days < day]


def since(rows: list[Sale], day: int) -> list[Sale]:
    return [row for row in rows if (row[2] - date(2026, 1, 5)).days >= day]


def test_extracts_that_overlap_are_refused_with_their_names_days_and_units(spark: SparkSession) -> None:
    rows = sales(60)
    common = until(since(rows, 30), 40)
    with pytest.raises(InputRefused) as caught:
        overlaps(frame(spark, january=until(rows, 40), march=since(rows, 30)))
    assert str(caught.value).startswith(
        "sales: january and march hold the same rows of 2026-02-04 to 2026-02-13: 80 rows with "
        f"{sum(row[3] for row in common):.0f} units count twice. Take one of them out"
    )


def test_an_extract_of_one_location_or_with_a_few_corrections_is_the_same_again(spark: SparkSession) -> None:
    rows = sales(60)
    later = [row if number % 20 else (*row[:3], row[3] + 1) for number, row in enumerate(since(rows, 30))]
    for other in ([row for row in rows if row[1] == "N"], later):
        with pytest.raises(InputRefused, match="hold the same rows"):
            overlaps(frame(spark, a=rows, b=other))


def test_a_few_rows_or_half_of_many_are_told(spark: SparkSession) -> None:
    rows = sales(60)
    third = [row if number % 3 else (*row[:3], row[3] + 1) for number, row in enumerate(since(rows, 30))]
    assert len(overlaps(frame(spark, a=rows, b=third))) == 1
    rows = sales(20)
    assert [text[:71] for text in overlaps(frame(spark, a=until(rows, 10), b=since(rows, 9)))] == [
        "sales: a and b hold the same rows of 2026-01-14 to 2026-01-14: 8 rows w"
    ]


def test_other_sales_of_the_same_days_are_none(spark: SparkSession) -> None:
    """Other shops; the same shops at other tills; one table whose equal rows lie in several files; days one after the other."""
    rows = sales(60)
    many = [("Milk", "N", date(2026, 1, 5) + timedelta(days=day), 1.0) for day in range(60) for _ in range(90)]
    random.Random(2).shuffle(many)
    assert overlaps(frame(spark, a=rows, b=sales(60, seed=2), c=[(*row[:1], "E", *row[2:]) for row in rows])) == []
    assert overlaps(frame(spark, a=many[::3], b=many[1::3], c=many[2::3])) == []
    assert overlaps(frame(spark, a=until(rows, 30), b=since(rows, 30))) == []


def test_days_without_a_sale_are_alike_everywhere(spark: SparkSession) -> None:
    """Calendars that are complete with zeros, of two channels."""
    zeros = [(f"S{sku}", "N", date(2026, 1, 5) + timedelta(days=day), 0.0) for day in range(60) for sku in range(30)]
    assert overlaps(frame(spark, a=sales(60) + zeros, b=sales(60, seed=2) + zeros)) == []
