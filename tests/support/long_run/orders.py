"""Step 1 of a period: what a point orders, and on which links."""

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from support.long_run.packed import ASSEMBLY, FIRST_COME, R_Q, S_S, SHARES, Links, Points

Array = npt.NDArray[Any]
State = Any  # support.long_run.loop.State, which imports this file


@njit(cache=True)
def order(t: int, n: int, points: Points, links: Links, up: Array, state: State, now: Array) -> None:
    """A point whose calendar says so orders up to its target."""
    if points.calendar[n, t % points.calendar_length[n]] == 0:
        return
    target = points.level[n] * points.profile[n, t % points.profile_length[n]]
    coming = state.on_order[n] + state.processing[n] + state.to_start[n]
    held = state.stock[n].sum() + coming
    rounding = 1e-5 * max(points.level[n], 1.0)
    quantity = _wanted(n, points, target - (held - state.owed[n]), rounding)
    quantity = _cut(n, points, quantity, held, rounding)
    if quantity > 0:
        _give(t, n, points, links, up, quantity, state, now)


@njit(cache=True)
def _wanted(n: int, points: Points, need: float, rounding: float) -> float:
    """Before what order and storage capacity leave."""
    gap, lot, moq = points.gap[n], points.lot[n], points.moq[n]
    if points.kind[n] == R_Q:
        return gap * (np.floor((need + rounding) / gap) + 1) if need >= -rounding else 0.0
    least = rounding if lot > 0 or moq > 0 or points.kind[n] == S_S else 0.0
    if need <= least or (points.kind[n] == S_S and need < gap - rounding):
        return 0.0
    quantity = max(need, moq)
    return lot * np.ceil((quantity - rounding) / lot) if lot > 0 else quantity


@njit(cache=True)
def _cut(n: int, points: Points, quantity: float, held: float, rounding: float) -> float:
    """To order capacity and to what storage leaves: whole lots (of (R,Q) whole Q), and nothing below the MOQ."""
    most = max(min(points.order_capacity[n], points.storage_capacity[n] - held), 0.0)
    if quantity <= most:
        return quantity
    lot = points.gap[n] if points.kind[n] == R_Q else points.lot[n]
    if lot > 0:
        most = lot * np.floor((most + rounding) / lot)
    return 0.0 if points.kind[n] != R_Q and most < points.moq[n] - rounding else most


@njit(cache=True)
def _give(t: int, n: int, points: Points, links: Links, up: Array, quantity: float, state: State, now: Array) -> None:
    """To all links (assembly), to the one furthest behind its share, or by priority."""
    first, last = points.first[n], points.first[n + 1]
    if points.sourcing[n] == ASSEMBLY:
        part = min(quantity, links.capacity[first:last].min())
        for k in range(first, last):
            _claim(t, k, part, points, links, state)
        ordered = part
    elif points.sourcing[n] == SHARES:
        behind = links.share[first:last] * (state.given[first:last].sum() + quantity) - state.given[first:last]
        chosen = first + np.argmax(behind >= behind.max() - 1e-9 * max(quantity, 1.0))  # the first of equals
        ordered = min(quantity, links.capacity[chosen])
        _claim(t, chosen, ordered, points, links, state)
    else:
        ordered = _give_by_priority(t, n, points, links, up, quantity, state)
    state.on_order[n] += ordered
    now[8, n] = ordered


@njit(cache=True)
def _give_by_priority(t: int, n: int, points: Points, links: Links, up: Array, quantity: float, state: State) -> float:
    """To links that are up, each up to its capacity; with all of them down, to the first."""
    first, last = points.first[n], points.first[n + 1]
    if not up[first:last].any():
        part = min(quantity, links.capacity[points.turn[first]])
        _claim(t, points.turn[first], part, points, links, state)
        return part
    left = quantity
    for k in points.turn[first:last]:
        part = min(left, links.capacity[k]) if up[k] else 0.0
        if part > 0:
            _claim(t, k, part, points, links, state)
            left -= part
    return quantity - left


@njit(cache=True)
def _claim(t: int, k: int, quantity: float, points: Points, links: Links, state: State) -> None:
    """What is claimed of the source, in units of its item. Column 0 of the queue holds what is new in this period."""
    source, amount = links.source[k], quantity * links.quantity[k]
    state.given[k] += quantity
    state.claims[k] += amount
    if source >= 0:
        state.owed[source] += amount
        state.queue[k, 0] += amount
        if points.allocation[source] == FIRST_COME:
            state.queue[k, t + 2] += amount
