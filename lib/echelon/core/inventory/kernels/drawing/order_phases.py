"""Where in its order cycle each point starts."""

import math

import numpy as np

from echelon.core.arrays import Doubles, Floats
from echelon.core.inventory.kernels.drawing import draw
from echelon.core.inventory.kernels.drawing.demand_source import stream_key
from echelon.core.inventory.kernels.layout import BLOCK
from echelon.core.inventory.model.supply_network import Point, SupplyNetwork


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
    MOQ or (s,S). Points start at phases of their own, stratified over replications.
    """
    out = np.zeros((blocks, len(network.nodes), BLOCK), np.float32)
    for n, point in enumerate(network.nodes):
        quantity = order_quantity(network, point)
        if quantity > 0 and point.start.stock is None:
            key = stream_key(network.run_seed, network.sku, point.name, purpose, "phase")
            out[:, n] = _above_full(network, point, quantity, _strata(key, blocks)).reshape(blocks, BLOCK)
    return out


def _strata(key: np.uint64, blocks: int) -> Doubles:
    """Equally likely strata of [0, 1) in random order, one of each replication."""
    out = np.empty((1, blocks * BLOCK))
    draw.deal_strata((np.arange(blocks * BLOCK) + 0.5) / (blocks * BLOCK), key, out)
    return out[0]


def _above_full(network: SupplyNetwork, point: Point, quantity: float, phase: Doubles) -> Doubles:
    """A full point is at S (R + Q): the most that (s,S) and (R,Q) reach, and the least of who orders up to a level."""
    used = np.floor(phase * quantity) if network.whole_units else phase * quantity
    if point.policy.kind == "base_stock":
        return np.asarray(used)
    return np.asarray(quantity - point.policy.gap - used)
