"""The only place that writes Delta tables: creation from the contract and commits that replace a table at once."""

from delta.tables import DeltaTable
from pyspark.sql import DataFrame, SparkSession

from echelon.errors import EchelonError
from echelon.lake.contracts.contract import Table
from echelon.lake.files import list_files
from echelon.lake.migration import migrate
from echelon.lake.schema import define


def ensure_table(spark: SparkSession, table: Table, path: str) -> bool:
    """Create the table with comments, NOT NULL and CHECK, or bring one that is there to its contract; returns whether it was
    created.

    Raises EchelonError if the table at `path` differs from its contract by more than an addition.
    """
    if DeltaTable.isDeltaTable(spark, path):
        migrate(spark, table, path)
        return False
    define(DeltaTable.createIfNotExists(spark), table, path).execute()
    return True


def replace(frame: DataFrame, table: Table, path: str, run_id: str) -> int:
    """Replace the whole content, or the rows of this run, in one commit; returns the new version."""
    writer = frame.write.format("delta").mode("overwrite").option("userMetadata", run_id)
    if table.by_run:
        writer = writer.option("replaceWhere", f"run_id = '{run_id}'")
    writer.save(path)
    return version(path)


def fill(frame: DataFrame, table: Table, path: str, run_id: str) -> int:
    """The first rows of a table that was just created. Delta need not work out what they replace, which takes longer than
    the commit; should somebody else have been quicker, theirs are replaced."""
    filled = append(frame, path, run_id)
    return filled if filled <= 1 else replace(frame, table, path, run_id)


def append(frame: DataFrame, path: str, run_id: str) -> int:
    """Append the rows in one commit; returns the new version."""
    frame.write.format("delta").mode("append").option("userMetadata", run_id).save(path)
    return version(path)


def version(path: str) -> int:
    """The newest version of the table, by the names in its log: a Spark query for it costs as much as a small commit.

    Raises EchelonError when there is none.
    """
    commits = [name for name in list_files(f"{path}/_delta_log") if name.endswith(".json") and name[:-5].isdigit()]
    if not commits:
        raise EchelonError(f"{path}: the table is damaged: its Delta log has no commit")
    return int(commits[-1][:-5])


def read(spark: SparkSession, path: str, at: int | None = None) -> DataFrame:
    """The table as it is now, or as it was at a version."""
    reader = spark.read.format("delta")
    # Delta refuses to go back beyond the retention, also to a version that is still the newest.
    return (reader if at in (None, version(path)) else reader.option("versionAsOf", at)).load(path)


def exists(spark: SparkSession, path: str) -> bool:
    """True when there is a Delta table at the path."""
    return DeltaTable.isDeltaTable(spark, path)
