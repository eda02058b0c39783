"""Step 2d of a period: who gets what of a point's stock."""

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from support.long_run.packed import BY_RANK, FIRST_COME, Links, Points

Array = npt.NDArray[Any]
State = Any  # support.long_run.loop.State


@njit(cache=True)
def grant_what_there_is(t: int, n: int, points: Points, links: Links, up: Array, stock: float, state: State) -> float:
    """To the claims of links that are up and to customers' backorders, all or by the allocation; returns what was granted."""
    waiting = _waiting(n, links, up, state)
    total = waiting.sum()
    share = np.ones(waiting.size)
    if points.allocation[n] == FIRST_COME:
        granted = _first_come(t, n, waiting, stock, state)
    elif points.allocation[n] == BY_RANK and total > stock:
        granted = _by_rank(n, points, links, waiting, stock)
    else:
        granted = waiting * (share if total <= stock else share * stock / total)
    for k in range(links.source.size):
        state.granted[k] += granted[k]
        state.claims[k] = max(state.claims[k] - granted[k], 0.0)
    state.backorders[n] = max(state.backorders[n] - granted[links.source.size], 0.0)
    return granted.sum()


@njit(cache=True)
def _waiting(n: int, links: Links, up: Array, state: State) -> Array:
    """What each link, and at last customers, have claimed and may get now."""
    waiting = np.zeros(links.source.size + 1)
    for k in range(links.source.size):
        if links.source[k] == n and up[k]:
            waiting[k] = state.claims[k]
    waiting[links.source.size] = state.backorders[n]
    return waiting


@njit(cache=True)
def _by_rank(n: int, points: Points, links: Links, waiting: Array, stock: float) -> Array:
    """Lowest rank first, proportional within a rank."""
    ranks = np.append(links.rank, points.customer_rank[n])
    granted, left = np.zeros(waiting.size), stock
    for rank in np.unique(ranks):
        wanted = np.where(ranks == rank, waiting, 0.0)
        total = wanted.sum()
        if total > 0:
            granted += wanted * min(left / total, 1.0)
            left -= min(left, total)
    return granted


@njit(cache=True)
def _first_come(t: int, n: int, waiting: Array, stock: float, state: State) -> Array:
    """Oldest claims first, proportional within a period: claims of links come before customers of the same period, who
    asked after them."""
    links = waiting.size - 1
    granted, left = np.zeros(waiting.size), stock
    while left > 1e-12:  # what a part leaves by rounding would never be used up
        time = _oldest(t, n, waiting, state)
        if time < 0:
            break
        left -= _grant_claims(time, waiting, left, granted, state)
        row = links + n
        part = min(state.queue[row, time], left)
        state.queue[row, time] -= part
        granted[links] += part
        left -= part
    return granted


@njit(cache=True)
def _oldest(t: int, n: int, waiting: Array, state: State) -> int:
    """Column of the oldest claim, -1 for none."""
    links, oldest = waiting.size - 1, -1
    for k in range(links + 1):
        row = k if k < links else links + n
        if waiting[k] > 0:
            while state.head[row] < t + 2 and state.queue[row, state.head[row]] <= 0:
                state.head[row] += 1
            if state.queue[row, state.head[row]] > 0 and (oldest < 0 or state.head[row] < oldest):
                oldest = state.head[row]
    return oldest


@njit(cache=True)
def _grant_claims(time: int, waiting: Array, left: float, granted: Array, state: State) -> float:
    """Claims of links of one period, proportional."""
    total = 0.0
    for k in range(waiting.size - 1):
        total += state.queue[k, time] if waiting[k] > 0 else 0.0
    if total <= 0:
        return 0.0
    share = min(left / total, 1.0)
    for k in range(waiting.size - 1):
        if waiting[k] > 0:
            granted[k] += state.queue[k, time] * share
            state.queue[k, time] -= state.queue[k, time] * share
    return total * share
