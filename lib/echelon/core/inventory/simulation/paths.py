"""Paths of one SKU: customers' demand and lead times, drawn in blocks of replications."""

import hashlib
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Protocol

import numpy as np
from scipy import special

from echelon.core.inventory.problem import Demand, LeadTime, Problem
from echelon.core.inventory.simulation import count_tables, draw
from echelon.core.inventory.simulation.layout import BLOCK, Bytes, Cells, Doubles, Floats, Ints, Words

# Counts are drawn from tables on a logarithmic grid of means; a mean in between is rounded at random to a neighbour.
_MOST_TABLES = 64
_SPACING = 0.12
_MOST_CELLS = 2048
_SCORES = np.linspace(-4.75, 4.75, 77)  # normal scores between which quantiles of the level are interpolated
_PER_STRATUM = 4  # quantiles whose mean stands for a stratum
_SMALLEST = 0.02  # of the smallest mean: below it, demand comes from the first table or not at all


@dataclass(frozen=True)
class Paths:
    """demand: (blocks, periods, customers' nodes, BLOCK) units; lead: (blocks, periods, nodes, BLOCK) periods.

    The first `warm_up` periods are not measured.
    """

    demand: Floats
    lead: Bytes
    warm_up: int

    @property
    def replications(self) -> int:
        """Number of replications."""
        return self.demand.shape[0] * BLOCK

    @property
    def measured(self) -> int:
        """Number of measured periods."""
        return self.demand.shape[1] - self.warm_up

    def first(self, replications: int) -> "Paths":
        """The first blocks, at least as many replications as asked (all where there are fewer)."""
        blocks = -(-replications // BLOCK)
        return Paths(self.demand[:blocks], self.lead[:blocks], self.warm_up)


def stream_key(*parts: object) -> np.uint64:
    """Key of a random stream: a hash of the run's seed, SKU, node and purpose."""
    text = "\x1f".join(str(part) for part in parts)
    return np.uint64(int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little"))


@dataclass(frozen=True)
class _CountTables:
    """Alias tables of one node's counts: place[h] + log(F) / spacing is the place between the tables."""

    place: Doubles
    spacing: float
    wide: bool
    cells: Words
    table: Words
    edges: Words


def _count_tables(demand: Demand) -> _CountTables:
    """Table 0 is no demand; the others stand for the grid, or for exactly the means when the level is fixed."""
    mean = np.asarray(demand.mean, float)
    exact = np.unique(mean[mean > 0])
    if demand.level_cv == 0 and len(exact) < _MOST_TABLES:
        return _tables(demand, exact, np.searchsorted(exact, mean) + 1.0 * (mean > 0), 1.0)
    low, high = exact[0] * (_SMALLEST if demand.level_cv > 0 else 1), exact[-1] * _largest_factor(demand.level_cv)
    size = min(_MOST_TABLES - 1, 2 + int(np.log(high / low) / _SPACING))
    spacing = float(np.log(high / low) / (size - 1))
    place = np.where(mean > 0, 1 + np.log(np.maximum(mean, 1e-300) / low) / spacing, -1e9)
    return _tables(demand, low * np.exp(spacing * np.arange(size)), place, spacing)


def _tables(demand: Demand, means: Doubles, place: Doubles, spacing: float) -> _CountTables:
    """One table per mean, after the one for no demand."""
    means = np.concatenate([[0.0], means])
    bounds, parts = np.empty((len(means), 3), np.int64), demand.parts
    count_tables.count_bounds(means, parts, _MOST_CELLS, bounds)
    start = np.concatenate([[0], np.cumsum(bounds[:, 1])])
    table, edges = np.empty(start[-1], np.uint64), np.empty(start[-1], np.uint64)
    count_tables.count_edges(means, parts, bounds, start, edges)
    weights, scratch = np.empty(_MOST_CELLS), np.empty((2, _MOST_CELLS), np.int64)
    count_tables.count_tables(means, parts, bounds, start, edges, table, weights, scratch)
    cells = count_tables.packed_cells(bounds, start)
    return _CountTables(np.asarray(place, float), spacing, bool(np.any(bounds[:, 2] != 1)), cells, table, edges)


def _joined(rows: list[tuple[_CountTables, Ints, Ints]]) -> draw.CountRows:
    """Tables of several nodes, and of each the horizon and the place in it of every period, in one."""
    tables = [table for table, _, _ in rows]
    wide = np.array([table.wide for table in tables])
    return draw.CountRows(
        place=np.stack([table.place[place] for table, _, place in rows]),
        horizon=np.stack([horizon for _, horizon, _ in rows]),
        spacing=np.array([table.spacing for table in tables]),
        wide=wide,
        cells_at=np.concatenate([[0], np.cumsum([len(table.cells) for table in tables])]),
        table_at=np.concatenate([[0], np.cumsum([len(table.table) for table in tables])]),
        cells=np.concatenate([table.cells for table in tables]),
        table=np.concatenate([table.table for table in tables]),
        edges=np.concatenate([table.edges for table in tables]) if wide.any() else np.zeros(1, np.uint64),
    )


def _largest_factor(level_cv: float) -> float:
    """The largest level factor that is ever drawn."""
    return float(special.gammainccinv(level_cv**-2, special.ndtr(-_SCORES[-1])) * level_cv**2) if level_cv > 0 else 1.0


class Customers(Protocol):
    """A stocking point that may have customers."""

    @property
    def name(self) -> str:
        """Decides the random numbers, with the SKU and the run's seed."""

    @property
    def demand(self) -> Demand | None:
        """Demand per period."""


class Demanded(Protocol):
    """A network of any kind, as the demand of its customers is drawn."""

    @property
    def sku(self) -> str:
        """The SKU."""

    @property
    def run_seed(self) -> int:
        """Seed of the run."""

    @property
    def nodes(self) -> Sequence[Customers]:
        """The stocking points."""


class DemandSource:
    """Draws customers' demand of one SKU. Tables are made once; demand can be drawn for any purpose at any time."""

    def __init__(self, problem: Demanded, periods: int, warm_up: int) -> None:
        self.problem = problem
        self.periods = periods + warm_up
        self.warm_up = warm_up
        self._customers = [i for i, node in enumerate(problem.nodes) if node.demand is not None]
        self._tables = {i: _count_tables(d) for i, d in self._demands() if d.counts and d.rate > 0}
        self._counts = self._count_rows()

    def _demands(self) -> list[tuple[int, Demand]]:
        found = [(i, self.problem.nodes[i].demand) for i in self._customers]
        return [(i, demand) for i, demand in found if demand is not None]

    def _count_rows(self) -> draw.CountRows | None:
        """All that counts are drawn from, for one call; None where nothing is counted."""
        found = [(self._tables[i], self._horizons(demand)) for i, demand in self._demands() if i in self._tables]
        return _joined([(table, *horizons) for table, horizons in found]) if found else None

    def _horizons(self, demand: Demand) -> tuple[Ints, Ints]:
        """Of every period: the number of its horizon and its place in it."""
        horizon, place = np.divmod(np.arange(self.periods) - self.warm_up, len(demand.mean))
        return horizon - horizon[0], place

    def draw_demand(self, purpose: str, blocks: int) -> Floats:
        """(blocks, periods, customers' nodes, BLOCK) units; the purpose decides the numbers."""
        demand = np.zeros((blocks, self.periods, max(len(self._customers), 1), BLOCK), np.float32)
        asked = [(row, node, d) for row, (node, d) in enumerate(self._demands()) if d.rate > 0]
        self._draw_counts(demand, [one for one in asked if one[2].counts], purpose)
        for row, node, distribution in asked:
            if not distribution.counts:
                self._draw_amounts(demand, row, self.problem.nodes[node].name, distribution, purpose)
        return demand

    def _draw_counts(self, out: Floats, asked: list[tuple[int, int, Demand]], purpose: str) -> None:
        if self._counts is None:
            return
        names = [self.problem.nodes[node].name for _, node, _ in asked]
        factor = np.zeros((len(asked), int(self._counts.horizon.max()) + 1, out.shape[0] * BLOCK))
        for i, (_, _, demand) in enumerate(asked):
            if demand.level_cv > 0:
                self._draw_level(names[i], demand, purpose, factor[i], self._counts.spacing[i])
        keys = np.array([self._key(name, purpose, "demand") for name in names])
        rows, scratch = np.array([row for row, _, _ in asked]), np.empty((2, BLOCK), np.uint64)
        draw.draw_counts(out, rows, keys, self._counts, factor, scratch)

    def _draw_amounts(self, out: Floats, row: int, name: str, demand: Demand, purpose: str) -> None:
        horizon, place = self._horizons(demand)
        factor = np.ones((int(horizon[-1]) + 1, out.shape[0] * BLOCK))
        if demand.level_cv > 0:
            self._draw_level(name, demand, purpose, factor)
        mean, key = np.asarray(demand.mean, float)[place], self._key(name, purpose, "demand")
        draw.draw_amounts(out, row, key, 0, mean, factor, horizon, demand.parts)

    def _key(self, name: str, purpose: str, what: str) -> np.uint64:
        return stream_key(self.problem.run_seed, self.problem.sku, name, purpose, what)

    def _draw_level(self, name: str, demand: Demand, purpose: str, out: Doubles, spacing: float | None = None) -> None:
        """The level factor F per horizon and replication to out, with `spacing` (of count tables) log(F) / spacing."""
        own, cv = self._key(name, purpose, "level"), demand.level_cv
        if demand.level_correlation == 0:
            strata = _strata(cv, out.shape[1]) if spacing is None else _log_strata(cv, out.shape[1]) / spacing
            draw.deal_strata(strata, own, out)
            return
        keys = (stream_key(self.problem.run_seed, self.problem.sku, purpose, "common level"), own)
        factor = common_level(cv, demand.level_correlation, keys, out.shape)
        out[:] = factor if spacing is None else np.log(factor) / spacing


class PathSource(DemandSource):
    """Draws demand and lead times of a distribution tree."""

    def __init__(self, problem: Problem, periods: int, warm_up: int) -> None:
        super().__init__(problem, periods, warm_up)
        self.tree = problem

    def of(self, nodes: Ints) -> "PathSource":
        """The same paths for whole trees of the network alone: nodes (some,), ascending."""
        part = copy(self)
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


def stratified_level(level_cv: float, key: np.uint64, shape: tuple[int, int]) -> Doubles:
    """Gamma factors with mean 1, (horizons, replications): the means of as many equally likely strata as there are
    replications (whole blocks), in random order (Latin hypercube sampling; McKay, Beckman & Conover, Technometrics 21(2),
    1979), such that each block of replications covers the range too.

    The level moves the demand of a whole horizon, so it is the dimension in which stratifying pays most. Quantiles are
    interpolated on the cube root, which is nearly linear in the normal score (Wilson & Hilferty, PNAS 17, 1931).
    """
    out = np.empty(shape)
    draw.deal_strata(_strata(level_cv, shape[1]), key, out)
    return out


def common_level(level_cv: float, correlation: float, keys: tuple[np.uint64, np.uint64], shape: tuple[int, int]) -> Doubles:
    """As `stratified_level`, with normal scores that are correlated with those of all nodes of the SKU: keys of the common
    and of the node's own stream. Each horizon has the same strata, in the order of the scores (Iman and Conover,
    Communications in Statistics B 11(3), 1982), so that every node alone is as well covered as without correlation."""
    scores = special.ndtri((np.arange(shape[1]) + 0.5) / shape[1])
    both = np.empty((2, *shape))
    for key, one in zip(keys, both, strict=True):
        draw.deal_strata(scores, key, one)
    order = np.argsort(np.sqrt(correlation) * both[0] + np.sqrt(1.0 - correlation) * both[1], axis=1, kind="stable")
    out = np.empty(shape)
    np.put_along_axis(out, order, np.broadcast_to(_strata(level_cv, shape[1]), shape), axis=1)
    return out


@lru_cache(maxsize=64)  # nodes of a segment share their level_cv
def _strata(level_cv: float, size: int) -> Doubles:
    """Mean factor of each of `size` equally likely strata, from a few equally spaced quantiles in it."""
    root = np.cbrt(special.gammaincinv(level_cv**-2, special.ndtr(_SCORES)) * level_cv**2)
    fine = size * _PER_STRATUM
    scores = special.ndtri((np.arange(fine) + 0.5) / fine)
    within = np.interp(scores, _SCORES, root) ** 3
    return np.asarray(within.reshape(size, _PER_STRATUM).mean(axis=1))


@lru_cache(maxsize=64)
def _log_strata(level_cv: float, size: int) -> Doubles:
    return np.log(_strata(level_cv, size))


def draw_leads(problem: Problem, purpose: str, blocks: int, periods: int) -> Bytes:
    """Lead time of every shipment, (blocks, periods, nodes, BLOCK); not filled where it never varies."""
    lead = np.zeros((blocks, periods, len(problem.nodes), BLOCK), np.uint8)
    varied = [i for i, node in enumerate(problem.nodes) if len(node.lead_time.periods) > 1]
    names = [problem.nodes[i].name for i in varied]
    keys = [stream_key(problem.run_seed, problem.sku, name, purpose, "lead") for name in names]
    draw_times(lead, varied, keys, [problem.nodes[i].lead_time for i in varied])
    return lead


def draw_times(out: Bytes, rows: list[int], keys: list[np.uint64], times: list[LeadTime]) -> None:
    """Fill out[:, :, rows] of (blocks, periods, all rows, BLOCK) with lead times."""
    if not rows:
        return
    steps = [_lead_steps(time) for time in times]
    found = draw.LeadRows(
        np.stack([lead_table(time) for time in times]),
        np.concatenate([[0], np.cumsum([len(places) for places, _ in steps])]),
        np.concatenate([places for places, _ in steps]),
        np.concatenate([rises for _, rises in steps]),
    )
    words, cell = np.empty(BLOCK, np.uint64), np.empty(BLOCK, np.uint16)
    draw.draw_lead(out, np.array(rows), np.array(keys), found, words, cell)


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
