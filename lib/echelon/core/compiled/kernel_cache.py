"""Compiled kernels are kept on disk (decision 0046), or else compiled in every process."""

import contextlib
from typing import Any

# A numba that is made otherwise inside, no place for a cache, or none that can be written to.
_NOT_TODAY = (ImportError, AttributeError, TypeError, RuntimeError, OSError)


def keep_compiled(dispatcher: Any, *packages: str) -> None:
    """Load and save the compiled code of a numba function, which may depend on every source file of these packages.

    Where that can't be done, it is compiled in every process.
    """
    with contextlib.suppress(*_NOT_TODAY):
        from echelon.core.compiled.numba_cache import KernelCache

        dispatcher._cache = KernelCache(dispatcher.py_func, packages)
