"""The forecasts' door to numba."""

from collections.abc import Callable
from typing import Any, TypeVar

import numba

from echelon.core.compiled.kernel_cache import keep_compiled

Function = TypeVar("Function", bound=Callable[..., object])


def compiled(function: Function) -> Function:
    """`numba.njit`, kept on disk."""
    dispatcher: Any = numba.njit(function)
    keep_compiled(dispatcher, __package__)
    return dispatcher
