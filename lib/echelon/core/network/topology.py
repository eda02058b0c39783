"""Supply network of one SKU: which stocking point is supplied by which, checked and put in topological order."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

_SHARES_ADD_UP = 1e-6


class NetworkError(ValueError):
    """The lanes do not form a usable network. The message says in plain words what is wrong."""


@dataclass(frozen=True)
class Lane:
    """`destination` can be supplied by `source`; the lowest `priority` number is the preferred one.

    share: of the destination's orders, where several lanes have the lowest number. limited: the lane has a capacity or is
    interrupted at times, so that others must stand in.
    """

    source: str
    destination: str
    priority: int = 1
    share: float | None = None
    limited: bool = False


Supplies = dict[str, tuple[Lane, ...]]


@dataclass(frozen=True)
class Network:
    """Stocking points, every source before its destinations (by echelon, ties by name).

    `supplies[i]` are the lanes that node i orders on, the preferred one first: all those that share its orders; or all in
    order of priority where the preferred one is limited; else that one alone. `parents[i]` is the index of the preferred
    source (-1: outside supplier), `sources[i]` its name. `echelons[i]` is 1 for nodes supplied from outside alone, else one
    more than the highest echelon that supplies it.
    """

    nodes: tuple[str, ...]
    parents: tuple[int, ...]
    sources: tuple[str, ...]
    echelons: tuple[int, ...]
    supplies: tuple[tuple[Lane, ...], ...]


def build_network(
    lanes: Iterable[Lane], customers: Iterable[str], suppliers: Iterable[str], locations: Iterable[str]
) -> Network:
    """Network of the nodes at and upstream of `customers` (locations with customers' demand).

    `suppliers` are the outside suppliers; `locations` all known names. All lanes are checked, also unused ones.
    Raises NetworkError on an unknown location, two sources with the same lowest priority and no shares, shares that do not
    add up to 1, a location without a source, customers at an outside supplier, or a loop.
    """
    outside = frozenset(suppliers)
    supplies = planned_supplies(lanes, frozenset(locations) | outside)
    depth = _echelons(_sources_of_all(sorted(set(customers)), supplies, outside))
    nodes = sorted(depth, key=lambda name: (depth[name], name))
    index = {name: i for i, name in enumerate(nodes)}
    sources = tuple(supplies[name][0].source for name in nodes)
    return Network(
        tuple(nodes),
        tuple(index.get(source, -1) for source in sources),
        sources,
        tuple(depth[name] for name in nodes),
        tuple(supplies[name] for name in nodes),
    )


def check_network(lanes: Iterable[Lane], suppliers: Iterable[str], locations: Iterable[str]) -> None:
    """Check a whole network before any SKU is planned: every destination must lead back to an outside supplier.

    Raises NetworkError as `build_network` does.
    """
    known, outside = list(lanes), frozenset(suppliers)
    build_network(known, {lane.destination for lane in known} - outside, outside, locations)


def planned_supplies(lanes: Iterable[Lane], locations: frozenset[str]) -> Supplies:
    """Destination -> the lanes it orders on (as in `Network.supplies`). Raises NetworkError where that is unclear."""
    into: dict[str, list[Lane]] = {}
    for lane in sorted(lanes, key=lambda lane: (lane.destination, lane.priority, lane.source)):
        for end in (lane.source, lane.destination):
            if end not in locations:
                raise NetworkError(f"lane {lane.source} -> {lane.destination}: location {end} is not known")
        into.setdefault(lane.destination, []).append(lane)
    return {destination: _ordered_on(some) for destination, some in into.items()}


def _ordered_on(lanes: Sequence[Lane]) -> tuple[Lane, ...]:
    """Of the lanes into a location, by priority and source, those it orders on."""
    first = [lane for lane in lanes if lane.priority == lanes[0].priority]
    if any(lane.share is not None for lane in first):
        return _sharing(first)
    if len(first) > 1:
        raise NetworkError(
            f"location {first[0].destination} has two sources with priority {first[0].priority}: "
            f"{first[0].source} and {first[1].source}; give one of them a higher number"
        )
    return tuple(lanes) if first[0].limited else (first[0],)


def _sharing(lanes: Sequence[Lane]) -> tuple[Lane, ...]:
    """Lanes that share a location's orders, the largest share first."""
    share = {lane.source: lane.share for lane in lanes if lane.share is not None}
    for lane in lanes:
        if lane.source not in share:
            raise NetworkError(
                f"lane {lane.source} -> {lane.destination} has no share, but another lane into {lane.destination} with "
                f"priority {lane.priority} has one; give all of them a share, or other priorities"
            )
    if abs(sum(share.values()) - 1) > _SHARES_ADD_UP:
        shares = " + ".join(f"{share[lane.source]:g} from {lane.source}" for lane in lanes)
        into = f"the shares of its lanes with priority {lanes[0].priority} must add up to 1"
        raise NetworkError(f"location {lanes[0].destination}: {into}: {shares}")
    used = [lane for lane in lanes if share[lane.source] > 0]
    return tuple(sorted(used, key=lambda lane: (-share[lane.source], lane.source)))


def _sources_of_all(customers: Sequence[str], supplies: Supplies, outside: frozenset[str]) -> dict[str, list[str]]:
    """The inside sources of every location at and upstream of the customers."""
    sources: dict[str, list[str]] = {}
    for location in customers:
        if location in outside:
            raise NetworkError(f"location {location} has customers but is an outside supplier")
    waiting = list(reversed(customers))
    while waiting:
        name = waiting.pop()
        if name in sources:
            continue
        if name not in supplies:
            raise NetworkError(f"location {name} has no source: no lane leads to it")
        sources[name] = [lane.source for lane in supplies[name] if lane.source not in outside]
        waiting += sources[name]
    return sources


def _echelons(sources: dict[str, list[str]]) -> dict[str, int]:
    """Longest way from outside to every location, steps. Raises NetworkError on a loop."""
    depth: dict[str, int] = {}
    try:
        for name in TopologicalSorter(sources).static_order():
            depth[name] = 1 + max((depth[source] for source in sources[name]), default=0)
    except CycleError as error:
        loop = error.args[1][:-1]
        start = loop.index(min(loop))
        way = " -> ".join([*loop[start:], *loop[: start + 1]])
        raise NetworkError(f"the lanes form a loop: {way}") from None
    return depth
