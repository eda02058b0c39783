"""Where in its order cycle each point starts."""

import math
from functools import reduce

import numpy as np

from echelon.core.arrays import Doubles, Floats
from echelon.core.inventory.kernels.drawing import draw
from echelon.core.inventory.kernels.drawing.demand_source import stream_key
from echelon.core.inventory.kernels.layout import BLOCK
from echelon.core.inventory.model.supply_network import Point, SupplyNetwork

_FAR = 4.0  # standard deviations
_ANY = -1.0  # in place of a divisor: any amount
_THOUSAND = 1_000


def order_quantity(network: SupplyNetwork, point: Point) -> float:
    """Units that a point orders at least, 0 for any quantity: Q of (R,Q), S - s, or the MOQ in whole lots."""
    policy = point.policy
    if policy.kind == "RQ":
        return policy.gap
    lot, moq = network.restriction(policy.lot_size), network.restriction(policy.moq)
    in_lots = math.ceil(max(moq, lot) / lot - 1e-9) * lot if lot > 0 else moq
    return max(policy.gap if policy.kind == "sS" else 0.0, in_lots)


def order_phases(network: SupplyNetwork, purpose: str, blocks: int) -> Floats:
    """Inventory position at the start beyond that of a full point, (blocks, points, BLOCK) units.

    In the long run the inventory position just after a chance to order is uniform over one order quantity above the reorder
    point: exactly where it is ordered in lots (Zipkin, Foundations of Inventory Management, theorem 6.2.3), about so with a
    MOQ or (s,S). Points start at phases of their own, stratified over replications, at positions that orders in whole
    lots lead to.
    """
    out = np.zeros((blocks, len(network.nodes), BLOCK), np.float32)
    steps, asked = _steps(network), _least_asked(network)
    for n, point in enumerate(network.nodes):
        if point.start.stock is None and order_quantity(network, point) > 0:
            key = stream_key(network.run_seed, network.sku, point.name, purpose, "phase")
            out[:, n] = _above_full(network, point, asked[n], steps[n], _strata(key, blocks)).reshape(blocks, BLOCK)
    return out


def _least_asked(network: SupplyNetwork) -> list[float]:
    """The least amount that may be asked of each point at once."""
    asked = [math.inf if point.demand is None or point.demand.rate == 0 else 0.0 for point in network.nodes]
    for n in range(len(network.nodes) - 1, -1, -1):
        point = network.nodes[n]
        ordered = max(asked[n], order_quantity(network, point))
        for link in point.links:
            if link.source >= 0:
                asked[link.source] = min(asked[link.source], link.quantity * min(ordered, link.capacity))
    return asked


def _strata(key: np.uint64, blocks: int) -> Doubles:
    """Equally likely strata of [0, 1) in random order, one of each replication."""
    out = np.empty((1, blocks * BLOCK))
    draw.deal_strata((np.arange(blocks * BLOCK) + 0.5) / (blocks * BLOCK), key, out)
    return out[0]


def _above_full(network: SupplyNetwork, point: Point, asked: float, step: float, phase: Doubles) -> Doubles:
    """A full point is at S (R + Q): the most that (s,S) and (R,Q) reach, and the least of who orders up to a level. Who never
    is asked for less than an order quantity orders each time, what is missing in lots, and is hardly above full."""
    kind, quantity = point.policy.kind, order_quantity(network, point)
    each_time = kind != "RQ" and asked >= quantity
    most = network.restriction(point.policy.lot_size) if each_time else quantity
    used = np.floor(phase * most / step) * step if step > 0 else phase * most
    if kind == "base_stock" or each_time:
        return np.asarray(used)
    return np.asarray(quantity - point.policy.gap - used)


def _steps(network: SupplyNetwork) -> list[float]:
    """Common divisor of all that is asked of a point and of what it orders, 0 for any amount: between positions that it can
    have."""
    of_customers = 1.0 if network.whole_units else _ANY
    asked = [0.0 if point.demand is None else of_customers for point in network.nodes]
    steps = [0.0] * len(asked)
    for n in range(len(network.nodes) - 1, -1, -1):
        point = network.nodes[n]
        ordered = _ordered(network, point, asked[n])
        moved = _divisor(asked[n], of_customers) if point.shelf_life > 0 else asked[n]  # what expires counts in units
        steps[n] = max(_divisor(moved, ordered), 0.0)
        for link in point.links:
            if link.source >= 0:
                asked[link.source] = _divisor(asked[link.source], _times(ordered, link.quantity))
    return steps


def _ordered(network: SupplyNetwork, point: Point, asked: float) -> float:
    """Divisor of the orders of a point."""
    policy = point.policy
    if policy.kind == "RQ":
        return policy.gap
    lot, moq = network.restriction(policy.lot_size), network.restriction(policy.moq)
    if lot > 0:  # which the cut to a link's capacity does not know
        return reduce(_divisor, (link.capacity for link in point.links if math.isfinite(link.capacity)), lot)
    if moq == 0:
        return asked
    return moq if _is_always_less(point, moq) else _divisor(asked, moq)


def _is_always_less(point: Point, moq: float) -> bool:
    """Whether customers hardly ever ask for more than the MOQ between two reviews."""
    if point.demand is None:
        return False
    review = point.policy.review_period
    return point.demand.rate * review + _FAR * math.sqrt(point.demand.variance_of_sum(review)) + point.policy.gap <= moq


def _divisor(one: float, other: float) -> float:
    """Greatest common divisor, of thousandths of units too; 0 is divided by all."""
    if one == 0 or other == 0:
        return one or other
    thousandths = [_THOUSAND * amount for amount in (one, other)]
    if one == _ANY or other == _ANY or any(abs(amount - round(amount)) > 1e-6 for amount in thousandths):
        return _ANY
    return math.gcd(*map(round, thousandths)) / _THOUSAND


def _times(divisor: float, quantity: float) -> float:
    return divisor if divisor == _ANY else divisor * quantity
