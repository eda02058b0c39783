"""The one door to numba: compiled code is cached where that is possible and never taken from another source version."""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from importlib.resources import files
from typing import Any, TypeVar

from numba import njit
from numba.core.caching import FunctionCache

F = TypeVar("F", bound=Callable[..., Any])

# Only flags that cannot change a finite result: plans must not depend on the processor.
_FLAGS = {"nnan", "ninf", "nsz"}

# Kernels allocate nothing, so numba need not count references: that halves their time (every slice would count twice).
_OPTIONS: dict[str, Any] = {"fastmath": _FLAGS, "nogil": True, "error_model": "numpy", "_nrt": False}


def _fingerprint() -> str:
    """Hash of every source file of this package: compiled code depends on all of them (constants, inlined helpers)."""
    digest = hashlib.sha256()
    for entry in sorted(files(__package__).iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".py"):
            digest.update(entry.read_bytes())
    return digest.hexdigest()


_SOURCES = _fingerprint()


class _SourceCache(FunctionCache):
    """numba's cache keys on one file's time stamp and misses changed globals and callees: add all sources."""

    def _index_key(self, sig: Any, codegen: Any) -> Any:
        return (*super()._index_key(sig, codegen), _SOURCES)  # type: ignore[no-untyped-call]

    def save_overload(self, sig: Any, data: Any) -> None:
        with suppress(OSError):  # a full or vanished disk costs a compilation, not the run
            super().save_overload(sig, data)  # type: ignore[no-untyped-call]


def helper(function: F) -> F:
    """A small step, always inlined into the kernels that use it: only then does LLVM vectorise across the slices."""
    inlined: Any = njit(**_OPTIONS, forceinline=True)(function)
    return inlined


def part(function: F) -> F:
    """A step of a kernel that works number by number: LLVM decides what to inline."""
    compiled: Any = njit(**_OPTIONS, forceinline=True)(function)
    return compiled


def kernel(function: F) -> F:
    """Compile with numba on first use. In a zip or a read-only place without a cache it compiles in every process."""
    dispatcher: Any = njit(**_OPTIONS)(function)
    with suppress(RuntimeError, OSError):  # no place for a cache file
        dispatcher._cache = _SourceCache(function)  # type: ignore[no-untyped-call]
    return dispatcher
