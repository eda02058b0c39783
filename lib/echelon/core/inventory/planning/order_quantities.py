"""Order quantities of (s,S) and (R,Q) points, the gap of the policy: of least holding and order cost, targets kept met."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from echelon.core.arrays import Doubles
from echelon.core.inventory.kernels import layout
from echelon.core.inventory.kernels.network import measures
from echelon.core.inventory.kernels.simulators import Simulation
from echelon.core.inventory.model.supply_network import SupplyNetwork
from echelon.core.inventory.planning.stock_plan import StockPlan

_FACTORS = (2.0, 1.41, 1.19)  # steps of the search, up and down
_FLAT = 1e-9  # of the cost
_NO_COST = 1e-9

Simulate = Callable[[SupplyNetwork], Simulation]
# A network on some paths, and levels of it to begin with -> its best ones.
Levels = Callable[[SupplyNetwork, Simulation, Doubles | None], Doubles]


def points_without_order_quantity(network: SupplyNetwork) -> list[int]:
    """Points whose order quantity is to be found: an order cost, an (s,S) or (R,Q) policy, and no gap yet."""
    return [
        n
        for n, point in enumerate(network.nodes)
        if point.policy.kind != "base_stock" and point.policy.gap == 0 and point.costs.order > 0
    ]


def order_up_to_gaps(network: SupplyNetwork) -> Doubles:
    """S - s of (s,S) points, 0 elsewhere (points,)."""
    return np.array([point.policy.gap if point.policy.kind == "sS" else 0.0 for point in network.nodes])


def with_order_quantities(network: SupplyNetwork, quantities: dict[int, float]) -> SupplyNetwork:
    """The network with other order quantities (by point, units), whole ones where demand is counted."""
    nodes = list(network.nodes)
    for n, quantity in quantities.items():
        chosen = max(np.rint(quantity), 1.0) if network.whole_units else quantity
        nodes[n] = replace(nodes[n], policy=replace(nodes[n].policy, gap=float(chosen)))
    return replace(network, nodes=tuple(nodes))


def up_to_levels(network: SupplyNetwork) -> SupplyNetwork:
    """The same network, ordering up to its levels at every review."""
    nodes = [replace(point, policy=replace(point.policy, kind="base_stock", gap=0.0)) for point in network.nodes]
    return replace(network, nodes=tuple(nodes))


def as_planned(network: SupplyNetwork, plan: StockPlan) -> SupplyNetwork:
    """The network with the order quantities that its plan chose: base-stock level - reorder point."""
    return with_order_quantities(
        network, {n: plan.base_stock_level[n] - plan.reorder_point[n] for n in points_without_order_quantity(network)}
    )


def with_best_order_quantities(
    network: SupplyNetwork, points: list[int], simulate: Simulate, levels_of: Levels, periods_per_year: float
) -> SupplyNetwork:
    """The network with other order quantities at some points.

    It comes with the economic order quantities, which are near the best under random demand too (Zheng, Management Science
    38(1), 1992); each is moved up or down by falling factors while the simulated cost falls; levels follow.
    """
    best = network
    levels = levels_of(best, simulate(best), None)
    cost = _cost(best, simulate(best), levels, periods_per_year)
    for factor in _FACTORS:
        for n in points:
            for times in (factor, 1 / factor):
                other = with_order_quantities(best, {n: best.nodes[n].policy.gap * times})
                simulator = simulate(other)
                other_levels = levels_of(other, simulator, levels)
                other_cost = _cost(other, simulator, other_levels, periods_per_year)
                if other_cost < cost * (1 - _FLAT):
                    best, levels, cost = other, other_levels, other_cost
    return best


def economic_order_quantities(network: SupplyNetwork, points: list[int], periods_per_year: float) -> dict[int, float]:
    """Economic order quantity of each of the points, units."""
    rate, out = network.rates * periods_per_year, {}
    for n in points:
        point = network.nodes[n]
        # The economic order quantity (Snyder & Shen, 2nd ed., equation 3.4).
        out[n] = math.sqrt(2 * point.costs.order * max(rate[n], _NO_COST) / max(point.holding_cost, _NO_COST))
    return out


def _cost(network: SupplyNetwork, simulator: Simulation, levels: Doubles, periods_per_year: float) -> float:
    """Holding and order cost of a year."""
    sums = simulator.measure(levels).sums.sum(axis=2) / simulator.scale
    hold = np.array([point.holding_cost for point in network.nodes])
    order = np.array([point.costs.order for point in network.nodes])
    return float(hold @ sums[layout.ON_HAND] + periods_per_year * order @ sums[measures.ORDER_COUNT])
