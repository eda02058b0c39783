"""The simulation's door to numba: how kernels are compiled and kept."""

from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit

from echelon.core.kernel_cache import keep_compiled

F = TypeVar("F", bound=Callable[..., Any])

# Only flags that cannot change a finite result: plans must not depend on the processor.
_FLAGS = {"nnan", "ninf", "nsz"}

# Kernels allocate nothing, so numba need not count references: that halves their time (every slice would count twice).
_OPTIONS: dict[str, Any] = {"fastmath": _FLAGS, "nogil": True, "error_model": "numpy", "_nrt": False}


def helper(function: F) -> F:
    """A small step, always inlined into the kernels that use it: only then does LLVM vectorise across the slices."""
    inlined: Any = njit(**_OPTIONS, forceinline=True)(function)
    return inlined


def part(function: F) -> F:
    """A step of a kernel that works number by number: LLVM decides what to inline."""
    compiled: Any = njit(**_OPTIONS, forceinline=True)(function)
    return compiled


def kernel(function: F) -> F:
    """Compile with numba on first use, once per source version."""
    dispatcher: Any = njit(**_OPTIONS)(function)
    keep_compiled(dispatcher, __package__)
    return dispatcher
