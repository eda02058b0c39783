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

from echelon.core.inventory.simulation.jit import helper, kernel
from echelon.core.inventory.simulation.layout import (
    BACKORDERS,
    BLOCK,
    CLAIM,
    COVERED,
    CUSTOMERS,
    CUSTOMERS_OWED,
    CYCLES,
    DEMAND,
    LEFT,
    ON_HAND,
    OPEN,
    ORDERS,
    ORDERS_UNMET,
    OWED,
    POSITION,
    READY,
    RECORD,
    SHARE,
    SHIPPED,
    SLOPE,
    STOCK,
    STOCKOUTS,
    T_CLAIM,
    T_CUSTOMERS,
    T_INVERSE,
    T_NET,
    T_SHARE,
    TAPE,
    UNMET,
    Bytes,
    Floats,
    NetworkArrays,
    Workspace,
)

_0 = np.float32(0)
_1 = np.float32(1)
_TINY = np.float32(1e-12)
# An order of 2.00001 lots is 2 lots: stock positions carry rounding errors where claims were shared.
_LOT_TOLERANCE = np.float32(1e-4)
# Less than this share of the level (or of one unit) short is rounding, not a stock-out.
_ROUNDING = np.float32(1e-5)


@helper
def _start(node: Floats, level: float) -> None:
    """Full stock, nothing on order."""
    for i in range(RECORD * BLOCK):
        node[i] = _0
    for r in range(BLOCK):
        node[STOCK * BLOCK + r] = level
        node[POSITION * BLOCK + r] = level


@helper
def _order_outside(node: Floats, level: float) -> None:
    """Order up to the level from an outside supplier."""
    for r in range(BLOCK):
        order = max(level - node[POSITION * BLOCK + r], _0)
        node[POSITION * BLOCK + r] += order
        node[CLAIM * BLOCK + r] += order


@helper
def _order_inside(node: Floats, source: Floats, level: float) -> None:
    """Order up to the level from a node upstream, which owes it from now on."""
    for r in range(BLOCK):
        order = max(level - node[POSITION * BLOCK + r], _0)
        node[POSITION * BLOCK + r] += order
        node[CLAIM * BLOCK + r] += order
        source[POSITION * BLOCK + r] -= order
        source[OWED * BLOCK + r] += order


@helper
def _order_lots(node: Floats, source: Floats, inside: bool, level: float, lot: float, moq: float) -> None:
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
def _ship_outside(node: Floats, shipped: Floats) -> None:
    """Outside suppliers always have stock."""
    for r in range(BLOCK):
        shipped[r] = node[CLAIM * BLOCK + r]
        node[CLAIM * BLOCK + r] = _0


@helper
def _ship_inside(node: Floats, source: Floats, shipped: Floats, tape: Floats) -> None:
    """The source ships its share of what it owes."""
    for r in range(BLOCK):
        claim = node[CLAIM * BLOCK + r]
        tape[T_CLAIM * BLOCK + r] = claim
        quantity = claim * source[SHARE * BLOCK + r]
        shipped[r] = quantity
        node[CLAIM * BLOCK + r] = claim - quantity


@helper
def _receive(node: Floats, shipped: Floats) -> None:
    """Everything shipped in one period arrives."""
    for r in range(BLOCK):
        node[STOCK * BLOCK + r] += shipped[r]


@helper
def _receive_due(node: Floats, shipped: Floats, lead: Bytes, age: int) -> None:
    """What was shipped `age` periods ago arrives where its lead time is `age`."""
    due = np.uint8(age)
    for r in range(BLOCK):
        node[STOCK * BLOCK + r] += shipped[r] if lead[r] == due else _0


@helper
def _sort_by_due(node: Floats, ring: Floats, lead: Bytes, t: int, base: int, mask: int) -> None:
    """Add each shipment to the arrivals of its due period."""
    for r in range(BLOCK):
        ring[(base + ((t + lead[r]) & mask)) * BLOCK + r] += node[SHIPPED * BLOCK + r]


@helper
def _receive_sorted(node: Floats, due: Floats) -> None:
    """The arrivals of a period, which then make room for those of a later one."""
    for r in range(BLOCK):
        node[STOCK * BLOCK + r] += due[r]
        due[r] = _0


@helper
def _fill(node: Floats, tape: Floats) -> None:
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
def _fill_customers(node: Floats, tape: Floats) -> None:
    """Customers' backorders at a node with children get the same share as the children."""
    for r in range(BLOCK):
        tape[T_CUSTOMERS * BLOCK + r] = node[CUSTOMERS * BLOCK + r]
        node[CUSTOMERS * BLOCK + r] *= _1 - node[SHARE * BLOCK + r]


@helper
def _sum_orders(node: Floats, sums: Floats, rounding: float) -> None:
    """Orders from downstream and the part not filled at once, old claims first. Run before `_fill`."""
    for r in range(BLOCK):
        left = node[LEFT * BLOCK + r]
        ordered = max(node[OWED * BLOCK + r] - left, _0)
        served = min(max(node[STOCK * BLOCK + r] - left, _0), ordered)
        sums[ORDERS * BLOCK + r] += ordered
        sums[ORDERS_UNMET * BLOCK + r] += ordered - served
        node[OPEN * BLOCK + r] = max(node[OPEN * BLOCK + r], _1 if ordered > served + rounding else _0)


@helper
def _serve_backorder(node: Floats, demand: Floats, tape: Floats) -> None:
    """A node without children: stock on hand - backorders falls by the demand."""
    for r in range(BLOCK):
        net = node[STOCK * BLOCK + r] - demand[r]
        node[STOCK * BLOCK + r] = net
        node[POSITION * BLOCK + r] -= demand[r]
        tape[T_NET * BLOCK + r] = net


@helper
def _serve_lost(node: Floats, demand: Floats, tape: Floats) -> None:
    """Serve from stock on hand; the rest is lost."""
    for r in range(BLOCK):
        stock = node[STOCK * BLOCK + r]
        served = min(stock, demand[r])
        tape[T_NET * BLOCK + r] = stock - demand[r]
        node[STOCK * BLOCK + r] = stock - served
        node[POSITION * BLOCK + r] -= served


@helper
def _serve_inner(node: Floats, demand: Floats, tape: Floats) -> None:
    """A node with children: customers' backorders stand beside the children's claims."""
    for r in range(BLOCK):
        net = node[STOCK * BLOCK + r] - demand[r]
        short = max(-net, _0)
        tape[T_NET * BLOCK + r] = net
        node[STOCK * BLOCK + r] = max(net, _0)
        node[CUSTOMERS * BLOCK + r] += short
        node[OWED * BLOCK + r] += short
        node[POSITION * BLOCK + r] -= demand[r]


@helper
def _sum_service(tape: Floats, demand: Floats, sums: Floats, rounding: float) -> None:
    """Unmet demand, and the periods in which one unit more would have been used."""
    for r in range(BLOCK):
        net = tape[T_NET * BLOCK + r]
        before = net + demand[r]
        sums[UNMET * BLOCK + r] += max(demand[r] - max(before, _0), _0)
        sums[SLOPE * BLOCK + r] += _1 if (net < -rounding) & (before >= -rounding) else _0


@helper
def _sum_service_inner(node: Floats, tape: Floats, demand: Floats, sums: Floats, rounding: float) -> None:
    """The same where there are children: one unit more reaches the customers only once all claims are filled."""
    for r in range(BLOCK):
        net = tape[T_NET * BLOCK + r]
        sums[UNMET * BLOCK + r] += max(demand[r] - max(net + demand[r], _0), _0)
        sums[SLOPE * BLOCK + r] += _1 if (net < -rounding) & (node[SHARE * BLOCK + r] >= _1) else _0


@helper
def _sum_owed(node: Floats, sums: Floats) -> None:
    """Customers' backorders, at whichever kind of node."""
    for r in range(BLOCK):
        sums[CUSTOMERS_OWED * BLOCK + r] += max(-node[STOCK * BLOCK + r], _0) + node[CUSTOMERS * BLOCK + r]


@helper
def _sum_stock(node: Floats, sums: Floats, rounding: float) -> None:
    """Stock on hand, and the periods in which one unit more would have been left over."""
    for r in range(BLOCK):
        sums[ON_HAND * BLOCK + r] += max(node[STOCK * BLOCK + r], _0)
        sums[COVERED * BLOCK + r] += _1 if node[STOCK * BLOCK + r] >= -rounding else _0


@helper
def _sum_customers(node: Floats, tape: Floats, demand: Floats, sums: Floats, rounding: float) -> None:
    """Demand and stock-outs of customers."""
    for r in range(BLOCK):
        short = (tape[T_NET * BLOCK + r] < -rounding) & (demand[r] > _0)
        sums[DEMAND * BLOCK + r] += demand[r]
        sums[STOCKOUTS * BLOCK + r] += _1 if short else _0
        node[OPEN * BLOCK + r] = max(node[OPEN * BLOCK + r], _1 if short else _0)


@helper
def _sum_end(node: Floats, sums: Floats, rounding: float) -> None:
    """Backorders and readiness on the end state."""
    for r in range(BLOCK):
        backorders = max(-node[STOCK * BLOCK + r], _0) + node[OWED * BLOCK + r]
        sums[BACKORDERS * BLOCK + r] += backorders
        sums[READY * BLOCK + r] += _1 if backorders <= rounding else _0
        node[LEFT * BLOCK + r] = node[OWED * BLOCK + r]


@helper
def _close_cycle(node: Floats, sums: Floats, counts: bool) -> None:
    """A review cycle ends: it counts as good when nothing was short in it."""
    for r in range(BLOCK):
        if counts:
            sums[CYCLES * BLOCK + r] += _1 - node[OPEN * BLOCK + r]
        node[OPEN * BLOCK + r] = _0


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
            _order_lots(node, source, p >= 0, levels[n], net.lot[n], net.moq[n])
        elif p >= 0:
            _order_inside(node, source, levels[n])
        else:
            _order_outside(node, levels[n])


@helper
def _arrivals(net: NetworkArrays, n: int, t: int, node: Floats, lead: Bytes, ring: Floats) -> None:
    """Receive what is due at node n in period t."""
    base, mask = net.ring_at[n], net.ring_mask[n]
    low, high = net.low[n], net.high[n]
    for age in range(low, min(high, t) + 1):
        row = (base + ((t - age) & mask)) * BLOCK
        if low == high:
            _receive(node, ring[row : row + BLOCK])
        else:
            _receive_due(node, ring[row : row + BLOCK], lead[t - age, n], age)


@helper
def tape_at(net: NetworkArrays, t: int, n: int) -> int:
    """Where the tape record of node n in period t begins."""
    return (t * net.tape_at[-1] + net.tape_at[n]) * BLOCK


@helper
def _ship(net: NetworkArrays, n: int, t: int, node: Floats, shipped: Floats, work: Workspace) -> None:
    """What the source ships to node n in period t."""
    p = net.parent[n]
    if p >= 0:
        at = tape_at(net, t, n)
        source = work.state[p * RECORD * BLOCK : (p + 1) * RECORD * BLOCK]
        _ship_inside(node, source, shipped, work.tape[at : at + TAPE * BLOCK])
    else:
        _ship_outside(node, shipped)


@helper
def _serve(net: NetworkArrays, n: int, node: Floats, demand: Floats, tape: Floats) -> None:
    """Step 3 at a node with customers."""
    if net.lost[n]:
        _serve_lost(node, demand, tape)
    elif net.inner[n]:
        _serve_inner(node, demand, tape)
    else:
        _serve_backorder(node, demand, tape)


@helper
def _measure(
    net: NetworkArrays, n: int, node: Floats, demand: Floats, tape: Floats, sums: Floats, full: bool, rounding: float
) -> None:
    """Step 4: what every pass needs, and with `full` all measures."""
    if net.customers[n] >= 0:
        if net.inner[n]:
            _sum_service_inner(node, tape, demand, sums, rounding)
        else:
            _sum_service(tape, demand, sums, rounding)
        _sum_owed(node, sums)
        if full:
            _sum_customers(node, tape, demand, sums, rounding)
    _sum_stock(node, sums, rounding)
    if full:
        _sum_end(node, sums, rounding)


@helper
def _remember(node: Floats) -> None:
    """Claims left over at the end of a period that is not measured."""
    for r in range(BLOCK):
        node[LEFT * BLOCK + r] = node[OWED * BLOCK + r]


@helper
def _receive_shipment(net: NetworkArrays, n: int, t: int, lead: Bytes, work: Workspace) -> None:
    """Step 2, first half: the source ships its share to node n, and what is due arrives."""
    node = work.state[n * RECORD * BLOCK : (n + 1) * RECORD * BLOCK]
    base, mask = net.ring_at[n], net.ring_mask[n]
    row = (base + (t & mask)) * BLOCK
    if net.wide[n]:
        _ship(net, n, t, node, node[SHIPPED * BLOCK : (SHIPPED + 1) * BLOCK], work)
        _sort_by_due(node, work.ring, lead[t, n], t, base, mask)
        _receive_sorted(node, work.ring[row : row + BLOCK])
    else:
        _ship(net, n, t, node, work.ring[row : row + BLOCK], work)
        _arrivals(net, n, t, node, lead, work.ring)


@helper
def _step(
    net: NetworkArrays,
    n: int,
    t: int,
    rounding: float,
    demand: Floats,
    warm_up: int,
    full: bool,
    sums: Floats,
    work: Workspace,
) -> None:
    """Steps 2 (second half) to 4 of node n in period t."""
    node = work.state[n * RECORD * BLOCK : (n + 1) * RECORD * BLOCK]
    at = tape_at(net, t, n)
    tape = work.tape[at : at + TAPE * BLOCK]
    has_customers = net.customers[n] >= 0
    if full and t >= net.cycle_start[n] and (t - net.cycle_start[n]) % net.review[n] == 0:
        _close_cycle(node, sums, t - net.review[n] >= warm_up)
    if net.inner[n]:
        if full and t >= warm_up:
            _sum_orders(node, sums, rounding)
        _fill(node, tape)
        if has_customers:
            _fill_customers(node, tape)
    if has_customers:
        _serve(net, n, node, demand, tape)
    if t >= warm_up:
        _measure(net, n, node, demand, tape, sums, full, rounding)
    elif full:
        _remember(node)


@helper
def forward(
    net: NetworkArrays,
    levels: Floats,
    demand: Floats,
    lead: Bytes,
    warm_up: int,
    full: bool,
    sums: Floats,
    work: Workspace,
) -> None:
    """Simulate one block. demand: (periods, customers, BLOCK); lead: (periods, nodes, BLOCK), periods from shipment to
    receipt; sums: (nodes, SUMS * BLOCK), added to; the tape is left in `work` for the adjoint pass.
    """
    nodes = len(levels)
    work.ring[:] = _0
    for n in range(nodes):
        _start(work.state[n * RECORD * BLOCK : (n + 1) * RECORD * BLOCK], levels[n])
    for t in range(demand.shape[0]):
        _order_all(net, levels, work.state, t)
        for n in range(nodes):
            _receive_shipment(net, n, t, lead, work)
            _step(net, n, t, _ROUNDING * max(levels[n], _1), demand[t, max(net.customers[n], 0)], warm_up, full, sums[n], work)


@kernel
def forward_blocks(
    net: NetworkArrays,
    levels: Floats,
    demand: Floats,
    lead: Bytes,
    warm_up: int,
    full: bool,
    sums: Floats,
    work: Workspace,
) -> None:
    """`forward` for every block of demand (blocks, periods, customers, BLOCK); sums: (blocks, nodes, SUMS * BLOCK)."""
    for b in range(demand.shape[0]):
        forward(net, levels, demand[b], lead[b], warm_up, full, sums[b], work)
