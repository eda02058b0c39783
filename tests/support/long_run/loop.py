"""The event loop: what happens in a period, as "What happens in a period" of docs/network-model.md tells it."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from support.long_run.drawn import Chance
from support.long_run.orders import order
from support.long_run.packed import ASSEMBLY, FIRST_COME, Links, Points
from support.long_run.shortage import grant_what_there_is

Array = npt.NDArray[Any]
LONGEST = 256  # a time is 255 periods at most, so that a ring of this length has a place for each period ahead
MEASURES = [
    "demand",
    "unmet",
    "lost",
    "orders",
    "orders_unmet",
    "on_hand",
    "backorders",
    "pipeline",
    "ordered",
    "waste",
    "customers_owed",
]


class State(NamedTuple):
    """Units. By point: stock (points, ages), on_order (not yet received), in_processing (points, ring of periods) and its sum
    processing, starting (initial pipeline: points, periods) and its sum to_start, owed (to customers and links), backorders
    (of customers alone). By link: claims and granted (source's units), arriving (links, ring of periods) and with what waits
    as components its sum on_way, components, given (all that was ever ordered), earliest (period before which nothing may
    arrive). queue: what waits, by the period of its claim (links, then customers; new in this period, from before the start,
    then the periods) for points that serve first come first; head: first of these columns that is not done."""

    stock: Array
    on_order: Array
    in_processing: Array
    processing: Array
    starting: Array
    to_start: Array
    owed: Array
    backorders: Array
    claims: Array
    granted: Array
    arriving: Array
    on_way: Array
    components: Array
    given: Array
    earliest: Array
    queue: Array
    head: Array


@njit(cache=False)  # not kept: numba would not see that what it calls from other files has changed (nor in _fill)
def run(points: Points, links: Links, chance: Chance, state: State, warm_up: int, batch: int) -> Array:
    """(measures, batches, points): sums over batches of that many periods after the warm-up."""
    number, periods = chance.demand.shape
    sums = np.zeros((11, (periods - warm_up) // batch, number))
    now = np.zeros((11, number))
    for t in range(periods):
        now[:] = 0
        for n in range(number - 1, -1, -1):
            order(t, n, points, links, chance.up[:, t], state, now)
        for n in range(number):
            _receive(t, n, points, links, chance, state)
            _fill(t, n, points, links, chance.up[:, t], state, now)
        for n in range(number):
            _serve(t, n, points, chance.demand[n, t], state, now)
            _age(n, points, state, now)
            _measure(n, points, state, now)
        place = (t - warm_up) // batch
        if t >= warm_up and place < sums.shape[1]:
            sums[:, place] += now
    return sums


@njit(cache=True)
def _receive(t: int, n: int, points: Points, links: Links, chance: Chance, state: State) -> None:
    """What is shipped on links leaves, what arrives is processed, what is processed goes into stock."""
    received = np.inf if points.sourcing[n] == ASSEMBLY else 0.0
    for k in range(points.first[n], points.first[n + 1]):
        _ship(t, k, links, chance, state)
        arrived = state.arriving[k, t % LONGEST]
        state.arriving[k, t % LONGEST] = 0
        if points.sourcing[n] == ASSEMBLY:
            state.components[k] += arrived
            received = min(received, state.components[k])
        else:
            received += arrived
            state.on_way[k] -= arrived
    if points.sourcing[n] == ASSEMBLY:
        state.components[points.first[n] : points.first[n + 1]] -= received
        state.on_way[points.first[n] : points.first[n + 1]] -= received
    state.on_order[n] -= received
    state.in_processing[n, (t + chance.processing[n, t]) % LONGEST] += received
    ready = state.in_processing[n, t % LONGEST]
    state.processing[n] += received - ready
    state.in_processing[n, t % LONGEST] = 0
    coming = state.starting[n, t] if t < state.starting.shape[1] else 0.0
    state.to_start[n] -= coming
    state.stock[n, 0] += ready + coming


@njit(cache=True)
def _ship(t: int, k: int, links: Links, chance: Chance, state: State) -> None:
    """An outside source grants all that is claimed while the link is up; others granted when they filled (_fill)."""
    if links.source[k] < 0 and chance.up[k, t]:
        state.granted[k] = state.claims[k]
        state.claims[k] = 0
    arrival = t + chance.lead[k, t]
    if not links.crossing[k]:
        arrival = max(arrival, state.earliest[k])
        state.earliest[k] = arrival
    shipped = state.granted[k] / links.quantity[k]
    state.arriving[k, arrival % LONGEST] += shipped
    state.on_way[k] += shipped
    state.granted[k] = 0


@njit(cache=False)
def _fill(t: int, n: int, points: Points, links: Links, up: Array, state: State, now: Array) -> None:
    """Links that are up, and customers who wait since earlier periods, get what there is."""
    older, placed, placed_up = state.backorders[n], 0.0, 0.0
    for k in range(links.source.size):
        if links.source[k] == n:
            new = state.queue[k, 0]
            placed += new
            if up[k]:
                placed_up += new
                older += state.claims[k] - new
            state.queue[k, 0] = 0
    now[3, n] = placed
    stock = state.stock[n].sum()
    now[4, n] = placed - min(max(stock - older, 0.0), placed_up)
    if stock > 0:
        used = grant_what_there_is(t, n, points, links, up, stock, state)
        state.owed[n] -= used
        take(n, points.lifo[n], min(used, stock), state.stock)


@njit(cache=True)
def _serve(t: int, n: int, points: Points, demand: float, state: State, now: Array) -> None:
    """Customers are served from what is left; what they do not get waits or is lost."""
    served = min(demand, state.stock[n].sum())
    take(n, points.lifo[n], served, state.stock)
    unmet = demand - served
    waits = points.backorder_share[n] * unmet
    state.backorders[n] += waits
    state.owed[n] += waits
    if points.allocation[n] == FIRST_COME:
        state.queue[state.claims.size + n, t + 2] += waits
    now[0, n], now[1, n], now[2, n] = demand, unmet, unmet - waits


@njit(cache=True)
def take(n: int, newest_first: bool, amount: float, stock: Array) -> None:
    """Units leave stock, oldest first or newest first."""
    ages = stock.shape[1]
    for i in range(ages):
        age = i if newest_first else ages - 1 - i
        part = min(stock[n, age], amount)
        stock[n, age] -= part
        amount -= part


@njit(cache=True)
def _age(n: int, points: Points, state: State, now: Array) -> None:
    """Units that could be used in as many periods as they live, this one included, are wasted; the others grow older."""
    life = points.shelf_life[n]
    if life > 0:
        now[9, n] = state.stock[n, life - 1]
        for age in range(life - 1, 0, -1):
            state.stock[n, age] = state.stock[n, age - 1]
        state.stock[n, 0] = 0


@njit(cache=True)
def _measure(n: int, points: Points, state: State, now: Array) -> None:
    now[5, n] = state.stock[n].sum()
    now[6, n] = state.owed[n]
    now[10, n] = state.backorders[n]
    on_links = state.on_way[points.first[n] : points.first[n + 1]].sum()
    parts = points.first[n + 1] - points.first[n] if points.sourcing[n] == ASSEMBLY else 1
    now[7, n] = on_links / parts + state.processing[n] + state.to_start[n]
