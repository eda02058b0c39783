"""Teunter-Syntetos-Babai: intermittent demand that may die out, as its probability is updated in every period."""

import numpy as np

from echelon.core.arrays import Vector
from echelon.core.compiled.jit import compiled

SIZE_SMOOTHING = 0.1
PROBABILITY_SMOOTHING = 0.05


def tsb(history: Vector, _start: int, horizon: int) -> Vector:
    """The same mean demand for every period of the horizon; zero for a series without demand.

    Probability p of demand is smoothed in every period, size z at demands; the forecast is p z. Teunter, Syntetos and Babai
    (2011), EJOR 214, equations 3 and 4. z starts at the first demand, p at the share of periods with demand.
    """
    return np.full(horizon, tsb_rate(history, SIZE_SMOOTHING, PROBABILITY_SMOOTHING))


@compiled
def tsb_rate(history: Vector, alpha: float, beta: float) -> float:
    """Demand per period after the last period of `history`; alpha smooths sizes, beta the probability."""
    demands = np.sum(history > 0)
    if demands == 0:
        return 0.0
    size, probability = 0.0, demands / len(history)
    for demand in history:
        if demand > 0:
            size = demand if size == 0.0 else size + alpha * (demand - size)
            probability += beta * (1.0 - probability)
        else:
            probability -= beta * probability
    return probability * size
