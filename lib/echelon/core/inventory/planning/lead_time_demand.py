"""Mean and variance of demand over lead time and review period, per point."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from echelon.core.arrays import Doubles
from echelon.core.inventory.model.demand import Demand
from echelon.core.inventory.model.supply_network import SupplyNetwork


@dataclass(frozen=True)
class LeadTimeDemand:
    """Per point (points,): mean and standard deviation of demand (downstream included) over lead time + review period,
    the mean per period, and the same moments over the lead time alone."""

    rate: Doubles
    mean: Doubles
    sd: Doubles
    lead_mean: Doubles
    lead_sd: Doubles


def lead_time_demand(network: SupplyNetwork) -> LeadTimeDemand:
    """Demand at different locations is correlated by its levels alone; points with several links take the mean of their lead
    times. Var = Var(demand over E[L] + R) + rate^2 Var(L) (Silver, Pyke & Thomas, Inventory and Production Management in
    Supply Chains, 4th ed., eq. 6.18)."""
    rate = network.rates
    lead = np.array([point.mean_lead for point in network.nodes])
    late = np.square(rate) * np.array([point.lead_variance for point in network.nodes])
    review = review_periods(network)
    return LeadTimeDemand(
        rate,
        rate * (lead + review),
        np.sqrt(_variance(network, lead + review) + late),
        rate * lead,
        np.sqrt(_variance(network, lead) + late),
    )


def review_periods(network: SupplyNetwork) -> Doubles:
    """Mean periods between chances to order (points,)."""
    return np.array([point.policy.review_period for point in network.nodes])


def variance_per_period(network: SupplyNetwork) -> Doubles:
    """Variance per period of the demand served by each point in the long run (points,)."""
    horizon = max((point.demand.level_periods for point in network.nodes if point.demand is not None), default=1)
    return _variance(network, np.full(len(network.nodes), float(horizon))) / horizon


def _variance(network: SupplyNetwork, periods: Doubles) -> Doubles:
    """Variance of the demand served by each point over its own number of periods."""
    demands = [point.demand for point in network.nodes]
    variances = []
    for row, t in zip(network.usage, periods, strict=True):
        served = [(demand, taken) for demand, taken in zip(demands, row, strict=True) if demand is not None and taken > 0]
        variances.append(_variance_together(served, float(t)))
    return np.array(variances)


def _variance_together(demands: list[tuple[Demand, float]], periods: float) -> float:
    """Variance of the sum over points of units taken x demand over so many periods."""
    alone = sum(a * a * d.variance_of_sum(periods) for d, a in demands)
    joint = [(d, a) for d, a in demands if d.level_cv * d.level_correlation > 0]
    pairs = [(a * b, d.covariance_of_sum(e, periods)) for (d, a), (e, b) in combinations(joint, 2)]
    return float(alone + 2.0 * sum(units * covariance for units, covariance in pairs))
