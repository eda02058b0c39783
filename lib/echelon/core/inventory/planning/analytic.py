"""Levels without simulation: the fallback when a SKU cannot be simulated. Every point is looked at alone."""

from dataclasses import replace

import numpy as np
from scipy import stats

from echelon.core.arrays import Doubles
from echelon.core.inventory.model.supply_network import SupplyNetwork
from echelon.core.inventory.planning.lead_time_demand import LeadTimeDemand, lead_time_demand, review_periods
from echelon.core.inventory.planning.order_quantities import (
    economic_order_quantities,
    points_without_order_quantity,
    with_order_quantities,
)
from echelon.core.inventory.planning.stock_plan import StockPlan, describe, holding_costs, with_safety_stock
from echelon.core.probability.normal_loss import normal_loss

DEFAULT_SERVICE = 0.9  # of a point without customers or targets downstream


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
    return np.where(sd > 0, safe * normal_loss(z), np.maximum(mean - level, 0))


def fill_rate_alone(levels: Doubles, ltd: LeadTimeDemand, review: Doubles, counts: bool) -> Doubles:
    """1 - (E[backorders over L + R] - E[backorders over L]) / demand of a review period (points,); nan without demand."""
    after = expected_shortage(levels, ltd.mean, ltd.sd, counts)
    before = expected_shortage(levels, ltd.lead_mean, ltd.lead_sd, counts)
    base = np.where(ltd.rate > 0, ltd.rate * review, np.nan)
    return np.clip(1 - (after - before) / base, 0, 1)


def service_targets(network: SupplyNetwork) -> Doubles:
    """Each point's own fill-rate target, or the highest one downstream of it (points,)."""
    own = [point.target_fill_rate for point in network.nodes]
    target = np.array([-1.0 if one is None else one for one in own])
    for n in range(len(own) - 1, -1, -1):
        for link in network.nodes[n].links:
            if link.source >= 0 and own[link.source] is None:
                target[link.source] = max(target[link.source], target[n])
    return np.where(target < 0, DEFAULT_SERVICE, target)


def analytic_levels(network: SupplyNetwork) -> Doubles:
    """Least level (order-up-to level, reorder point) of each point whose fill rate, with sources that always have stock,
    meets its target.

    Units, (points,); whole numbers where demand is counted, 0 where there is no demand.
    """
    ltd, review = lead_time_demand(network), review_periods(network)
    target = np.minimum(service_targets(network), 0.9999)
    low, high = np.zeros(len(target)), ltd.mean + 50 * ltd.sd + 1
    for _ in range(60):
        middle = (low + high) / 2
        enough = ~(fill_rate_alone(middle, ltd, review, network.counts) < target)
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    levels = np.ceil(high - 1e-6) if network.whole_units else high
    return np.where(ltd.rate > 0, levels, 0.0)


def plan_analytic(network: SupplyNetwork, reason: str, periods_per_year: float = 365.0) -> StockPlan:
    """The fallback: analytic levels; `reason` becomes the status.

    The level of an (s,S) or (R,Q) point is its reorder point; its gap (where it is open, the economic order quantity) more
    is its base-stock level.
    """
    network = with_order_quantities(
        network, economic_order_quantities(network, points_without_order_quantity(network), periods_per_year)
    )
    ltd, levels = lead_time_demand(network), analytic_levels(network)
    gap = np.where(ltd.rate > 0, [point.policy.gap for point in network.nodes], 0.0)
    plan = with_safety_stock(describe(network, levels + gap, ltd, None, reason), gap, network)
    on_hand = np.maximum(levels + 0.5 * gap - ltd.mean + 0.5 * ltd.rate, 0)
    return replace(
        plan,
        reorder_point=np.where(gap > 0, levels, plan.reorder_point),
        fill_rate=fill_rate_alone(levels, ltd, review_periods(network), network.counts),
        on_hand=on_hand,
        holding_cost=on_hand * holding_costs(network),
        method="analytic",
    )
