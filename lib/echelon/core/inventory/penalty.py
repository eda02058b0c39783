"""Least holding and penalty cost: levels by quasi-Newton steps on the simulated cost and its gradient."""

import numpy as np
from scipy.optimize import minimize

from echelon.core.inventory.simulation.layout import Doubles
from echelon.core.inventory.simulation.simulator import Simulator


def least_penalty_cost(simulator: Simulator, hold: Doubles, penalty: Doubles, start: Doubles) -> Doubles:
    """Base-stock levels (nodes,), not negative, that minimise the mean of hold x on hand + penalty x customers'
    backorders (units and periods) on the simulator's paths.

    Bounded L-BFGS (Byrd, Lu, Nocedal & Zhu, SIAM J. Sci. Comput. 16(5), 1995) on the sample average; the cost of
    base-stock systems is nearly convex in the levels, so one start is enough.
    """
    nothing = np.zeros(len(hold))

    def cost(levels: Doubles) -> tuple[float, Doubles]:
        totals, gradient = simulator.gradient(levels, hold, nothing, penalty)
        value = hold @ totals.on_hand + penalty @ totals.owed
        return float(value) / simulator.scale, gradient / simulator.scale

    found = minimize(cost, start, jac=True, method="L-BFGS-B", bounds=[(0, None)] * len(hold), tol=1e-9)
    return np.asarray(found.x, float)
