"""Paths of one SKU: customers' demand and lead times, drawn in blocks of replications."""

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Protocol

import numpy as np

from echelon.core.arrays import Bytes, Cells, Floats, Ints, Words
from echelon.core.inventory.kernels.drawing import draw
from echelon.core.inventory.kernels.drawing.demand_source import DemandSource, stream_key
from echelon.core.inventory.kernels.layout import BLOCK
from echelon.core.inventory.model.problem import LeadTime, Problem

_PART = 4  # blocks
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

    def parts(self) -> Iterator[tuple[int, "Paths"]]:
        """The paths in parts, each with the number of its first block; a part lasts until the next is asked for."""


@dataclass(frozen=True)
class Paths:
    """demand: (blocks, periods, customers' nodes, BLOCK) units; lead: (blocks, periods, nodes, BLOCK) periods.

    The first `warm_up` periods are not measured.
    """

    demand: Floats
    lead: Bytes
    warm_up: int

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

    def parts(self) -> Iterator[tuple[int, "Paths"]]:
        """All at once."""
        yield 0, self

    def first(self, replications: int) -> "Paths":
        """The first blocks, at least as many replications as asked (all where there are fewer)."""
        blocks = -(-replications // BLOCK)
        return Paths(self.demand[:blocks], self.lead[:blocks], self.warm_up)


class PathSource(DemandSource):
    """Draws demand and lead times of a distribution tree."""

    def __init__(self, problem: Problem, periods: int, warm_up: int) -> None:
        super().__init__(problem, periods, warm_up)
        self.tree = problem

    def of(self, nodes: Ints) -> "PathSource":
        """The same paths for whole trees of the network alone: nodes (some,), ascending."""
        part = copy(self)
        vars(part).pop("memory", None)
        place = {-1: -1} | {int(node): i for i, node in enumerate(nodes)}
        kept = [(self.tree.nodes[node], place[self.tree.nodes[node].parent]) for node in nodes]
        part.problem = part.tree = replace(self.tree, nodes=tuple(replace(node, parent=parent) for node, parent in kept))
        part._customers = [place[i] for i in self._customers if i in place]
        part._tables = {place[i]: table for i, table in self._tables.items() if i in place}
        part._counts = part._count_rows()
        return part

    def draw(self, purpose: str, replications: int) -> Paths:
        """Paths of `replications` (rounded up to whole blocks) replications; the purpose decides the numbers."""
        blocks = -(-replications // BLOCK)
        lead = draw_leads(self.tree, purpose, blocks, self.periods)
        return Paths(self.draw_demand(purpose, blocks), lead, self.warm_up)

    def in_parts(self, purpose: str, replications: int) -> "PathsInParts":
        """The same paths for who goes through them once: they are never held all at once."""
        return PathsInParts(self, purpose, -(-replications // BLOCK))

    def held_or_in_parts(self, purpose: str, replications: int) -> Sampled:
        """The same paths for who may go through them again: held where a cache holds them, as drawing anew takes less time
        than fetching them from memory."""
        few = replications * self.periods * len(self._customers) <= _HELD
        return self.draw(purpose, replications) if few else self.in_parts(purpose, replications)

    @cached_property
    def memory(self) -> Paths:
        """Of one part."""
        lead = np.zeros((_PART, self.periods, len(self.tree.nodes), BLOCK), np.uint8)
        return Paths(self.no_demand(_PART), lead, self.warm_up)


class PathsInParts:
    """Paths that are drawn while they are simulated, part by part to the same memory (of the source), so that a part is
    simulated while it is in the cache. One of a source at a time."""

    def __init__(self, source: PathSource, purpose: str, blocks: int) -> None:
        self.blocks, self.periods, self.warm_up = blocks, source.periods, source.warm_up
        self._memory = source.memory
        self._demand = source.drawings(purpose, blocks)
        self._lead = lead_drawing(source.tree, purpose)

    def parts(self) -> Iterator[tuple[int, Paths]]:
        """Drawn anew, with the same numbers, each time."""
        for first in range(0, self.blocks, _PART):
            part = self._memory.first(min(_PART, self.blocks - first) * BLOCK)
            for drawing in self._demand:
                drawing.fill(part.demand, first)
            if self._lead is not None:
                self._lead.fill(part.lead, first)
            yield first, part


@dataclass(frozen=True)
class LeadDrawing:
    """Lead times of several lanes: rows of what is filled, and keys of each."""

    rows: Ints
    keys: Words
    lead: draw.LeadRows

    @staticmethod
    def of(rows: list[int], keys: list[np.uint64], times: list[LeadTime]) -> "LeadDrawing":
        steps = [_lead_steps(time) for time in times]
        found = draw.LeadRows(
            np.stack([lead_table(time) for time in times]),
            np.concatenate([[0], np.cumsum([len(places) for places, _ in steps])]),
            np.concatenate([places for places, _ in steps]),
            np.concatenate([rises for _, rises in steps]),
        )
        return LeadDrawing(np.array(rows), np.array(keys), found)

    def fill(self, out: Bytes, first: int) -> None:
        """Draw to out (blocks, periods, lanes, BLOCK), which begins with block `first` of all."""
        words, cell = np.empty(BLOCK, np.uint64), np.empty(BLOCK, np.uint16)
        draw.draw_lead(out, first, self.rows, self.keys, self.lead, words, cell)


def lead_drawing(problem: Problem, purpose: str) -> LeadDrawing | None:
    """Lead time of every shipment where it varies; None if none does."""
    varied = [i for i, node in enumerate(problem.nodes) if len(node.lead_time.periods) > 1]
    names = [problem.nodes[i].name for i in varied]
    keys = [stream_key(problem.run_seed, problem.sku, name, purpose, "lead") for name in names]
    return LeadDrawing.of(varied, keys, [problem.nodes[i].lead_time for i in varied]) if varied else None


def draw_leads(problem: Problem, purpose: str, blocks: int, periods: int) -> Bytes:
    """Lead time of every shipment, (blocks, periods, nodes, BLOCK); not filled where it never varies."""
    lead, drawing = np.zeros((blocks, periods, len(problem.nodes), BLOCK), np.uint8), lead_drawing(problem, purpose)
    if drawing is not None:
        drawing.fill(lead, 0)
    return lead


@lru_cache(maxsize=1024)  # lanes are shared by all SKUs
def lead_table(lead_time: LeadTime) -> Bytes:
    """LEAD_CELLS lead times at equally spaced quantiles: what is drawn from. Rarer ones than that never occur."""
    quantile = (np.arange(draw.LEAD_CELLS) + 0.5) / draw.LEAD_CELLS
    place = np.searchsorted(np.cumsum(lead_time.probability), quantile)
    return np.array(lead_time.periods, np.uint8)[np.minimum(place, len(lead_time.periods) - 1)]


@lru_cache(maxsize=1024)
def _lead_steps(lead_time: LeadTime) -> tuple[Cells, Bytes]:
    """Where the table rises, and by how many periods."""
    rises = np.diff(lead_table(lead_time))
    steps = np.flatnonzero(rises)
    return (steps + 1).astype(np.uint16), rises[steps]
