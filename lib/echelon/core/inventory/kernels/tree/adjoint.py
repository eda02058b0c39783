"""The reverse pass: derivatives of cost with respect to all levels at once (infinitesimal perturbation analysis).

Pathwise derivatives of base-stock systems are unbiased (Glasserman & Tayur, Management Science 41(2), 1995, 263-281);
running them backwards gives all levels for the price of about one more simulation. Lots are treated straight through:
an order moves one for one with the level.
"""

import numpy as np

from echelon.core.arrays import Bytes, Doubles, Floats
from echelon.core.inventory.kernels.jit import helper, kernel
from echelon.core.inventory.kernels.layout import (
    BLOCK,
    D_CLAIM,
    D_CUSTOMERS,
    D_LEVEL,
    D_POSITION,
    D_RECEIVED,
    D_SHARE,
    D_SHIPPED,
    D_STOCK,
    RECORD,
    T_CLAIM,
    T_CUSTOMERS,
    T_INVERSE,
    T_NET,
    T_SHARE,
    TAPE,
    NetworkArrays,
    Workspace,
)
from echelon.core.inventory.kernels.tree.forward import forward, tape_at

_0 = np.float32(0)
_1 = np.float32(1)


@helper
def _unserve_backorder(
    node: Floats, received: Floats, demand: Floats, tape: Floats, hold: float, owe: float, unmet: float
) -> None:
    """Reverse of receiving, serving and measuring at a node without children that backorders."""
    for r in range(BLOCK):
        net = tape[T_NET * BLOCK + r]
        cost = hold if net > _0 else -owe
        served = unmet if (net < _0) & (net + demand[r] > _0) else _0
        worth = node[D_STOCK * BLOCK + r] + cost - served
        node[D_STOCK * BLOCK + r] = worth
        received[r] = worth


@helper
def _unserve_lost(node: Floats, received: Floats, tape: Floats, hold: float, unmet: float) -> None:
    """The same with lost sales: when short, one unit more is sold and lowers the position."""
    for r in range(BLOCK):
        left = node[D_STOCK * BLOCK + r] + hold
        sold = -node[D_POSITION * BLOCK + r] - unmet
        worth = left if tape[T_NET * BLOCK + r] > _0 else sold
        node[D_STOCK * BLOCK + r] = worth
        received[r] = worth


@helper
def _unserve_inner(node: Floats, received: Floats, tape: Floats, hold: float, owe: float, unmet: float) -> None:
    """Reverse of serving customers at a node with children that backorders them."""
    for r in range(BLOCK):
        left = node[D_STOCK * BLOCK + r] + hold
        owed = node[D_CUSTOMERS * BLOCK + r] + owe
        node[D_CUSTOMERS * BLOCK + r] = owed
        received[r] = left if tape[T_NET * BLOCK + r] > _0 else -owed - unmet


@helper
def _unmeasure(node: Floats, received: Floats, hold: float) -> None:
    """Reverse of measuring at a node without customers."""
    for r in range(BLOCK):
        received[r] = node[D_STOCK * BLOCK + r] + hold


@helper
def _unfill_customers(node: Floats, tape: Floats) -> None:
    """Customers' backorders take part in the share as a claim."""
    for r in range(BLOCK):
        node[D_SHARE * BLOCK + r] -= tape[T_CUSTOMERS * BLOCK + r] * node[D_CUSTOMERS * BLOCK + r]


@helper
def _unfill(node: Floats, tape: Floats) -> None:
    """Reverse of filling: stock is worth what is left over, or the share that it adds when short."""
    for r in range(BLOCK):
        short = node[D_SHARE * BLOCK + r] * tape[T_INVERSE * BLOCK + r]
        enough = tape[T_SHARE * BLOCK + r] >= _1
        node[D_RECEIVED * BLOCK + r] = node[D_RECEIVED * BLOCK + r] if enough else short
        node[D_SHARE * BLOCK + r] = _0


@helper
def _unclaim_customers(node: Floats, tape: Floats) -> None:
    """Derivative of customers' backorders before the fill."""
    for r in range(BLOCK):
        share = tape[T_SHARE * BLOCK + r]
        after = node[D_CUSTOMERS * BLOCK + r]
        node[D_CUSTOMERS * BLOCK + r] = after - share * (after + node[D_RECEIVED * BLOCK + r])


@helper
def _unreceive(node: Floats, received: Floats) -> None:
    """Keep the worth of a unit received in this period for the shipments that arrive in it."""
    for r in range(BLOCK):
        received[r] = node[D_RECEIVED * BLOCK + r]
        node[D_STOCK * BLOCK + r] = node[D_RECEIVED * BLOCK + r]


@helper
def _unship(node: Floats, received: Floats) -> None:
    """A unit shipped is worth what it is worth on arrival."""
    for r in range(BLOCK):
        node[D_SHIPPED * BLOCK + r] = received[r]


@helper
def _unship_two(node: Floats, received: Floats, later: Floats, lead: Bytes, age: int) -> None:
    """The same where the lead time is `age`, the least there is, or one period more."""
    least, more = np.uint8(age), np.uint8(age + 1)
    for r in range(BLOCK):
        worth = received[r] if lead[r] == least else _0
        node[D_SHIPPED * BLOCK + r] = worth + (later[r] if lead[r] == more else _0)


@helper
def _unship_due(node: Floats, received: Floats, lead: Bytes, age: int) -> None:
    """The same where the lead time is a longer one."""
    due = np.uint8(age)
    for r in range(BLOCK):
        node[D_SHIPPED * BLOCK + r] += received[r] if lead[r] == due else _0


@helper
def _unship_sorted(node: Floats, ring: Floats, lead: Bytes, t: int, base: int, mask: int) -> None:
    """The same, looked up one by one where lead times range widely."""
    for r in range(BLOCK):
        node[D_SHIPPED * BLOCK + r] = ring[(base + ((t + lead[r]) & mask)) * BLOCK + r]


@helper
def _unclaim_outside(node: Floats) -> None:
    """Outside suppliers ship every claim."""
    for r in range(BLOCK):
        node[D_CLAIM * BLOCK + r] = node[D_SHIPPED * BLOCK + r]


@helper
def _unshare(node: Floats, source: Floats, tape: Floats) -> None:
    """What a greater share at the source would be worth through this claim."""
    for r in range(BLOCK):
        gain = node[D_SHIPPED * BLOCK + r] - node[D_CLAIM * BLOCK + r]
        node[D_SHIPPED * BLOCK + r] = gain
        source[D_SHARE * BLOCK + r] += tape[T_CLAIM * BLOCK + r] * gain


@helper
def _unship_share(node: Floats, received: Floats, source: Floats, tape: Floats) -> None:
    """`_unship` and `_unshare` in one go, for the usual lead time that does not vary."""
    for r in range(BLOCK):
        gain = received[r] - node[D_CLAIM * BLOCK + r]
        node[D_SHIPPED * BLOCK + r] = gain
        source[D_SHARE * BLOCK + r] += tape[T_CLAIM * BLOCK + r] * gain


@helper
def _unclaim_inside(node: Floats, source: Floats, source_tape: Floats) -> None:
    """A claim gets its share and lessens what is left for the others."""
    for r in range(BLOCK):
        net = node[D_SHIPPED * BLOCK + r] - source[D_RECEIVED * BLOCK + r]
        node[D_CLAIM * BLOCK + r] += source_tape[T_SHARE * BLOCK + r] * net


@helper
def _unorder_outside(node: Floats) -> None:
    """Reverse of ordering up to the level."""
    for r in range(BLOCK):
        order = node[D_POSITION * BLOCK + r] + node[D_CLAIM * BLOCK + r]
        node[D_LEVEL * BLOCK + r] += order
        node[D_POSITION * BLOCK + r] -= order


@helper
def _unorder_inside(node: Floats, source: Floats, source_tape: Floats) -> None:
    """The same after `_unclaim_inside`, in one go; an order also lowers the position of the source."""
    for r in range(BLOCK):
        net = node[D_SHIPPED * BLOCK + r] - source[D_RECEIVED * BLOCK + r]
        claim = node[D_CLAIM * BLOCK + r] + source_tape[T_SHARE * BLOCK + r] * net
        order = node[D_POSITION * BLOCK + r] + claim - source[D_POSITION * BLOCK + r]
        node[D_CLAIM * BLOCK + r] = claim
        node[D_LEVEL * BLOCK + r] += order
        node[D_POSITION * BLOCK + r] -= order


@helper
def _unserve(
    net: NetworkArrays,
    n: int,
    node: Floats,
    received: Floats,
    demand: Floats,
    tape: Floats,
    hold: float,
    owe: float,
    unmet: float,
) -> None:
    """Reverse of steps 3 and 4 at one node; `received` gets the worth of a unit of stock before them."""
    if net.customers[n] < 0:
        _unmeasure(node, received, hold)
    elif net.lost[n]:
        _unserve_lost(node, received, tape, hold, unmet)
    elif net.inner[n]:
        _unserve_inner(node, received, tape, hold, owe, unmet)
    else:
        _unserve_backorder(node, received, demand, tape, hold, owe, unmet)


@helper
def _departures(net: NetworkArrays, n: int, t: int, node: Floats, lead: Bytes, ring: Floats) -> None:
    """Worth of what is shipped to node n in period t."""
    base, mask = net.ring_at[n], net.ring_mask[n]
    if net.wide[n]:
        _unship_sorted(node, ring, lead[t, n], t, base, mask)
        return
    low, high = net.low[n], net.high[n]
    row, later = (base + ((t + low) & mask)) * BLOCK, (base + ((t + low + 1) & mask)) * BLOCK
    if low == high:
        _unship(node, ring[row : row + BLOCK])
    else:
        _unship_two(node, ring[row : row + BLOCK], ring[later : later + BLOCK], lead[t, n], low)
    for age in range(low + 2, high + 1):
        row = (base + ((t + age) & mask)) * BLOCK
        _unship_due(node, ring[row : row + BLOCK], lead[t, n], age)


@helper
def _unclaim(net: NetworkArrays, n: int, t: int, node: Floats, tape: Floats, lead: Bytes, work: Workspace) -> None:
    """Reverse of what the source ships to node n in period t, as far as it does not depend on the other claims."""
    p = net.parent[n]
    source = work.state[max(p, 0) * RECORD * BLOCK : (max(p, 0) + 1) * RECORD * BLOCK]
    if p >= 0 and net.low[n] == net.high[n]:
        row = (net.ring_at[n] + ((t + net.low[n]) & net.ring_mask[n])) * BLOCK
        _unship_share(node, work.ring[row : row + BLOCK], source, tape)
        return
    _departures(net, n, t, node, lead, work.ring)
    if p >= 0:
        _unshare(node, source, tape)
    else:
        _unclaim_outside(node)


@helper
def _unorder_all(net: NetworkArrays, nodes: int, tape: Floats, state: Floats, t: int) -> None:
    """Reverse of step 1, parents before children."""
    for n in range(nodes):
        p = net.parent[n]
        node = state[n * RECORD * BLOCK : (n + 1) * RECORD * BLOCK]
        if p < 0:
            if t % net.review[n] == 0:
                _unorder_outside(node)
            continue
        source = state[p * RECORD * BLOCK : (p + 1) * RECORD * BLOCK]
        at = tape_at(net, t, p)
        if t % net.review[n] == 0:
            _unorder_inside(node, source, tape[at : at + TAPE * BLOCK])
        else:
            _unclaim_inside(node, source, tape[at : at + TAPE * BLOCK])


@helper
def _unfill_all(net: NetworkArrays, n: int, node: Floats, arrived: Floats, tape: Floats) -> None:
    """Reverse of filling at a node with children; the worth of a unit of stock before it is kept for arrivals."""
    if net.inner[n]:
        if net.customers[n] >= 0:
            _unfill_customers(node, tape)
        _unfill(node, tape)
        if net.customers[n] >= 0:
            _unclaim_customers(node, tape)
    _unreceive(node, arrived)


@helper
def _unstep(
    net: NetworkArrays, n: int, t: int, demand: Floats, lead: Bytes, hold: float, owe: float, unmet: float, work: Workspace
) -> None:
    """Reverse of steps 2 to 4 of node n in period t, but for what depends on the other claims on its source."""
    node = work.state[n * RECORD * BLOCK : (n + 1) * RECORD * BLOCK]
    at, row = tape_at(net, t, n), (net.ring_at[n] + (t & net.ring_mask[n])) * BLOCK
    tape, arrived = work.tape[at : at + TAPE * BLOCK], work.ring[row : row + BLOCK]
    if net.inner[n] or net.customers[n] < 0:
        _unserve(net, n, node, node[D_RECEIVED * BLOCK : (D_RECEIVED + 1) * BLOCK], demand, tape, hold, owe, unmet)
        _unfill_all(net, n, node, arrived, tape)
    else:
        _unserve(net, n, node, arrived, demand, tape, hold, owe, unmet)
    _unclaim(net, n, t, node, tape, lead, work)


@helper
def _reverse(net: NetworkArrays, demand: Floats, lead: Bytes, warm_up: int, weights: Floats, work: Workspace) -> None:
    """Reverse of `forward` on the tape it left; the derivatives are left in `work.state`."""
    nodes = len(net.parent)
    work.state[:] = _0
    work.ring[:] = _0
    for t in range(demand.shape[0] - 1, -1, -1):
        counts = _1 if t >= warm_up else _0
        for n in range(nodes - 1, -1, -1):
            hold, owe, unmet = counts * weights[0, n], counts * weights[1, n], counts * weights[2, n]
            _unstep(net, n, t, demand[t, max(net.customers[n], 0)], lead, hold, owe, unmet, work)
        _unorder_all(net, nodes, work.tape, work.state, t)


@kernel
def gradient_blocks(
    net: NetworkArrays,
    levels: Floats,
    demand: Floats,
    lead: Bytes,
    beyond: Floats,
    warm_up: int,
    weights: Floats,
    sums: Floats,
    work: Workspace,
    gradient: Doubles,
) -> None:
    """Forward and reverse pass over all blocks; sums as in `forward_blocks`.

    weights: (3, nodes), cost per unit and period of stock on hand, customers' backorders and unmet demand. The
    derivative of that cost with respect to each level, over all periods and replications, is added to gradient (nodes,).
    """
    nodes = len(levels)
    for b in range(demand.shape[0]):
        forward(net, levels, demand[b], lead[b], beyond[b], warm_up, False, True, sums[b], work)
        _reverse(net, demand[b], lead[b], warm_up, weights, work)
        for n in range(nodes):
            base = n * RECORD * BLOCK
            for r in range(BLOCK):
                gradient[n] += work.state[base + D_LEVEL * BLOCK + r]
                gradient[n] += work.state[base + D_STOCK * BLOCK + r] + work.state[base + D_POSITION * BLOCK + r]
