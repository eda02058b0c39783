"""Compiled functions that also work where numba cannot write its cache (a zip file, a read-only folder)."""

from collections.abc import Callable
from typing import TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., object])


def compiled(function: Function) -> Function:
    """`numba.njit`, kept on disk where that is possible."""
    try:
        return cast(Function, numba.njit(cache=True)(function))
    except RuntimeError:  # numba found no place for its cache
        return cast(Function, numba.njit(function))
