"""A network as arrays, one row per point or link, for the event loop."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from echelon.api import Link, Point, SupplyNetwork

Array = npt.NDArray[Any]
BASE_STOCK, S_S, R_Q = range(3)
SHARES, PRIORITY, ASSEMBLY = range(3)
PROPORTIONAL, BY_RANK, FIRST_COME = range(3)
_KINDS = ("base_stock", "sS", "RQ")
_SOURCING = ("shares", "priority", "assembly")
_ALLOCATION = ("proportional", "priority", "fcfs")


class Points(NamedTuple):
    """How points order and serve; the links of point n are first[n] .. first[n + 1] - 1, to be asked in the order of turn."""

    level: Array
    kind: Array
    gap: Array
    lot: Array
    moq: Array
    order_capacity: Array
    storage_capacity: Array
    profile: Array
    profile_length: Array
    calendar: Array
    calendar_length: Array
    sourcing: Array
    first: Array
    turn: Array
    shelf_life: Array
    lifo: Array
    allocation: Array
    backorder_share: Array
    customer_rank: Array


class Links(NamedTuple):
    """source: index of a point, -1 outside."""

    source: Array
    quantity: Array
    share: Array
    capacity: Array
    crossing: Array
    rank: Array


def packed_points(network: SupplyNetwork, levels: npt.ArrayLike) -> Points:
    """levels: what each point orders up to; R for (R,Q)."""
    nodes, policies = network.nodes, [node.policy for node in network.nodes]
    first = np.cumsum([0, *(len(node.links) for node in nodes)])
    return Points(
        np.array(levels, float),
        np.array([_KINDS.index(policy.kind) for policy in policies]),
        np.array([policy.gap for policy in policies], float),
        np.array([_restriction(network, policy.lot_size) for policy in policies]),
        np.array([_restriction(network, policy.moq) for policy in policies]),
        np.array([policy.order_capacity for policy in policies], float),
        np.array([policy.storage_capacity for policy in policies], float),
        *_padded([policy.profile for policy in policies]),
        *_padded([policy.calendar for policy in policies]),
        np.array([_SOURCING.index(node.sourcing) for node in nodes]),
        first,
        np.concatenate([start + _turns(node) for node, (start, _) in zip(nodes, pairwise(first), strict=True)]),
        np.array([node.shelf_life for node in nodes]),
        np.array([node.issue == "LIFO" for node in nodes]),
        np.array([_ALLOCATION.index(node.allocation) for node in nodes]),
        np.array([node.backorder_share for node in nodes], float),
        np.array([node.customer_rank for node in nodes]),
    )


def packed_links(network: SupplyNetwork) -> Links:
    """All links, point by point."""
    links = every_link(network)
    return Links(
        np.array([link.source for link in links]),
        np.array([link.quantity for link in links], float),
        np.array([link.share for link in links], float),
        np.array([link.capacity for link in links], float),
        np.array([link.crossing for link in links]),
        np.array([link.rank for link in links]),
    )


def every_link(network: SupplyNetwork) -> list[Link]:
    """Point by point, in the order of each point."""
    return [link for node in network.nodes for link in node.links]


def _restriction(network: SupplyNetwork, quantity: float) -> float:
    """Single units are none where all that customers ask for is in whole units."""
    demands = [node.demand for node in network.nodes if node.demand is not None]
    whole = all(demand.counts or demand.underdispersed for demand in demands)
    return 0.0 if whole and quantity <= 1 else float(quantity)


def _turns(node: Point) -> Array:
    """By priority; equal ones in the order given."""
    return np.argsort([link.priority for link in node.links], kind="stable")


def _padded(rows: Sequence[Sequence[float]]) -> tuple[Array, Array]:
    lengths = np.array([len(row) for row in rows])
    table = np.zeros((len(rows), lengths.max()))
    for row, values in zip(table, rows, strict=True):
        row[: len(values)] = values
    return table, lengths
