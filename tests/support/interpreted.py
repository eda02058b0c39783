"""A pytest plugin (-p support.interpreted): what numba compiles is run as Python, slowly, so that its lines and branches can
be measured. Kernels read arrays of records by attributes, as machine code does and numpy does only for `recarray`."""

import os
from collections.abc import Callable
from typing import Any

import numpy as np

os.environ["NUMBA_DISABLE_JIT"] = "1"  # read when numba is imported


def pytest_configure() -> None:
    from echelon.core.compiled import kernel_cache

    vars(kernel_cache)["keep_compiled"] = lambda *_: None
    np.seterr(over="ignore")  # random bits wrap around

    from echelon.core.inventory.kernels.network import kernel, simulator

    vars(simulator)["simulate"] = _with_attributes(kernel.simulate)


def _with_attributes(kernel: Callable[..., bool]) -> Callable[..., bool]:
    return lambda *inputs: kernel(*map(_readable, inputs))


def _readable(value: Any) -> Any:
    if isinstance(value, np.ndarray) and value.dtype.names:
        return value.view(np.recarray)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*map(_readable, value))
    return value
