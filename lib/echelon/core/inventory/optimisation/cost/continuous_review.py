"""One warehouse and its retailers under continuous review, as a periodic system with exactly the same steady state.

With Poisson demand, one-for-one orders and first come first served, a moment t of the steady state is made of two
independent spans (Simon, Operations Research 19(6), 1971; Graves, Management Science 31(10), 1985, section 2). What a
retailer lacks at the warehouse one transport time before t are its orders among those of the replenishment time before
that, beyond the first S0; what it lacks besides is its demand during the transport time, of which nothing can have
arrived. So one replication is one such moment: the orders of the replenishment time come one by one, one in a period,
to a warehouse that starts full and receives nothing; then one measured period brings the demand of the transport times.
Single orders make the allocation of a period first come first served.

The moments are a scrambled Sobol sequence (Owen, Journal of Complexity 14, 1998), its first dimensions the counts of both
spans, on which the cost depends most.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from echelon.core.arrays import Doubles, Floats
from echelon.core.inventory.kernels.drawing.paths import Paths
from echelon.core.inventory.kernels.layout import BLOCK
from echelon.core.inventory.kernels.tree.simulator import TreeSimulator
from echelon.core.inventory.model.demand import Demand
from echelon.core.inventory.model.lead_time import LeadTime
from echelon.core.inventory.model.supply_network import OUTSIDE, SupplyNetwork, tree_point
from echelon.core.inventory.optimisation.cost.costs import Costs
from echelon.core.inventory.optimisation.cost.polish import least_cost_whole_levels

_WORK = 4e7  # node-periods x replications of one simulation
_MOST_REPLICATIONS = 1 << 17


@dataclass(frozen=True)
class OneWarehouse:
    """Poisson demand per time of each retailer, replenishment time of the warehouse, transport time to each retailer."""

    rates: Sequence[float]
    warehouse_lead_time: float
    lead_times: Sequence[float]

    @property
    def rate(self) -> Doubles:
        """Demand rates as an array (retailers,)."""
        return np.asarray(self.rates, float)

    @property
    def span(self) -> float:
        """Mean number of orders in a replenishment time."""
        return float(self.rate.sum()) * self.warehouse_lead_time

    @property
    def most_orders(self) -> int:
        """A number of orders in a replenishment time that is hardly ever exceeded."""
        return _most(self.span)

    @property
    def dimensions(self) -> int:
        """Random numbers that make a moment."""
        return 1 + len(self.rates) + self.most_orders

    @property
    def replications(self) -> int:
        """The power of two that keeps one simulation below a twentieth of a second or so."""
        wanted = _WORK / (self.most_orders * (1 + len(self.rates)))
        return int(2 ** np.clip(np.floor(np.log2(wanted)), np.log2(BLOCK), np.log2(_MOST_REPLICATIONS)))


def sobol_points(system: OneWarehouse, seed: int) -> Doubles:
    """(dimensions, replications) points inside (0, 1)."""
    points = stats.qmc.Sobol(system.dimensions, rng=seed).random(system.replications).T
    return np.clip(points, 1e-12, 1 - 1e-12)


def steady_state(system: OneWarehouse, points: Doubles) -> TreeSimulator:
    """One moment per column of `points` (dimensions, replications), replications a multiple of BLOCK. Node 0 is the
    warehouse, the others are the retailers; sums are over the moments."""
    retailers, most, replications = len(system.rates), system.most_orders, points.shape[1]
    orders = _poisson(points[0], system.span)
    demand = np.zeros((most + 1, retailers, replications), np.float32)
    for i, mean in enumerate(system.rate * np.asarray(system.lead_times, float)):
        demand[-1, i] = _poisson(points[1 + i], mean)
    share = np.cumsum(system.rate)[:-1] / system.rate.sum()
    for back, point in enumerate(points[1 + retailers :]):
        demand[most - 1 - back, np.searchsorted(share, point), np.arange(replications)] = back < orders
    return TreeSimulator(_network(system.rates, len(demand)), _paths(demand))


def _poisson(points: Doubles, mean: float) -> Doubles:
    """Poisson numbers at the given places of their distribution, at most `_most(mean)`."""
    return np.searchsorted(stats.poisson.cdf(np.arange(_most(mean)), mean), points).astype(float)


def _most(mean: float) -> int:
    """A count that is hardly ever exceeded."""
    return int(stats.poisson.isf(1e-9, mean)) + 1


def _network(rates: Sequence[float], periods: int) -> SupplyNetwork:
    """The warehouse orders at the start alone, when nothing is needed: that is how it receives nothing."""
    at_once = LeadTime.fixed(0)
    warehouse = tree_point("warehouse", "outside", OUTSIDE, at_once, 1.0, review_period=periods + 1)
    retailers = [tree_point(f"retailer {i}", "warehouse", 0, at_once, 1.0, Demand(np.array([r]))) for i, r in enumerate(rates)]
    return SupplyNetwork("one warehouse", (warehouse, *retailers))


def _paths(demand: Floats) -> Paths:
    """(periods, retailers, replications) in blocks; only the last period is measured."""
    periods, retailers, replications = demand.shape
    split = demand.reshape(periods, retailers, replications // BLOCK, BLOCK).transpose(2, 0, 1, 3)
    lead = np.zeros((replications // BLOCK, periods, retailers + 1, BLOCK), np.uint8)
    return Paths(np.ascontiguousarray(split), lead, periods - 1)


def one_warehouse_levels(system: OneWarehouse, costs: Costs, seed: int = 0) -> Doubles:
    """Whole base-stock levels (1 + retailers,), the warehouse first, of least holding and backorder cost per time
    (pipelines excluded)."""
    transport = system.rate * np.asarray(system.lead_times, float)
    start = np.concatenate([[system.span], transport + np.sqrt(transport)])
    links = [(0, 1 + i) for i in range(len(transport))]
    simulator = steady_state(system, sobol_points(system, seed))
    first_step = max(1, round(np.sqrt(system.span)))
    return least_cost_whole_levels(simulator, costs, start, links, np.ones(len(start), bool), first_step)
