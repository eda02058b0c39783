"""Levels to start from where shortages cost: Shang and Song's newsvendor bounds, with the moments of demand."""

import numpy as np
from scipy import stats

from echelon.core.arrays import Doubles
from echelon.core.inventory.model.supply_network import SupplyNetwork
from echelon.core.inventory.optimisation.cost.costs import Costs


def shang_song_start(network: SupplyNetwork, costs: Costs) -> Doubles:
    """Base-stock levels (nodes,): each echelon level is the mean of its newsvendor bounds (Shang & Song,
    Management Science 49(5), 2003, theorem 1, for serial systems).

    On a tree the customers below a node count together: demand over the lead times down to each of them (and its review
    period) by two moments, their shortage cost and local holding cost in proportion to demand. A local level is the
    echelon level less those of the destinations.
    """
    parents = network.parents
    above = np.array([costs.hold[p] if p >= 0 else 0.0 for p in parents])
    rate = np.maximum(network.rates, 1e-12)
    shortage, last = (_mean_below(network, values) / rate for values in (costs.backorder + costs.unmet, costs.hold))
    mean, variance = _path_demand(network)
    low, high = (
        _quantile(network, np.clip((shortage + above) / np.maximum(shortage + least, 1e-12), 0.01, 0.9999), mean, variance)
        for least in (last, np.maximum(costs.hold, above))
    )
    echelon = np.where(network.rates > 0, (low + high) / 2, 0.0)
    local = echelon.copy()
    for i, parent in enumerate(parents):
        if parent >= 0:
            local[parent] -= echelon[i]
    return np.maximum(local, 0.0)


def _mean_below(network: SupplyNetwork, values: Doubles) -> Doubles:
    """Sum of customers' rate x value over each node and the nodes downstream."""
    own = [node.demand.rate if node.demand is not None else 0.0 for node in network.nodes]
    return network.echelon_sum(np.array(own) * values)


def _path_demand(network: SupplyNetwork) -> tuple[Doubles, Doubles]:
    """Mean and variance of the demand that each node's echelon covers."""
    mean, variance = np.zeros(len(network.nodes)), np.zeros(len(network.nodes))
    for index, node in enumerate(network.nodes):
        if node.demand is None:
            continue
        at, periods, spread = index, node.policy.review_period, 0.0
        while at >= 0:
            periods += network.nodes[at].mean_lead
            spread += network.nodes[at].lead_variance
            mean[at] += node.demand.rate * periods
            variance[at] += node.demand.variance_of_sum(periods) + node.demand.rate**2 * spread
            at = network.parents[at]
    return mean, variance


def _quantile(network: SupplyNetwork, ratio: Doubles, mean: Doubles, variance: Doubles) -> Doubles:
    """Of demand with these moments: negative binomial (Poisson where hardly more varied) for counts, else normal."""
    if not network.counts:
        return np.asarray(stats.norm.ppf(ratio, mean, np.sqrt(np.maximum(variance, 1e-12))))
    excess = np.maximum(variance - mean, 1e-6 * mean + 1e-12)
    return np.asarray(stats.nbinom.ppf(ratio, np.square(mean) / excess, mean / (mean + excess)))
