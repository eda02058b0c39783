"""Do at set-up what would slow the first run: fetch Delta's jars, start Spark once, compile scores and the simulation."""

import sys

import numpy as np

from echelon.config.models import Spark
from echelon.core.forecast.distributions.distribution import moment_quantiles
from echelon.core.inventory.explanation.causes import Evidence
from echelon.core.inventory.explanation.explain import explain_stock
from echelon.core.inventory.model.problem import Demand, LeadTime, Node, Problem
from echelon.core.inventory.planning.plan import plan_sku
from echelon.core.inventory.planning.stock_plan import SimulationSize
from echelon.core.probability.crps import ranked_scores
from echelon.engine.session import start
from echelon.errors import EchelonError


def main() -> int:
    """Start and stop a session, plan and explain one SKU; returns the exit code."""
    try:
        start(Spark(master="local[1]")).stop()
    except EchelonError as error:
        print(f"echelon: {error}", file=sys.stderr)
        return error.exit_code
    one = np.ones((1, 1))
    moment_quantiles(one[0], one[0], True, (0.5,))
    ranked_scores(one[0], one, one, one, one[0], True)
    problem = _two_echelons()
    levels = plan_sku(problem, SimulationSize(8, 64, 64)).base_stock_level
    explain_stock(problem, levels, [Evidence()] * len(levels), 8, 64)
    return 0


def _two_echelons() -> Problem:
    """A network that needs every kernel: a warehouse with lots, customers who wait and who leave."""
    demand = Demand(np.ones(7), 1.0, 0.3)
    nodes = [Node("warehouse", "supplier", -1, LeadTime((1, 2), (0.5, 0.5)), 1.0, lot_size=2.0)]
    nodes += [
        Node(f"store {unmet}", "warehouse", 0, LeadTime.fixed(1), 1.0, demand, 0.9, lost_sales=unmet) for unmet in (False, True)
    ]
    return Problem("warm", tuple(nodes))


if __name__ == "__main__":
    sys.exit(main())
