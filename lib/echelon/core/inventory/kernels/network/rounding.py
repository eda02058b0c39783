"""Sums and shares of claims carry rounding errors: how little counts as nothing."""

from echelon.core.inventory.kernels.jit import helper
from echelon.core.inventory.kernels.network.tape import Tape

_SHARE_OF_LEVEL = 1e-5


@helper
def rounding(tape: Tape, n: int) -> float:
    """Less than this short at point n is no stock-out, and less than this needed is no reason for a lot."""
    return _SHARE_OF_LEVEL * max(tape.number[n + 1].value, 1.0)
