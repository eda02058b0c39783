"""The forward pass: what happens in every period at every node, in BLOCK replications at once.

Order of events in a period (Snyder & Shen, Fundamentals of Supply Chain Theory, 2nd ed., section 6.2; Zipkin,
Foundations of Inventory Management, section 9.6):
1. Orders, bottom up, on what is known from earlier periods; a node orders only in its review periods.
2. Top down: a node receives what was shipped a lead time ago (0: at once), then fills what it owes and this period's
   orders from downstream; when short, every claim gets the same share (proportional allocation).
3. Customers' demand is served from what is left; the rest is backordered or lost.
4. The end state is measured.
So a base-stock level at a customers' node covers lead time + review period of demand.
"""

import numpy as np

from echelon.core.arrays import Bytes, Floats
from echelon.core.inventory.kernels.jit import helper, kernel
from echelon.core.inventory.kernels.layout import BLOCK, RECORD, SHIPPED, TAPE, NetworkArrays, Workspace
from echelon.core.inventory.kernels.tree.steps import (
    fill,
    fill_customers,
    order_inside,
    order_lots,
    order_outside,
    receive,
    receive_due,
    receive_sorted,
    receive_two,
    serve_backorder,
    serve_inner,
    serve_lost,
    ship_inside,
    ship_outside,
    sort_by_due,
    start,
)
from echelon.core.inventory.kernels.tree.sums import (
    close_cycle,
    remember,
    sum_customers,
    sum_end,
    sum_orders,
    sum_owed,
    sum_service,
    sum_service_inner,
    sum_stock,
)

_0 = np.float32(0)
_1 = np.float32(1)
# Less than this share of the level (or of one unit) short is rounding, not a stock-out.
_ROUNDING = np.float32(1e-5)


@helper
def _order_all(net: NetworkArrays, levels: Floats, state: Floats, t: int) -> None:
    """Step 1 for every node, children before parents."""
    for n in range(len(levels) - 1, -1, -1):
        if t % net.review[n] != 0:
            continue
        p = net.parent[n]
        node = state[n * RECORD * BLOCK : (n + 1) * RECORD * BLOCK]
        source = state[max(p, 0) * RECORD * BLOCK : (max(p, 0) + 1) * RECORD * BLOCK]
        if net.lot[n] > _0 or net.moq[n] > _0:
            order_lots(node, source, p >= 0, levels[n], net.lot[n], net.moq[n])
        elif p >= 0:
            order_inside(node, source, levels[n])
        else:
            order_outside(node, levels[n])


@helper
def _arrivals(net: NetworkArrays, n: int, t: int, node: Floats, lead: Bytes, ring: Floats) -> None:
    """Receive what is due at node n in period t."""
    base, mask = net.ring_at[n], net.ring_mask[n]
    low, high, oldest = net.low[n], net.high[n], min(net.high[n], t)
    for age in range(low, oldest + 1, 2):
        row, earlier = (base + ((t - age) & mask)) * BLOCK, (base + ((t - age - 1) & mask)) * BLOCK
        if low == high:
            receive(node, ring[row : row + BLOCK])
        elif age < oldest:
            shipped, before = ring[row : row + BLOCK], ring[earlier : earlier + BLOCK]
            receive_two(node, shipped, before, lead[t - age, n], lead[t - age - 1, n], age)
        else:
            receive_due(node, ring[row : row + BLOCK], lead[t - age, n], age)


@helper
def tape_at(net: NetworkArrays, t: int, n: int) -> int:
    """Where the tape record of node n in period t begins."""
    return (t * net.tape_at[-1] + net.tape_at[n]) * BLOCK


@helper
def _ship(net: NetworkArrays, n: int, at: int, node: Floats, shipped: Floats, work: Workspace) -> None:
    """What the source ships to node n in period t."""
    p = net.parent[n]
    if p >= 0:
        source = work.state[p * RECORD * BLOCK : (p + 1) * RECORD * BLOCK]
        ship_inside(node, source, shipped, work.tape[at : at + TAPE * BLOCK])
    else:
        ship_outside(node, shipped)


@helper
def _serve(net: NetworkArrays, n: int, node: Floats, demand: Floats, tape: Floats) -> None:
    """Step 3 at a node with customers."""
    if net.lost[n]:
        serve_lost(node, demand, tape)
    elif net.inner[n]:
        serve_inner(node, demand, tape)
    else:
        serve_backorder(node, demand, tape)


@helper
def _measure(
    net: NetworkArrays, n: int, node: Floats, demand: Floats, tape: Floats, sums: Floats, full: bool, rounding: float
) -> None:
    """Step 4: what every pass needs, and with `full` all measures."""
    if net.customers[n] >= 0:
        if net.inner[n]:
            sum_service_inner(node, tape, demand, sums, rounding)
        else:
            sum_service(tape, demand, sums, rounding)
        if not net.lost[n]:
            sum_owed(node, sums)
        if full:
            sum_customers(node, tape, demand, sums, rounding)
    sum_stock(node, sums, rounding)
    if full:
        sum_end(node, sums, rounding)


@helper
def _receive_shipment(net: NetworkArrays, n: int, t: int, at: int, lead: Bytes, work: Workspace) -> None:
    """Step 2, first half: the source ships its share to node n, and what is due arrives."""
    node = work.state[n * RECORD * BLOCK : (n + 1) * RECORD * BLOCK]
    base, mask = net.ring_at[n], net.ring_mask[n]
    row = (base + (t & mask)) * BLOCK
    if net.wide[n]:
        _ship(net, n, at, node, node[SHIPPED * BLOCK : (SHIPPED + 1) * BLOCK], work)
        sort_by_due(node, work.ring, lead[t, n], t, base, mask)
        receive_sorted(node, work.ring[row : row + BLOCK])
    else:
        _ship(net, n, at, node, work.ring[row : row + BLOCK], work)
        _arrivals(net, n, t, node, lead, work.ring)


@helper
def _step(
    net: NetworkArrays,
    n: int,
    t: int,
    at: int,
    rounding: float,
    demand: Floats,
    warm_up: int,
    full: bool,
    sums: Floats,
    work: Workspace,
) -> None:
    """Steps 2 (second half) to 4 of node n in period t."""
    node = work.state[n * RECORD * BLOCK : (n + 1) * RECORD * BLOCK]
    tape = work.tape[at : at + TAPE * BLOCK]
    has_customers = net.customers[n] >= 0
    if full and t >= net.cycle_start[n] and (t - net.cycle_start[n]) % net.review[n] == 0:
        close_cycle(node, sums, t - net.review[n] >= warm_up)
    if net.inner[n]:
        if full and t >= warm_up:
            sum_orders(node, sums, rounding)
        fill(node, tape)
        if has_customers:
            fill_customers(node, tape)
    if has_customers:
        _serve(net, n, node, demand, tape)
    if t >= warm_up:
        _measure(net, n, node, demand, tape, sums, full, rounding)
    elif full:
        remember(node)


@helper
def forward(
    net: NetworkArrays,
    levels: Floats,
    demand: Floats,
    lead: Bytes,
    beyond: Floats,
    warm_up: int,
    full: bool,
    keep: bool,
    sums: Floats,
    work: Workspace,
) -> None:
    """Simulate one block. demand: (periods, customers, BLOCK); lead: (periods, nodes, BLOCK), periods from shipment to
    receipt; beyond: (nodes, BLOCK), stock at the start beyond the level; sums: (nodes, SUMS * BLOCK), added to; with `keep`
    the tape of all periods is left in `work` for the adjoint pass, else only one period's is in use, which stays in the cache.
    """
    nodes = len(levels)
    work.ring[:] = _0
    for n in range(nodes):
        start(work.state[n * RECORD * BLOCK : (n + 1) * RECORD * BLOCK], levels[n], beyond[n])
    for t in range(demand.shape[0]):
        _order_all(net, levels, work.state, t)
        for n in range(nodes):
            at = tape_at(net, t if keep else 0, n)
            demanded, rounding = demand[t, max(net.customers[n], 0)], _ROUNDING * max(levels[n], _1)
            _receive_shipment(net, n, t, at, lead, work)
            _step(net, n, t, at, rounding, demanded, warm_up, full, sums[n], work)


@kernel
def forward_blocks(
    net: NetworkArrays,
    levels: Floats,
    demand: Floats,
    lead: Bytes,
    beyond: Floats,
    warm_up: int,
    full: bool,
    sums: Floats,
    work: Workspace,
) -> None:
    """`forward` for every block of demand (blocks, periods, customers, BLOCK); beyond: (blocks, nodes, BLOCK); sums: (blocks,
    nodes, SUMS * BLOCK)."""
    for b in range(demand.shape[0]):
        forward(net, levels, demand[b], lead[b], beyond[b], warm_up, full, False, sums[b], work)
