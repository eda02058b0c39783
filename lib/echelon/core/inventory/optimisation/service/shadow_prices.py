"""Shadow prices of fill-rate targets: what one unit more served costs in stock on hand."""

import numpy as np

from echelon.core.arrays import Doubles, Flags
from echelon.core.inventory.optimisation.system import System

_PRECISION = 0.05  # of the holding cost, on average over the nodes
_MOST_PASSES = 3
_EFFECTS = 0.01, 20.0
_FACTORS = 0.05, 100.0  # far apart: a location whose source is always short sells little of what it holds more


class ShadowPrices:
    """Turns what was counted period by period into what is true, and remembers by how much it differs.

    At the true prices the derivative of holding cost + price x unmet demand in the level of every bound node is 0
    (Karush-Kuhn-Tucker). Counting misses what follows later from a unit more: where sales are lost, it is sold and then
    ordered again. `factor` is true over counted price, `effect` true over counted slope (nodes,); both change little
    between neighbouring levels, so those of few paths serve on many.
    """

    def __init__(self, bound: Flags, hold: Doubles) -> None:
        self.bound = bound
        self.hold = hold
        self.factor: Doubles = np.ones(len(hold))
        self.effect: Doubles = np.ones(len(hold))
        self._known = False

    def gradient(self, simulator: System, levels: Doubles, slope: Doubles, surplus: Doubles) -> Doubles:
        """Derivative (nodes,) of holding cost in the levels while bound levels follow to keep the targets met.

        slope, surplus: units served more and holding cost more per unit of level, as counted period by period (nodes,).
        """
        priced, price = self.bound & (surplus > 0), surplus / slope
        for _ in range(_MOST_PASSES):
            derivative = self._pass(simulator, levels, price)
            if np.abs(derivative) @ priced <= _PRECISION * (self.hold @ priced) * simulator.scale:
                break
            if not self._known:
                self._learn_effect(derivative - self._pass(simulator, levels, 1.1 * price), surplus)
            change = derivative / np.where(priced, self.effect * surplus, 1.0)
            self.factor = np.where(priced, np.clip(self.factor + change, *_FACTORS), self.factor)
        return derivative

    def _pass(self, simulator: System, levels: Doubles, price: Doubles) -> Doubles:
        return simulator.gradient(levels, self.hold, price * self.factor)[1]

    def _learn_effect(self, change: Doubles, surplus: Doubles) -> None:
        """From the derivative's change when prices are a tenth higher."""
        served = change / np.maximum(0.1 * surplus * self.factor, 1e-12)
        self.effect = np.where(self.bound & (served > 0), np.clip(served, *_EFFECTS), 1.0)
        self._known = True
