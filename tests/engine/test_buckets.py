"""Balanced buckets and exact sums: the same answer however the rows are spread."""

import numpy as np
import pandas as pd
import pytest
from echelon.engine.decimal_sums import exact_mean, exact_sum
from echelon.engine.grouped.buckets import apply_in_buckets, with_buckets
from echelon.engine.grouped.partitions import labels, spark_hash
from echelon.errors import EchelonError
from echelon.stages.shared.plain_errors import cause
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

BUCKETS = 8
SCHEMA = "sku string, location string, rows bigint, total double"


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """300 units of unlike size, one of them 1,000 times as heavy as the lightest."""
    rng = np.random.Generator(np.random.Philox(key=5))
    sizes = np.append(rng.integers(1, 10, 299), 1_000)
    unit = np.repeat(np.arange(300), sizes)
    frame = pd.DataFrame({"sku": [f"S{u // 2}" for u in unit], "location": [f"L{u % 2}" for u in unit]})
    return frame.assign(value=rng.normal(0, 1e6, len(frame)).round(3))


@pytest.fixture(scope="module")
def frame(spark: SparkSession, rows: pd.DataFrame) -> DataFrame:
    return spark.createDataFrame(rows)


def buckets_of(frame: DataFrame) -> pd.DataFrame:
    counted = with_buckets(frame, ["sku", "location"], BUCKETS).groupBy("sku", "location", "bucket").count().toPandas()
    return counted.sort_values(["sku", "location"], ignore_index=True)


def test_every_unit_lies_in_one_bucket_and_buckets_are_balanced(frame: DataFrame, rows: pd.DataFrame) -> None:
    found = buckets_of(frame)
    assert not found.duplicated(["sku", "location"]).any()
    assert found["count"].sum() == len(rows)
    assert found["bucket"].between(0, BUCKETS - 1).all()
    loads = found.groupby("bucket")["count"].sum()
    assert loads.max() <= len(rows) / BUCKETS + found["count"].max()
    # What shares a bucket with the heavy unit is no more than a bucket's fair share.
    heavy = found["bucket"].iloc[int(found["count"].argmax())]
    assert loads[heavy] - found["count"].max() <= len(rows) / BUCKETS
    assert loads.drop(heavy).max() <= len(rows) / BUCKETS + 9


def test_a_units_bucket_depends_on_neither_partitions_nor_order(
    frame: DataFrame, rows: pd.DataFrame, spark: SparkSession
) -> None:
    shuffled = spark.createDataFrame(rows.sample(frac=1, random_state=3)).repartition(7)
    pd.testing.assert_frame_equal(buckets_of(frame), buckets_of(shuffled))


def test_more_buckets_than_units(spark: SparkSession) -> None:
    few = spark.createDataFrame([("A", "x"), ("B", "x"), ("B", "x")], "sku string, location string")
    assert buckets_of(few)["count"].tolist() == [1, 2]


def test_work_in_buckets_equals_work_on_the_whole(frame: DataFrame, rows: pd.DataFrame) -> None:
    def summary(part: pd.DataFrame) -> pd.DataFrame:
        """Rows and total per unit, in whatever order rows arrive (defined here, for workers do not know this file)."""
        assert list(part.columns) == ["sku", "location", "value"]
        ordered = part.sort_values(["sku", "location", "value"])
        return ordered.groupby(["sku", "location"], as_index=False).agg(rows=("value", "size"), total=("value", "sum"))

    found = apply_in_buckets(frame, ["sku", "location"], summary, SCHEMA, BUCKETS).toPandas()
    pd.testing.assert_frame_equal(found.sort_values(["sku", "location"], ignore_index=True), summary(rows))


def test_rows_are_shuffled_once_and_each_bucket_is_a_partition(frame: DataFrame, capsys: pytest.CaptureFixture[str]) -> None:
    units = apply_in_buckets(frame, ["sku", "location"], lambda rows: rows.head(1), "sku string", BUCKETS)
    units.explain()
    plan = capsys.readouterr().out
    rows_of_units = plan.split("BroadcastExchange")[0]
    assert rows_of_units.count("Exchange") == 1, plan
    assert "FlatMapGroupsInPandas" in rows_of_units
    partitions = units.groupBy(F.spark_partition_id()).count().collect()
    filled = buckets_of(frame)["bucket"].nunique()
    assert [row["count"] for row in partitions] == [1] * filled


def test_the_numbers_of_groups_are_those_of_sparks_hash(spark: SparkSession) -> None:
    numbers = spark.range(3000).select(F.hash(F.col("id").cast("int"))).collect()
    assert [row[0] for row in numbers] == [spark_hash(number) for number in range(3000)]
    for partitions in (1, 7, 96):
        assert [spark_hash(label) % partitions for label in labels(partitions)] == list(range(partitions))


def test_an_error_in_a_bucket_is_told_in_one_line(frame: DataFrame) -> None:
    def failing(rows: pd.DataFrame) -> pd.DataFrame:
        raise ValueError(f"{rows['sku'].iloc[0][0]}: the lot size is zero")

    with pytest.raises(PySparkException) as caught:
        apply_in_buckets(frame, ["sku", "location"], failing, SCHEMA, BUCKETS).collect()
    assert str(EchelonError(cause(caught.value))) == "ValueError: S: the lot size is zero"


def test_exact_sums_do_not_depend_on_partitions(frame: DataFrame, rows: pd.DataFrame) -> None:
    """Plain sums of these values differ in the last digits."""
    parts = [frame.repartition(n).agg(exact_sum(F.col("value")), exact_mean(F.col("value"))).collect()[0] for n in (1, 8)]
    assert parts[0] == parts[1]
    assert parts[0][0] == round(sum(round(value * 1000) for value in rows["value"]) / 1000, 3)
    assert parts[0][1] == pytest.approx(rows["value"].mean())


def test_exact_mean_leaves_nulls_out(spark: SparkSession) -> None:
    frame = spark.createDataFrame([(0.1,), (None,), (0.2,)], "value double")
    assert frame.agg(exact_sum(F.col("value")), exact_mean(F.col("value"))).collect()[0][:] == (0.3, 0.15)
