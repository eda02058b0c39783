"""Read a source as text, under our column names, with the file and the row as it was."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import PurePosixPath

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from echelon.config.models import Source
from echelon.errors import InputRefused
from echelon.lake.inputs import Input
from echelon.lake.sources.columns import problems, refuse_hidden, replaced, row_of, text_of
from echelon.lake.sources.csv.encoding import refuse_replaced, refuse_utf_8
from echelon.lake.sources.csv.files import SURPLUS, read_csv
from echelon.lake.sources.csv.options import option, separator_of
from echelon.lake.sources.explain import READ_ERRORS, explain_read
from echelon.lake.sources.matching import gives, refuse_unclear
from echelon.lake.sources.midnights import looks_late, tell_clocks, tell_days
from echelon.lake.sources.moments import CLOCK, SECOND
from echelon.lake.sources.parquet_files import read_parquet
from echelon.lake.sources.part import FILE, Part
from echelon.lake.sources.places import find, kind_of, named_folders

ROW, LOST = "_row", "_lost"
_FILES = 100
# As programmes write floating-point numbers.
_FLOATING = r"^\d\.\d+E\d{1,2}$"
_NUMBERS = {
    ".0": "{}: every {} ends in .0: were they whole numbers once? They are taken as they are written",
    "E": "{}: every {} is a number, and some are written as 1.0000001E7: they are taken as they are written",
}
READ_RULE, READ_REASON = "_read_rule", "_read_reason"


@dataclass(frozen=True)
class Reading:
    """All rows of a source: one string column per column of the input (null where the source has none), `_file`, `_row`,
    the rule and reason for which reading alone refuses a row, and in `_lost` whether characters may have been lost.

    `given`: our columns that the source has. `notes`: what a user should know of how it was read.
    """

    frame: DataFrame
    source: Source
    wanted: Input
    kind: str
    given: frozenset[str]
    notes: tuple[str, ...]
    names: tuple[str, ...]


def read_source(spark: SparkSession, source: Source, wanted: Input) -> Reading:
    """Read a source lazily, each file by its own columns.

    Raises InputRefused when there is no such file, one lacks a required column, or it is not clear which column is which.
    """
    _refuse_unknown_columns(source, wanted)
    kind = kind_of(spark, source, wanted.name)
    parts, notes = _parts(spark, source, kind, wanted)
    for part in parts:
        refuse_unclear(part, source, wanted)
        _refuse_missing_columns(part, parts, source, wanted)
        refuse_hidden(part, source, wanted)
    first = [name.strip() for name in parts[0].columns]
    frame = reduce(DataFrame.unionByName, [_ours(part, source, wanted, first) for part in parts])
    given = frozenset(column.name for column in wanted.columns if any(gives(part, source, column.name) for part in parts))
    names = tuple(name for part in parts for name in part.names)
    return Reading(frame, source, wanted, kind, given, (*notes, *_only_somewhere(parts, source, wanted, given)), names)


def _parts(spark: SparkSession, source: Source, kind: str, wanted: Input) -> tuple[list[Part], list[str]]:
    """The source's files, those of the same columns together."""
    if kind in ("delta", "table"):
        return [_table(spark, source, kind, wanted.name)], []
    files = find(spark, source, kind, wanted.name)
    read = read_csv if kind == "csv" else read_parquet
    texts = ([f"left out: {files.left_out}"] if files.left_out else []) + ([files.unread] if files.unread else [])
    notes = [f"{wanted.name}: {source.place}: {text}" for text in texts]
    return read(spark, source, files, wanted.name), notes


def _table(spark: SparkSession, source: Source, kind: str, name: str) -> Part:
    reader = spark.read.options(**source.options)
    try:
        frame = reader.table(source.place) if kind == "table" else reader.format("delta").load(source.place)
    except READ_ERRORS as error:
        raise InputRefused(f"{name}: {source.place}: {explain_read(error)}") from None
    return Part(frame.withColumn(FILE, F.lit(source.place)), tuple(frame.columns), ())


def _ours(part: Part, source: Source, wanted: Input, first: Sequence[str]) -> DataFrame:
    """The rows under our names. Files of the same columns in another order give the same text for the same row."""
    order = sorted(part.columns, key=lambda name: first.index(name.strip()) if name.strip() in first else len(first))
    row = row_of(part, order)
    rule, reason = F.lit(None).cast("string"), F.lit(None).cast("string")
    for name, condition, why in reversed(problems(part, source, wanted)):
        rule, reason = F.when(condition, F.lit(name)).otherwise(rule), F.when(condition, why).otherwise(reason)
    marks = {ROW: row, READ_RULE: rule, READ_REASON: reason, LOST: replaced(part, row)}
    texts = [text_of(part, source, column) for column in wanted.columns]
    return part.frame.select(*texts, FILE, *(column.alias(name) for name, column in marks.items()))


def _refuse_missing_columns(part: Part, parts: list[Part], source: Source, wanted: Input) -> None:
    absent = [source.columns.get(name, name) for name in wanted.required if not gives(part, source, name)]
    absent += [
        theirs
        for name, theirs in source.columns.items()
        if theirs not in absent and not any(gives(other, source, name) for other in parts)
    ]
    if wanted.any_of and not any(gives(part, source, name) for name in wanted.any_of):
        absent.append(" or ".join(wanted.any_of))
    if absent:
        where = source.place + (f" ({_some_files(part)})" if len(parts) > 1 else "")
        raise InputRefused(
            f"{wanted.name}: {where}: no column {', '.join(map(repr, absent))}. The file has: "
            f"{', '.join(map(_shown, part.columns))}. {_mend(part, source, wanted.name, absent)}"
        )


def _mend(part: Part, source: Source, name: str, absent: list[str]) -> str:
    """What to do where columns are absent."""
    if separator := _other_separator(part, source):
        return f"Are its columns separated by {separator!r}? Say options: {{sep: {separator!r}}} under sources.{name}"
    folders = sorted(folder for folder in named_folders(part.names) if folder.partition("=")[0] in absent)
    if folders:
        return f"Names of folders ({folders[0]}) are columns where the folder above them is named as path"
    return f"Say which column is which under sources.{name}.columns"


def _other_separator(part: Part, source: Source) -> str | None:
    """What cuts the header of a CSV file into more columns than the stated separator does."""
    if SURPLUS not in part.frame.columns:
        return None
    header = part.columns[: len(part.columns) - len(part.folders)]
    counts = {separator: sum(column.count(separator) for column in header) for separator in (";", "\t", "|", ",")}
    likely = max((separator for separator in counts if separator != separator_of(source)), key=counts.__getitem__)
    return likely if counts[likely] >= len(header) else None


def _some_files(part: Part) -> str:
    names = [PurePosixPath(name).name for name in part.names]
    return ", ".join(names[:3]) + (f" and {len(names) - 3:,} more" if len(names) > 3 else "")


def _shown(name: str) -> str:
    """The name, so that blanks and what can't be printed are seen."""
    return name if name == name.strip() and name.isprintable() else repr(name)


def _refuse_unknown_columns(source: Source, wanted: Input) -> None:
    known = [column.name for column in wanted.columns]
    unknown = [name for name in (*source.columns, *source.constants) if name not in known]
    if unknown:
        raise InputRefused(
            f"sources.{wanted.name}: {', '.join(map(repr, unknown))} is no column of this input; it takes {', '.join(known)}"
        )


def _only_somewhere(parts: list[Part], source: Source, wanted: Input, given: frozenset[str]) -> list[str]:
    """Columns that are in some files only."""
    notes = []
    for name in (column.name for column in wanted.columns if column.name in given):
        without = [part for part in parts if not gives(part, source, name)]
        if without:
            notes.append(f"{wanted.name}: {source.place}: {name} is not in {_some_files(without[0])}: unknown there")
    return notes


def look_over(spark: SparkSession, reading: Reading, kept: DataFrame) -> list[str]:
    """Look once at the rows as they were read; returns what a user should know.

    Raises InputRefused when there are none, or characters were lost.
    """
    name, source, texts = reading.wanted.name, reading.source, _names_from_text(reading)
    looks = [F.count("*"), F.count_if(LOST), *(_as_numbers(F.col(column)) for column in texts)]
    times = [column for column in kept.columns if column.startswith(SECOND)]
    looks += [F.count_if(F.col(column) > 0) for column in times]
    clocks = [column for column in kept.columns if column.startswith(CLOCK)]
    looks += [looks_late(F.col(column)) for column in clocks]
    rows, lost, *looked_up = kept.agg(*looks).collect()[0]
    if not rows:
        raise InputRefused(f"{name}: {source.place}: no rows")
    notes = [
        _NUMBERS[so].format(name, column) for column, so in zip(texts, looked_up[: len(texts)], strict=True) if so in _NUMBERS
    ]
    of_times = dict(zip([*times, *clocks], looked_up[len(texts) :], strict=True))
    moved, late = ({c.removeprefix(mark): of_times[c] for c in of} for mark, of in ((SECOND, times), (CLOCK, clocks)))
    notes += tell_days(source, name, kept, moved, reading.names) + tell_clocks(source, name, kept, late)
    notes += _equal_files(reading, kept)
    if reading.kind == "csv" and option(source, "encoding", "charset"):
        refuse_utf_8(spark, source, name, reading.names)
    return [*notes, _lost(spark, reading, kept, lost)] if lost else notes


def _equal_files(reading: Reading, kept: DataFrame) -> list[str]:
    """Files that hold the same rows: a copy that somebody made beside its original would count twice."""
    if len(reading.names) < 2:
        return []
    content = F.struct(F.count("*"), F.sum(F.xxhash64(ROW).cast("decimal(20,0)")))
    alike = (
        kept.groupBy(FILE)
        .agg(content.alias("content"))
        .groupBy("content")
        .agg(F.array_sort(F.collect_set(FILE)).alias("files"))
    )
    repeated = alike.where(F.size("files") > 1).orderBy("files").limit(_FILES).collect()
    return [f"{reading.wanted.name}: {' and '.join(row['files'])} hold the same rows: is one a copy?" for row in repeated]


def _names_from_text(reading: Reading) -> list[str]:
    if reading.kind != "csv":
        return []
    return [
        c.name for c in reading.wanted.columns if c.type == "string" and c.name in reading.given - set(reading.source.constants)
    ]


def _as_numbers(text: Column) -> Column:
    """How numbers that became names are written, if they all are: a key of the notes on it."""
    floating, ending = text.rlike(_FLOATING), text.endswith(".0")
    exponents = F.bool_and(floating | ending | text.rlike(r"^\d+$")) & F.bool_or(floating)
    return F.when(F.bool_and(ending), ".0").when(exponents, "E")


def _lost(spark: SparkSession, reading: Reading, kept: DataFrame, rows: int) -> str:
    """Raises InputRefused unless U+FFFD stands in the files themselves."""
    name, source = reading.wanted.name, reading.source
    if reading.kind != "csv":
        raise InputRefused(f"{name}: {source.place}: a column of bytes is not UTF-8 in {rows:,} rows: store it as text")
    with_losses = {row[0] for row in kept.where(LOST).select(FILE).distinct().limit(_FILES).collect()}
    refuse_replaced(
        spark, source, name, [file for file in reading.names if PurePosixPath(file).name in with_losses], reading.names
    )
    return f"{name}: {rows:,} rows hold U+FFFD, which a programme before wrote for characters it could not read"
