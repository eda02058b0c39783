"""What a grouped function returns has the types of its schema, also where there are no values to show them."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from echelon.engine.grouped.buckets import apply_in_buckets, apply_to_rows
from echelon.engine.grouped.typed import typed
from echelon.lake.contracts import TABLES
from pyspark.sql import SparkSession
from pyspark.sql.pandas.types import to_arrow_schema
from pyspark.sql.types import StructType

SCHEMA = "sku string, day date, units double, days array<int>, whole int, ok boolean, words map<string,double>"
NAMES = [part.split()[0] for part in SCHEMA.split(", ")]


def as_arrow(found: pd.DataFrame, schema: str) -> pa.Table:
    """As Spark hands it over."""
    parsed = StructType.fromDDL(schema)
    assert isinstance(parsed, StructType)
    return pa.Table.from_pandas(found, to_arrow_schema(parsed), preserve_index=False)


@pytest.mark.usefixtures("spark")
@pytest.mark.parametrize("name", TABLES)
def test_no_rows_are_of_every_tables_types(name: str) -> None:
    ddl = TABLES[name].ddl
    nothing = {column: np.empty(0) for column in reversed(TABLES[name].column_names)}
    found = typed(lambda _: pd.DataFrame(nothing), ddl)(pd.DataFrame())
    assert as_arrow(found, ddl).num_rows == 0
    assert list(found.columns) == TABLES[name].column_names


@pytest.mark.usefixtures("spark")
def test_missing_texts_and_dates_are_nulls() -> None:
    found = typed(lambda rows: rows, SCHEMA)(pd.DataFrame({name: [np.nan, np.nan] for name in NAMES}))
    assert all(column.null_count == 2 for column in as_arrow(found, SCHEMA).columns)


def test_groups_without_rows_stand_beside_groups_with_rows(spark: SparkSession) -> None:
    def of_two(rows: pd.DataFrame) -> pd.DataFrame:
        """Only SKU 2 has something to say (defined here, for workers do not know this file)."""
        mine = rows[rows["sku"] == "2"]
        told = pd.DataFrame({"sku": mine["sku"], "day": pd.Timestamp("2026-01-31"), "units": 1.5, "days": [[1, 2]] * len(mine)})
        return told.reindex(columns=["sku", "day", "units", "days", "whole", "ok", "words"])

    frame = spark.createDataFrame([(str(number),) for number in range(6)], "sku string")
    nobody = frame.where("sku <> '2'")
    for rows, expected in ((frame, ["2"]), (nobody, []), (frame.limit(0), [])):
        for found in (apply_in_buckets(rows, ["sku"], of_two, SCHEMA, 4), apply_to_rows(rows, of_two, SCHEMA)):
            assert [row["sku"] for row in found.collect()] == expected
