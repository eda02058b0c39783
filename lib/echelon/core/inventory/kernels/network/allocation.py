"""Step 2, second half: stock is shared among those who wait for it (step 2d of docs/network-model.md).

Those who wait are parties: party k is link k's claim, party links + n are the backorders of point n's customers.
"""

from echelon.core.arrays import Flags
from echelon.core.inventory.kernels.jit import helper
from echelon.core.inventory.kernels.network.arrays import BY_RANK, FIRST_COME, Network, State
from echelon.core.inventory.kernels.network.supply import empty, stock, take
from echelon.core.inventory.kernels.network.tape import ZERO, Tape, add, minus, ratio, times


@helper
def _parties(net: Network, n: int) -> int:
    """How many can wait at point n: its links downstream and its customers."""
    return net.points[n].out_end - net.points[n].out_at + 1


@helper
def _party(net: Network, n: int, i: int) -> int:
    """The i-th of them."""
    at = net.points[n].out_at + i
    return net.out[at] if at < net.points[n].out_end else len(net.links) + n


@helper
def _share_out(net: Network, state: State, tape: Tape, n: int, available: int) -> int:
    """Serve what stands in `state.party` in full or in proportion; adds to `state.share`, returns what is left over."""
    asked = ZERO
    for i in range(_parties(net, n)):
        asked = add(tape, asked, state.party[_party(net, n, i)])
    if asked == ZERO:
        return available
    enough = tape.number[available].value >= tape.number[asked].value
    part_of = ZERO if enough else ratio(tape, available, asked)
    for i in range(_parties(net, n)):
        p = _party(net, n, i)
        got = state.party[p] if enough else times(tape, state.party[p], part_of)
        state.share[p] = add(tape, state.share[p], got)
    return minus(tape, available, asked) if enough else ZERO


@helper
def _waiting(net: Network, state: State, p: int, up: Flags) -> int:
    """What party p waits for; nothing is shipped on a link that is down."""
    links = len(net.links)
    if p >= links:
        return state.points[p - links].customers
    return state.links[p].claims if up[p] else ZERO


@helper
def _by_rank(net: Network, state: State, tape: Tape, n: int, available: int, up: Flags) -> int:
    """Each rank takes what it needs before the next."""
    left = available
    for r in range(net.points[n].ranks_at, net.points[n].ranks_end):
        for i in range(_parties(net, n)):
            p = _party(net, n, i)
            of_this_rank = net.rank[p] == net.ranks[r]
            state.party[p] = _waiting(net, state, p, up) if of_this_rank else ZERO
        left = _share_out(net, state, tape, n, left)
        if left == ZERO:
            break
    return left


@helper
def _first_come(net: Network, state: State, tape: Tape, n: int, available: int, t: int, up: Flags) -> int:
    """Slot by slot; two slots a period, the first for links and the second for customers, and one for the start."""
    left, all_before = available, True
    links = len(net.links)
    for slot in range(state.points[n].head, 2 * (t + 1) + 1):
        empty_slot = True
        for i in range(_parties(net, n)):
            p = _party(net, n, i)
            state.party[p] = state.queue[slot, p] if p >= links or up[p] else ZERO
            empty_slot = empty_slot and state.queue[slot, p] == ZERO
            state.share[p] = ZERO
        if empty_slot:
            state.points[n].head = slot if all_before else state.points[n].head
            continue
        all_before = False
        left = _share_out(net, state, tape, n, left)
        _leave_slot(net, state, tape, n, slot)
        if left == ZERO:
            break
    return left


@helper
def _leave_slot(net: Network, state: State, tape: Tape, n: int, slot: int) -> None:
    """What was granted leaves the queue."""
    for i in range(_parties(net, n)):
        p = _party(net, n, i)
        if state.share[p] != ZERO:
            state.queue[slot, p] = minus(tape, state.queue[slot, p], state.share[p])
            _grant(net, state, tape, p, state.share[p])
            state.share[p] = ZERO


@helper
def _grant(net: Network, state: State, tape: Tape, p: int, quantity: int) -> None:
    """Party p gets the quantity and waits for so much less."""
    links = len(net.links)
    if p >= links:
        state.points[p - links].customers = minus(tape, state.points[p - links].customers, quantity)
    else:
        state.links[p].claims = minus(tape, state.links[p].claims, quantity)
        state.links[p].granted = add(tape, state.links[p].granted, quantity)


@helper
def _grant_shares(net: Network, state: State, tape: Tape, n: int) -> None:
    """Hand out what stands in `state.share`."""
    for i in range(_parties(net, n)):
        p = _party(net, n, i)
        if state.share[p] != ZERO:
            _grant(net, state, tape, p, state.share[p])
            state.share[p] = ZERO


@helper
def fill(net: Network, state: State, tape: Tape, n: int, t: int, up: Flags) -> None:
    """Serve those who wait at point n from its stock. up: (links,)."""
    available = stock(net, state, tape, n)
    if available == ZERO:
        return
    if net.points[n].allocation == FIRST_COME:
        left = _first_come(net, state, tape, n, available, t, up)
    elif net.points[n].allocation == BY_RANK:
        left = _by_rank(net, state, tape, n, available, up)
        _grant_shares(net, state, tape, n)
    else:
        for i in range(_parties(net, n)):
            state.party[_party(net, n, i)] = _waiting(net, state, _party(net, n, i), up)
        left = _share_out(net, state, tape, n, available)
        _grant_shares(net, state, tape, n)
    if left == ZERO:
        empty(net, state, n)
    elif left != available:
        take(net, state, tape, n, minus(tape, available, left))
