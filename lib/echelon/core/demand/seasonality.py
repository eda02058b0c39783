"""Whether a series has a season."""

import numpy as np

from echelon.core.arrays import Vector

# One-sided 95 % limit of the autocorrelation at the season, as in the M4 competition's seasonality test.
LIMIT = 1.645


def is_seasonal(y: Vector, season: int) -> bool:
    """Whether the autocorrelation one season apart is above its limit, 1.645 sqrt((1 + 2 sum of r_i^2, i < season) / T).

    False for fewer than two seasons and for a constant. Fiorucci et al. (2016), IJF 32,
    section 2.2; Bartlett's formula.
    """
    if len(y) < 2 * season:
        return False
    centred = y - y.mean()
    variance = float(centred @ centred)
    if variance <= 0:
        return False
    r = np.array([float(centred[lag:] @ centred[:-lag]) for lag in range(1, season + 1)]) / variance
    limit = LIMIT * np.sqrt((1.0 + 2.0 * float((r[:-1] ** 2).sum())) / len(y))
    return bool(r[-1] > limit)
