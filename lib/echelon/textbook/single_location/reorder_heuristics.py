"""Approximations of the best (r, Q) under continuous review with normal lead-time demand.

Each returns its own quantity and reorder point; the cost is the exact one at these (`NormalSystem.cost`), but for EIL,
which has another cost model. Source: Snyder & Shen, Fundamentals of Supply Chain Theory, 2nd ed., chapter 5; Hadley &
Whitin, Analysis of Inventory Systems, 1963 (EIL); Zheng, Management Science 38(1), 1992, 87-103 (EOQB).
"""

import numpy as np
from scipy import optimize, stats

from echelon.textbook.single_location.reorder_point import NormalSystem, ReorderPolicy


def eoqb(system: NormalSystem) -> ReorderPolicy:
    """The quantity of the EOQ with backorders, sqrt(2 K d (h + p) / (h p)), and the best reorder point for it; at most
    1/8 dearer than the optimum (Zheng 1992)."""
    quantity = system.economic_quantity * float(np.sqrt(1 + system.holding_cost / system.stockout_cost))
    return _with_cost(system, system.best_reorder_point(quantity), quantity)


def eoq_and_safety_stock(system: NormalSystem) -> ReorderPolicy:
    """The EOQ, and the newsvendor level of lead-time demand as reorder point."""
    ratio = system.stockout_cost / (system.stockout_cost + system.holding_cost)
    reorder_point = system.lead_time_mean + system.lead_time_sd * float(stats.norm.ppf(ratio))
    return _with_cost(system, reorder_point, system.economic_quantity)


def loss_function(system: NormalSystem) -> ReorderPolicy:
    """Shortage at r + Q is left out: n(r) = h Q / (h + p) and Q = sqrt(2 (K d + (h + p) n2(r)) / h), solved together.

    n and n2 are the first and second-order loss of lead-time demand.
    """
    weight = system.holding_cost + system.stockout_cost
    ordering = system.fixed_cost * system.demand_rate

    def quantity(r: float) -> float:
        return float(np.sqrt(2 * (ordering + weight * system.second_shortage(r)) / system.holding_cost))

    def excess(r: float) -> float:
        return weight * system.shortage(r) - system.holding_cost * quantity(r)

    high = system.lead_time_mean + 10 * system.lead_time_sd
    low = high - 1
    while excess(low) <= 0:  # n(r) grows as fast as r falls, h Q / (h + p) slower
        low -= 2 * (high - low)
    r = float(optimize.brentq(excess, low, high, xtol=1e-10))
    return _with_cost(system, r, quantity(r))


def expected_inventory_level(system: NormalSystem) -> ReorderPolicy:
    """EIL: stockout_cost p per unit short (whatever the time), mean stock taken as r - mean + Q / 2.

    Q = sqrt(2 d (K + p n(r)) / h), F(r) = 1 - h Q / (p d), solved together by iteration from the EOQ; cost
    h (r - mean + Q / 2) + K d / Q + p d n(r) / Q. Raises ValueError where the stockout cost is so low that there is no
    such r.
    """
    quantity = system.economic_quantity
    for _ in range(1000):
        chance = system.holding_cost * quantity / (system.stockout_cost * system.demand_rate)
        if chance >= 1:
            raise ValueError("stockout_cost is too low for the EIL approximation: h Q must stay below p d")
        r = system.lead_time_mean + system.lead_time_sd * float(stats.norm.isf(chance))
        lot_cost = system.fixed_cost + system.stockout_cost * system.shortage(r)
        before, quantity = quantity, float(np.sqrt(2 * system.demand_rate * lot_cost / system.holding_cost))
        if abs(quantity - before) <= 1e-13 * quantity:
            break
    stock = system.holding_cost * (r - system.lead_time_mean + quantity / 2)
    return ReorderPolicy(r, quantity, stock + lot_cost * system.demand_rate / quantity)


def _with_cost(system: NormalSystem, reorder_point: float, quantity: float) -> ReorderPolicy:
    return ReorderPolicy(reorder_point, quantity, system.cost(reorder_point, quantity))
