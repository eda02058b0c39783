"""One warehouse, several retailers: Poisson demand, one-for-one base stock, continuous review, first come first served.

Exact by the law of what is outstanding at a retailer: warehouse backorders split by chance among the retailers, plus
demand during transport (Simon, Operations Research 19(6), 1971; Graves, Management Science 31(10), 1985; Axsaeter,
Operations Research 38(1), 1990). Two-moment approximation: a negative binomial in its place (Graves 1985).
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from echelon.core.inventory.simulation.layout import Doubles


@dataclass(frozen=True)
class Retailers:
    """Identical retailers: number, demand rate of each, transport time, holding and backorder cost per unit and time."""

    number: int
    demand_rate: float
    lead_time: float
    holding_cost: float
    backorder_cost: float


@dataclass(frozen=True)
class Warehouse:
    """Replenishment time from outside, holding cost per unit and time."""

    lead_time: float
    holding_cost: float


@dataclass(frozen=True)
class WarehousePlan:
    """Base-stock levels, cost per time (pipelines excluded), and service and stock of one retailer."""

    warehouse_level: int
    retailer_level: int
    cost: float
    fill_rate: float
    retailer_on_hand: float
    retailer_backorders: float


def outstanding_exact(warehouse: Warehouse, retailers: Retailers, warehouse_level: int) -> Doubles:
    """P(n units outstanding at a retailer), n = 0, 1, ..."""
    total = retailers.number * retailers.demand_rate * warehouse.lead_time
    most = _tail(total)
    backorders = np.concatenate([[stats.poisson.cdf(warehouse_level, total)], _pmf_above(warehouse_level, most, total)])
    share = 1 / retailers.number
    own = np.arange(len(backorders))
    split = backorders @ stats.binom.pmf(own[None, :], own[:, None], share)
    transport = retailers.demand_rate * retailers.lead_time
    return np.convolve(split, stats.poisson.pmf(np.arange(_tail(transport) + 1), transport))


def _tail(mean: float) -> int:
    """A count that is hardly ever exceeded."""
    return int(stats.poisson.isf(1e-15, mean)) + 2


def _pmf_above(level: int, most: int, mean: float) -> Doubles:
    """P(level + 1), P(level + 2), ... of a Poisson variable."""
    return np.asarray(stats.poisson.pmf(np.arange(level + 1, max(most, level) + 2), mean))


def outstanding_two_moment(warehouse: Warehouse, retailers: Retailers, warehouse_level: int) -> Doubles:
    """The negative binomial with the same mean and variance (Poisson where the variance is not above the mean)."""
    exact = outstanding_exact(warehouse, retailers, warehouse_level)
    n = np.arange(len(exact))
    mean = float(n @ exact)
    excess = float(np.square(n) @ exact) - mean**2 - mean
    most = np.arange(2 * len(exact) + 50)
    if excess <= 1e-9 * mean:
        return np.asarray(stats.poisson.pmf(most, mean))
    return np.asarray(stats.nbinom.pmf(most, mean**2 / excess, mean / (mean + excess)))


def evaluate(
    warehouse: Warehouse, retailers: Retailers, warehouse_level: int, retailer_level: int, outstanding: Doubles
) -> WarehousePlan:
    """Cost and service of given levels; `outstanding` from one of the two functions above."""
    left = retailer_level - np.arange(len(outstanding))
    on_hand, backorders = float(np.maximum(left, 0) @ outstanding), float(np.maximum(-left, 0) @ outstanding)
    total = retailers.number * retailers.demand_rate * warehouse.lead_time
    units = np.arange(warehouse_level + 1)
    central = float((warehouse_level - units) @ stats.poisson.pmf(units, total))
    each = retailers.holding_cost * on_hand + retailers.backorder_cost * backorders
    cost = warehouse.holding_cost * central + retailers.number * each
    fill_rate = float(outstanding[:retailer_level].sum())
    return WarehousePlan(warehouse_level, retailer_level, cost, fill_rate, on_hand, backorders)


def optimal_levels(warehouse: Warehouse, retailers: Retailers, two_moment: bool = False) -> WarehousePlan:
    """The levels of least cost, over all warehouse levels that can matter; for each the retailers face a newsvendor.

    With two_moment the levels are those of the approximation and the cost is its estimate.
    """
    law = outstanding_two_moment if two_moment else outstanding_exact
    ratio = retailers.backorder_cost / (retailers.backorder_cost + retailers.holding_cost)
    best: WarehousePlan | None = None
    for level in range(_tail(retailers.number * retailers.demand_rate * warehouse.lead_time) + 1):
        outstanding = law(warehouse, retailers, level)
        own = int(np.searchsorted(np.cumsum(outstanding), ratio - 1e-12))
        plan = evaluate(warehouse, retailers, level, own, outstanding)
        if best is None or plan.cost < best.cost:
            best = plan
    assert best is not None
    return best
