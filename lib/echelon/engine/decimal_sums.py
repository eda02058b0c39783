"""Sums that do not depend on how rows are spread over machines: values are added as decimals."""

from pyspark.sql import Column
from pyspark.sql import functions as F

_DECIMAL = "decimal(38,10)"


def exact_sum(value: Column) -> Column:
    """Sum of a column, the same to the last digit for any partitioning."""
    return F.sum(value.cast(_DECIMAL)).cast("double")


def exact_mean(value: Column) -> Column:
    """Mean of a column without its nulls, the same to the last digit for any partitioning."""
    return exact_sum(value) / F.count(value)
