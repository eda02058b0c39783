"""CSV: each file by its own header, and rows that have more values than it."""

import re
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import PurePosixPath

from pyspark.sql import Column, DataFrame, DataFrameReader, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

from echelon.config.models import Source
from echelon.errors import EchelonError, InputRefused
from echelon.lake.files import read_start
from echelon.lake.sources.csv.encoding import check_header
from echelon.lake.sources.csv.options import encoding_of, option, separator_of
from echelon.lake.sources.csv.records import end_with_their_lines
from echelon.lake.sources.explain import LONGEST, READ_ERRORS, explain_read
from echelon.lake.sources.kinds import other_kind
from echelon.lake.sources.part import FILE, Part, file_name, quoted
from echelon.lake.sources.places import Files, based_on, literal

RECORD, SURPLUS = "_record", "_surplus"
_DEFAULTS = {"header": "true", "escape": '"', "multiLine": "true", "maxCharsPerColumn": str(LONGEST)}
_OURS = {"inferSchema": "false", "mode": "PERMISSIVE", "columnNameOfCorruptRecord": RECORD, "enforceSchema": "true"}
# What decides how one record is cut into values.
_OF_A_RECORD = ("sep", "delimiter", "quote", "escape", "chartoescapequoteescaping", "ignoreleadingwhitespace",
                "ignoretrailingwhitespace", "nullvalue", "emptyvalue", "unescapedquotehandling")  # fmt: skip
_MOST_SURPLUS = 100
_START = 1 << 16
_FOR_EXCEL = re.compile(r'"?sep=([^"]?)', re.IGNORECASE)
_FILES_AT_ONCE, _JOBS_AT_ONCE = 16, 8


def read_csv(spark: SparkSession, source: Source, files: Files, name: str) -> list[Part]:
    """The files of each header as one part, in which every column is text.

    Raises InputRefused when all files are empty, or a header can't be read.
    """
    if option(source, "mode", default="PERMISSIVE").upper() != "PERMISSIVE":
        raise InputRefused(f"sources.{name}.options: leave mode out: rows that do not fit are kept in the quarantine")
    groups = _by_header(spark, source, files, name)
    whole = len(groups) == 1 and len(next(iter(groups.values()))) == len(files.names)
    parts = []
    for columns, names in groups.items():
        frame = _loaded(spark, source, files, list(columns), None if whole else names)
        parts.append(_part(frame, source, columns, names, files.folders, _header(spark, source, columns, names[0])))
    return parts


def _by_header(spark: SparkSession, source: Source, files: Files, name: str) -> dict[tuple[str, ...], list[str]]:
    """The files by their columns, those of the newest name last. Spark cuts each different header line into columns once."""
    lines = _first_lines(source, files.names)
    likely: dict[str, list[str]] = {}
    for file, line in zip(files.names, lines, strict=True):
        if line != "":
            likely.setdefault(file if line is None else f"\n{line}", []).append(file)
    find = partial(_columns, spark, source, name, files.names)
    with ThreadPoolExecutor(max_workers=_JOBS_AT_ONCE) as pool:
        columns = list(pool.map(find, (group[0] for group in likely.values())))
    groups: dict[tuple[str, ...], list[str]] = {}
    for header, group in zip(columns, likely.values(), strict=True):
        if header:  # a file without a header has no rows
            groups.setdefault(header, []).extend(group)
    if not groups:
        raise InputRefused(f"{name}: {source.place}: {'the file is' if len(files.names) == 1 else 'all files are'} empty")
    return groups


def _first_lines(source: Source, names: Iterable[str]) -> list[str | None]:
    """The first line of each file, empty for an empty file, None where only Spark can tell."""
    if option(source, "comment"):
        return [None for _ in names]
    find = partial(_first_line, encoding=encoding_of(source), quote=option(source, "quote", default='"'))
    with ThreadPoolExecutor(max_workers=_FILES_AT_ONCE) as pool:
        return list(pool.map(find, names))


def _first_line(name: str, encoding: str, quote: str) -> str | None:
    try:
        start = read_start(name, _START)
        text = start.decode(encoding, "replace").lstrip("\r\n")
    except (EchelonError, OSError, LookupError):
        return None
    line = ""
    for part in text.splitlines(keepends=True):
        line += part
        if not quote or line.count(quote) % 2 == 0:
            return line.strip("\r\n") if line.endswith(("\r", "\n")) or len(start) < _START else None
    return None if text else ""


def _columns(spark: SparkSession, source: Source, name: str, files: Sequence[str], file: str) -> tuple[str, ...]:
    """The columns of a file as Spark names them: those that are empty or there twice get a number."""
    if other := other_kind(file, "csv"):
        raise InputRefused(f"{name}: {source.place}: {PurePosixPath(file).name} is {other}")
    try:
        columns = _reader(spark, source, file).csv(literal(file)).columns
    except READ_ERRORS as error:
        if "UNABLE_TO_INFER_SCHEMA" in str(error):
            return ()
        raise InputRefused(f"{name}: {source.place}: {explain_read(error, source.place)}") from None
    check_header(spark, source, name, file, columns, files)
    if separator := _FOR_EXCEL.match(columns[0]):
        raise InputRefused(
            f"{name}: {source.place}: {PurePosixPath(file).name} begins with a line 'sep=', which is for Excel alone: take it "
            f"out of the file, and say options: {{sep: {separator[1] or separator_of(source)!r}}} under sources.{name}"
        )
    return tuple(columns)


def _reader(spark: SparkSession, source: Source, file: str, **more: str) -> DataFrameReader:
    """For the columns of one file."""
    # Spark looks for the file by its name as a pattern again, unless records end with their line.
    lines = {"multiLine": "false"} if literal(file) != file else {}
    own = {key: value for key, value in source.options.items() if key.lower() != "basepath"}  # no columns of folders
    return spark.read.options(**{**_DEFAULTS, **own, **_OURS, **lines, **more})


def _header(spark: SparkSession, source: Source, columns: tuple[str, ...], file: str) -> tuple[str, ...]:
    """The names as they stand in the file. Spark puts its position behind each name that is there twice."""
    bare = [column.removesuffix(str(place)).lower() for place, column in enumerate(columns) if column != f"_c{place}"]
    if len(set(bare)) == len(bare) or option(source, "header", default="true").lower() == "false":
        return columns
    row = _reader(spark, source, file, header="false").csv(literal(file)).first()
    return tuple(value or "" for value in row) if row and len(row) == len(columns) else columns


def _loaded(spark: SparkSession, source: Source, files: Files, columns: list[str], names: list[str] | None) -> DataFrame:
    """The files under numbers for names, so that no column is taken for one of the folders'."""
    lines = {"multiLine": "false"} if end_with_their_lines(spark, source, files.names if names is None else names) else {}
    reader = spark.read.options(**{**_DEFAULTS, **source.options, **_OURS, **lines})
    fields = [StructField(_number(index), StringType()) for index in range(len(columns))]
    reader = reader.schema(StructType([*fields, StructField(RECORD, StringType())]))
    if names is None:
        return reader.csv(files.place)
    return based_on(reader, source, files).csv([literal(name) for name in names])


def _part(
    frame: DataFrame,
    source: Source,
    columns: tuple[str, ...],
    names: list[str],
    folders: tuple[str, ...],
    header: tuple[str, ...],
) -> Part:
    known = {column.lower() for column in columns}
    outer = [folder for folder in folders if folder.lower() not in known]
    own = [F.col(_number(index)).alias(column) for index, column in enumerate(columns)]
    surplus = F.when(F.col(RECORD).isNotNull(), _surplus(source, len(columns)))
    named = frame.select(*own, *map(quoted, outer), file_name().alias(FILE), RECORD, surplus.alias(SURPLUS))
    return Part(named, (*columns, *outer), tuple(names), tuple(outer), (*header, *outer))


def _number(index: int) -> str:
    return f"_{index}_"


def _surplus(source: Source, columns: int) -> Column:
    """What a record holds beyond the columns, null if there is nothing but separators."""
    separator = separator_of(source)
    record = F.regexp_replace(RECORD, rf"(\s|\Q{separator}\E)+$", "")
    options = {key: value for key, value in source.options.items() if key.lower() in _OF_A_RECORD}
    values = F.from_csv(record, _wide(columns), {"escape": '"', **options})
    # As one value: taken field by field, the record would be cut into values again for each of them.
    by_number = F.from_json(F.to_json(values), "map<string,string>")
    surplus = [_number(index) for index in range(columns, columns + _MOST_SURPLUS)]
    beyond = F.map_filter(by_number, lambda number, value: number.isin(surplus) & (F.trim(value) != ""))
    text = F.concat_ws(separator, F.transform(F.map_values(beyond), F.trim))
    separators = (F.length(record) - F.length(F.replace(record, F.lit(separator), F.lit("")))) / len(separator)
    return F.when(text != "", text).when(separators >= columns + _MOST_SURPLUS, F.lit("..."))


def _wide(columns: int) -> str:
    return ", ".join(f"{_number(index)} string" for index in range(columns + _MOST_SURPLUS))
