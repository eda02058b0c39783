"""From a table's contract to Spark: schema, constraint, definition, and a frame that conforms."""

import hashlib
from typing import cast

from delta.tables import DeltaTableBuilder
from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StructField, StructType

from echelon.lake.contracts.contract import Column, Table

CONSTRAINT = "contract"
CONTRACT = "echelon.contract"
# Keeps to reader version 1: delta-rs, DuckDB and polars read the tables as they are.
_READABLE = {"delta.enableDeletionVectors": "false"}


def spark_schema(table: Table) -> StructType:
    """The Spark schema with NOT NULL and comments."""
    types = cast(StructType, StructType.fromDDL(table.ddl))
    pairs = zip(types.fields, table.columns, strict=True)
    return StructType([StructField(field.name, field.dataType, c.nullable, {"comment": comment(c)}) for field, c in pairs])


def comment(column: Column) -> str:
    """Meaning and unit of a column, as one sentence."""
    return f"{column.meaning} [{column.unit}]" if column.unit else column.meaning


def conform(frame: DataFrame, table: Table) -> DataFrame:
    """The contract's columns in the contract's order and types; a missing column is an error of the caller."""
    return frame.select(*(_cast(column) for column in table.columns))


def _cast(column: Column) -> SparkColumn:
    return F.col(f"`{column.name}`").cast(column.type).alias(column.name)


def constraint(table: Table) -> str | None:
    """One condition that holds for every row: physics and allowed values."""
    conditions = [part for column in table.columns for part in _conditions(column)]
    return " AND ".join(conditions) if conditions else None


def properties(table: Table) -> dict[str, str]:
    """Delta's table properties: who can read it, and how long old versions stay."""
    kept = f"interval {table.retention_days} days"
    durations = {"delta.logRetentionDuration": kept, "delta.deletedFileRetentionDuration": kept}
    return _READABLE | durations | {CONTRACT: digest(table)}


def define(builder: DeltaTableBuilder, table: Table, path: str) -> DeltaTableBuilder:
    """What a statement that makes the table at `path` must say: comments, NOT NULL, CHECK, properties and partitions."""
    builder = builder.location(path).comment(table.meaning)
    for field, column in zip(spark_schema(table).fields, table.columns, strict=True):
        builder = builder.addColumn(field.name, field.dataType, nullable=column.nullable, comment=comment(column))
    condition = constraint(table)
    # A CHECK is a property to Delta; given at creation it needs no commit of its own.
    check = {f"delta.constraints.{CONSTRAINT}": condition} if condition else {}
    for name, value in (properties(table) | check).items():
        builder = builder.property(name, value)
    return builder.partitionedBy("run_id") if table.by_run else builder


def digest(table: Table) -> str:
    """What tells two contracts apart."""
    return hashlib.sha256(repr(table).encode()).hexdigest()


def _conditions(column: Column) -> list[str]:
    conditions = [f"({column.check})"] if column.check else []
    if column.type == "double":
        conditions.append(f"(NOT isnan({column.name}))")
    if column.allowed:
        values = ", ".join(f"'{value}'" for value in column.allowed)
        conditions.append(f"({column.name} IN ({values}))")
    return [f"({column.name} IS NULL OR {part})" if column.nullable else part for part in conditions]
