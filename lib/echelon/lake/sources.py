"""Read a source as text, under our column names, with the file and the row as it was."""

from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from echelon.config.models import Source
from echelon.errors import InputRefused
from echelon.lake.inputs import Input

FILE, ROW = "_file", "_row"


def read_source(spark: SparkSession, source: Source, wanted: Input) -> DataFrame:
    """All rows of the source: one string column per column of the input (null where the source has none).

    Raises InputRefused when there is no such file, or a required column is not in it.
    """
    raw = _load(spark, source, wanted.name)
    _refuse_missing_columns(raw, source, wanted)
    _refuse_unknown_columns(source, wanted)
    columns = [_column(raw, source, column.name) for column in wanted.columns]
    row = F.to_json(F.struct(*(F.col(f"`{name}`") for name in raw.columns)), {"ignoreNullFields": "false"})
    return raw.select(*columns, F.col("_metadata.file_name").alias(FILE), row.alias(ROW))


def has_column(source: Source, frame_columns: list[str], name: str) -> bool:
    """True when the source gives values for our column."""
    return name in source.constants or source.columns.get(name, name) in frame_columns


def source_columns(spark: SparkSession, source: Source, name: str) -> list[str]:
    """The columns of the source's files."""
    return _load(spark, source, name).columns


def _load(spark: SparkSession, source: Source, name: str) -> DataFrame:
    kind = source.format or ("csv" if ".csv" in source.path.lower() else "parquet")
    reader = spark.read.options(**source.options)
    if kind == "csv":
        defaults = {"header": "true", "escape": '"', "inferSchema": "false"}
        reader = spark.read.options(**{**defaults, **source.options})
    try:
        return reader.format(kind).load(source.path)
    except PySparkException as error:
        raise InputRefused(f"{name}: {source.path}: {explain_read(error)}") from None


def explain_read(error: PySparkException) -> str:
    """Why a source could not be read, in one line."""
    condition = error.getCondition() or ""
    if condition.startswith("PATH_NOT_FOUND"):
        return "no such file (relative paths start at the folder you run in)"
    if condition.startswith("UNABLE_TO_INFER_SCHEMA"):
        return "not a readable Parquet file, or the folder is empty"
    lines = [line for line in str(error).splitlines() if line.strip()]
    return f"can't be read: {lines[0] if lines else condition}"


def _refuse_missing_columns(raw: DataFrame, source: Source, wanted: Input) -> None:
    absent = [name for name in source.columns.values() if name not in raw.columns]
    absent += [name for name in wanted.required if name not in source.columns and not _given(raw, source, name)]
    if absent:
        raise InputRefused(
            f"{wanted.name}: {source.path}: no column {', '.join(map(repr, absent))}. The file has: "
            f"{', '.join(raw.columns)}. Say which column is which under sources.{wanted.name}.columns"
        )


def _refuse_unknown_columns(source: Source, wanted: Input) -> None:
    known = [column.name for column in wanted.columns]
    unknown = [name for name in (*source.columns, *source.constants) if name not in known]
    if unknown:
        raise InputRefused(
            f"sources.{wanted.name}: {', '.join(map(repr, unknown))} is no column of this input; it takes {', '.join(known)}"
        )


def _given(raw: DataFrame, source: Source, name: str) -> bool:
    return has_column(source, raw.columns, name)


def _column(raw: DataFrame, source: Source, name: str) -> Column:
    if name in source.constants:
        return F.lit(source.constants[name]).alias(name)
    theirs = source.columns.get(name, name)
    if theirs not in raw.columns:
        return F.lit(None).cast("string").alias(name)
    text = F.trim(F.col(f"`{theirs}`").cast("string"))
    return F.when(text != "", text).alias(name)
