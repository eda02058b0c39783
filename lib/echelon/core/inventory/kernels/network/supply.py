"""Step 2, first half: what arrives at a point and becomes stock; and how stock leaves it."""

from echelon.core.arrays import Bytes, Flags
from echelon.core.inventory.kernels.jit import helper
from echelon.core.inventory.kernels.network.arrays import ASSEMBLY, Network, State
from echelon.core.inventory.kernels.network.tape import ZERO, Tape, add, constant, minus, scaled, smaller


@helper
def ship(net: Network, state: State, tape: Tape, k: int, t: int, up: Flags, lead: Bytes) -> None:
    """What the source has granted on link k sets out; an outside source grants every claim. up, lead: (links,)."""
    granted = state.links[k].granted
    if net.links[k].source < 0 and up[k]:
        granted, state.links[k].claims = state.links[k].claims, ZERO
    state.links[k].granted = ZERO
    due = net.links[k].ring_at + ((t + lead[k]) & net.links[k].mask)
    state.ring[due] = add(tape, state.ring[due], granted)


@helper
def _arrived(net: Network, state: State, k: int, t: int) -> int:
    """What arrives on link k in period t."""
    place = net.links[k].ring_at + (t & net.links[k].mask)
    arrived = state.ring[place]
    state.ring[place] = ZERO
    return arrived


@helper
def _assembled(net: Network, state: State, tape: Tape, n: int, t: int) -> int:
    """As many units as all components allow."""
    first, end = net.points[n].link_at, net.points[n].link_end
    units = ZERO
    for k in range(first, end):
        state.links[k].components = add(tape, state.links[k].components, _arrived(net, state, k, t))
        enough = scaled(tape, state.links[k].components, 1.0 / net.links[k].quantity)
        units = enough if k == first else smaller(tape, units, enough)
    for k in range(first, end):
        state.links[k].components = minus(tape, state.links[k].components, scaled(tape, units, net.links[k].quantity))
    return units


@helper
def receive(net: Network, state: State, tape: Tape, n: int, t: int, processing: int) -> None:
    """What arrives is processed, and what leaves processing is stock of age 0. processing: periods it takes now."""
    points = net.points
    inbound = ZERO
    if points[n].sourcing == ASSEMBLY:
        inbound = _assembled(net, state, tape, n, t)
    else:
        for k in range(points[n].link_at, points[n].link_end):
            inbound = add(tape, inbound, scaled(tape, _arrived(net, state, k, t), 1.0 / net.links[k].quantity))
    base, mask = points[n].processing_at, points[n].processing_mask
    due = base + ((t + processing) & mask)
    state.processing[due] = add(tape, state.processing[due], inbound)
    ready = add(tape, state.processing[base + (t & mask)], constant(tape, net.calendar[t, n].arrivals))
    state.processing[base + (t & mask)] = ZERO
    fresh = points[n].stock_at
    state.batches[fresh] = add(tape, state.batches[fresh], ready)


@helper
def stock(net: Network, state: State, tape: Tape, n: int) -> int:
    """Stock on hand, whatever its age."""
    total = state.batches[net.points[n].stock_at]
    for i in range(net.points[n].stock_at + 1, net.points[n].stock_end):
        total = add(tape, total, state.batches[i])
    return total


@helper
def empty(net: Network, state: State, n: int) -> None:
    """All stock leaves."""
    for i in range(net.points[n].stock_at, net.points[n].stock_end):
        state.batches[i] = ZERO


@helper
def take(net: Network, state: State, tape: Tape, n: int, quantity: int) -> None:
    """So much stock leaves, no more than there is, the oldest or the newest first."""
    first, ages = net.points[n].stock_at, net.points[n].stock_end - net.points[n].stock_at
    left = quantity
    for step in range(ages):
        if left == ZERO:
            return
        i = first + (step if net.points[n].lifo else ages - 1 - step)
        some = smaller(tape, left, state.batches[i])
        left = minus(tape, left, some)
        state.batches[i] = minus(tape, state.batches[i], some)


@helper
def grow_older(net: Network, state: State, n: int) -> int:
    """The batches of point n age by a period; returns what is wasted."""
    first, last = net.points[n].stock_at, net.points[n].stock_end - 1
    if net.points[n].shelf_life == 0:
        return ZERO
    wasted = state.batches[last]
    for i in range(last, first, -1):
        state.batches[i] = state.batches[i - 1]
    state.batches[first] = ZERO
    return wasted
