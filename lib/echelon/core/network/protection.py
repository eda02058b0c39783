"""How long what is ordered must last until the next order has come, along the longest way through a network."""

from collections.abc import Iterable, Mapping
from graphlib import TopologicalSorter

from echelon.core.network.topology import Supplies


def longest_way(supplies: Supplies, days: Mapping[tuple[str, str], float], customers: Iterable[str]) -> float:
    """Greatest sum of the days of lanes on a way from outside to one of the customers' locations; 0 without lanes.

    supplies: the lanes that each location orders on, without a loop; days: of each lane, by source and destination. What is
    ordered outside for a customer passes all of these lanes, and waits at each point for the next order from there.
    """
    ways: dict[str, float] = {}
    for name in TopologicalSorter({to: [lane.source for lane in lanes] for to, lanes in supplies.items()}).static_order():
        into = (ways[lane.source] + days[lane.source, name] for lane in supplies.get(name, ()))
        ways[name] = max(into, default=0.0)
    return max((ways.get(name, 0.0) for name in customers), default=0.0)
