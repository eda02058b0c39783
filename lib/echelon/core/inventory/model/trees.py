"""A distribution tree as a general network: what the fast simulator knows, in the words of the general one."""

from echelon.core.inventory.model.problem import Node, Problem
from echelon.core.inventory.model.supply_network import Link, Point, Policy, SupplyNetwork


def as_network(problem: Problem) -> SupplyNetwork:
    """The same nodes in the same order; a review period is a calendar, lost sales are a backorder share of 0."""
    return SupplyNetwork(problem.sku, tuple(as_point(node, problem.counts) for node in problem.nodes), problem.run_seed)


def as_point(node: Node, counts: bool) -> Point:
    """One node. Single units are no restriction where demand is counted."""
    lot, moq = (0.0 if counts and quantity <= 1 else quantity for quantity in (node.lot_size, node.moq))
    return Point(
        name=node.name,
        links=(Link(node.parent, node.lead_time),),
        policy=Policy(calendar=(True,) + (False,) * (node.review_period - 1), lot_size=lot, moq=moq),
        demand=node.demand,
        backorder_share=0.0 if node.lost_sales else 1.0,
        holding_cost=node.holding_cost,
        target_fill_rate=node.target_fill_rate,
    )
