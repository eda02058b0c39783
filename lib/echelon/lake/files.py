"""Small files beside the tables, on a local disk or any file system that pyarrow knows by URI."""

import re
from pathlib import Path
from typing import Literal

from pyarrow import fs

from echelon.errors import EchelonError

# Spark's name for S3 is not the one that all others use.
_HADOOP_S3 = re.compile(r"^s3[an]://")


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
    found = system.get_file_info(fs.FileSelector(place, allow_not_found=True))
    return sorted(info.base_name for info in found if info.type == fs.FileType.File)


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
    found = system.get_file_info(place).type
    if found == fs.FileType.NotFound:
        return None
    return "folder" if found == fs.FileType.Directory else "file"


def list_folders(folder: str) -> list[str]:
    """Names of the folders in a folder, ascending; empty when there is no such folder."""
    system, place = _resolve(folder)
    found = system.get_file_info(fs.FileSelector(place, allow_not_found=True))
    return sorted(info.base_name for info in found if info.type == fs.FileType.Directory)


def absolute(folder: str) -> str:
    """The folder without a slash at its end; a path on this machine whole, as Java may start elsewhere."""
    return folder.rstrip("/") if "://" in folder else str(Path(folder).absolute())


def is_local(path: str) -> bool:
    """True for a path on this machine's file system."""
    return "://" not in path or path.startswith("file://")


def _resolve(path: str) -> tuple[fs.FileSystem, str]:
    if "://" not in path:
        return fs.LocalFileSystem(), str(Path(path).absolute())
    try:
        system, place = fs.FileSystem.from_uri(_HADOOP_S3.sub("s3://", path))
    except (ValueError, OSError) as error:
        raise EchelonError(f"{path}: this kind of address can't be written to: {error}") from None
    return system, place
