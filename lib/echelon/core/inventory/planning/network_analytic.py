"""Levels of a network without simulation: the fallback where that fails, and the classical plan to compare with."""

from dataclasses import replace

import numpy as np

from echelon.core.arrays import Doubles
from echelon.core.inventory.kernels.network.arrays import mean_lead
from echelon.core.inventory.model.supply_network import SupplyNetwork
from echelon.core.inventory.planning.analytic import DEFAULT_SERVICE, fill_rate_alone, levels_alone
from echelon.core.inventory.planning.classical import recent_demand, textbook_levels
from echelon.core.inventory.planning.moments import echelon_sum, lead_variance, network_lead_time_demand, review_periods, usage
from echelon.core.inventory.planning.order_quantities import economic_gaps, open_gaps, with_gaps
from echelon.core.inventory.planning.stock_plan import StockPlan, describe, holding_costs, with_safety_stock


def plan_network_analytic(network: SupplyNetwork, reason: str, periods_per_year: float = 365.0) -> StockPlan:
    """The fallback, as `plan_analytic` for trees; `reason` becomes the status.

    Every point alone, with sources that always have stock. The level of an (s,S) or (R,Q) point without a gap is its
    reorder point; economic order quantity more is its base-stock level.
    """
    open_points = open_gaps(network)
    network = with_gaps(network, economic_gaps(network, open_points, periods_per_year))
    ltd, review = network_lead_time_demand(network), np.array([review_periods(point) for point in network.nodes])
    levels = levels_alone(network_service_targets(network), ltd, review, network.counts)
    gap = np.where(ltd.rate > 0, [point.policy.gap for point in network.nodes], 0.0)
    plan = with_safety_stock(describe(network, levels + gap, ltd, None, reason), gap, echelon_sum(network))
    on_hand = np.maximum(levels + 0.5 * gap - ltd.mean + 0.5 * ltd.rate, 0)
    return replace(
        plan,
        reorder_point=np.where(gap > 0, levels, plan.reorder_point),
        fill_rate=fill_rate_alone(levels, ltd, review, network.counts),
        on_hand=on_hand,
        holding_cost=on_hand * holding_costs(network),
        method="analytic",
    )


def classical_network_levels(network: SupplyNetwork, history: Doubles, window: int) -> Doubles:
    """Base-stock levels (points,) as `classical_levels` has them for trees. history: (periods, points)."""
    seen = recent_demand(history, window) @ usage(network).T
    cover = np.array([mean_lead(point) + review_periods(point) for point in network.nodes])
    late = np.array([lead_variance(point) for point in network.nodes])
    return textbook_levels(seen, cover, late, network_service_targets(network), network.counts)


def network_service_targets(network: SupplyNetwork) -> Doubles:
    """Each point's own fill-rate target, or the highest one downstream of it (points,)."""
    own = [point.target_fill_rate for point in network.nodes]
    target = np.array([-1.0 if one is None else one for one in own])
    for n in range(len(own) - 1, -1, -1):
        for link in network.nodes[n].links:
            if link.source >= 0 and own[link.source] is None:
                target[link.source] = max(target[link.source], target[n])
    return np.where(target < 0, DEFAULT_SERVICE, target)
