"""Refusal of parameters for which a model has no answer, with the parameter's name."""

import math

import numpy as np
import numpy.typing as npt

from echelon.core.arrays import Doubles


def positive(**parameters: float) -> None:
    """Raises ValueError unless every parameter is a finite number above 0."""
    for name, value in parameters.items():
        if not (value > 0 and math.isfinite(value)):
            raise ValueError(f"{name} must be a finite number above 0, not {value}")


def not_negative(**parameters: float) -> None:
    """Raises ValueError unless every parameter is a finite number of at least 0."""
    for name, value in parameters.items():
        if not (value >= 0 and math.isfinite(value)):
            raise ValueError(f"{name} must be a finite number of at least 0, not {value}")


def whole(**parameters: float) -> None:
    """Raises ValueError unless every parameter is a whole number of at least 0."""
    not_negative(**parameters)
    for name, value in parameters.items():
        if value != int(value):
            raise ValueError(f"{name} must be a whole number, not {value}")


def probability(**parameters: float) -> None:
    """Raises ValueError unless every parameter lies strictly between 0 and 1."""
    for name, value in parameters.items():
        if not 0 < value < 1:
            raise ValueError(f"{name} must lie between 0 and 1, not {value}")


def probabilities(name: str, values: npt.ArrayLike) -> Doubles:
    """The probabilities of 0, 1, 2, ... as an array; ValueError unless they are at least 0 and add up to 1 (1e-6)."""
    pmf = np.asarray(values, float)
    if pmf.ndim != 1 or not pmf.size or not (pmf >= 0).all() or abs(pmf.sum() - 1) > 1e-6:
        raise ValueError(f"{name} must be probabilities of 0, 1, 2, ... that add up to 1")
    return pmf
