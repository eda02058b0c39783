"""How far demand reaches upstream, and how long a network must be simulated to tell of the long run."""

import math

import numpy as np

from echelon.core.arrays import Doubles, Flags
from echelon.core.inventory.kernels.drawing.order_phases import order_quantity
from echelon.core.inventory.model.supply_network import Link, Point, Policy, SupplyNetwork
from echelon.core.inventory.planning.capacity import busy_periods

_LONGEST_CYCLE = 366
# Periods. Within so long an order cycle demand is so small beside the order quantity that its phases hold from the start.
_LONGEST_ORDER_CYCLE = 120
_TURNS = 4  # reviews
_LIVES = 12  # shelf lives: what expires together is ordered together, and only chance draws it apart
# A queue that lasts longer is a matter of years; the rest of it is left out.
_LONGEST_QUEUE = 3_000


def serving(network: SupplyNetwork) -> Flags:
    """Whether customers' demand can reach a point (points,), on whatever links."""
    serves_demand = np.array([point.demand is not None and point.demand.rate > 0 for point in network.nodes])
    for n in range(len(serves_demand) - 1, -1, -1):
        for link in network.nodes[n].links:
            if link.source >= 0:
                serves_demand[link.source] |= serves_demand[n]
    return serves_demand


def warm_up_periods(network: SupplyNetwork) -> int:
    """Periods until a network has forgotten its start: the longest way through it, each time at its 99 % quantile, an order
    cycle, three times a disruption's mean length and the queue behind a capacity included; a multiple of profiles and
    calendars, so that a horizon of demand and they begin together."""
    rate, queue = network.rates, np.minimum(2 * busy_periods(network), _LONGEST_QUEUE)
    reach = np.zeros(len(network.nodes))
    for n, point in enumerate(network.nodes):
        before = max((reach[link.source] if link.source >= 0 else 0) + _longest(link) for link in point.links)
        between = min(_cycle_quantity(network, point) / rate[n], _LONGEST_ORDER_CYCLE) if rate[n] > 0 else 0.0
        turns = _TURNS if point.sourcing == "shares" and len(point.links) > 1 else 1  # until links take turns as ever after
        own = point.processing.quantile(0.99) + turns * point.policy.review_period + _LIVES * point.shelf_life
        reach[n] = before + own + between + queue[n]
    cycle = math.lcm(*(_cycle(point.policy) for point in network.nodes))
    return math.ceil(reach.max() / cycle) * cycle if cycle <= _LONGEST_CYCLE else math.ceil(reach.max())


def _cycle_quantity(network: SupplyNetwork, point: Point) -> float:
    """What is ordered at once where the inventory position does not start as it is in the long run: in lots it does."""
    in_lots = point.policy.kind == "RQ" or network.restriction(point.policy.moq) <= point.policy.lot_size
    return 0.0 if in_lots and point.policy.kind != "sS" else order_quantity(network, point)


def measured_periods(network: SupplyNetwork, periods: int) -> int:
    """About so many periods, half of the warm-up and the longest path of demand at least, in whole cycles of demand and
    reviews, which would count unevenly else."""
    lengths = [len(point.demand.mean) for point in network.nodes if point.demand is not None]
    wanted = max(periods, warm_up_periods(network) // 2, *lengths, 1)
    cycle = math.lcm(*lengths, *(len(point.policy.calendar) for point in network.nodes))
    return max(round(wanted / cycle), 1) * cycle if cycle <= wanted else wanted


def _cycle(policy: Policy) -> int:
    return math.lcm(len(policy.profile), len(policy.calendar))


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
