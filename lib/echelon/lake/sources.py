"""Read a source as text, under our column names, with the file and the row as it was."""

import re

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StringType

from echelon.config.models import Source
from echelon.errors import InputRefused
from echelon.lake.inputs import Input, InputColumn

FILE, ROW, SWALLOWED = "_file", "_row", "_swallowed"
# A damaged file reaches Python as the Java error itself, everything else as Spark's.
READ_ERRORS = (PySparkException, Py4JJavaError)
_BLANKS = " \t\r\n\u00a0\ufeff"
# pandas writes timestamps in nanoseconds, which Spark reads as whole numbers: anything after the first days of 1970.
_LEAST_NANOSECONDS = 10**15


def read_source(spark: SparkSession, source: Source, wanted: Input) -> DataFrame:
    """All rows of the source: one string column per column of the input (null where the source has none), and whether a
    value swallowed further rows.

    Raises InputRefused when there is no such file, or a required column is not in it.
    """
    raw = _load(spark, source, wanted.name)
    _refuse_missing_columns(raw, source, wanted)
    _refuse_unknown_columns(source, wanted)
    columns = [_column(raw, source, column) for column in wanted.columns]
    row = F.to_json(F.struct(*(_quoted(name) for name in raw.columns)), {"ignoreNullFields": "false"})
    return raw.select(*columns, _file_name().alias(FILE), row.alias(ROW), _swallowed(raw, source).alias(SWALLOWED))


def _swallowed(raw: DataFrame, source: Source) -> Column:
    """Whether a value holds a line break and then as many separators as a row has: a quotation mark without its partner
    makes one value of all lines up to the next mark."""
    texts = [field.name for field in raw.schema.fields if isinstance(field.dataType, StringType)]
    if _format(source) != "csv" or len(raw.columns) < 2:
        return F.lit(False)
    separator = source.options.get("sep", source.options.get("delimiter", ","))
    line = rf"\n([^\n]*?\Q{separator}\E){{{len(raw.columns) - 1}}}"
    return F.coalesce(F.concat_ws("\x1f", *map(_quoted, texts)).rlike(line), F.lit(False))


def has_column(source: Source, frame_columns: list[str], name: str) -> bool:
    """True when the source gives values for our column."""
    return name in source.constants or source.columns.get(name, name) in frame_columns


def source_columns(spark: SparkSession, source: Source, name: str) -> list[str]:
    """The columns of the source's files."""
    return _load(spark, source, name).columns


def _load(spark: SparkSession, source: Source, name: str) -> DataFrame:
    kind = _format(source)
    reader = spark.read.options(**source.options)
    if kind == "csv":
        defaults = {"header": "true", "escape": '"', "multiLine": "true", "inferSchema": "false"}
        reader = spark.read.options(**{**defaults, **source.options})
    try:
        raw = reader.format(kind).load(source.path)
    except READ_ERRORS as error:
        raise InputRefused(f"{name}: {source.path}: {explain_read(error)}") from None
    if not raw.columns:
        raise InputRefused(f"{name}: {source.path}: the file is empty")
    return raw


def _format(source: Source) -> str:
    return source.format or ("csv" if ".csv" in source.path.lower() else "parquet")


def explain_read(error: PySparkException | Py4JJavaError) -> str:
    """Why a source could not be read, in one line."""
    if isinstance(error, Py4JJavaError):
        return _explain_damage(str(error))
    condition = error.getCondition() or ""
    if condition.startswith("PATH_NOT_FOUND"):
        return "no such file (relative paths start at the folder you run in)"
    if condition.startswith("UNABLE_TO_INFER_SCHEMA"):
        return "not a readable Parquet file, or the folder is empty"
    lines = [line for line in str(error).splitlines() if line.strip()]
    return f"can't be read: {lines[0] if lines else condition}"


def _explain_damage(stack: str) -> str:
    """The file that Spark names, if any, and the innermost cause."""
    file = re.search(r"reading file (\S+?)\.?\s", stack)
    cause = re.findall(r"(?:^: |Caused by: )(.+)", stack, re.MULTILINE)[-1].strip()
    where = f" ({file[1].rpartition('/')[2]})" if file else ""
    hint = "; if these are CSV files, say format: csv" if "is not a Parquet file" in cause else ""
    return f"can't be read, it may be damaged or cut off{where}: {cause.rpartition('Exception: ')[2]}{hint}"


def _refuse_missing_columns(raw: DataFrame, source: Source, wanted: Input) -> None:
    absent = [name for name in source.columns.values() if name not in raw.columns]
    absent += [name for name in wanted.required if name not in source.columns and not _given(raw, source, name)]
    if wanted.any_of and not any(_given(raw, source, name) for name in wanted.any_of):
        absent.append(" or ".join(wanted.any_of))
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


def _column(raw: DataFrame, source: Source, wanted: InputColumn) -> Column:
    name = wanted.name
    if name in source.constants:
        return F.lit(source.constants[name]).alias(name)
    theirs = source.columns.get(name, name)
    if theirs not in raw.columns:
        return F.lit(None).cast("string").alias(name)
    value = _quoted(theirs)
    if wanted.type == "date" and raw.select(value).dtypes[0][1] == "bigint":
        value = _from_nanoseconds(value)
    text = F.trim(value.cast("string"), F.lit(_BLANKS))
    return F.when(text != "", text).alias(name)


def _from_nanoseconds(value: Column) -> Column:
    date = F.timestamp_micros(F.floor(value / 1000)).cast("string")
    return F.when(F.abs(value) >= _LEAST_NANOSECONDS, date).otherwise(value.cast("string"))


def _quoted(name: str) -> Column:
    escaped = name.replace("`", "``")
    return F.col(f"`{escaped}`")


def _file_name() -> Column:
    """Spark gives the name as part of a URI: blanks and the like are encoded, a plus sign is not."""
    return F.url_decode(F.replace(F.col("_metadata.file_name"), F.lit("+"), F.lit("%2B")))
