"""Step 2, first half: what arrives at a point and becomes stock; and how stock leaves it."""

from echelon.core.inventory.general.arrays import ASSEMBLY, Network, State
from echelon.core.inventory.general.tape import ZERO, Tape, add, constant, minus, scaled, smaller
from echelon.core.inventory.simulation.jit import part
from echelon.core.inventory.simulation.layout import Bytes, Flags


@part
def ship(net: Network, state: State, tape: Tape, k: int, t: int, up: Flags, lead: Bytes) -> None:
    """What the source has granted on link k sets out; an outside source grants every claim. up, lead: (links,)."""
    granted = state.granted[k]
    if net.links.source[k] < 0 and up[k]:
        granted, state.claims[k] = state.claims[k], ZERO
    state.granted[k] = ZERO
    due = net.links.ring_at[k] + ((t + lead[k]) & net.links.mask[k])
    state.ring[due] = add(tape, state.ring[due], granted)


@part
def _arrived(net: Network, state: State, k: int, t: int) -> int:
    """What arrives on link k in period t."""
    place = net.links.ring_at[k] + (t & net.links.mask[k])
    arrived = state.ring[place]
    state.ring[place] = ZERO
    return arrived


@part
def _assembled(net: Network, state: State, tape: Tape, n: int, t: int) -> int:
    """As many units as all components allow."""
    first, end = net.points.link_at[n], net.points.link_at[n + 1]
    units = ZERO
    for k in range(first, end):
        state.components[k] = add(tape, state.components[k], _arrived(net, state, k, t))
        enough = scaled(tape, state.components[k], 1.0 / net.links.quantity[k])
        units = enough if k == first else smaller(tape, units, enough)
    for k in range(first, end):
        state.components[k] = minus(tape, state.components[k], scaled(tape, units, net.links.quantity[k]))
    return units


@part
def receive(net: Network, state: State, tape: Tape, n: int, t: int, processing: int) -> None:
    """What arrives is processed, and what leaves processing is stock of age 0. processing: periods it takes now."""
    points = net.points
    inbound = ZERO
    if points.sourcing[n] == ASSEMBLY:
        inbound = _assembled(net, state, tape, n, t)
    else:
        for k in range(points.link_at[n], points.link_at[n + 1]):
            inbound = add(tape, inbound, _arrived(net, state, k, t))
    base, mask = points.processing_at[n], points.processing_mask[n]
    due = base + ((t + processing) & mask)
    state.processing[due] = add(tape, state.processing[due], inbound)
    ready = add(tape, state.processing[base + (t & mask)], constant(tape, points.arrivals[t, n]))
    state.processing[base + (t & mask)] = ZERO
    fresh = points.stock_at[n]
    state.batches[fresh] = add(tape, state.batches[fresh], ready)


@part
def stock(net: Network, state: State, tape: Tape, n: int) -> int:
    """Stock on hand, whatever its age."""
    total = state.batches[net.points.stock_at[n]]
    for i in range(net.points.stock_at[n] + 1, net.points.stock_at[n + 1]):
        total = add(tape, total, state.batches[i])
    return total


@part
def empty(net: Network, state: State, n: int) -> None:
    """All stock leaves."""
    for i in range(net.points.stock_at[n], net.points.stock_at[n + 1]):
        state.batches[i] = ZERO


@part
def take(net: Network, state: State, tape: Tape, n: int, quantity: int) -> None:
    """So much stock leaves, no more than there is, the oldest or the newest first."""
    first, ages = net.points.stock_at[n], net.points.stock_at[n + 1] - net.points.stock_at[n]
    left = quantity
    for step in range(ages):
        if left == ZERO:
            return
        i = first + (step if net.points.lifo[n] else ages - 1 - step)
        some = smaller(tape, left, state.batches[i])
        left = minus(tape, left, some)
        state.batches[i] = minus(tape, state.batches[i], some)


@part
def grow_older(net: Network, state: State, n: int) -> int:
    """The batches of point n age by a period; returns what is wasted."""
    first, last = net.points.stock_at[n], net.points.stock_at[n + 1] - 1
    if net.points.shelf_life[n] == 0:
        return ZERO
    wasted = state.batches[last]
    for i in range(last, first, -1):
        state.batches[i] = state.batches[i - 1]
    state.batches[first] = ZERO
    return wasted
