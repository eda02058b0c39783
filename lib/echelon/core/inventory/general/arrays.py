"""The network, its paths and its state as the kernel reads them."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from echelon.core.inventory.general.model import OUTSIDE, Point, SupplyNetwork
from echelon.core.inventory.simulation.layout import Bytes, Doubles, Flags, Floats, Ints

SHARES, PRIORITY, ASSEMBLY = range(3)
BASE_STOCK, ORDER_UP_TO, LOTS = range(3)
PROPORTIONAL, BY_RANK, FIRST_COME = range(3)
_SOURCING = {"shares": SHARES, "priority": PRIORITY, "assembly": ASSEMBLY}
_POLICY = {"base_stock": BASE_STOCK, "sS": ORDER_UP_TO, "RQ": LOTS}
_ALLOCATION = {"proportional": PROPORTIONAL, "priority": BY_RANK, "fcfs": FIRST_COME}


class Links(NamedTuple):
    """One entry per link, ordered by destination. `rank` also ranks customers, see `Points.party_rank`."""

    source: Ints
    quantity: Doubles
    share: Doubles
    capacity: Doubles
    mask: Ints  # ring length - 1
    ring_at: Ints


class Points(NamedTuple):
    """One entry per point unless said otherwise; tables by period have (periods, points)."""

    link_at: Ints  # (points + 1,): links link_at[n]..link_at[n + 1] supply n
    by_priority: Ints  # (links,): those links, preferred ones first
    out_at: Ints  # (points + 1,): out[out_at[n]..out_at[n + 1]] are the links that leave n
    out: Ints  # (links,)
    ranks_at: Ints  # (points + 1,)
    ranks: Ints  # the distinct ranks of those who wait at n, ascending
    party_rank: Ints  # (links + points,): rank of a link's claims; from `links` on, of a point's customers
    sourcing: Ints
    policy: Ints
    gap: Doubles
    lot: Doubles
    moq: Doubles
    order_capacity: Doubles
    storage_capacity: Doubles
    shelf_life: Ints
    stock_at: Ints  # (points + 1,): first batch of n's stock; batch i has age i
    lifo: Flags
    allocation: Ints
    customers: Ints  # row of the demand paths, -1: none
    backorder_share: Doubles
    processing_mask: Ints
    processing_at: Ints
    start_stock: Doubles  # -1: full
    start_backorders: Doubles
    factor: Doubles  # (periods, points): of the level
    may_order: Flags  # (periods, points)
    arrivals: Doubles  # (periods, points): the initial pipeline
    cycle: Ints  # (periods, points): length of the review cycle, as receipts see it, that ends before this period; 0: none


class Network(NamedTuple):
    """All that does not change between replications."""

    links: Links
    points: Points


class Draws(NamedTuple):
    """Random inputs: demand (blocks, periods, rows, BLOCK); by link or point (blocks, periods, links or points, BLOCK)."""

    demand: Floats
    lead: Bytes
    up: npt.NDArray[np.bool_]
    processing: Bytes


class State(NamedTuple):
    """Numbers of the tape (Ints) of one replication; plain values are Doubles."""

    position: Ints  # (points,)
    customers: Ints  # (points,): backorders of customers
    batches: Ints  # stock by age
    claims: Ints  # (links,)
    granted: Ints  # (links,)
    components: Ints  # (links,)
    ring: Ints  # shipments by period of receipt
    processing: Ints  # the same for processing
    queue: Ints  # (slots, links + points): who came first; (0, ...) when no point allocates so
    head: Ints  # (points,): first slot that may hold a claim
    party: Ints  # (links + points,): scratch, what each party claims
    share: Ints  # (links + points,): scratch, what it gets
    given: Doubles  # (links,): ordered on each link so far
    older: Doubles  # (links,): claims at the end of the last period
    open: Doubles  # (points,): 1 when something was short in this review cycle


def _cumulated(counts: list[int]) -> Ints:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _ring(longest: list[int]) -> tuple[Ints, Ints]:
    """Masks and first places of rings that hold so many periods ahead."""
    length = np.array([1 << most.bit_length() for most in longest], np.int64)
    return length - 1, _cumulated(length.tolist())[:-1]


def link_arrays(network: SupplyNetwork) -> Links:
    """The links in order of destination."""
    links = [link for point in network.nodes for link in point.links]
    mask, ring_at = _ring([link.lead_time.periods[-1] for link in links])
    return Links(
        source=np.array([link.source for link in links], np.int64),
        quantity=np.array([link.quantity for link in links]),
        share=np.array([link.share for link in links]),
        capacity=np.array([link.capacity for link in links]),
        mask=mask,
        ring_at=ring_at,
    )


def _preferred(network: SupplyNetwork, link_at: Ints) -> Ints:
    """Links of each destination, those of the lowest priority number first."""
    order: list[int] = []
    for n, point in enumerate(network.nodes):
        places = range(len(point.links))
        order += [int(link_at[n]) + k for k in sorted(places, key=lambda k, p=point: p.links[k].priority)]  # type: ignore[misc]
    return np.array(order, np.int64)


def _waiting_ranks(network: SupplyNetwork, leaving: list[list[int]], rank: Ints) -> list[list[int]]:
    """The distinct ranks of those who can wait at each point."""
    size, links = len(network.nodes), len(rank) - len(network.nodes)
    return [sorted({int(rank[p]) for p in [*leaving[n], links + n]}) for n in range(size)]


def _cycled(values: tuple[float, ...] | tuple[bool, ...], periods: int) -> list[float] | list[bool]:
    return [values[t % len(values)] for t in range(periods)]


def _cycle(point: Point, periods: int) -> Ints:
    """Orders placed at an opportunity are received about a mean lead time later: there a cycle begins, and one ends."""
    calendar, lead = point.policy.calendar, round(mean_lead(point))
    starts = [t for t in range(-len(calendar), periods) if calendar[(t - lead) % len(calendar)]]
    length = np.zeros(periods, np.int64)
    for before, start in pairwise(starts):
        if start >= 0:
            length[start] = start - before
    return length


def mean_lead(point: Point) -> float:
    """Mean periods from an order to stock: the slowest link under assembly, else by share."""
    means = [link.lead_time.mean for link in point.links]
    if point.sourcing == "assembly":
        return max(means) + point.processing.mean
    if point.sourcing == "priority":
        return min((link.priority, mean) for link, mean in zip(point.links, means, strict=True))[1] + point.processing.mean
    return float(np.average(means, weights=[link.share for link in point.links])) + point.processing.mean


def point_arrays(network: SupplyNetwork, periods: int) -> Points:
    """The points, with tables for so many periods."""
    nodes, links = network.nodes, [link for point in network.nodes for link in point.links]
    link_at = _cumulated([len(point.links) for point in nodes])
    leaving = [[k for k, link in enumerate(links) if link.source == n] for n in range(len(nodes))]
    rank = np.array([*(link.rank for link in links), *(point.customer_rank for point in nodes)], np.int64)
    ranks = _waiting_ranks(network, leaving, rank)
    has_customers = np.array([point.demand is not None for point in nodes])
    mask, processing_at = _ring([point.processing.periods[-1] for point in nodes])
    policies = [point.policy for point in nodes]
    arrivals = np.zeros((periods, len(nodes)))
    for n, point in enumerate(nodes):
        for period, quantity in point.start.pipeline:
            arrivals[min(period, periods - 1), n] += quantity if period < periods else 0.0
    return Points(
        link_at=link_at,
        by_priority=_preferred(network, link_at),
        out_at=_cumulated([len(out) for out in leaving]),
        out=np.array([k for out in leaving for k in out] or [OUTSIDE], np.int64),
        ranks_at=_cumulated([len(some) for some in ranks]),
        ranks=np.array([r for some in ranks for r in some], np.int64),
        party_rank=rank,
        sourcing=np.array([_SOURCING[point.sourcing] for point in nodes], np.int64),
        policy=np.array([_POLICY[policy.kind] for policy in policies], np.int64),
        gap=np.array([policy.gap for policy in policies]),
        lot=np.array([policy.gap if policy.kind == "RQ" else policy.lot_size for policy in policies]),
        moq=np.array([policy.moq for policy in policies]),
        order_capacity=np.array([policy.order_capacity for policy in policies]),
        storage_capacity=np.array([policy.storage_capacity for policy in policies]),
        shelf_life=np.array([point.shelf_life for point in nodes], np.int64),
        stock_at=_cumulated([max(point.shelf_life, 1) for point in nodes]),
        lifo=np.array([point.issue == "LIFO" for point in nodes]),
        allocation=np.array([_ALLOCATION[point.allocation] for point in nodes], np.int64),
        customers=np.where(has_customers, np.cumsum(has_customers) - 1, -1),
        backorder_share=np.array([point.backorder_share for point in nodes]),
        processing_mask=mask,
        processing_at=processing_at,
        start_stock=np.array([-1.0 if point.start.stock is None else point.start.stock for point in nodes]),
        start_backorders=np.array([point.start.backorders for point in nodes]),
        factor=np.array([_cycled(policy.profile, periods) for policy in policies], float).T.copy(),
        may_order=np.array([_cycled(policy.calendar, periods) for policy in policies], bool).T.copy(),
        arrivals=arrivals,
        cycle=np.array([_cycle(point, periods) for point in nodes]).T.copy(),
    )


def _zeros(size: int) -> Ints:
    return np.zeros(size, np.int64)


def make_state(network: Network, periods: int) -> State:
    """Memory of one replication."""
    links, points = network
    size, count = len(points.policy), len(links.source)
    slots = 2 * periods + 2 if np.any(points.allocation == FIRST_COME) else 0
    return State(
        position=_zeros(size),
        customers=_zeros(size),
        batches=_zeros(int(points.stock_at[-1])),
        claims=_zeros(count),
        granted=_zeros(count),
        components=_zeros(count),
        ring=_zeros(int(links.mask.sum()) + count),
        processing=_zeros(int(points.processing_mask.sum()) + size),
        queue=np.zeros((slots, count + size), np.int64),
        head=_zeros(size),
        party=_zeros(count + size),
        share=_zeros(count + size),
        given=np.zeros(count),
        older=np.zeros(count),
        open=np.zeros(size),
    )
