"""How far demand reaches upstream, and how long a network remembers its start."""

import math

import numpy as np

from echelon.core.arrays import Doubles, Flags
from echelon.core.inventory.model.supply_network import Link, Policy, SupplyNetwork

_LONGEST_CYCLE = 366


def serving(network: SupplyNetwork) -> Flags:
    """Whether customers' demand can reach a point (points,), on whatever links."""
    serves_demand = np.array([point.demand is not None and point.demand.rate > 0 for point in network.nodes])
    for n in range(len(serves_demand) - 1, -1, -1):
        for link in network.nodes[n].links:
            if link.source >= 0:
                serves_demand[link.source] |= serves_demand[n]
    return serves_demand


def warm_up_periods(network: SupplyNetwork) -> int:
    """Periods until a network has forgotten its start: the longest way through it, each time at its 99 % quantile, three
    times a disruption's mean length included; a multiple of profiles and irregular calendars, so that they keep their phase."""
    rate = network.rates
    reach = np.zeros(len(network.nodes))
    for n, point in enumerate(network.nodes):
        before = max((reach[link.source] if link.source >= 0 else 0) + _longest(link) for link in point.links)
        between = point.policy.gap / rate[n] if rate[n] > 0 else 0.0
        reach[n] = before + point.processing.quantile(0.99) + point.policy.review_period + between + point.shelf_life
    cycle = math.lcm(*(_cycle(point.policy) for point in network.nodes))
    return math.ceil(reach.max() / cycle) * cycle if cycle <= _LONGEST_CYCLE else math.ceil(reach.max())


def _cycle(policy: Policy) -> int:
    return math.lcm(len(policy.profile), 1 if policy.is_regular else len(policy.calendar))


def _longest(link: Link) -> float:
    return link.lead_time.quantile(0.99) + (3 * link.disruption.mean_down if link.disruption else 0.0)


def slowest_lane(network: SupplyNetwork) -> Doubles:
    """Longest mean lead time + review period of a lane from outside to each point, periods (points,): how long a replay must
    be to say something. Of lanes that only stand in for another one nothing is counted."""
    longest = np.zeros(len(network.nodes))
    for n, point in enumerate(network.nodes):
        used = [link.source for link, share in zip(point.links, point.planned_shares, strict=True) if share > 0]
        own = point.mean_lead + point.policy.review_period
        longest[n] = max([own, *(longest[source] for source in used if source >= 0)])
    return longest
