"""Places for files that Spark takes as a list with commas, or as addresses that it does not encode."""

import atexit
import re
import shutil
import tempfile
from pathlib import Path

from echelon.errors import EchelonError

_PLAIN = re.compile(r"[A-Za-z0-9/._+~-]+")


def is_plain(folder: Path) -> bool:
    """True for a path that means the same to every part of Spark: no comma, blank, colon, bracket, %, # or the like."""
    return _PLAIN.fullmatch(str(folder)) is not None


def plain_folder() -> Path:
    """A new folder with a plain path, which is removed when the program ends.

    Raises EchelonError when the folder for temporary files has none.
    """
    folder = Path(tempfile.mkdtemp(prefix="echelon-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    if not is_plain(folder):
        raise EchelonError(
            f"{folder.parent}: Spark can't take files from folders with such signs in their names: set TMPDIR or ECHELON_CACHE "
            "to a folder of letters and digits"
        )
    return folder


def plain_link(folder: Path) -> Path:
    """A plain path that leads to the folder, until the program ends; raises EchelonError like `plain_folder`."""
    link = plain_folder() / "link"
    link.symlink_to(folder, target_is_directory=True)
    return link
