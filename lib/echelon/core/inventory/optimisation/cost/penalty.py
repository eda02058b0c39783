"""Least holding and shortage cost: levels by quasi-Newton steps on the simulated cost and its gradient."""

import numpy as np
from scipy.optimize import minimize

from echelon.core.arrays import Doubles
from echelon.core.inventory.optimisation.cost.costs import Costs
from echelon.core.inventory.optimisation.system import System


def least_cost_levels(system: System, costs: Costs, start: Doubles) -> Doubles:
    """Levels (nodes,), not negative, of least cost on the system's paths; whole levels: see `polish`.

    Bounded L-BFGS (Byrd, Lu, Nocedal & Zhu, SIAM J. Sci. Comput. 16(5), 1995) on the sample average; the cost of
    base-stock systems is nearly convex in the levels, so one start is enough. Levels of an earlier run are a good one.
    """

    def cost(levels: Doubles) -> tuple[float, Doubles]:
        totals, gradient = system.gradient(levels, costs.hold, costs.unmet, costs.backorder)
        return float(costs.by_node(totals).sum()) / system.scale, gradient / system.scale

    optimum = minimize(cost, start, jac=True, method="L-BFGS-B", bounds=[(0, None)] * len(start), tol=1e-9)
    return np.asarray(optimum.x, float)
