"""Where files that can be made again are kept: Delta's jars and the Java wrapper."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from echelon.core.compiled.trusted import is_trusted
from echelon.errors import EchelonError


def cache_folders(name: str) -> Iterator[Path]:
    """Where a folder of that name may lie, best place first: in `ECHELON_CACHE`, and nowhere else if that is set; in `.cache`
    of the checkout that this code lies in; in the account's cache folder; in a folder of its own among temporary ones."""
    if named := os.environ.get("ECHELON_CACHE"):
        yield Path(named).absolute() / name
        return
    checkout = Path(__file__).resolve().parents[3]
    if (checkout / "pyproject.toml").exists():
        yield checkout / ".cache" / name
    with contextlib.suppress(RuntimeError):  # an account without a home
        yield Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").absolute() / "echelon" / name
    with contextlib.suppress(OSError):
        own = Path(tempfile.gettempdir()) / f"echelon-{os.getuid()}"
        own.mkdir(mode=0o700, exist_ok=True)
        if is_trusted(own):  # everybody could have made it
            yield own / name


def writable_folder(name: str) -> Path:
    """The first of these folders that can be written to, made if need be.

    Raises EchelonError when there is none.
    """
    for folder in cache_folders(name):
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=folder).close()
            return folder
    raise EchelonError(
        f"{next(cache_folders(name)).parent}: nothing can be written there, and files that Spark needs are to be kept there: "
        "name a folder that can be written to by the environment variable ECHELON_CACHE"
    )
