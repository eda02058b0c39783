"""Paths of one SKU: customers' demand, lead and processing times and interruptions, in blocks of replications."""

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np

from echelon.core.arrays import Bytes, Flags, Floats, Ints
from echelon.core.inventory.kernels.drawing.demand_source import DemandSource
from echelon.core.inventory.kernels.drawing.interruptions import forbid_crossing, times_up
from echelon.core.inventory.kernels.drawing.losses import LossRows
from echelon.core.inventory.kernels.drawing.order_phases import order_phases
from echelon.core.inventory.kernels.drawing.times import lead_drawing, processing_drawing
from echelon.core.inventory.kernels.layout import BLOCK
from echelon.core.inventory.model.supply_network import AT_ONCE, OUTSIDE, Point, SupplyNetwork

_CHUNK = 4  # blocks
_HELD = 3_000_000  # units of demand: twelve megabytes, as much as caches hold of them


class Sampled(Protocol):
    """Paths, as a simulation goes through them."""

    @property
    def blocks(self) -> int:
        """Number of blocks of replications."""

    @property
    def periods(self) -> int:
        """Number of periods, warm-up included."""

    @property
    def warm_up(self) -> int:
        """The first periods, which are not measured."""

    def chunks(self) -> Iterator[tuple[int, "Paths"]]:
        """The paths in chunks, each with the number of its first block; a chunk lasts until the next is asked for."""


@dataclass(frozen=True)
class Paths:
    """demand: (blocks, periods, customers' points, BLOCK) units; lead: (blocks, periods, links, BLOCK) periods; up: the same,
    whether nothing interrupts a link, None: never; processing: (blocks, periods, points, BLOCK) periods, None: at once.

    law: what is expected of demand that is counted, for simulations that take expectations for draws, None: nothing known.
    start: (blocks, points, BLOCK), inventory position before the first period beyond that of a full point, units, None: full.
    Links are in the order of their points. The first `warm_up` periods are not measured.
    """

    demand: Floats
    lead: Bytes
    warm_up: int
    up: Flags | None = None
    processing: Bytes | None = None
    start: Floats | None = None
    law: LossRows | None = None

    @property
    def blocks(self) -> int:
        """Number of blocks of replications."""
        return self.demand.shape[0]

    @property
    def periods(self) -> int:
        """Number of periods, warm-up included."""
        return self.demand.shape[1]

    @property
    def replications(self) -> int:
        """Number of replications."""
        return self.blocks * BLOCK

    @property
    def measured(self) -> int:
        """Number of measured periods."""
        return self.periods - self.warm_up

    def starts(self, points: int) -> Floats:
        """`start` of so many points, zeros for full ones."""
        return np.zeros((self.blocks, points, BLOCK), np.float32) if self.start is None else self.start

    def chunks(self) -> Iterator[tuple[int, "Paths"]]:
        """All at once."""
        yield 0, self

    def first(self, replications: int) -> "Paths":
        """The first blocks, at least as many replications as asked (all where there are fewer)."""
        blocks = -(-replications // BLOCK)
        up = None if self.up is None else self.up[:blocks]
        processing = None if self.processing is None else self.processing[:blocks]
        start = None if self.start is None else self.start[:blocks]
        return Paths(self.demand[:blocks], self.lead[:blocks], self.warm_up, up, processing, start, self.law)


def paths_of(network: SupplyNetwork, purpose: str, demand: Floats, warm_up: int) -> Paths:
    """Paths with a given demand; the purpose decides the numbers of all else."""
    size = demand.shape[:2]
    lead = lead_drawing(network, purpose).drawn(*size)
    forbid_crossing(network, lead)
    processed = any(point.processing != AT_ONCE for point in network.nodes)
    processing = processing_drawing(network, purpose).drawn(*size) if processed else None
    up, start = times_up(network, purpose, *size), order_phases(network, purpose, size[0])
    return Paths(demand, lead, warm_up, up, processing, start)


class PathSource(DemandSource):
    """Draws the paths of a network."""

    def of(self, points: Ints) -> "PathSource":
        """The same paths for parts of the network that are linked to no other: points (some,), ascending."""
        part = copy(self)
        vars(part).pop("memory", None)
        place = {OUTSIDE: OUTSIDE} | {int(point): i for i, point in enumerate(points)}
        kept = [self.network.nodes[point] for point in points]
        part.network = replace(self.network, nodes=tuple(_moved(point, place) for point in kept))
        part._customers = [place[i] for i in self._customers if i in place]
        part._tables = {place[i]: table for i, table in self._tables.items() if i in place}
        part._counts, part._losses = part._count_rows(), part._all_losses()
        return part

    def draw(self, purpose: str, replications: int) -> Paths:
        """Paths of `replications` (rounded up to whole blocks) replications; the purpose decides the numbers."""
        blocks = -(-replications // BLOCK)
        demand, drawings = self.no_demand(blocks), self.drawings(purpose, blocks)
        for drawing in drawings:
            drawing.fill(demand, 0)
        return replace(paths_of(self.network, purpose, demand, self.warm_up), law=self.law(drawings))

    def in_chunks(self, purpose: str, replications: int) -> Sampled:
        """The same paths for who goes through them once: those of trees are never held all at once."""
        if not self.network.is_order_up_to_tree:
            return self.draw(purpose, replications)
        return PathsInChunks(self, purpose, -(-replications // BLOCK))

    def held_or_in_chunks(self, purpose: str, replications: int) -> Sampled:
        """The same paths for who may go through them again: held where a cache holds them, as drawing anew takes less time
        than fetching them from memory."""
        few = replications * self.periods * len(self._customers) <= _HELD
        return self.draw(purpose, replications) if few else self.in_chunks(purpose, replications)

    @cached_property
    def memory(self) -> Paths:
        """Of one chunk."""
        lead = lead_drawing(self.network, "memory").memory(_CHUNK, self.periods)
        return Paths(self.no_demand(_CHUNK), lead, self.warm_up)


def _moved(point: Point, place: dict[int, int]) -> Point:
    """The point with sources by their new places."""
    return replace(point, links=tuple(replace(link, source=place[link.source]) for link in point.links))


class PathsInChunks:
    """Paths that are drawn while they are simulated, chunk by chunk to the same memory (of the source), so that a chunk is
    simulated while it is in the cache. One of a source at a time."""

    def __init__(self, source: PathSource, purpose: str, blocks: int) -> None:
        self.blocks, self.periods, self.warm_up = blocks, source.periods, source.warm_up
        self._memory = source.memory
        self._demand = source.drawings(purpose, blocks)
        self._lead = lead_drawing(source.network, purpose)
        self._law = source.law(self._demand)
        self._start = order_phases(source.network, purpose, blocks)

    def chunks(self) -> Iterator[tuple[int, Paths]]:
        """Drawn anew, with the same numbers, each time."""
        for first in range(0, self.blocks, _CHUNK):
            chunk = self._memory.first(min(_CHUNK, self.blocks - first) * BLOCK)
            for drawing in self._demand:
                drawing.fill(chunk.demand, first)
            self._lead.fill(chunk.lead, first)
            start, law = self._start[first : first + chunk.blocks], self._law
            if law is not None:
                factor = law.factor[:, :, first * BLOCK : (first + chunk.blocks) * BLOCK]
                law = law._replace(factor=np.ascontiguousarray(factor))
            yield first, replace(chunk, start=start, law=law)
