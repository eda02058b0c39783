"""Syntetos-Boylan approximation: Croston's method for intermittent demand with its bias removed."""

import numpy as np

from echelon.core.arrays import Vector
from echelon.core.compiled.jit import compiled

SMOOTHING = 0.1


def sba(history: Vector, _start: int, horizon: int) -> Vector:
    """The same mean demand for every period of the horizon; zero for a series without demand.

    Sizes z and intervals p of demand are each smoothed by alpha = 0.1; the forecast is (1 - alpha / 2) z / p. Syntetos
    and Boylan (2005), IJF 21, equation 6 (alpha: their section 4). z starts at the first demand, p at periods / demands, as
    a history that begins with its first sale says nothing about the interval before it.
    """
    return np.full(horizon, sba_rate(history, SMOOTHING))


@compiled
def sba_rate(history: Vector, alpha: float) -> float:
    """Demand per period after the last period of `history`."""
    demands = np.sum(history > 0)
    if demands == 0:
        return 0.0
    size, interval, gap = 0.0, len(history) / demands, 0
    for demand in history:
        gap += 1
        if demand > 0:
            first = size == 0.0
            size = demand if first else size + alpha * (demand - size)
            interval = interval if first else interval + alpha * (gap - interval)
            gap = 0
    return (1.0 - alpha / 2.0) * size / interval
