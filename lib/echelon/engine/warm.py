"""Do at set-up what would slow the first run: fetch Delta's jars, start Spark once, compile scores and the simulation."""

import sys

import numpy as np

from echelon.config.models import Spark
from echelon.core.forecast.distributions.distribution import moment_quantiles
from echelon.core.inventory.explanation.causes import Evidence
from echelon.core.inventory.explanation.explain import explain_stock
from echelon.core.inventory.model.demand import Demand
from echelon.core.inventory.model.lead_time import LeadTime
from echelon.core.inventory.model.supply_network import OUTSIDE, SupplyNetwork, tree_point
from echelon.core.inventory.planning.plan import plan_network
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
    network = _two_echelons()
    levels = plan_network(network, SimulationSize(8, 64, 64)).plan.base_stock_level
    explain_stock(network, levels, [Evidence()] * len(levels), 8, 64)
    return 0


def _two_echelons() -> SupplyNetwork:
    """A network that needs every kernel: a warehouse with lots, customers who wait and who leave."""
    demand, next_period = Demand(np.ones(7), 1.0, 0.3), LeadTime.fixed(1)
    warehouse = tree_point("warehouse", "supplier", OUTSIDE, LeadTime((1, 2), (0.5, 0.5)), 1.0, lot_size=2.0)
    stores = [
        tree_point(f"store {unmet}", "warehouse", 0, next_period, 1.0, demand, 0.9, lost_sales=unmet) for unmet in (False, True)
    ]
    return SupplyNetwork("warm", (warehouse, *stores))


if __name__ == "__main__":
    sys.exit(main())
