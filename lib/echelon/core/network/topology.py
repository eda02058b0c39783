"""Supply network of one SKU: which stocking point is supplied by which, checked and put in topological order."""

from collections.abc import Iterable
from dataclasses import dataclass


class NetworkError(ValueError):
    """The lanes do not form a usable network. The message says in plain words what is wrong."""


@dataclass(frozen=True)
class Lane:
    """`destination` can be supplied by `source`; the lowest `priority` number is the planned one."""

    source: str
    destination: str
    priority: int = 1


@dataclass(frozen=True)
class Network:
    """Stocking points, every parent before its children (ties by name).

    `parents[i]` is the index of the supplying node (-1: outside supplier), `sources[i]` the name of the source, and
    `echelons[i]` is 1 for nodes supplied from outside, 2 for nodes supplied by echelon 1, and so on.
    """

    nodes: tuple[str, ...]
    parents: tuple[int, ...]
    sources: tuple[str, ...]
    echelons: tuple[int, ...]


def build_network(
    lanes: Iterable[Lane], customers: Iterable[str], suppliers: Iterable[str], locations: Iterable[str]
) -> Network:
    """Network of the nodes at and upstream of `customers` (locations with customers' demand).

    `suppliers` are the outside suppliers; `locations` all known names. All lanes are checked, also unused ones.
    Raises NetworkError on an unknown location, two sources with the same lowest priority, a location without a
    source, customers at an outside supplier, or a loop.
    """
    outside = frozenset(suppliers)
    source_of = planned_sources(lanes, frozenset(locations) | outside)
    depth: dict[str, int] = {}
    for location in sorted(set(customers)):
        if location in outside:
            raise NetworkError(f"location {location} has customers but is an outside supplier")
        _add_path(location, source_of, outside, depth)
    nodes = sorted(depth, key=lambda name: (depth[name], name))
    index = {name: i for i, name in enumerate(nodes)}
    sources = tuple(source_of[name] for name in nodes)
    return Network(
        tuple(nodes),
        tuple(index.get(source, -1) for source in sources),
        sources,
        tuple(depth[name] for name in nodes),
    )


def check_network(lanes: Iterable[Lane], suppliers: Iterable[str], locations: Iterable[str]) -> None:
    """Check a whole network before any SKU is planned: every destination must lead back to an outside supplier.

    Raises NetworkError as `build_network` does.
    """
    known, outside = list(lanes), frozenset(suppliers)
    build_network(known, {lane.destination for lane in known} - outside, outside, locations)


def planned_sources(lanes: Iterable[Lane], locations: frozenset[str]) -> dict[str, str]:
    """Destination -> source of its lane with the lowest priority number. Raises NetworkError where that is unclear."""
    best: dict[str, Lane] = {}
    ordered = sorted(lanes, key=lambda lane: (lane.destination, lane.priority, lane.source))
    for lane in ordered:
        for end in (lane.source, lane.destination):
            if end not in locations:
                raise NetworkError(f"lane {lane.source} -> {lane.destination}: location {end} is not known")
        first = best.setdefault(lane.destination, lane)
        if first.source != lane.source and first.priority == lane.priority:
            raise NetworkError(
                f"location {lane.destination} has two sources with priority {lane.priority}: "
                f"{first.source} and {lane.source}; give one of them a higher number"
            )
    return {destination: lane.source for destination, lane in best.items()}


def _add_path(location: str, source_of: dict[str, str], outside: frozenset[str], depth: dict[str, int]) -> None:
    """Walk upstream from a location to its outside supplier and record the echelon of every node on the way."""
    path: list[str] = []
    while location not in outside and location not in depth:
        if location in path:
            loop = " -> ".join(reversed([*path[path.index(location) :], location]))
            raise NetworkError(f"the lanes form a loop: {loop}")
        if location not in source_of:
            raise NetworkError(f"location {location} has no source: no lane leads to it")
        path.append(location)
        location = source_of[location]
    start = 0 if location in outside else depth[location]
    for step, name in enumerate(reversed(path), start=1):
        depth[name] = start + step
