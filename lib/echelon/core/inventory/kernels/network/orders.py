"""Step 1: what a point orders, and from whom (docs/network-model.md)."""

from echelon.core.arrays import Flags
from echelon.core.inventory.kernels.jit import helper
from echelon.core.inventory.kernels.network.arrays import ASSEMBLY, LOTS, ORDER_UP_TO, PRIORITY, Network, State
from echelon.core.inventory.kernels.network.rounding import rounding
from echelon.core.inventory.kernels.network.tape import (
    ZERO,
    Tape,
    add,
    constant,
    larger,
    minus,
    scaled,
    smaller,
    straight_through,
)

CLOSE = 1e-9  # a smaller order is none
BEYOND_CAPACITIES = 1e300  # a capacity is below it or no limit; compiled code may not compare with infinity


@helper
def _lots_above(quantity: float, lot: float, little: float) -> float:
    """The least multiple of the lot that is not below the quantity, but for a little."""
    return -(-(quantity - little) // lot) * lot if lot > 0.0 else quantity


@helper
def _lots_within(quantity: float, lot: float, little: float) -> float:
    """The greatest multiple of the lot that is not above the quantity, but for a little."""
    return (quantity + little) // lot * lot if lot > 0.0 else quantity


@helper
def _wanted(net: Network, tape: Tape, n: int, need: int) -> int:
    """What the policy asks for, ZERO for nothing."""
    point, short, little = net.points[n], tape.number[need].value, rounding(tape, n)
    if point.policy == LOTS:
        return straight_through(tape, ((short + little) // point.lot + 1.0) * point.lot, need) if short >= -little else ZERO
    any_quantity = point.lot == 0.0 and point.moq == 0.0
    if short <= (CLOSE if any_quantity else little) or (point.policy == ORDER_UP_TO and short < point.gap - little):
        return ZERO
    quantity = _lots_above(max(short, point.moq), point.lot, little)
    return need if quantity == short else straight_through(tape, quantity, need)


@helper
def _owed(net: Network, state: State, tape: Tape, n: int) -> int:
    """Claims of links that leave n, and customers' backorders."""
    owed = state.points[n].customers
    for i in range(net.points[n].out_at, net.points[n].out_end):
        owed = add(tape, owed, state.links[net.out[i]].claims)
    return owed


@helper
def _room(net: Network, state: State, tape: Tape, n: int) -> int:
    """How much more than stock on hand and on order may be stored, not below 0."""
    held = add(tape, state.points[n].position, _owed(net, state, tape, n))
    return larger(tape, minus(tape, constant(tape, net.points[n].storage_capacity), held), ZERO)


@helper
def _cut(net: Network, state: State, tape: Tape, n: int, wanted: int) -> int:
    """The order within the capacities, in whole lots again, ZERO where that falls below the MOQ."""
    point, quantity, little = net.points[n], wanted, rounding(tape, n)
    if tape.number[quantity].value > point.order_capacity:
        quantity = constant(tape, point.order_capacity)
    if point.storage_capacity < BEYOND_CAPACITIES:
        quantity = smaller(tape, quantity, _room(net, state, tape, n))
    if quantity == wanted:
        return wanted
    whole = _lots_within(tape.number[quantity].value, point.lot, little)
    if whole <= CLOSE or (point.policy != LOTS and whole < point.moq - little):
        return ZERO
    return quantity if whole == tape.number[quantity].value else straight_through(tape, whole, quantity)


@helper
def _within(net: Network, tape: Tape, k: int, quantity: int) -> int:
    """What link k can take of an order."""
    if tape.number[quantity].value > net.links[k].capacity:
        return constant(tape, net.links[k].capacity)
    return quantity


@helper
def _claim(net: Network, state: State, tape: Tape, k: int, quantity: int, slot: int) -> None:
    """Link k's source owes the quantity from now on."""
    claim = scaled(tape, quantity, net.links[k].quantity)
    state.links[k].claims = add(tape, state.links[k].claims, claim)
    state.links[k].given += tape.number[quantity].value
    source = net.links[k].source
    if source >= 0:
        state.points[source].position = minus(tape, state.points[source].position, claim)
        if len(state.queue) > 0:
            state.queue[slot, k] = add(tape, state.queue[slot, k], claim)


@helper
def _furthest_behind(net: Network, state: State, n: int, quantity: float) -> int:
    """The link whose share of all orders, this one included, exceeds most what it was given."""
    first, end = net.points[n].link_at, net.points[n].link_end
    total = quantity
    for k in range(first, end):
        total += state.links[k].given
    best, most = first, -1e300
    for k in range(first, end):
        behind = net.links[k].share * total - state.links[k].given
        if behind > most + CLOSE * max(1.0, total):
            best, most = k, behind
    return best


@helper
def _give_by_share(net: Network, state: State, tape: Tape, n: int, order: int, slot: int) -> int:
    """The whole order to one link, so that whole units stay whole."""
    k = net.points[n].link_at
    if net.points[n].link_end - k > 1:
        k = _furthest_behind(net, state, n, tape.number[order].value)
    taken = _within(net, tape, k, order)
    _claim(net, state, tape, k, taken, slot)
    return taken


@helper
def _give_by_priority(net: Network, state: State, tape: Tape, n: int, order: int, up: Flags, slot: int) -> int:
    """Links in use in order of preference, each up to its capacity; with none in use the first one waits."""
    first, end = net.points[n].link_at, net.points[n].link_end
    left, some = order, False
    for i in range(first, end):
        k = net.by_priority[i]
        if up[k] and tape.number[left].value > CLOSE:
            taken = _within(net, tape, k, left)
            _claim(net, state, tape, k, taken, slot)
            left = minus(tape, left, taken)
        some = some or up[k]
    if some:
        return minus(tape, order, left)
    taken = _within(net, tape, net.by_priority[first], order)
    _claim(net, state, tape, net.by_priority[first], taken, slot)
    return taken


@helper
def _give_to_all(net: Network, state: State, tape: Tape, n: int, order: int, slot: int) -> int:
    """An assembly needs every component."""
    taken = order
    for k in range(net.points[n].link_at, net.points[n].link_end):
        taken = _within(net, tape, k, taken)
    for k in range(net.points[n].link_at, net.points[n].link_end):
        _claim(net, state, tape, k, taken, slot)
    return taken


@helper
def order(net: Network, state: State, tape: Tape, n: int, t: int, up: Flags) -> int:
    """Place the order of point n in period t; returns the quantity as a number of the tape. up: (links,)."""
    target = scaled(tape, n + 1, net.calendar[t, n].factor)
    wanted = _wanted(net, tape, n, minus(tape, target, state.points[n].position))
    quantity = _cut(net, state, tape, n, wanted) if wanted != ZERO else ZERO
    if quantity == ZERO:
        return ZERO
    slot = 2 * (t + 1)
    if net.points[n].sourcing == PRIORITY:
        quantity = _give_by_priority(net, state, tape, n, quantity, up, slot)
    elif net.points[n].sourcing == ASSEMBLY:
        quantity = _give_to_all(net, state, tape, n, quantity, slot)
    else:
        quantity = _give_by_share(net, state, tape, n, quantity, slot)
    state.points[n].position = add(tape, state.points[n].position, quantity)
    return quantity
