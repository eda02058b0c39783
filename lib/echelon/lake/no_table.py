"""What lies in the place of a table and is none: told alike by all who write or read there."""

from echelon.errors import EchelonError
from echelon.lake.files import kind, list_files, list_folders

_BELONGS = "and a table belongs there: move it away, or choose another folder with --set run.output=FOLDER"


def refuse_no_table(place: str) -> None:
    """Raises EchelonError where a file lies, or a folder that is neither a Delta table nor empty."""
    if kind(place) == "file":
        raise EchelonError(f"{place} is a file, {_BELONGS}")
    folders = list_folders(place)
    if "_delta_log" not in folders and (folders or list_files(place)):
        raise EchelonError(f"{place} holds something else than a Delta table, {_BELONGS}")
