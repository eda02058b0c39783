"""Customers' demand of one SKU, drawn in blocks of replications."""

import hashlib
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from echelon.core.arrays import Doubles, Floats, Ints, Words
from echelon.core.inventory.kernels.drawing import count_tables, draw
from echelon.core.inventory.kernels.drawing.level_factors import common_level_factors, largest_factor, log_strata, strata
from echelon.core.inventory.kernels.drawing.losses import LossRows, count_losses
from echelon.core.inventory.kernels.layout import BLOCK
from echelon.core.inventory.model.demand import Demand
from echelon.core.inventory.model.supply_network import SupplyNetwork

# Counts are drawn from tables on a logarithmic grid of means; a mean in between is rounded at random to a neighbour.
_MOST_TABLES = 64
_SPACING = 0.12
_MOST_CELLS = 2048
_SMALLEST = 0.02  # of the smallest mean: below it, demand comes from the first table or not at all


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
    loss: Doubles


def _count_tables(demand: Demand) -> _CountTables:
    """Table 0 is no demand; the others stand for the grid, or for exactly the means when the level is fixed."""
    mean = np.asarray(demand.mean, float)
    exact = np.unique(mean[mean > 0])
    if demand.level_cv == 0 and len(exact) < _MOST_TABLES:
        return _tables(demand, exact, np.searchsorted(exact, mean) + 1.0 * (mean > 0), 1.0)
    low, high = exact[0] * (_SMALLEST if demand.level_cv > 0 else 1), exact[-1] * largest_factor(demand.level_cv)
    size = min(_MOST_TABLES - 1, 2 + int(np.log(high / low) / _SPACING))
    spacing = float(np.log(high / low) / (size - 1))
    place = np.where(mean > 0, 1 + np.log(np.maximum(mean, 1e-300) / low) / spacing, -1e9)
    return _tables(demand, low * np.exp(spacing * np.arange(size)), place, spacing)


def _tables(demand: Demand, means: Doubles, place: Doubles, spacing: float) -> _CountTables:
    """One table per mean, after the one for no demand."""
    means = np.concatenate([[0.0], means])
    bounds, components = np.empty((len(means), 3), np.int64), demand.components
    count_tables.count_bounds(means, components, _MOST_CELLS, bounds)
    start = np.concatenate([[0], np.cumsum(bounds[:, 1])])
    table, edges = np.empty(start[-1], np.uint64), np.empty(start[-1], np.uint64)
    count_tables.count_edges(means, components, bounds, start, edges)
    weights, scratch = np.empty(_MOST_CELLS), np.empty((2, _MOST_CELLS), np.int64)
    count_tables.count_tables(means, components, bounds, start, edges, table, weights, scratch)
    loss = np.empty(start[-1])
    count_losses(means, components, bounds, start, edges, weights, loss)
    cells = count_tables.packed_cells(bounds, start)
    return _CountTables(np.asarray(place, float), spacing, bool(np.any(bounds[:, 2] != 1)), cells, table, edges, loss)


def _joined(rows: list[tuple[_CountTables, Ints, Ints]]) -> draw.CountRows:
    """Tables of several nodes, and of each the horizon and the place on its path of every period, in one."""
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


class Drawing(Protocol):
    """What is drawn for one purpose, as many blocks as were asked for, any of them at a time."""

    def fill(self, out: Floats, first: int) -> None:
        """Draw to out (blocks, periods, customers' nodes, BLOCK), which begins with block `first` of all."""


@dataclass(frozen=True)
class _Counts:
    """Counts of several nodes: rows of `out`, keys and level factors (nodes, horizons, replications) of each."""

    rows: Ints
    keys: Words
    count: draw.CountRows
    factor: Doubles

    def fill(self, out: Floats, first: int) -> None:
        draw.draw_counts(out, first, self.rows, self.keys, self.count, self.factor, np.empty((2, BLOCK), np.uint64))


@dataclass(frozen=True)
class _Amounts:
    """Amounts of one node: mean and horizon (periods,), level factor (horizons, replications)."""

    row: int
    key: np.uint64
    mean: Doubles
    horizon: Ints
    factor: Doubles
    components: Doubles

    def fill(self, out: Floats, first: int) -> None:
        draw.draw_amounts(out, first, self.row, self.key, self.mean, self.factor, self.horizon, self.components)


class DemandSource:
    """Draws customers' demand of one SKU. Tables are made once; demand can be drawn for any purpose at any time."""

    def __init__(self, network: SupplyNetwork, periods: int, warm_up: int) -> None:
        self.network = network
        self.periods = periods + warm_up
        self.warm_up = warm_up
        self._customers = [i for i, node in enumerate(network.nodes) if node.demand is not None]
        self._tables = {i: _count_tables(d) for i, d in self._demands() if d.counts and d.rate > 0}
        self._counts = self._count_rows()
        self._losses = self._all_losses()

    def _all_losses(self) -> Doubles:
        """Those of all tables, one after the other."""
        return np.concatenate([np.zeros(0), *(self._tables[i].loss for i, _ in self._demands() if i in self._tables)])

    def _demands(self) -> list[tuple[int, Demand]]:
        demands = [(i, self.network.nodes[i].demand) for i in self._customers]
        return [(i, demand) for i, demand in demands if demand is not None]

    def _count_rows(self) -> draw.CountRows | None:
        """All that counts are drawn from, for one call; None where nothing is counted."""
        tables = [(self._tables[i], self._horizons(demand)) for i, demand in self._demands() if i in self._tables]
        return _joined([(table, *horizons) for table, horizons in tables]) if tables else None

    def _horizons(self, demand: Demand) -> tuple[Ints, Ints]:
        """Of every period: the number of its horizon, and its place on the path of the mean. Both begin anew with the first
        measured period."""
        period = np.arange(self.periods) - self.warm_up
        horizon = period // demand.level_periods
        return horizon - horizon[0], period % len(demand.mean)

    def no_demand(self, blocks: int) -> Floats:
        """Memory to draw to."""
        return np.zeros((blocks, self.periods, max(len(self._customers), 1), BLOCK), np.float32)

    def drawings(self, purpose: str, blocks: int) -> list[Drawing]:
        """The demand of all blocks, to be drawn when it is needed."""
        asked = [(row, node, demand) for row, (node, demand) in enumerate(self._demands()) if demand.rate > 0]
        counted = self._counted([one for one in asked if one[2].counts], purpose, blocks)
        return [*counted, *(self._amounts(*one, purpose, blocks) for one in asked if not one[2].counts)]

    def law(self, drawings: list[Drawing]) -> LossRows | None:
        """What is expected of the counts that are drawn; None where nothing is counted."""
        counted = next((drawing for drawing in drawings if isinstance(drawing, _Counts)), None)
        if counted is None:
            return None
        row = np.full(max(len(self._customers), 1), -1)
        row[counted.rows] = np.arange(len(counted.rows))
        means = [
            np.asarray(demand.mean, float)[self._horizons(demand)[1]] for i, demand in self._demands() if i in self._tables
        ]
        return LossRows(row, counted.count, self._losses, counted.factor, np.stack(means))

    def _counted(self, asked: list[tuple[int, int, Demand]], purpose: str, blocks: int) -> list[Drawing]:
        if self._counts is None:
            return []
        names = [self.network.nodes[node].name for _, node, _ in asked]
        factor = np.zeros((len(asked), int(self._counts.horizon.max()) + 1, blocks * BLOCK))
        for i, (_, _, demand) in enumerate(asked):
            if demand.level_cv > 0:
                self._draw_level_factor(names[i], demand, purpose, factor[i], self._counts.spacing[i])
        keys = np.array([self._key(name, purpose, "demand") for name in names])
        return [_Counts(np.array([row for row, _, _ in asked]), keys, self._counts, factor)]

    def _amounts(self, row: int, node: int, demand: Demand, purpose: str, blocks: int) -> Drawing:
        name = self.network.nodes[node].name
        horizon, place = self._horizons(demand)
        factor = np.ones((int(horizon[-1]) + 1, blocks * BLOCK))
        if demand.level_cv > 0:
            self._draw_level_factor(name, demand, purpose, factor)
        mean, key = np.asarray(demand.mean, float)[place], self._key(name, purpose, "demand")
        return _Amounts(row, key, mean, horizon, factor, demand.components)

    def _key(self, name: str, purpose: str, what: str) -> np.uint64:
        return stream_key(self.network.run_seed, self.network.sku, name, purpose, what)

    def _draw_level_factor(self, name: str, demand: Demand, purpose: str, out: Doubles, spacing: float | None = None) -> None:
        """The level factor F per horizon and replication to out, with `spacing` (of count tables) log(F) / spacing."""
        own, cv = self._key(name, purpose, "level"), demand.level_cv
        if demand.level_correlation == 0 and demand.level_persistence == 0:
            factors = strata(cv, out.shape[1]) if spacing is None else log_strata(cv, out.shape[1]) / spacing
            draw.deal_strata(factors, own, out)
            return
        keys = (stream_key(self.network.run_seed, self.network.sku, purpose, "common level"), own)
        factor = common_level_factors(cv, demand.level_correlation, demand.level_persistence, keys, out.shape)
        out[:] = factor if spacing is None else np.log(factor) / spacing
