"""The single steps of a period, each over one block of replications."""

import numpy as np

from echelon.core.arrays import Bytes, Floats
from echelon.core.inventory.kernels.jit import helper
from echelon.core.inventory.kernels.layout import (
    BLOCK,
    CLAIM,
    CUSTOMERS,
    OWED,
    POSITION,
    RECORD,
    SHARE,
    SHIPPED,
    STOCK,
    T_CLAIM,
    T_CUSTOMERS,
    T_INVERSE,
    T_NET,
    T_SHARE,
)

_0 = np.float32(0)
_1 = np.float32(1)
_TINY = np.float32(1e-12)
# An order of 2.00001 lots is 2 lots: stock positions carry rounding errors where claims were shared.
_LOT_TOLERANCE = np.float32(1e-4)


@helper
def start(node: Floats, level: float, beyond: Floats) -> None:
    """Stock at the level and beyond (BLOCK,), nothing on order."""
    for i in range(RECORD * BLOCK):
        node[i] = _0
    for r in range(BLOCK):
        node[STOCK * BLOCK + r] = level + beyond[r]
        node[POSITION * BLOCK + r] = level + beyond[r]


@helper
def order_outside(node: Floats, level: float) -> None:
    """Order up to the level from an outside supplier."""
    for r in range(BLOCK):
        order = max(level - node[POSITION * BLOCK + r], _0)
        node[POSITION * BLOCK + r] += order
        node[CLAIM * BLOCK + r] += order


@helper
def order_inside(node: Floats, source: Floats, level: float) -> None:
    """Order up to the level from a node upstream, which owes it from now on."""
    for r in range(BLOCK):
        order = max(level - node[POSITION * BLOCK + r], _0)
        node[POSITION * BLOCK + r] += order
        node[CLAIM * BLOCK + r] += order
        source[POSITION * BLOCK + r] -= order
        source[OWED * BLOCK + r] += order


@helper
def order_lots(node: Floats, source: Floats, inside: bool, level: float, lot: float, moq: float) -> None:
    """When the position is below the level, order the least multiple of the lot that reaches level and MOQ."""
    for r in range(BLOCK):
        need = level - node[POSITION * BLOCK + r]
        order = max(need, moq)
        if lot > _0:
            order = np.ceil(order / lot - _LOT_TOLERANCE) * lot
        if need <= _LOT_TOLERANCE:
            order = _0
        node[POSITION * BLOCK + r] += order
        node[CLAIM * BLOCK + r] += order
        if inside:
            source[POSITION * BLOCK + r] -= order
            source[OWED * BLOCK + r] += order


@helper
def ship_outside(node: Floats, shipped: Floats) -> None:
    """Outside suppliers always have stock."""
    for r in range(BLOCK):
        shipped[r] = node[CLAIM * BLOCK + r]
        node[CLAIM * BLOCK + r] = _0


@helper
def ship_inside(node: Floats, source: Floats, shipped: Floats, tape: Floats) -> None:
    """The source ships its share of what it owes."""
    for r in range(BLOCK):
        claim = node[CLAIM * BLOCK + r]
        tape[T_CLAIM * BLOCK + r] = claim
        quantity = claim * source[SHARE * BLOCK + r]
        shipped[r] = quantity
        node[CLAIM * BLOCK + r] = claim - quantity


@helper
def receive(node: Floats, shipped: Floats) -> None:
    """Everything shipped in one period arrives."""
    for r in range(BLOCK):
        node[STOCK * BLOCK + r] += shipped[r]


@helper
def receive_due(node: Floats, shipped: Floats, lead: Bytes, age: int) -> None:
    """What was shipped `age` periods ago arrives where its lead time is `age`."""
    due = np.uint8(age)
    for r in range(BLOCK):
        node[STOCK * BLOCK + r] += shipped[r] if lead[r] == due else _0


@helper
def receive_two(node: Floats, shipped: Floats, earlier: Floats, lead: Bytes, lead_earlier: Bytes, age: int) -> None:
    """The same for two periods at once, the other one period earlier."""
    due, due_earlier = np.uint8(age), np.uint8(age + 1)
    for r in range(BLOCK):
        arrived = shipped[r] if lead[r] == due else _0
        node[STOCK * BLOCK + r] += arrived + (earlier[r] if lead_earlier[r] == due_earlier else _0)


@helper
def sort_by_due(node: Floats, ring: Floats, lead: Bytes, t: int, base: int, mask: int) -> None:
    """Add each shipment to the arrivals of its due period."""
    for r in range(BLOCK):
        ring[(base + ((t + lead[r]) & mask)) * BLOCK + r] += node[SHIPPED * BLOCK + r]


@helper
def receive_sorted(node: Floats, due: Floats) -> None:
    """The arrivals of a period, which then make room for those of a later one."""
    for r in range(BLOCK):
        node[STOCK * BLOCK + r] += due[r]
        due[r] = _0


@helper
def fill(node: Floats, tape: Floats) -> None:
    """Fill what is owed; the same share of every claim when short."""
    for r in range(BLOCK):
        stock = node[STOCK * BLOCK + r]
        owed = node[OWED * BLOCK + r]
        inverse = _1 / max(owed, _TINY)
        share = _1 if stock >= owed else stock * inverse
        node[SHARE * BLOCK + r] = share
        tape[T_SHARE * BLOCK + r] = share
        tape[T_INVERSE * BLOCK + r] = inverse
        node[STOCK * BLOCK + r] = max(stock - owed, _0)
        node[OWED * BLOCK + r] = max(owed - stock, _0)


@helper
def fill_customers(node: Floats, tape: Floats) -> None:
    """Customers' backorders at a node with children get the same share as the children."""
    for r in range(BLOCK):
        tape[T_CUSTOMERS * BLOCK + r] = node[CUSTOMERS * BLOCK + r]
        node[CUSTOMERS * BLOCK + r] *= _1 - node[SHARE * BLOCK + r]


@helper
def serve_backorder(node: Floats, demand: Floats, tape: Floats) -> None:
    """A node without children: stock on hand - backorders falls by the demand."""
    for r in range(BLOCK):
        net = node[STOCK * BLOCK + r] - demand[r]
        node[STOCK * BLOCK + r] = net
        node[POSITION * BLOCK + r] -= demand[r]
        tape[T_NET * BLOCK + r] = net


@helper
def serve_lost(node: Floats, demand: Floats, tape: Floats) -> None:
    """Serve from stock on hand; the rest is lost."""
    for r in range(BLOCK):
        stock = node[STOCK * BLOCK + r]
        served = min(stock, demand[r])
        tape[T_NET * BLOCK + r] = stock - demand[r]
        node[STOCK * BLOCK + r] = stock - served
        node[POSITION * BLOCK + r] -= served


@helper
def serve_inner(node: Floats, demand: Floats, tape: Floats) -> None:
    """A node with children: customers' backorders stand beside the children's claims."""
    for r in range(BLOCK):
        net = node[STOCK * BLOCK + r] - demand[r]
        short = max(-net, _0)
        tape[T_NET * BLOCK + r] = net
        node[STOCK * BLOCK + r] = max(net, _0)
        node[CUSTOMERS * BLOCK + r] += short
        node[OWED * BLOCK + r] += short
        node[POSITION * BLOCK + r] -= demand[r]
