"""What capacities let through in the long run, and how long queues behind them last."""

import math
from dataclasses import dataclass
from itertools import product

import numpy as np

from echelon.core.arrays import Doubles
from echelon.core.inventory.model.supply_network import Link, Point, SupplyNetwork
from echelon.core.inventory.planning.lead_time_demand import variance_per_period

_CLOSE = 1e-9
_ROUNDS = 50


def most_ordered(network: SupplyNetwork) -> Doubles:
    """The most that each point can order per period in the long run, units (points,); inf without capacities, 0 where no order
    can be as large as the MOQ or a lot."""
    return np.array(
        [_most_of_links(point, _most_at_once(network, point)) / point.policy.review_period for point in network.nodes]
    )


def _most_at_once(network: SupplyNetwork, point: Point) -> float:
    """The largest order within the point's own capacity, in whole lots; 0 where it is below the MOQ."""
    policy = point.policy
    most = min(policy.order_capacity, policy.storage_capacity)
    lot = policy.gap if policy.kind == "RQ" else network.restriction(policy.lot_size)
    if math.isinf(most):
        return most
    whole = math.floor(most / lot + _CLOSE) * lot if lot > 0 else most
    return whole if policy.kind == "RQ" or whole >= network.restriction(policy.moq) - _CLOSE else 0.0


def _most_of_links(point: Point, most: float) -> float:
    """Of orders of at most so much, what the links take on average.

    Under shares each order goes whole to one link. A link that is cut to its capacity falls behind and is asked the more
    often, so that of t orders share / capacity go to each, and all together are the harmonic mean of the capacities. Orders
    wait for a link that is down and leave together when it is up: that costs no capacity, but under priority a link that is
    down is not asked while another is up.
    """
    if point.sourcing == "assembly":
        return min([most, *(link.capacity for link in point.links)])
    if point.sourcing == "shares":
        turns = sum(link.share / min(most, link.capacity) for link in point.links if min(most, link.capacity) > 0)
        stuck = any(link.share > 0 and min(most, link.capacity) <= 0 for link in point.links)
        return 0.0 if stuck else 1 / turns if turns > 0 else math.inf
    down = math.prod(1 - _up(link) for link in point.links)
    links = [(_up(link) + (down if link is point.preferred else 0.0), link.capacity) for link in point.links]
    return min(most, sum(share * capacity for share, capacity in links if share > 0))


def _up(link: Link) -> float:
    """Share of the time that a link is up."""
    return 1.0 if link.disruption is None else link.disruption.mean_up / (link.disruption.mean_up + link.disruption.mean_down)


@dataclass(frozen=True)
class Flows:
    """total: units per period that each point passes on in the long run (points,), as far as what it supplies is not kept short
    by capacities; orders: by point, what it orders on each link per period. Under priority other links stand in for what the
    preferred one does not take: beyond its capacity and while it is down."""

    total: Doubles
    orders: list[list[float]]

    @staticmethod
    def of(network: SupplyNetwork) -> "Flows":
        """From the customers up."""
        total = np.array([0.0 if point.demand is None else point.demand.rate for point in network.nodes])
        orders: list[list[float]] = [[] for _ in network.nodes]
        for n in range(len(network.nodes) - 1, -1, -1):
            orders[n] = _orders(network.nodes[n], float(total[n]))
            for link, ordered in zip(network.nodes[n].links, orders[n], strict=True):
                if link.source >= 0:
                    total[link.source] += link.quantity * ordered
        return Flows(total, orders)


def _orders(point: Point, rate: float) -> list[float]:
    if point.sourcing != "priority" or len(point.links) == 1:
        return [rate * share for share in point.planned_shares]
    wanted, asked = rate * point.policy.review_period, rate * point.policy.review_period
    for _ in range(_ROUNDS):  # what is cut is asked for again
        taken = _taken(point, asked)
        asked += wanted - sum(taken)
    return [units / point.policy.review_period for units in taken]


def _taken(point: Point, asked: float) -> list[float]:
    """Of an order of so much, what each link takes on average over links that are up and down."""
    taken = [0.0] * len(point.links)
    by_priority = sorted(range(len(point.links)), key=lambda k: point.links[k].priority)
    for state in product(*((True,) if link.disruption is None else (True, False) for link in point.links)):
        chance = math.prod(_up(link) if up else 1 - _up(link) for link, up in zip(point.links, state, strict=True))
        left = asked
        for k in by_priority if any(state) else by_priority[:1]:
            if state[k] or not any(state):
                part = min(left, point.links[k].capacity)
                taken[k], left = taken[k] + chance * part, left - part
    return taken


def supplied_shares(network: SupplyNetwork) -> Doubles:
    """Share of its demand, downstream included, that each point can be supplied with in the long run (points,): 1 where the
    capacities on its way are above the demand. At 1 or less of the demand a queue has no end (Asmussen, Applied Probability
    and Queues, 2nd ed., ch. III.6)."""
    flows, most = Flows.of(network), most_ordered(network)
    rate = flows.total
    share = np.where(most > rate, 1.0, most / np.where(rate > 0, rate, 1.0) * (1 - _CLOSE))
    share = np.where(rate > 0, np.minimum(share, 1.0), 1.0)
    for n, (point, orders) in enumerate(zip(network.nodes, flows.orders, strict=True)):
        used = [link.source for link, ordered in zip(point.links, orders, strict=True) if link.source >= 0 and ordered > 0]
        if any(share[source] < 1 for source in used):
            share[n] = min(share[n], _supplied_part(point, orders, share))
    return share


def _supplied_part(point: Point, orders: list[float], share: Doubles) -> float:
    """The part of its orders that a point can go on ordering, when every source gives so large a share of what is ordered."""
    limits = [
        ordered * (share[link.source] if link.source >= 0 else 1.0) for link, ordered in zip(point.links, orders, strict=True)
    ]

    def is_supplied(part: float) -> bool:
        return all(o <= limit + _CLOSE for o, limit in zip(_orders(point, part * sum(orders)), limits, strict=True))

    low, high = 0.0, 1.0
    for _ in range(_ROUNDS):
        middle = (low + high) / 2
        low, high = (middle, high) if is_supplied(middle) else (low, middle)
    return low


def busy_periods(network: SupplyNetwork) -> Doubles:
    """Periods that a queue behind each point's capacity (or, where sales are lost, the stock before it) needs to forget its
    start (points,): the relaxation time of reflected Brownian motion, 2 x variance / drift^2 (Abate & Whitt, Advances in
    Applied Probability 19(3), 1987); 0 without a queue."""
    rate = Flows.of(network).total
    spare = most_ordered(network) - rate
    queues = np.isfinite(spare) & (spare != 0) & (rate > 0)
    variance = variance_per_period(network) + _switching(network, rate)
    return np.where(queues, 2 * variance / np.square(np.where(queues, spare, 1.0)), 0.0)


def _switching(network: SupplyNetwork, rate: Doubles) -> Doubles:
    """Variance per period of what links that go up and down leave to others under priority, of the point that has them and of
    those that stand in (points,): of an alternating renewal process with exponential times (Cox, Renewal Theory, section
    7.4), 2 (up down)^2 / (up + down)^3 for each unit a period."""
    out = np.zeros(len(network.nodes))
    for n, point in enumerate(network.nodes):
        for link in point.links if point.sourcing == "priority" and len(point.links) > 1 else ():
            if link.disruption is not None:
                up, down = link.disruption.mean_up, link.disruption.mean_down
                units = link.capacity if math.isfinite(link.capacity) else rate[n]
                moved = 2 * units**2 * (up * down) ** 2 / (up + down) ** 3
                for place in {n, *(other.source for other in point.links if other is not link and other.source >= 0)}:
                    out[place] += moved
    return out
