"""The simulation's door to numba: how kernels are compiled and kept."""

from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit

from echelon.core import probability
from echelon.core.compiled.kernel_cache import keep_compiled

F = TypeVar("F", bound=Callable[..., Any])

# Only flags that cannot change a finite result: plans must not depend on the processor.
_FLAGS = {"nnan", "ninf", "nsz"}

# Kernels allocate nothing, so numba need not count references: that halves their time (every slice would count twice).
_OPTIONS: dict[str, Any] = {"fastmath": _FLAGS, "nogil": True, "error_model": "numpy", "_nrt": False}


def helper(function: F) -> F:
    """A small step, always inlined into the kernels that use it: only then does LLVM vectorise across slices, and calls that
    hand over many arrays cost more than what they do."""
    inlined: Any = njit(**_OPTIONS, forceinline=True)(function)
    return inlined


def kernel(function: F) -> F:
    """Compile with numba on first use, once per version of the sources of its own package, of this one
    and of `probability`, whose functions are compiled in."""
    dispatcher: Any = njit(**_OPTIONS)(function)
    own = function.__module__.rpartition(".")[0]
    keep_compiled(dispatcher, *sorted({__package__, own, probability.__name__}))
    return dispatcher
