"""Where a source lies: which files Spark reads there and which it leaves out, and whether they belong to a table."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import unquote

from delta.tables import DeltaTable
from pyspark.sql import DataFrame, DataFrameReader, SparkSession

from echelon.config.models import Source
from echelon.errors import InputRefused
from echelon.lake.files import exists, list_files, tree
from echelon.lake.sources.explain import PATTERN, READ_ERRORS, explain_read, missing_library

_ANY = "_any"
# Folders are checked for being parts of tables; more of them than this are the partitions of one.
_FOLDERS = 20
_NAMES = 1000
_DATA = re.compile(r"\.(csv|parquet)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Files:
    """The files of a source: `place` for Spark to load them all, their whole names, the columns that names of folders give
    (`store=0012`), and in words what is left out, and which such names are no columns."""

    place: str
    names: tuple[str, ...]
    folders: tuple[str, ...]
    left_out: str
    unread: str = ""


def literal(path: str) -> str:
    """The path as Spark takes it without a pattern in it."""
    return PATTERN.sub(r"\\\g<0>", path)


def kind_of(spark: SparkSession, source: Source, name: str) -> str:
    """csv, parquet, delta or table; raises InputRefused for parts of tables, and where Spark lacks a library."""
    if source.table:
        return "table"
    path = source.path or ""
    is_delta = _in_delta(spark, path, name)
    if source.format != "delta" and is_delta:
        if source.format is None and not _in_delta(spark, _above(path), name):
            return "delta"
        raise InputRefused(
            f"{name}: {path}: this is a Delta table, or a part of one; its files also hold rows that were replaced or "
            "deleted. Name the folder of the table as path, and leave format out"
        )
    _refuse_other_tables(path, name)
    return source.format or ("csv" if ".csv" in path.lower() else "parquet")


def find(spark: SparkSession, source: Source, kind: str, name: str) -> Files:
    """List the files of a source of kind csv or parquet.

    Raises InputRefused when there is none, or they belong to Delta tables.
    """
    path = source.path or ""
    place = _place(path)
    try:
        frame = _listed(spark, source, kind, place)
        names = _names(frame)
        deeper = _names(_listed(spark, source, kind, place, recursiveFileLookup="true")) if _is_folder(path, names) else []
    except READ_ERRORS as error:
        raise InputRefused(f"{name}: {path}: {explain_read(error, path)}") from None
    left_out = _left_out(path, [file for file in deeper if file not in set(names)])
    if not names:
        raise InputRefused(f"{name}: {path}: {_nothing(path, left_out)}")
    _refuse_delta_files(spark, path, names, name)
    folders = tuple(column for column in frame.columns if column != _ANY)
    return Files(place, tuple(names), folders, left_out, _unread(source, names, folders))


def based_on(reader: DataFrameReader, source: Source, files: Files) -> DataFrameReader:
    """For some of the files, the names of folders stay columns."""
    has_base_path = any(name.lower() == "basepath" for name in source.options)
    return reader.option("basePath", files.place) if files.folders and not has_base_path else reader


def named_folders(names: Sequence[str]) -> set[str]:
    """Folders of the form name=value on the way to the files."""
    return {part for name in names[:_NAMES] for part in PurePosixPath(name).parts[:-1] if "=" in part}


def _unread(source: Source, names: Sequence[str], columns: Sequence[str]) -> str:
    """What a pattern hides: Spark starts where it ends, so that names of folders before are no columns."""
    known = {column.lower() for column in columns}
    passed = named_folders(names) - set(PurePosixPath(source.path or "").parts)
    hidden = sorted(folder for folder in passed if folder.partition("=")[0].lower() not in known)
    return (
        f"names of folders that the pattern leads through ({hidden[0]}) are no columns: name the folder above them as path "
        "if they are wanted"
        if hidden
        else ""
    )


def _place(path: str) -> str:
    """The path for Spark: exactly this name where there is one, a pattern otherwise."""
    return literal(path) if PATTERN.search(path) and exists(path) else path


def _listed(spark: SparkSession, source: Source, kind: str, place: str, **more: str) -> DataFrame:
    """Nothing is read: Spark only lists the files, as their columns need not be found out."""
    return spark.read.options(**{**source.options, **more}).schema(f"{_ANY} string").format(kind).load(place)


def _names(frame: DataFrame) -> list[str]:
    return sorted(unquote(uri) for uri in frame.inputFiles())


def _is_folder(path: str, names: list[str]) -> bool:
    """False for the path of a single file."""
    return len(names) != 1 or not names[0].endswith("/" + PurePosixPath(path).name)


def _left_out(path: str, deeper: list[str]) -> str:
    hidden = sorted((file for file in tree(path) if _is_hidden(file)), key=lambda file: (not _looks_like_data(file), file))
    more = _some([PurePosixPath(file).name for file in deeper])
    notes = [more + " in sub-folders (options: {recursiveFileLookup: 'true'} reads them)"] if deeper else []
    notes += [f"{_some(hidden)}, as names that begin with _ or . are not read"] if hidden else []
    return "; ".join(notes)


def _is_hidden(file: str) -> bool:
    """True in files or folders that Spark takes for hidden."""
    return any(part[0] in "_." for part in PurePosixPath(file).parts)


def _looks_like_data(file: str) -> bool:
    return bool(_DATA.search(file)) and not file.endswith(".crc")


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3:,} more files" if len(names) > 3 else "")


def _nothing(path: str, left_out: str) -> str:
    if PurePosixPath(path).name[:1] in ("_", "."):
        return "not read, as its name begins with _ or . , which marks files that are not finished: give it another name"
    return f"no file to be read here{': left out are ' + left_out if left_out else ', the folder is empty'}"


def _above(path: str) -> str:
    return path.rstrip("/").rpartition("/")[0]


def _in_delta(spark: SparkSession, path: str, name: str) -> bool:
    """True for the folder of a Delta table and for everything in it."""
    try:
        return path not in ("", ".", "..") and DeltaTable.isDeltaTable(spark, path)
    except READ_ERRORS as error:  # nor can its files be listed, which says why
        if missing := missing_library(str(error), path):
            raise InputRefused(f"{name}: {path}: {missing}") from None
        return False


def _refuse_delta_files(spark: SparkSession, path: str, names: list[str], name: str) -> None:
    folders = sorted({re.sub(r"(/[^/=]+=[^/]*)+$", "", _above(file)) for file in names})
    for folder in folders[:_FOLDERS]:
        if _in_delta(spark, folder, name):
            raise InputRefused(
                f"{name}: {path}: {folder} is a Delta table, whose files also hold rows that were replaced or deleted. "
                "Name the folder of one table as path"
            )


def _refuse_other_tables(path: str, name: str) -> None:
    """Tables of formats that this Spark does not read as such: their files, too, hold more than the table."""
    if not path or PATTERN.search(path):
        return
    for folder in (path.rstrip("/"), _above(path)):
        iceberg = any(file.endswith(".metadata.json") for file in _files(f"{folder}/metadata"))
        if folder and (iceberg or exists(f"{folder}/.hoodie")):
            raise InputRefused(
                f"{name}: {path}: this is {'an Iceberg' if iceberg else 'a Hudi'} table, whose files also hold rows that were "
                "replaced or deleted. Name it as a table that Spark knows (table: catalog.schema.name), or export it"
            )


def _files(folder: str) -> list[str]:
    return list_files(folder) if exists(folder) else []
