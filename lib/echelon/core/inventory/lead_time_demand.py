"""Mean and variance of demand over lead time and review period, per node."""

from dataclasses import dataclass

import numpy as np

from echelon.core.inventory.problem import Problem
from echelon.core.inventory.simulation.layout import Doubles


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
    """Demand at different locations counts as independent. Var = Var(demand over E[L] + R) + rate^2 Var(L)
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
    out = np.zeros(len(problem.nodes))
    for i, node in enumerate(problem.nodes):
        if node.demand is None:
            continue
        at = i
        while at >= 0:
            out[at] += node.demand.variance_of_sum(float(periods[at]))
            at = problem.nodes[at].parent
    return out
