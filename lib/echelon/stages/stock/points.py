"""A stocking point whose lanes ask for more than a distribution tree: several sources, limits, order costs, shelf life."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from echelon.core.inventory.model.problem import LeadTime
from echelon.core.inventory.model.supply_network import NO_LIMIT, Disruption, Link, Point, UnitCosts
from echelon.core.network.topology import Lane


@dataclass(frozen=True)
class Supply:
    """A lane that a point orders on. terms: its row of the table `lanes`; source: index of a point, or OUTSIDE."""

    lane: Lane
    terms: Mapping[str, Any]
    lead_time: LeadTime
    source: int


def asks_for_more(supplies: Sequence[Supply]) -> bool:
    """Whether no tree of preferred lanes with order-up-to levels says all about the point."""
    return len(supplies) > 1 or supplies[0].lane.limited or _order_cost(supplies) > 0


def supplied_point(plain: Point, supplies: Sequence[Supply], period_days: float, shelf_life: int) -> Point:
    """The point with all the lanes that it orders on, the preferred one first.

    plain: the point with the order terms of its preferred lane; shelf_life: periods. An order cost makes its policy (s,S),
    with the order quantity to be found.
    """
    cost = _order_cost(supplies)
    by_priority = len(supplies) > 1 and supplies[0].lane.share is None
    return replace(
        plain,
        links=tuple(_link(supply, period_days) for supply in supplies),
        sourcing="priority" if by_priority else "shares",
        policy=replace(plain.policy, kind="sS" if cost > 0 else "base_stock"),
        shelf_life=shelf_life,
        costs=UnitCosts(order=cost),
    )


def _order_cost(supplies: Sequence[Supply]) -> float:
    """Currency per order: the mean over lanes that share the orders, else that of the preferred lane."""
    costs = [supply.terms["order_cost"] or 0.0 for supply in supplies]
    shares = [supply.lane.share for supply in supplies]
    return sum(cost * (share or 0.0) for cost, share in zip(costs, shares, strict=True)) if shares[0] else costs[0]


def _link(supply: Supply, period_days: float) -> Link:
    lane, capacity = supply.lane, supply.terms["capacity"]
    return Link(
        supply.source,
        supply.lead_time,
        share=1.0 if lane.share is None else lane.share,
        priority=lane.priority,
        capacity=NO_LIMIT if capacity is None else capacity * period_days,
        disruption=_disruption(supply.terms, period_days),
        supplier=lane.source,
    )


def _disruption(terms: Mapping[str, Any], period_days: float) -> Disruption | None:
    """Times up and down in periods. Neither can be shorter than one; then both are as much longer, so that the lane is
    down for the same share of the time."""
    if terms["days_down"] is None:
        return None
    up, down = terms["days_up"] / period_days, terms["days_down"] / period_days
    longer = max(1.0, 1 / min(up, down))
    return Disruption(max(up * longer, 1.0), max(down * longer, 1.0))
