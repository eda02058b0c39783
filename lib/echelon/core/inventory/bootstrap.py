"""Intervals of what SKUs add up to, by the bootstrap of whole SKUs, in parts that add up exactly.

A SKU with all its locations is drawn or not: demand at its locations hangs together. Each is drawn as often as a Poisson
number with mean 1 says (Chamandy, Muralidharan, Najmi & Naidu, Estimating Uncertainty for Massive Data Streams, Google,
2012), which is the multinomial bootstrap where SKUs are many and can be done apart, wherever a SKU lies.
"""

import hashlib
import math
from collections.abc import Sequence

import numpy as np

from echelon.core.arrays import Doubles
from echelon.core.probability.splitmix64 import GOLDEN, mix

REPLICATES = 1000
FEWEST = 10  # SKUs: fewer can't tell how different others would be
_ENDS = (0.025, 0.975)
_GRID = 2.0**-40  # of the total
_COUNTS = np.cumsum([math.exp(-1) / math.factorial(count) for count in range(12)])  # Poisson, mean 1: at most 0, 1, ...


def sku_weights(seed: int, skus: Sequence[str], replicates: int = REPLICATES) -> Doubles:
    """(skus, replicates): how often each replicate draws a SKU; decided by seed, SKU and replicate alone."""
    keys = np.array([_key(seed, sku) for sku in skus], np.uint64).reshape(-1, 1)
    mixed = mix(keys + np.arange(1, replicates + 1, dtype=np.uint64) * GOLDEN)
    uniform = (mixed >> np.uint64(11)) * 2.0**-53
    return np.searchsorted(_COUNTS, uniform, side="right").astype(float)


def _key(seed: int, sku: str) -> int:
    return int.from_bytes(hashlib.blake2b(f"{seed}\x1f{sku}\x1fbootstrap".encode(), digest_size=8).digest(), "little")


def on_grid(values: Doubles, total: float) -> Doubles:
    """Values rounded to 2^-40 of (about) their total, so that sums of them do not depend on their order."""
    step = 2.0 ** np.ceil(np.log2(total)) * _GRID if total > 0 else 1.0
    return np.asarray(np.rint(values / step) * step)


def interval(replicates: Doubles) -> tuple[float, float]:
    """Both ends of the 95 % percentile interval; nan where a replicate has nothing to divide by is left out."""
    known = replicates[np.isfinite(replicates)]
    if not len(known):
        return np.nan, np.nan
    low, high = np.quantile(known, _ENDS)
    return float(low), float(high)
