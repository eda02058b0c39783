"""What lies where tables and other results are to be written, looked at before any work is done."""

import os

from echelon.errors import EchelonError
from echelon.lake.contracts import TABLES
from echelon.lake.files import is_local, kind, list_files, list_folders
from echelon.lake.no_table import refuse_no_table
from echelon.lake.visible import table_path

_FOLDERS = ("tables", "staging", "runs", "report")
_CHOOSE = "choose another folder with --set run.output=FOLDER"
_MOVE = f"a folder of this name is to be written: move it away, or {_CHOOSE}"


def refuse_foreign(output: str) -> None:
    """Raises EchelonError when a file, or a folder that is no table, lies in a table's place, or it can't be written there."""
    tables = f"{output}/tables"
    for place in (f"{output}/{name}" for name in _FOLDERS):
        _refuse_file(place)
    there = [*list_files(tables), *list_folders(tables)]
    for place in (table_path(output, name) for name in TABLES if name in there):
        refuse_no_table(place)
        _refuse_file(place)


def _refuse_file(place: str) -> None:
    if kind(place) == "file":
        raise EchelonError(f"{place} is a file, and {_MOVE}")
    if kind(place) and is_local(place) and not os.access(place.removeprefix("file://"), os.W_OK):
        raise EchelonError(f"{place} can't be written to by this user: {_CHOOSE}")
