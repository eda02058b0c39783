"""Parquet: columns by name, also where the files do not agree on types."""

from pathlib import PurePosixPath

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from echelon.config.models import Source
from echelon.errors import InputRefused
from echelon.lake.sources.explain import READ_ERRORS, explain_read
from echelon.lake.sources.kinds import other_kind
from echelon.lake.sources.part import FILE, Part, file_name
from echelon.lake.sources.places import Files, based_on, literal

_FILES = 100


def read_parquet(spark: SparkSession, source: Source, files: Files, name: str) -> list[Part]:
    """Files whose types agree as one part, with the columns of all of them; raises InputRefused for damaged files."""
    _refuse_hidden(spark, source, files, name)
    frames = _merged(spark, source, files, list(files.names), name)
    return [_part(frame, names) for frame, names in _by_schema(frames, spark, source, files)]


def _refuse_hidden(spark: SparkSession, source: Source, files: Files, name: str) -> None:
    """Spark would take the names of folders and hide the files' own columns of that name."""
    try:
        own = spark.read.parquet(literal(files.names[0])).columns if files.folders else []
    except READ_ERRORS as error:
        raise InputRefused(f"{name}: {source.place}: {explain_read(error, source.place)}") from None
    if hidden := sorted({folder.lower() for folder in files.folders} & {column.lower() for column in own}):
        raise InputRefused(
            f"{name}: {source.place}: '{hidden[0]}' is a column of the files and in the names of their folders: rename one"
        )


def _part(frame: DataFrame, names: list[str]) -> Part:
    return Part(frame.select("*", file_name().alias(FILE)), tuple(frame.columns), tuple(names))


def _merged(
    spark: SparkSession, source: Source, files: Files, names: list[str], name: str
) -> list[tuple[DataFrame, list[str]]]:
    """The files with one schema, or, where Spark finds none, their halves: types change seldom from file to file."""
    try:
        return [(_load(spark, source, files, names), names)]
    except READ_ERRORS as error:
        differ = any(said in str(error) for said in ("CANNOT_MERGE", "COLUMN_ALREADY_EXISTS"))
        if len(names) == 1 or not differ:
            raise InputRefused(f"{name}: {source.place}: {_why(error, source, names)}") from None
    middle = len(names) // 2
    return [part for half in (names[:middle], names[middle:]) for part in _merged(spark, source, files, half, name)]


def _why(error: PySparkException | Py4JJavaError, source: Source, names: list[str]) -> str:
    others = ((PurePosixPath(name).name, other_kind(name, "parquet")) for name in names[:_FILES])
    return next((f"{name} is {other}" for name, other in others if other), explain_read(error, source.place))


def _by_schema(
    loaded: list[tuple[DataFrame, list[str]]], spark: SparkSession, source: Source, files: Files
) -> list[tuple[DataFrame, list[str]]]:
    """Files of the same schema as one frame again. loaded: frames, and the files of each."""
    if len(loaded) == 1:
        return loaded
    names: dict[str, list[str]] = {}
    for frame, files_of_frame in loaded:
        names.setdefault(frame.schema.json(), []).extend(files_of_frame)
    return [(_load(spark, source, files, files_of_frame), files_of_frame) for files_of_frame in names.values()]


def _load(spark: SparkSession, source: Source, files: Files, names: list[str]) -> DataFrame:
    reader = spark.read.options(**{"mergeSchema": str(len(names) > 1).lower(), **source.options})
    if len(names) == len(files.names):
        return reader.parquet(files.place)
    return based_on(reader, source, files).parquet(*map(literal, names))
