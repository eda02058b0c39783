"""Mean and variance of demand over lead time and review period, per node."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from echelon.core.arrays import Doubles
from echelon.core.inventory.model.problem import Demand, Problem


@dataclass(frozen=True)
class LeadTimeDemand:
    """Per node (nodes,): mean and standard deviation of demand (downstream included) over lead time + review period,
    the mean per period, and the same moments over the lead time alone."""

    rate: Doubles
    mean: Doubles
    sd: Doubles
    lead_mean: Doubles
    lead_sd: Doubles


def lead_time_demand(problem: Problem) -> LeadTimeDemand:
    """Demand at different locations is correlated by its levels alone. Var = Var(demand over E[L] + R) + rate^2 Var(L)
    (Silver, Pyke & Thomas, Inventory and Production Management in Supply Chains, 4th ed., eq. 6.18)."""
    rate = problem.rates
    lead = np.array([node.lead_time.mean for node in problem.nodes])
    lead_variance = np.array([node.lead_time.variance for node in problem.nodes])
    review = np.array([node.review_period for node in problem.nodes])
    late = np.square(rate) * lead_variance
    return LeadTimeDemand(
        rate,
        rate * (lead + review),
        np.sqrt(_variance(problem, lead + review) + late),
        rate * lead,
        np.sqrt(_variance(problem, lead) + late),
    )


def _variance(problem: Problem, periods: Doubles) -> Doubles:
    """Variance of the demand served by each node over its own number of periods."""
    below: list[list[Demand]] = [[] for _ in problem.nodes]
    for i, node in enumerate(problem.nodes):
        at = i
        while at >= 0 and node.demand is not None:
            below[at].append(node.demand)
            at = problem.nodes[at].parent
    return np.array([variance_together(some, np.ones(len(some)), float(t)) for some, t in zip(below, periods, strict=True)])


def variance_together(demands: list[Demand], taken: Doubles, periods: float) -> float:
    """Variance of the sum over nodes of units taken x demand over so many periods."""
    alone = sum(a * a * d.variance_of_sum(periods) for a, d in zip(taken, demands, strict=True))
    joint = [(a, d) for a, d in zip(taken, demands, strict=True) if d.level_cv * d.level_correlation > 0]
    pairs = [(a * b, d.covariance_of_sum(e, periods)) for (a, d), (b, e) in combinations(joint, 2)]
    return float(alone + 2.0 * sum(units * covariance for units, covariance in pairs))
