"""What is measured at the end of every period, and the worth of a unit of it when derivatives are asked for."""

from echelon.core.arrays import Doubles, Flags, Floats
from echelon.core.inventory.kernels.jit import helper
from echelon.core.inventory.kernels.layout import (
    BACKORDERS,
    COVERED,
    CUSTOMERS_OWED,
    CYCLES,
    DEMAND,
    ON_HAND,
    ORDERS,
    ORDERS_UNMET,
    READY,
    SLOPE,
    STOCKOUTS,
    SUMS,
    UNMET,
)
from echelon.core.inventory.kernels.network.arrays import ASSEMBLY, Network, State
from echelon.core.inventory.kernels.network.rounding import rounding
from echelon.core.inventory.kernels.network.supply import stock
from echelon.core.inventory.kernels.network.tape import Tape

# Sums that the fast kernel does not have, after its own. CYCLES_SEEN counts the whole review cycles.
LOST, PIPELINE, ORDERED, ORDER_COUNT, WASTE, CYCLES_SEEN = range(SUMS, SUMS + 6)
ALL_SUMS = SUMS + 6
HOLD, OWE, SHORT, SPOIL = range(4)  # rows of the weights
WEIGHTS = 4
TRACED = 3  # stock on hand, backorders and units under way, period by period


@helper
def close_cycle(state: State, n: int, sums: Doubles, counts: bool) -> None:
    """A review cycle ends: it counts as good when nothing was short in it."""
    if counts:
        sums[n, CYCLES] += 1.0 - state.points[n].open
        sums[n, CYCLES_SEEN] += 1.0
    state.points[n].open = 0.0


@helper
def note_orders(net: Network, state: State, tape: Tape, n: int, up: Flags, sums: Doubles, counts: bool) -> float:
    """Orders from downstream; returns the part that is not filled at once, old claims first. Run before the fill."""
    on_hand = tape.number[stock(net, state, tape, n)].value
    older, ordered, down = tape.number[state.points[n].customers].value, 0.0, 0.0
    for i in range(net.points[n].out_at, net.points[n].out_end):
        k = net.out[i]
        new = tape.number[state.links[k].claims].value - state.links[k].older
        ordered += new if up[k] else 0.0
        down += 0.0 if up[k] else new
        older += state.links[k].older if up[k] else 0.0
    unmet = down + ordered - min(max(on_hand - older, 0.0), ordered)
    if counts:
        sums[n, ORDERS] += ordered + down
        sums[n, ORDERS_UNMET] += unmet
    return unmet


@helper
def note_service(tape: Tape, n: int, asked: float, unmet: int, free: bool, sums: Doubles) -> None:
    """Customers' demand and what of it was not served at once; `free`: no one else was waiting before it."""
    short = tape.number[unmet].value
    sums[n, DEMAND] += asked
    sums[n, UNMET] += short
    out = short > rounding(tape, n)
    sums[n, STOCKOUTS] += 1.0 if out else 0.0
    sums[n, SLOPE] += 1.0 if out and free else 0.0


@helper
def backorders(net: Network, state: State, tape: Tape, n: int) -> float:
    """Owed to links and customers."""
    owed = tape.number[state.points[n].customers].value
    for i in range(net.points[n].out_at, net.points[n].out_end):
        owed += tape.number[state.links[net.out[i]].claims].value
    return owed


@helper
def in_transit(net: Network, state: State, tape: Tape, n: int) -> float:
    """Units on the links to point n, waiting as components and in processing, in units of n."""
    points, first, end = net.points, net.points[n].link_at, net.points[n].link_end
    moving = 0.0
    for k in range(first, end):
        units = tape.number[state.links[k].components].value
        for i in range(net.links[k].mask + 1):
            units += tape.number[state.ring[net.links[k].ring_at + i]].value
        moving += units / net.links[k].quantity
    if points[n].sourcing == ASSEMBLY:
        moving /= end - first
    for i in range(points[n].processing_mask + 1):
        moving += tape.number[state.processing[points[n].processing_at + i]].value
    return moving


@helper
def note_end(net: Network, state: State, tape: Tape, n: int, t: int, weights: Doubles, sums: Doubles) -> None:
    """Stock on hand, what is owed, what is under way."""
    for i in range(net.points[n].stock_at, net.points[n].stock_end):
        sums[n, ON_HAND] += tape.number[state.batches[i]].value
        tape.number[state.batches[i]].worth += weights[HOLD, n]
    owed = backorders(net, state, tape, n)
    ready = 1.0 if owed <= rounding(tape, n) else 0.0
    sums[n, BACKORDERS] += owed
    sums[n, CUSTOMERS_OWED] += tape.number[state.points[n].customers].value
    tape.number[state.points[n].customers].worth += weights[OWE, n]
    sums[n, READY] += ready
    sums[n, COVERED] += ready
    sums[n, PIPELINE] += in_transit(net, state, tape, n) + net.calendar[t, n].coming


@helper
def note_trace(net: Network, state: State, tape: Tape, out: Floats) -> None:
    """The state at the end of a period; out: (TRACED, points)."""
    for n in range(len(net.points)):
        out[0, n] = tape.number[stock(net, state, tape, n)].value
        out[1, n] = backorders(net, state, tape, n)
        out[2, n] = in_transit(net, state, tape, n)


@helper
def remember_claims(net: Network, state: State, tape: Tape) -> None:
    """Claims at the end of a period are old in the next."""
    for k in range(len(net.links)):
        state.links[k].older = tape.number[state.links[k].claims].value
