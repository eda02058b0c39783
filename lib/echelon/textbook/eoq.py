"""The economic order quantity and its family: deterministic demand, fixed cost per order.

Units: demand_rate in units per time, fixed_cost in currency per order, holding_cost in currency per unit and time. All
raise ValueError, naming the parameter, where a cost or rate is not above 0 (without discounts the fixed cost may be 0).
Source: Snyder & Shen, Fundamentals of Supply Chain Theory, 2nd ed., Wiley 2019, chapter 3.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from echelon.textbook import checks


@dataclass(frozen=True)
class Lot:
    """Order quantity and average cost per time; `backordered` is the share of it on backorder when it arrives."""

    quantity: float
    cost: float
    backordered: float = 0.0


def economic_order_quantity(fixed_cost: float, holding_cost: float, demand_rate: float) -> Lot:
    """EOQ (equation 3.4): Q = sqrt(2 K d / h), cost sqrt(2 K d h). Example 3.1:

    >>> lot = economic_order_quantity(fixed_cost=8, holding_cost=0.225, demand_rate=1300)
    >>> round(lot.quantity, 1), round(lot.cost, 2)
    (304.0, 68.41)
    """
    checks.not_negative(fixed_cost=fixed_cost)
    checks.positive(holding_cost=holding_cost, demand_rate=demand_rate)
    return Lot(math.sqrt(2 * fixed_cost * demand_rate / holding_cost), math.sqrt(2 * fixed_cost * demand_rate * holding_cost))


def eoq_with_backorders(fixed_cost: float, holding_cost: float, stockout_cost: float, demand_rate: float) -> Lot:
    """EOQ with planned backorders (section 3.5); stockout_cost per unit and time."""
    checks.positive(holding_cost=holding_cost, stockout_cost=stockout_cost)
    share = holding_cost / (holding_cost + stockout_cost)
    plain = economic_order_quantity(fixed_cost, holding_cost * (1 - share), demand_rate)
    return Lot(plain.quantity, plain.cost, share)


def economic_production_quantity(fixed_cost: float, holding_cost: float, demand_rate: float, production_rate: float) -> Lot:
    """EPQ (section 3.6): the lot arrives at production_rate, greater than demand_rate."""
    checks.positive(holding_cost=holding_cost, demand_rate=demand_rate, production_rate=production_rate)
    if production_rate <= demand_rate:
        raise ValueError(f"production_rate must be above demand_rate, not {production_rate}")
    return economic_order_quantity(fixed_cost, holding_cost * (1 - demand_rate / production_rate), demand_rate)


def eoq_all_units_discount(
    fixed_cost: float,
    holding_rate: float,
    demand_rate: float,
    breakpoints: Sequence[float],
    unit_costs: Sequence[float],
) -> Lot:
    """EOQ with all-units discounts (section 3.4.1): from breakpoints[i] on, every unit costs unit_costs[i].

    breakpoints ascend from 0; holding costs holding_rate x unit cost. The cost includes the purchase.
    """
    checks.positive(fixed_cost=fixed_cost, holding_rate=holding_rate, demand_rate=demand_rate)
    _check_prices(breakpoints, unit_costs)
    ends = [*breakpoints[1:], math.inf]
    lots = []
    for start, end, unit_cost in zip(breakpoints, ends, unit_costs, strict=True):
        quantity = economic_order_quantity(fixed_cost, holding_rate * unit_cost, demand_rate).quantity
        if quantity < end:  # beyond it the next price is cheaper still
            quantity = max(quantity, start)
            cost = unit_cost * demand_rate + fixed_cost * demand_rate / quantity + holding_rate * unit_cost * quantity / 2
            lots.append(Lot(quantity, cost))
    return min(lots, key=lambda lot: lot.cost)


def eoq_incremental_discount(
    fixed_cost: float,
    holding_rate: float,
    demand_rate: float,
    breakpoints: Sequence[float],
    unit_costs: Sequence[float],
) -> Lot:
    """EOQ with incremental discounts (section 3.4.2): only the units beyond breakpoints[i] cost unit_costs[i]."""
    checks.positive(fixed_cost=fixed_cost, holding_rate=holding_rate, demand_rate=demand_rate)
    _check_prices(breakpoints, unit_costs)
    ends = [*breakpoints[1:], math.inf]
    lots, extra = [], 0.0
    for i, (start, end, unit_cost) in enumerate(zip(breakpoints, ends, unit_costs, strict=True)):
        if i > 0:  # what the dearer units before the breakpoint cost more: it acts as a fixed cost
            extra += (unit_costs[i - 1] - unit_cost) * start
        plain = economic_order_quantity(fixed_cost + extra, holding_rate * unit_cost, demand_rate)
        if start <= plain.quantity < end:
            lots.append(Lot(plain.quantity, unit_cost * demand_rate + holding_rate * extra / 2 + plain.cost))
    return min(lots, key=lambda lot: lot.cost)


def _check_prices(breakpoints: Sequence[float], unit_costs: Sequence[float]) -> None:
    """Breakpoints ascend from 0, each with a price that is not above the one before."""
    if not breakpoints or breakpoints[0] != 0 or any(b <= a for a, b in pairwise(breakpoints)):
        raise ValueError("breakpoints must ascend from 0")
    if len(unit_costs) != len(breakpoints):
        raise ValueError("unit_costs must be one per breakpoint")
    for cost in unit_costs:
        checks.positive(unit_costs=cost)
    if any(b > a for a, b in pairwise(unit_costs)):
        raise ValueError("unit_costs must not rise from one breakpoint to the next")
