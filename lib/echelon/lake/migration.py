"""A table of an earlier contract to today's: what only adds is done, everything else is refused with what to do."""

from delta.tables import DeltaTable
from pyspark.sql import SparkSession
from pyspark.sql.types import StructField

from echelon.errors import EchelonError
from echelon.lake.contracts.contract import Table
from echelon.lake.contracts.quantiles import NAME
from echelon.lake.schema import CONSTRAINT, CONTRACT, constraint, define, digest, properties, spark_schema

Fields = dict[str, StructField]


def migrate(spark: SparkSession, table: Table, path: str) -> None:
    """Bring the table at `path` to its contract: new nullable columns, columns that may now be null, meanings, constraint,
    properties. With other quantiles it is made anew, without rows: it is about to be filled, and earlier versions stay.

    Raises EchelonError when a column is gone, has another type or may no longer be null, and when earlier rows break the
    constraint.
    """
    there = DeltaTable.forPath(spark, path).detail().select("properties").collect()[0][0]
    if there.get(CONTRACT) == digest(table):
        return
    existing = {field.name: field for field in spark.read.format("delta").load(path).schema.fields}
    wanted = {field.name: field for field in spark_schema(table).fields}
    other = {name for name in existing.keys() ^ wanted.keys() if table.quantiles and NAME.fullmatch(name)}
    _refuse(table, path, _conflicts(_without(existing, other), _without(wanted, other)))
    if other:
        define(DeltaTable.replace(spark), table, path).execute()
        return
    place = f"delta.`{path}`"
    for statement in _column_changes(existing, wanted):
        spark.sql(f"ALTER TABLE {place} {statement}")
    _set_properties(spark, table, path, there)


def _without(fields: Fields, names: set[str]) -> Fields:
    return {name: field for name, field in fields.items() if name not in names}


def _conflicts(existing: Fields, wanted: Fields) -> list[str]:
    gone = [f"'{name}' is no longer in the contract" for name in existing if name not in wanted]
    retyped = [
        f"'{name}' was {field.dataType.simpleString()} and is {wanted[name].dataType.simpleString()}"
        for name, field in existing.items()
        if name in wanted and field.dataType != wanted[name].dataType
    ]
    stricter = [
        name for name, field in wanted.items() if not field.nullable and (name not in existing or existing[name].nullable)
    ]
    return gone + retyped + [f"'{name}' may not be null, and earlier rows have no value" for name in stricter]


def _refuse(table: Table, path: str, conflicts: list[str]) -> None:
    if conflicts:
        raise EchelonError(
            f"{path} was written under another contract of '{table.name}': {'; '.join(conflicts)}. "
            "Publish to a new folder (--set run.output=FOLDER) and keep the old one for reading, or move the old one away"
        )


def _column_changes(existing: Fields, wanted: Fields) -> list[str]:
    changes = []
    for name, field in wanted.items():
        meaning = field.metadata["comment"].replace("'", "\\'")
        if name not in existing:
            changes.append(f"ADD COLUMNS ({name} {field.dataType.simpleString()} COMMENT '{meaning}')")
            continue
        if field.nullable and not existing[name].nullable:
            changes.append(f"ALTER COLUMN {name} DROP NOT NULL")
        if existing[name].metadata.get("comment") != field.metadata["comment"]:
            changes.append(f"ALTER COLUMN {name} COMMENT '{meaning}'")
    return changes


def _set_properties(spark: SparkSession, table: Table, path: str, there: dict[str, str]) -> None:
    place = f"delta.`{path}`"
    condition, before = constraint(table), there.get(f"delta.constraints.{CONSTRAINT}")
    if condition != before:
        _refuse_broken_rows(spark, table, path, condition)
        spark.sql(f"ALTER TABLE {place} DROP CONSTRAINT IF EXISTS {CONSTRAINT}")
    if condition and condition != before:
        spark.sql(f"ALTER TABLE {place} ADD CONSTRAINT {CONSTRAINT} CHECK ({condition})")
    changed = {name: value for name, value in properties(table).items() if there.get(name) != value}
    if changed:
        assignments = ", ".join(f"'{name}' = '{value}'" for name, value in changed.items())
        spark.sql(f"ALTER TABLE {place} SET TBLPROPERTIES ({assignments})")


def _refuse_broken_rows(spark: SparkSession, table: Table, path: str, condition: str | None) -> None:
    if condition and not spark.read.format("delta").load(path).where(f"NOT ({condition})").isEmpty():
        _refuse(table, path, [f"earlier rows break the condition {condition}"])
