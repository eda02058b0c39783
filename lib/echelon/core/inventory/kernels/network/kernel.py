"""One replication after the other: the periods of docs/network-model.md, forwards, and the tape backwards."""

from typing import NamedTuple

import numpy as np

from echelon.core.arrays import Doubles, Floats
from echelon.core.inventory.kernels.jit import helper, kernel
from echelon.core.inventory.kernels.layout import BLOCK
from echelon.core.inventory.kernels.network import measures
from echelon.core.inventory.kernels.network.allocation import fill
from echelon.core.inventory.kernels.network.arrays import LOTS, Draws, Network, State
from echelon.core.inventory.kernels.network.measures import SHORT, SPOIL
from echelon.core.inventory.kernels.network.orders import CLOSE, order
from echelon.core.inventory.kernels.network.rounding import rounding
from echelon.core.inventory.kernels.network.supply import empty, grow_older, receive, ship, stock, take
from echelon.core.inventory.kernels.network.tape import (
    ZERO,
    Tape,
    add,
    constant,
    larger,
    linear,
    minus,
    overflown,
    run_back,
    scaled,
    straight_through,
)


@helper
def _clear(state: State) -> None:
    """Nothing anywhere."""
    for k in range(len(state.links)):
        link = state.links[k]
        link.claims, link.granted, link.components, link.given, link.older = ZERO, ZERO, ZERO, 0.0, 0.0
    for n in range(len(state.points)):
        state.points[n].head, state.points[n].open = 0, 0.0
    state.batches[:], state.ring[:], state.processing[:], state.share[:] = ZERO, ZERO, ZERO, ZERO
    state.queue[:] = ZERO


@helper
def _stock(net: Network, state: State, tape: Tape, n: int, quantity: int, of_all_ages: bool) -> None:
    """Stock at the start: of age 0, or as much of every age, in whole units where there are such."""
    first, ages = net.points[n].stock_at, net.points[n].stock_end - net.points[n].stock_at
    if not of_all_ages or ages == 1:
        state.batches[first] = quantity
        return
    value, before = tape.number[quantity].value, 0.0
    whole = value == np.floor(value)
    for i in range(ages):
        up_to = value * (i + 1) / ages
        up_to = np.floor(up_to + CLOSE) if whole else up_to
        state.batches[first + i] = straight_through(tape, up_to - before, scaled(tape, quantity, 1.0 / ages))
        before = up_to


@helper
def _start(net: Network, state: State, tape: Tape, n: int, beyond: float, of_all_ages: bool) -> None:
    """The state of point n before the first period; beyond: of its position, from that of a full point."""
    points = net.points
    owed = constant(tape, points[n].start_backorders)
    expected = net.calendar[0, n].arrivals + net.calendar[0, n].coming
    full = add(tape, scaled(tape, n + 1, net.calendar[0, n].factor), owed)
    if points[n].policy == LOTS:
        full = add(tape, full, constant(tape, points[n].gap))
    full = add(tape, full, constant(tape, beyond))
    full = larger(tape, minus(tape, full, constant(tape, expected)), ZERO)
    given = points[n].start_stock
    first = full if given < 0.0 else constant(tape, given)
    _stock(net, state, tape, n, first, of_all_ages)
    state.points[n].customers = owed
    if len(state.queue) > 0:
        state.queue[0, len(net.links) + n] = owed
    state.points[n].position = minus(tape, add(tape, first, constant(tape, expected)), owed)


@helper
def _serve(net: Network, state: State, tape: Tape, n: int, asked: float, slot: int) -> int:
    """Step 3: customers' demand; returns what of it is not served."""
    wanted, on_hand = constant(tape, asked), stock(net, state, tape, n)
    if tape.number[on_hand].value >= asked:
        take(net, state, tape, n, wanted)
        state.points[n].position = minus(tape, state.points[n].position, wanted)
        return ZERO
    empty(net, state, n)
    unmet = minus(tape, wanted, on_hand)
    waits = scaled(tape, unmet, net.points[n].backorder_share) if net.points[n].backorder_share > 0.0 else ZERO
    state.points[n].customers = add(tape, state.points[n].customers, waits)
    if len(state.queue) > 0:
        state.queue[slot, len(net.links) + n] = waits
    state.points[n].position = minus(tape, state.points[n].position, add(tape, on_hand, waits))
    return unmet


class Moment(NamedTuple):
    """A period of one replication: number t, of replication r in block b; only measured periods count."""

    t: int
    b: int
    r: int
    counts: bool


@helper
def _supply(net: Network, state: State, tape: Tape, n: int, now: Moment, draws: Draws) -> None:
    """Step 2, first half."""
    t, b, r = now.t, now.b, now.r
    up, lead = draws.up[b, t, :, r], draws.lead[b, t, :, r]
    for k in range(net.points[n].link_at, net.points[n].link_end):
        ship(net, state, tape, k, t, up, lead)
    receive(net, state, tape, n, t, draws.processing[b, t, n, r])


@helper
def _fill(net: Network, state: State, tape: Tape, n: int, now: Moment, draws: Draws, sums: Doubles) -> None:
    """Step 2, second half."""
    up = draws.up[now.b, now.t, :, now.r]
    if net.points[n].out_end > net.points[n].out_at:
        unmet = measures.note_orders(net, state, tape, n, up, sums, now.counts)
        state.points[n].open = 1.0 if unmet > rounding(tape, n) else state.points[n].open
    fill(net, state, tape, n, now.t, up)


@helper
def _customers(net: Network, state: State, tape: Tape, n: int, now: Moment, asked: float, worth: float, sums: Doubles) -> None:
    """Step 3 and its measures."""
    free = measures.backorders(net, state, tape, n) <= rounding(tape, n)
    unmet = _serve(net, state, tape, n, asked, 2 * (now.t + 1) + 1)
    state.points[n].open = 1.0 if tape.number[unmet].value > rounding(tape, n) else state.points[n].open
    if now.counts:
        measures.note_service(tape, n, asked, unmet, free, sums)
        tape.number[unmet].worth += worth
        sums[n, measures.LOST] += tape.number[unmet].value * (1.0 - net.points[n].backorder_share)


@helper
def _end(net: Network, state: State, tape: Tape, n: int, now: Moment, weights: Doubles, sums: Doubles) -> None:
    """Step 4."""
    wasted = grow_older(net, state, n)
    state.points[n].position = minus(tape, state.points[n].position, wasted)
    if now.counts:
        sums[n, measures.WASTE] += tape.number[wasted].value
        tape.number[wasted].worth += weights[SPOIL, n]
        measures.note_end(net, state, tape, n, now.t, weights, sums)


@helper
def _order_all(net: Network, state: State, tape: Tape, now: Moment, draws: Draws, sums: Doubles) -> None:
    """Step 1, destinations before sources."""
    for n in range(len(net.points) - 1, -1, -1):
        if net.calendar[now.t, n].may_order:
            quantity = order(net, state, tape, n, now.t, draws.up[now.b, now.t, :, now.r])
            if now.counts:
                sums[n, measures.ORDERED] += tape.number[quantity].value
                sums[n, measures.ORDER_COUNT] += 1.0 if tape.number[quantity].value > rounding(tape, n) else 0.0


@helper
def _period(
    net: Network, state: State, tape: Tape, now: Moment, warm_up: int, draws: Draws, weights: Doubles, sums: Doubles
) -> None:
    """Steps 1 to 4 at all points."""
    points = net.points
    _order_all(net, state, tape, now, draws, sums)
    for n in range(len(points)):
        cycle = net.calendar[now.t, n].cycle
        if cycle > 0:
            measures.close_cycle(state, n, sums, now.t - cycle >= warm_up)
        _supply(net, state, tape, n, now, draws)
        _fill(net, state, tape, n, now, draws, sums)
        if points[n].customers >= 0:
            asked = draws.demand[now.b, now.t, points[n].customers, now.r]
            _customers(net, state, tape, n, now, asked, weights[SHORT, n], sums)
        _end(net, state, tape, n, now, weights, sums)
    measures.remember_claims(net, state, tape)


@helper
def _replication(
    net: Network,
    state: State,
    tape: Tape,
    levels: Doubles,
    draws: Draws,
    b: int,
    r: int,
    warm_up: int,
    weights: Doubles,
    sums: Doubles,
    trace: Floats,
) -> None:
    """All periods of one replication; sums: (points, ALL_SUMS), added to; trace: (0 or 1, periods, TRACED, points)."""
    _clear(state)
    tape.size[0] = 1
    for n in range(len(levels)):
        linear(tape, levels[n], ZERO, 0.0, ZERO, 0.0)
    for n in range(len(levels)):
        _start(net, state, tape, n, draws.start[b, n, r], draws.of_all_ages)
    for t in range(draws.demand.shape[1]):
        _period(net, state, tape, Moment(t, b, r, t >= warm_up), warm_up, draws, weights, sums)
        if len(trace) > 0:
            measures.note_trace(net, state, tape, trace[0, t])


@kernel
def simulate(
    net: Network,
    state: State,
    tape: Tape,
    levels: Doubles,
    draws: Draws,
    warm_up: int,
    weights: Doubles,
    backwards: bool,
    sums: Doubles,
    gradient: Doubles,
    trace: Floats,
) -> bool:
    """Every replication of the draws. sums: (replications, points, ALL_SUMS), set; weights: (WEIGHTS, points), cost per
    unit of stock on hand, customers' backorders, unmet demand and waste; with `backwards` its derivatives in the levels
    are added to gradient (points,). trace: (replications or 0, periods, TRACED, points), set. False when the tape was
    too short: the results then mean nothing.
    """
    for b in range(draws.demand.shape[0]):
        for r in range(BLOCK):
            i = b * BLOCK + r
            sums[i] = 0.0
            _replication(net, state, tape, levels, draws, b, r, warm_up, weights, sums[i], trace[i : i + 1])
            if overflown(tape):
                return False
            if backwards:
                run_back(tape)
                for n in range(len(levels)):
                    gradient[n] += tape.number[n + 1].worth
    return True
