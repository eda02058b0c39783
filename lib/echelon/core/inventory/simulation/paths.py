"""Paths of one SKU: customers' demand and lead times, drawn in blocks of replications."""

import hashlib
from dataclasses import dataclass

import numpy as np
from scipy import stats

from echelon.core.inventory.problem import Demand, LeadTime, Problem
from echelon.core.inventory.simulation import draw
from echelon.core.inventory.simulation.layout import BLOCK, Bytes, Doubles, Floats, Words

# Counts are drawn from tables on a logarithmic grid of means; a mean in between is rounded at random to a neighbour.
_MOST_TABLES = 64
_SPACING = 0.12
_MOST_CELLS = 2048
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


def stream_key(*parts: object) -> np.uint64:
    """Key of a random stream: a hash of the run's seed, SKU, node and purpose."""
    text = "\x1f".join(str(part) for part in parts)
    return np.uint64(int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little"))


@dataclass(frozen=True)
class _CountTables:
    """Alias tables of one node's counts: place[h] + log(F) / spacing is the place between the tables."""

    place: Doubles
    spacing: float
    cells: Words
    keep: Words
    alias: Words


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
    bounds = draw.count_bounds(means, demand.dispersion, _MOST_CELLS)
    start = np.concatenate([[0], np.cumsum(bounds[:, 1])])
    keep, alias = np.empty(start[-1], np.uint64), np.empty(start[-1], np.uint64)
    draw.count_tables(means, demand.dispersion, bounds, start, keep, alias)
    cells = np.vstack([bounds.T, start[:-1]]).astype(np.uint64)
    return _CountTables(np.asarray(place, float), spacing, cells, keep, alias)


def _largest_factor(level_cv: float) -> float:
    """The level factor that is exceeded once in a million draws."""
    shape = level_cv**-2 if level_cv > 0 else np.inf
    return float(stats.gamma.isf(1e-6, shape) / shape) if np.isfinite(shape) else 1.0


class PathSource:
    """Draws paths of one SKU. Tables are made once; any range of replications can be drawn at any time."""

    def __init__(self, problem: Problem, periods: int, warm_up: int) -> None:
        self.problem = problem
        self.periods = periods + warm_up
        self.warm_up = warm_up
        self._customers = [i for i, node in enumerate(problem.nodes) if node.demand is not None]
        self._tables = {i: _count_tables(d) for i, d in self._demands() if d.counts and d.rate > 0}

    def _demands(self) -> list[tuple[int, Demand]]:
        found = [(i, self.problem.nodes[i].demand) for i in self._customers]
        return [(i, demand) for i, demand in found if demand is not None]

    def draw(self, purpose: str, replications: int) -> Paths:
        """Paths of `replications` (rounded up to whole blocks) replications; the purpose decides the numbers."""
        blocks = -(-replications // BLOCK)
        demand = np.zeros((blocks, self.periods, max(len(self._customers), 1), BLOCK), np.float32)
        for row, (node, distribution) in enumerate(self._demands()):
            if distribution.rate > 0:
                self._draw_demand(node, distribution, purpose, demand, row)
        lead = draw_leads(self.problem, purpose, blocks, self.periods)
        return Paths(demand, lead, self.warm_up)

    def _draw_demand(self, node: int, demand: Demand, purpose: str, out: Floats, row: int) -> None:
        name = self.problem.nodes[node].name
        horizon, place = np.divmod(np.arange(self.periods) - self.warm_up, len(demand.mean))
        horizon -= horizon[0]
        factor = self._draw_level(name, demand.level_cv, purpose, (int(horizon[-1]) + 1, out.shape[0] * BLOCK))
        key = stream_key(self.problem.run_seed, self.problem.sku, name, purpose, "demand")
        if demand.counts:
            t = self._tables[node]
            factor = np.log(factor) / t.spacing
            draw.draw_counts(out, row, key, 0, t.place[place], factor, horizon, t.spacing, t.cells, t.keep, t.alias)
        else:
            spread = 1 / demand.dispersion if demand.dispersion > 0 else np.inf
            draw.draw_amounts(out, row, key, 0, np.asarray(demand.mean, float)[place], factor, horizon, spread)

    def _draw_level(self, name: str, level_cv: float, purpose: str, shape: tuple[int, int]) -> Doubles:
        """The level factor F per horizon and replication."""
        factor = np.ones(shape)
        if level_cv > 0:
            key = stream_key(self.problem.run_seed, self.problem.sku, name, purpose, "level")
            draw.draw_gamma(factor, key, 0, level_cv**-2, _largest_factor(level_cv))
        return factor


def draw_leads(problem: Problem, purpose: str, blocks: int, periods: int) -> Bytes:
    """Lead time of every shipment, (blocks, periods, nodes, BLOCK); not filled where it never varies."""
    lead = np.zeros((blocks, periods, len(problem.nodes), BLOCK), np.uint8)
    for i, node in enumerate(problem.nodes):
        if len(node.lead_time.periods) > 1:
            keep, alias = _lead_table(node.lead_time)
            key = stream_key(problem.run_seed, problem.sku, node.name, purpose, "lead")
            draw.draw_lead(lead, i, key, 0, node.lead_time.periods[0], keep, alias)
    return lead


def _lead_table(lead_time: LeadTime) -> tuple[Words, Words]:
    """Alias table over least to greatest lead time."""
    low = lead_time.periods[0]
    weights = np.zeros(lead_time.periods[-1] - low + 1)
    weights[np.array(lead_time.periods) - low] = lead_time.probability
    keep, alias = np.empty(len(weights), np.uint64), np.empty(len(weights), np.uint64)
    draw.alias_table(weights, keep, alias)
    return keep, alias
