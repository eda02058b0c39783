"""Compiled kernels on disk: compiled once per source version and processor, also where the sources lie in a zip.

numba's own cache misses changed globals and callees in other files, keys a zip by its path (which differs on every
executor), and lets processes that compile at the same time overwrite each other's index. Here every compiled version is
one file, whose name is a hash of all that it depends on. The one file that uses what is numba's own (`numba.core.caching`).
"""

import contextlib
import hashlib
import os
import pickle
import platform
import tempfile
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numba
from numba.core.caching import CompileResultCacheImpl, FunctionCache, _CacheLocator
from numba.core.serialize import dumps

from echelon.core.compiled.trusted import is_trusted, is_trusted_file

_KEPT = 16  # compiled versions of a function: of sources, processors, types


@cache
def fingerprint(package: str) -> str:
    """Hash of every source file of a package: constants and inlined helpers of one are compiled into others."""
    digest = hashlib.sha256()
    for entry in sorted(files(package).iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".py"):
            digest.update(entry.name.encode() + entry.read_bytes())
    return digest.hexdigest()


def _folders(source: str) -> Iterator[Path]:
    """Where compiled code may lie, best place first."""
    if "NUMBA_CACHE_DIR" in os.environ:
        yield Path(os.environ["NUMBA_CACHE_DIR"])
    if Path(source).is_file():
        yield Path(source).parent / "__pycache__"
    with contextlib.suppress(RuntimeError):  # an account without a home
        yield Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()) / "echelon"
    yield Path(tempfile.gettempdir()) / f"echelon-{os.getuid() if hasattr(os, 'getuid') else ''}"


class _Locator(_CacheLocator):
    """The first folder that can be written to, and only by this account: what is loaded from it is run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get_cache_path(self) -> str:
        return str(self._folder)

    def get_source_stamp(self) -> str:
        return ""  # part of the file's name

    def get_disambiguator(self) -> str:
        return ""

    @classmethod
    def from_function(cls, _py_func: Any, py_file: str) -> "_Locator | None":
        for folder in _folders(py_file):
            with contextlib.suppress(OSError):
                # Other accounts read what lies beside the sources.
                folder.mkdir(mode=0o755 if folder.name == "__pycache__" else 0o700, parents=True, exist_ok=True)
                locator = cls(folder.resolve())
                if is_trusted(folder):
                    locator.ensure_cache_path()  # type: ignore[no-untyped-call]
                    return locator
        return None


class _KernelCacheImpl(CompileResultCacheImpl):
    _locator_classes = [_Locator]  # type: ignore[list-item]  # noqa: RUF012


class KernelCache(FunctionCache):
    """The cache of one function, which may depend on every source file of the packages."""

    _impl_class = _KernelCacheImpl

    def __init__(self, function: Any, packages: tuple[str, ...]) -> None:
        super().__init__(function)  # type: ignore[no-untyped-call]
        self._cache_file: Any = _OneFileEach(Path(self._cache_path), f"{function.__module__}.{function.__name__}")
        self._sources = tuple(fingerprint(package) for package in packages)

    def _index_key(self, sig: Any, codegen: Any) -> Any:
        versions = (numba.__version__, platform.python_version(), *self._sources)
        return (*super()._index_key(sig, codegen), *versions)  # type: ignore[no-untyped-call]

    def save_overload(self, sig: Any, data: Any) -> None:
        with contextlib.suppress(OSError):  # a full or vanished disk costs a compilation, not the run
            super().save_overload(sig, data)  # type: ignore[no-untyped-call]


class _OneFileEach:
    """Compiled versions of one function, each a file that is complete as soon as it has its name."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._name = name

    def _path(self, key: Any) -> Path:
        return self._folder / f"{self._name}.{hashlib.sha256(repr(key).encode()).hexdigest()[:32]}.nbc"

    def load(self, key: Any) -> Any:
        """What was saved under the key, None where there is nothing (left) that can be read or trusted."""
        try:
            with self._path(key).open("rb") as file:
                return pickle.load(file) if is_trusted_file(os.fstat(file.fileno())) else None
        except (OSError, EOFError, pickle.UnpicklingError):
            return None

    def save(self, key: Any, data: Any) -> None:
        """Write beside the place and rename: readers see all of it or nothing, whoever else writes the same."""
        handle, name = tempfile.mkstemp(dir=self._folder, prefix=f"{self._name}.", suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(dumps(data))  # type: ignore[no-untyped-call]
            Path(name).replace(self._path(key))
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        self._clear_out()

    def _clear_out(self) -> None:
        """Remove the oldest versions: every change of the sources leaves one."""
        with contextlib.suppress(OSError):  # another process does the same
            versions = sorted(self._folder.glob(f"{self._name}.*.nbc"), key=lambda file: file.stat().st_mtime)
            for file in versions[:-_KEPT]:
                file.unlink(missing_ok=True)
