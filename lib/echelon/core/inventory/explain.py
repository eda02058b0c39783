"""Safety stock explained: how much of it each source of uncertainty causes, by switching one off at a time."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from echelon.core.inventory.lead_time_demand import lead_time_demand
from echelon.core.inventory.plan import optimal_levels
from echelon.core.inventory.problem import LeadTime, Node, Problem
from echelon.core.inventory.simulation.layout import Doubles
from echelon.core.inventory.simulation.simulator import warm_up_periods
from echelon.core.inventory.stock_plan import SimulationSize


@dataclass(frozen=True)
class Explanation:
    """parts[source]: (nodes,) units of base stock that the source is responsible for; `stock` is the base-stock level
    less the mean demand over the lead time; stock = sum of parts + remainder, exactly. The remainder holds what
    several sources cause together, and the service target itself."""

    stock: Doubles
    parts: dict[str, Doubles]
    remainder: Doubles


def _without_noise(node: Node) -> Node:
    """Demand per period is its mean."""
    if node.demand is None:
        return node
    return replace(node, demand=replace(node.demand, dispersion=0.0, counts=False))


def _without_level(node: Node) -> Node:
    """The forecast of the level is never wrong."""
    if node.demand is None or node.demand.level_cv == 0:
        return node
    return replace(node, demand=replace(node.demand, level_cv=0.0))


def _without_late(node: Node) -> Node:
    """Every lead time is its mean (the two whole periods next to it, where it lies between)."""
    if len(node.lead_time.periods) == 1:
        return node
    return replace(node, lead_time=LeadTime.from_days([node.lead_time.mean], [1.0], 1.0))


def _without_shortage(node: Node) -> Node:
    """The source always has stock."""
    return node if node.parent < 0 else replace(node, parent=-1)


def _without_review(node: Node) -> Node:
    """Orders can be placed in every period."""
    return node if node.review_period == 1 else replace(node, review_period=1)


def _without_lots(node: Node) -> Node:
    """Any quantity can be ordered."""
    return node if node.lot_size == node.moq == 0 else replace(node, lot_size=0.0, moq=0.0)


SOURCES: dict[str, Callable[[Node], Node]] = {
    "demand variability": _without_noise,
    "forecast error": _without_level,
    "lead-time variability": _without_late,
    "upstream shortage": _without_shortage,
    "review period": _without_review,
    "lots": _without_lots,
}


def explain_safety_stock(problem: Problem, size: SimulationSize | None = None) -> Explanation:
    """Optimise the levels again without each source in turn, on the same random numbers.

    Sources that the problem does not have get part 0 without simulation, and so does upstream shortage at nodes with
    children, whose own purpose would go with it. Costs about one plan per source, without certification. Raises
    ProblemError as `plan_sku` does.
    """
    about, warm_up = size or SimulationSize(), warm_up_periods(problem)
    levels = optimal_levels(problem, about, warm_up)
    inner = np.isin(np.arange(len(problem.nodes)), [node.parent for node in problem.nodes])
    parts = {}
    for name, switch_off in SOURCES.items():
        nodes = tuple(switch_off(node) for node in problem.nodes)
        if all(new is old for new, old in zip(nodes, problem.nodes, strict=True)):
            parts[name] = np.zeros(len(nodes))
        else:
            parts[name] = levels - optimal_levels(replace(problem, nodes=nodes), about, warm_up)
    parts["upstream shortage"] = np.where(inner, 0.0, parts["upstream shortage"])
    stock = levels - lead_time_demand(problem).lead_mean
    return Explanation(stock, parts, stock - np.sum(list(parts.values()), axis=0))
