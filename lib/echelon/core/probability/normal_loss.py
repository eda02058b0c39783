"""The standard normal loss function."""

import numpy as np
from scipy import stats

from echelon.core.arrays import Doubles


def normal_loss(z: float | Doubles) -> Doubles:
    """E[(Z - z)+] of a standard normal Z (Zipkin, Foundations of Inventory Management, section 6.2.4)."""
    return np.asarray(stats.norm.pdf(z) - z * stats.norm.sf(z), dtype=np.float64)
