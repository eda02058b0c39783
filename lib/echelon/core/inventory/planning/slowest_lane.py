"""How long a replay must be to say something: the slowest lane on the way to each stocking point."""

import numpy as np

from echelon.core.arrays import Doubles
from echelon.core.inventory.kernels.network.arrays import mean_lead
from echelon.core.inventory.model.problem import Node, Problem
from echelon.core.inventory.model.supply_network import Point, SupplyNetwork
from echelon.core.inventory.planning.moments import planned_shares, review_periods


def slowest_lane(problem: Problem | SupplyNetwork) -> Doubles:
    """Longest mean lead time + review period of a lane from outside to each node, periods (nodes,). Of lanes that only stand
    in for another one nothing is counted."""
    longest = np.zeros(len(problem.nodes))
    for index, (own, sources) in enumerate(map(_own, problem.nodes)):
        longest[index] = max([own, *(longest[source] for source in sources if source >= 0)])
    return longest


def _own(point: Node | Point) -> tuple[float, list[int]]:
    """Lead time + review period of a node's own lanes, and their sources."""
    if isinstance(point, Node):
        return point.lead_time.mean + point.review_period, [point.parent]
    used = [link for link, share in zip(point.links, planned_shares(point), strict=True) if share > 0]
    return mean_lead(point) + review_periods(point), [link.source for link in used]
