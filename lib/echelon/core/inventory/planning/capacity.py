"""What capacities let through in the long run, and how long queues behind them last."""

import math

import numpy as np

from echelon.core.arrays import Doubles
from echelon.core.inventory.model.supply_network import Link, Point, SupplyNetwork
from echelon.core.inventory.planning.lead_time_demand import variance_per_period

_CLOSE = 1e-9


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


def supplied_shares(network: SupplyNetwork) -> Doubles:
    """Share of its demand, downstream included, that each point can be supplied with in the long run (points,): 1 where the
    capacities on its way are above the demand. At 1 or less of the demand a queue has no end (Asmussen, Applied Probability
    and Queues, 2nd ed., ch. III.6)."""
    rate, most = network.rates, most_ordered(network)
    share = np.where(most > rate, 1.0, most / np.where(rate > 0, rate, 1.0) * (1 - _CLOSE))
    share = np.where(rate > 0, np.minimum(share, 1.0), 1.0)
    for n, point in enumerate(network.nodes):
        used = zip(point.links, point.planned_shares, strict=True)
        share[n] = min([share[n], *(share[link.source] for link, part in used if link.source >= 0 and part > 0)])
    return share


def busy_periods(network: SupplyNetwork) -> Doubles:
    """Periods that a queue behind each point's capacity (or, where sales are lost, the stock before it) needs to forget its
    start (points,): the relaxation time of reflected Brownian motion, 2 x variance / drift^2 (Abate & Whitt, Advances in
    Applied Probability 19(3), 1987); 0 without a queue."""
    spare = most_ordered(network) - network.rates
    queues = np.isfinite(spare) & (spare != 0) & (network.rates > 0)
    return np.where(queues, 2 * variance_per_period(network) / np.square(np.where(queues, spare, 1.0)), 0.0)
