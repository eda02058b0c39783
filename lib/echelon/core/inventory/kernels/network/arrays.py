"""The network, its paths and its state as the kernel reads them."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from echelon.core.arrays import Bytes, Floats, Ints, Records
from echelon.core.inventory.model.supply_network import OUTSIDE, Link, Point, SupplyNetwork

SHARES, PRIORITY, ASSEMBLY = range(3)
BASE_STOCK, ORDER_UP_TO, LOTS = range(3)
PROPORTIONAL, BY_RANK, FIRST_COME = range(3)
_SOURCING = {"shares": SHARES, "priority": PRIORITY, "assembly": ASSEMBLY}
_POLICY = {"base_stock": BASE_STOCK, "sS": ORDER_UP_TO, "RQ": LOTS}
_ALLOCATION = {"proportional": PROPORTIONAL, "priority": BY_RANK, "fcfs": FIRST_COME}


LINK = np.dtype(
    [("source", "i8"), ("quantity", "f8"), ("share", "f8"), ("capacity", "f8"), ("ring_at", "i8"), ("mask", "i8")], align=True
)
POINT = np.dtype(
    [
        *((name, "i8") for name in ("link_at", "link_end")),  # links that supply the point
        *((name, "i8") for name in ("out_at", "out_end")),  # places in `out` of the links that leave it
        *((name, "i8") for name in ("ranks_at", "ranks_end")),  # places in `ranks` of those who wait at it
        *((name, "i8") for name in ("stock_at", "stock_end")),  # its batches of stock; batch i has age i
        *((name, "i8") for name in ("sourcing", "policy", "allocation", "shelf_life", "lifo")),
        *((name, "f8") for name in ("gap", "lot", "moq", "order_capacity", "storage_capacity", "backorder_share")),
        ("customers", "i8"),  # row of the demand paths, -1: none
        *((name, "i8") for name in ("processing_at", "processing_mask")),
        *((name, "f8") for name in ("start_stock", "start_backorders")),  # stock -1: full
    ],
    align=True,
)
PERIOD = np.dtype(
    [
        ("factor", "f8"),  # of the level
        ("arrivals", "f8"),  # of the initial pipeline
        ("coming", "f8"),  # what of the initial pipeline arrives later
        ("cycle", "i8"),  # length of the review cycle, as receipts see it, that ends before this period; 0: none
        ("may_order", "?"),
    ],
    align=True,
)
LINK_STATE = np.dtype(
    [
        *((name, "i8") for name in ("claims", "granted", "components")),  # numbers of the tape
        *((name, "f8") for name in ("given", "older")),  # ordered so far; claims at the end of the last period
    ],
    align=True,
)
POINT_STATE = np.dtype(
    [
        *((name, "i8") for name in ("position", "customers")),  # numbers of the tape; customers' backorders
        ("head", "i8"),  # first slot of the queue that may hold a claim
        ("open", "f8"),  # 1 when something was short in this review cycle
    ],
    align=True,
)


class Network(NamedTuple):
    """All that does not change between replications. Records, because numba hands every array over in seven pieces."""

    links: Records  # (links,) of LINK, ordered by destination
    points: Records  # (points,) of POINT
    calendar: Records  # (periods, points) of PERIOD
    by_priority: Ints  # (links,): the links of each destination, preferred ones first
    out: Ints  # links in the order of their sources
    ranks: Ints  # the distinct ranks of those who wait at a point, ascending
    rank: Ints  # (links + points,): rank of a link's claims, then of a point's customers


class Draws(NamedTuple):
    """Random inputs: demand (blocks, periods, rows, BLOCK); by link or point (blocks, periods, links or points, BLOCK);
    inventory position at the start beyond a full point's (blocks, points, BLOCK), and whether its stock is then of all ages."""

    demand: Floats
    lead: Bytes
    up: npt.NDArray[np.bool_]
    processing: Bytes
    start: Floats
    of_all_ages: bool


class State(NamedTuple):
    """One replication. Ints are numbers of the tape."""

    links: Records  # (links,) of LINK_STATE
    points: Records  # (points,) of POINT_STATE
    batches: Ints  # stock by age
    ring: Ints  # shipments by period of receipt
    processing: Ints  # the same for processing
    queue: Ints  # (slots, links + points): who came first; (0, ...) when no point allocates so
    party: Ints  # (links + points,): scratch, what each party claims
    share: Ints  # (links + points,): scratch, what it gets


def _cumulated(counts: list[int]) -> Ints:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _ring(longest: list[int]) -> tuple[Ints, Ints]:
    """Masks and first places of rings that hold so many periods ahead."""
    length = np.array([1 << most.bit_length() for most in longest], np.int64)
    return length - 1, _cumulated(length.tolist())[:-1]


def _link_records(links: list[Link]) -> Records:
    """The links in order of destination."""
    out = np.zeros(len(links), LINK)
    for name in ("source", "quantity", "share", "capacity"):
        out[name] = [getattr(link, name) for link in links]
    out["mask"], out["ring_at"] = _ring([link.lead_time.periods[-1] for link in links])
    return out


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
    calendar, lead = point.policy.calendar, round(point.mean_lead)
    starts = [t for t in range(-len(calendar), periods) if calendar[(t - lead) % len(calendar)]]
    length = np.zeros(periods, np.int64)
    for before, start in pairwise(starts):
        if start >= 0:
            length[start] = start - before
    return length


def _calendar(network: SupplyNetwork, periods: int) -> Records:
    """What holds in each period."""
    out = np.zeros((periods, len(network.nodes)), PERIOD)
    for n, point in enumerate(network.nodes):
        out["factor"][:, n] = _cycled(point.policy.profile, periods)
        out["may_order"][:, n] = _cycled(point.policy.calendar, periods)
        out["cycle"][:, n] = _cycle(point, periods)
        for period, quantity in point.start.pipeline:
            out["arrivals"][period : period + 1, n] += quantity
            out["coming"][:period, n] += quantity
    return out


def _fill_places(out: Records, name: str, counts: list[int]) -> None:
    ends = _cumulated(counts)
    out[f"{name}_at"], out[f"{name}_end"] = ends[:-1], ends[1:]


def _point_records(network: SupplyNetwork) -> Records:
    """What the points themselves say."""
    nodes = network.nodes
    out = np.zeros(len(nodes), POINT)
    out["sourcing"] = [_SOURCING[point.sourcing] for point in nodes]
    out["allocation"] = [_ALLOCATION[point.allocation] for point in nodes]
    out["policy"] = [_POLICY[point.policy.kind] for point in nodes]
    for name in ("gap", "order_capacity", "storage_capacity"):
        out[name] = [getattr(point.policy, name) for point in nodes]
    out["moq"] = [network.restriction(point.policy.moq) for point in nodes]
    out["lot"] = [p.policy.gap if p.policy.kind == "RQ" else network.restriction(p.policy.lot_size) for p in nodes]
    out["lifo"] = [point.issue == "LIFO" for point in nodes]
    for name in ("shelf_life", "backorder_share"):
        out[name] = [getattr(point, name) for point in nodes]
    out["start_stock"] = [-1.0 if point.start.stock is None else point.start.stock for point in nodes]
    out["start_backorders"] = [point.start.backorders for point in nodes]
    has_customers = np.array([point.demand is not None for point in nodes])
    out["customers"] = np.where(has_customers, np.cumsum(has_customers) - 1, -1)
    out["processing_mask"], out["processing_at"] = _ring([point.processing.periods[-1] for point in nodes])
    return out


def network_arrays(network: SupplyNetwork, periods: int) -> Network:
    """The network, with tables for so many periods."""
    nodes, links = network.nodes, [link for point in network.nodes for link in point.links]
    points = _point_records(network)
    leaving = [[k for k, link in enumerate(links) if link.source == n] for n in range(len(nodes))]
    rank = np.array([*(link.rank for link in links), *(point.customer_rank for point in nodes)], np.int64)
    ranks = _waiting_ranks(network, leaving, rank)
    _fill_places(points, "link", [len(point.links) for point in nodes])
    _fill_places(points, "out", [len(out) for out in leaving])
    _fill_places(points, "ranks", [len(some) for some in ranks])
    _fill_places(points, "stock", [max(point.shelf_life, 1) for point in nodes])
    return Network(
        links=_link_records(links),
        points=points,
        calendar=_calendar(network, periods),
        by_priority=_preferred(network, points["link_at"]),
        out=np.array([k for out in leaving for k in out] or [OUTSIDE], np.int64),
        ranks=np.array([r for some in ranks for r in some], np.int64),
        rank=rank,
    )


def _zeros(size: int) -> Ints:
    return np.zeros(size, np.int64)


def make_state(net: Network) -> State:
    """Memory of one replication."""
    size, count = len(net.points), len(net.links)
    slots = 2 * len(net.calendar) + 2 if np.any(net.points["allocation"] == FIRST_COME) else 0
    return State(
        links=np.zeros(count, LINK_STATE),
        points=np.zeros(size, POINT_STATE),
        batches=_zeros(int(net.points["stock_end"][-1])),
        ring=_zeros(int(net.links["mask"].sum()) + count),
        processing=_zeros(int(net.points["processing_mask"].sum()) + size),
        queue=np.zeros((slots, count + size), np.int64),
        party=_zeros(count + size),
        share=_zeros(count + size),
    )
