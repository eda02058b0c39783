"""SplitMix64's finaliser: random bits as a function of what they are for, the same on any machine and in any order.

Source: Steele, Lea & Flood, Fast Splittable Pseudorandom Number Generators, OOPSLA 2014.
"""

from typing import TypeVar

import numpy as np

from echelon.core.arrays import Words

Bits = TypeVar("Bits", np.uint64, Words)

GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # a counter's step
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31 = np.uint64(30), np.uint64(27), np.uint64(31)


def mix(z: Bits) -> Bits:
    """64 bits in, 64 well mixed bits out: a number (kernels compile this in), or each of an array (n, ...)."""
    z = (z ^ (z >> _S30)) * _MIX_1
    z = (z ^ (z >> _S27)) * _MIX_2
    return z ^ (z >> _S31)
