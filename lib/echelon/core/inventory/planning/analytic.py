"""Levels without simulation: the fallback when a SKU cannot be simulated. Every node is looked at alone."""

import numpy as np
from scipy import stats

from echelon.core.arrays import Doubles
from echelon.core.inventory.model.problem import Problem
from echelon.core.inventory.planning.lead_time_demand import LeadTimeDemand, lead_time_demand

DEFAULT_SERVICE = 0.9  # of a node without customers or targets downstream


def expected_shortage(level: Doubles, mean: Doubles, sd: Doubles, counts: bool) -> Doubles:
    """E[(X - level)+] for demand X with the given moments: normal, or negative binomial (Poisson if sd^2 <= mean) for
    counts (Zipkin, Foundations of Inventory Management, appendix C)."""
    if not counts:
        return _normal_shortage(level, mean, sd)
    excess = np.maximum(np.square(sd) - mean, 1e-9 * mean + 1e-12)
    size, chance = np.square(mean) / excess, mean / (mean + excess)
    # E[X; X > y] = mean x P(NB(size + 1) >= y): the size-biased negative binomial
    whole = np.floor(level)
    tail = stats.nbinom.sf(whole, size, chance)
    biased = stats.nbinom.sf(whole - 1, size + 1, chance)
    return np.maximum(mean * biased - level * tail, 0.0)


def _normal_shortage(level: Doubles, mean: Doubles, sd: Doubles) -> Doubles:
    """The normal loss function, also for sd = 0."""
    safe = np.maximum(sd, 1e-12)
    z = (level - mean) / safe
    return np.where(sd > 0, safe * (stats.norm.pdf(z) - z * stats.norm.sf(z)), np.maximum(mean - level, 0))


def analytic_fill_rate(problem: Problem, levels: Doubles, ltd: LeadTimeDemand) -> Doubles:
    """1 - (E[backorders over L + R] - E[backorders over L]) / demand of a review period; nan without demand."""
    return fill_rate_alone(levels, ltd, np.array([node.review_period for node in problem.nodes]), problem.counts)


def fill_rate_alone(levels: Doubles, ltd: LeadTimeDemand, review: Doubles, counts: bool) -> Doubles:
    """`analytic_fill_rate` from moments and review periods (nodes,)."""
    after = expected_shortage(levels, ltd.mean, ltd.sd, counts)
    before = expected_shortage(levels, ltd.lead_mean, ltd.lead_sd, counts)
    base = np.where(ltd.rate > 0, ltd.rate * review, np.nan)
    return np.clip(1 - (after - before) / base, 0, 1)


def service_targets(problem: Problem) -> Doubles:
    """Each node's own fill-rate target, or the highest one downstream of it."""
    target = np.array([-1.0 if n.target_fill_rate is None else n.target_fill_rate for n in problem.nodes])
    for i in range(len(problem.nodes) - 1, -1, -1):
        parent = problem.nodes[i].parent
        if parent >= 0 and problem.nodes[parent].target_fill_rate is None:
            target[parent] = max(target[parent], target[i])
    return np.where(target < 0, DEFAULT_SERVICE, target)


def analytic_levels(problem: Problem) -> Doubles:
    """Least base-stock level of each node whose fill rate, with a source that always has stock, meets its target.

    Units, (nodes,); whole numbers where demand is counted, 0 where there is no demand.
    """
    review = np.array([node.review_period for node in problem.nodes])
    return levels_alone(service_targets(problem), lead_time_demand(problem), review, problem.counts)


def levels_alone(targets: Doubles, ltd: LeadTimeDemand, review: Doubles, counts: bool) -> Doubles:
    """`analytic_levels` from targets, moments and review periods (nodes,)."""
    target = np.minimum(targets, 0.9999)
    low, high = np.zeros(len(target)), ltd.mean + 50 * ltd.sd + 1
    for _ in range(60):
        middle = (low + high) / 2
        enough = ~(fill_rate_alone(middle, ltd, review, counts) < target)
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    levels = np.ceil(high - 1e-6) if counts else high
    return np.where(ltd.rate > 0, levels, 0.0)
