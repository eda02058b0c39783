"""Which code ran."""

import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from echelon import __version__


@cache
def code_version() -> str:
    """The version and a digest of all source files, for example 0.1.0+3f2a90c1: equal only for equal code, also where it
    runs from a zip file."""
    digest = hashlib.sha256()
    for name, file in sorted(_sources(files("echelon"), "")):
        digest.update(name.encode() + b"\0" + file.read_bytes())
    return f"{__version__}+{digest.hexdigest()[:8]}"


def _sources(folder: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    for entry in folder.iterdir():
        if entry.is_dir() and entry.name != "__pycache__":  # which may be another account's alone
            yield from _sources(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(".py"):
            yield f"{prefix}{entry.name}", entry
