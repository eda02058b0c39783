"""The door to numba for functions that allocate."""

from collections.abc import Callable
from typing import Any, TypeVar

import numba

from echelon.core.compiled.kernel_cache import keep_compiled

Function = TypeVar("Function", bound=Callable[..., object])


def compiled(function: Function) -> Function:
    """`numba.njit`, kept on disk once per version of the sources of the function's package: it calls none of others."""
    dispatcher: Any = numba.njit(function)
    keep_compiled(dispatcher, function.__module__.rpartition(".")[0])
    return dispatcher
