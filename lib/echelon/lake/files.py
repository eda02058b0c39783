"""Small files beside the tables, on a local disk or any file system that pyarrow knows by URI."""

import re
from pathlib import Path
from typing import Literal

import pyarrow as pa
from pyarrow import fs
from pyarrow import parquet as pq

from echelon.errors import EchelonError

# Spark's name for S3 is not the one that all others use.
_HADOOP_S3 = re.compile(r"^s3[an]://")
# A scheme has two letters at least, so that no drive of Windows is one, and a slash behind it: `run:1` is a folder.
_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]+):/")
# Where Databricks shows its stores as folders of the machine.
_DBFS, _VOLUMES = Path("/dbfs"), "/Volumes/"


def read_text(path: str) -> str | None:
    """The file's content, or None when there is no such file."""
    system, place = _resolve(path)
    if system.get_file_info(place).type != fs.FileType.File:
        return None
    with system.open_input_stream(place) as stream:
        return stream.read().decode()


def write_text(path: str, content: str) -> None:
    """Write the file so that a reader sees the old content or the new, never half of it."""
    system, place = _resolve(path)
    system.create_dir(place.rpartition("/")[0], recursive=True)
    with system.open_output_stream(f"{place}.part") as stream:
        stream.write(content.encode())
    system.move(f"{place}.part", place)


def list_files(folder: str) -> list[str]:
    """Names of the files in a folder, ascending; empty when there is no such folder."""
    system, place = _resolve(folder)
    entries = system.get_file_info(fs.FileSelector(place, allow_not_found=True))
    return sorted(info.base_name for info in entries if info.type == fs.FileType.File)


def delete_folder(folder: str) -> None:
    """Remove a folder and all in it, if it is there."""
    system, place = _resolve(folder)
    if system.get_file_info(place).type == fs.FileType.Directory:
        system.delete_dir(place)


def delete_if_empty(folder: str) -> None:
    """Remove a folder that is there and has nothing in it."""
    system, place = _resolve(folder)
    if kind(folder) == "folder" and not system.get_file_info(fs.FileSelector(place)):
        system.delete_dir(place)


def kind(path: str) -> Literal["file", "folder"] | None:
    """What is there; None where there is nothing."""
    system, place = _resolve(path)
    kind = system.get_file_info(place).type
    if kind == fs.FileType.NotFound:
        return None
    return "folder" if kind == fs.FileType.Directory else "file"


def list_folders(folder: str) -> list[str]:
    """Names of the folders in a folder, ascending; empty when there is no such folder."""
    system, place = _resolve(folder)
    entries = system.get_file_info(fs.FileSelector(place, allow_not_found=True))
    return sorted(info.base_name for info in entries if info.type == fs.FileType.Directory)


def read_start(path: str, size: int) -> bytes:
    """The first bytes of a file, unpacked if its name says that it is packed (gz, bz2, zst, lz4); raises OSError."""
    system, place = _resolve(path)
    with system.open_input_stream(place) as stream:
        return stream.read(size)


def size_of(path: str) -> int:
    """Bytes of a file as it lies there; 0 where that is not known here."""
    try:
        system, place = _resolve(path)
        return system.get_file_info(place).size or 0
    except (EchelonError, OSError, pa.ArrowException):
        return 0


def parquet_schema(path: str) -> pa.Schema:
    """The columns of a Parquet file as Arrow's types, which know time zones; raises OSError and ArrowInvalid."""
    system, place = _resolve(path)
    return pq.read_schema(place, filesystem=system)


def exists(path: str) -> bool:
    """Whether there is such a file or folder; False too where the kind of address is not known here."""
    return bool(path) and _type(path) != fs.FileType.NotFound


def tree(folder: str) -> list[str]:
    """All files in a folder and its sub-folders, by their names relative to it; none where the kind of address is not
    known here."""
    try:
        system, place = _resolve(folder)
        entries = system.get_file_info(fs.FileSelector(place, allow_not_found=True, recursive=True))
    except (EchelonError, OSError, pa.ArrowException):
        return []
    root = place.rstrip("/") + "/"
    return sorted(info.path.removeprefix(root) for info in entries if info.type == fs.FileType.File)


def absolute(folder: str) -> str:
    """The folder without a slash at its end; a path on this machine whole, as Java may start elsewhere."""
    if not _scheme(folder):
        return str(Path(folder).absolute())
    return f"file://{local_path(folder)}" if is_local(folder) else folder.rstrip("/")


def is_local(path: str) -> bool:
    """True for a path on this machine's file system."""
    return _scheme(path) in ("", "file")


def local_path(path: str) -> Path:
    """A path on this machine's file system, also when it is written as `file:/...` or `file:///...`; raises EchelonError
    for `file://` with two slashes, where the first name would be a machine's."""
    if not _scheme(path):
        return Path(path)
    rest = path[len("file:") :]
    if rest.startswith("//") and not rest.startswith("///"):
        raise EchelonError(f"{path}: files of this machine are written with one or three slashes: file:/{rest.lstrip('/')}")
    return Path("/" + rest.strip("/"))


def _scheme(path: str) -> str:
    match = _SCHEME.match(path)
    return match[1].lower() if match else ""


def _type(path: str) -> fs.FileType:
    try:
        system, place = _resolve(path)
        return system.get_file_info(place).type
    except (EchelonError, OSError, pa.ArrowException):
        return fs.FileType.NotFound


def _resolve(path: str) -> tuple[fs.FileSystem, str]:
    if is_local(path):
        return fs.LocalFileSystem(), str(local_path(path).absolute())
    if _scheme(path) == "dbfs":
        return fs.LocalFileSystem(), _mounted(path)
    try:
        system, place = fs.FileSystem.from_uri(_HADOOP_S3.sub("s3://", path))
    except (ValueError, OSError, pa.ArrowException) as error:
        raise EchelonError(f"{path}: this kind of address can't be written to: {error}") from None
    return system, place


def _mounted(path: str) -> str:
    """Where Databricks shows a place of its file store."""
    place = "/" + path.partition(":")[2].lstrip("/")
    if not _DBFS.is_dir():
        raise EchelonError(f"{path}: dbfs:/ is there on Databricks only, where it is mounted as {_DBFS}")
    return place if place.startswith(_VOLUMES) else f"{_DBFS}{place}"
