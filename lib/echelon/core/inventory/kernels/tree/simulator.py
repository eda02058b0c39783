"""Simulate a distribution tree of order-up-to levels on given paths: measures per point, and gradients of cost."""

from collections.abc import Iterator
from copy import copy
from typing import Any

import numpy as np

from echelon.core.arrays import Doubles, Floats
from echelon.core.inventory.kernels import layout
from echelon.core.inventory.kernels.drawing.paths import Paths, Sampled
from echelon.core.inventory.kernels.drawing.times import lead_table
from echelon.core.inventory.kernels.layout import BLOCK, NetworkArrays, Workspace
from echelon.core.inventory.kernels.measures import Measures, Totals
from echelon.core.inventory.kernels.tree import adjoint, forward, sums
from echelon.core.inventory.kernels.tree.expected import expected_blocks
from echelon.core.inventory.model.supply_network import SupplyNetwork

# From this range on, sorting shipments by their due period one by one is faster than looking for them in whole rows.
_WIDE = 10


def network_arrays(network: SupplyNetwork) -> NetworkArrays:
    """The network as the kernels read it."""
    nodes = network.nodes
    drawn = [lead_table(node.links[0].lead_time) for node in nodes]
    low, high = (np.array([table[end] for table in drawn], np.int64) for end in (0, -1))
    length = np.array([1 << int(h).bit_length() for h in high], np.int64)
    review = np.array([node.policy.review_period for node in nodes], np.int64)
    mean_lead = np.array([round(node.mean_lead) for node in nodes], np.int64)
    inner = network.inner
    has_customers = np.array([node.demand is not None for node in nodes])
    rows = np.where(inner, np.where(has_customers, layout.TAPE_INNER_CUSTOMERS, layout.TAPE_INNER), layout.TAPE_LEAF)
    return NetworkArrays(
        parent=np.array(network.parents, np.int64),
        customers=np.where(has_customers, np.cumsum(has_customers) - 1, -1),
        inner=inner,
        lost=np.array([node.backorder_share == 0 for node in nodes], np.bool_),
        review=review,
        low=low,
        high=high,
        wide=high - low >= _WIDE,
        lot=np.array([network.restriction(node.policy.lot_size) for node in nodes], np.float32),
        moq=np.array([network.restriction(node.policy.moq) for node in nodes], np.float32),
        cycle_start=mean_lead % review,
        ring_at=np.concatenate([[0], np.cumsum(length)[:-1]]).astype(np.int64),
        ring_mask=length - 1,
        tape_at=np.concatenate([[0], np.cumsum(rows)]).astype(np.int64),
    )


class TreeSimulator:
    """One distribution tree on one set of paths. Levels are arrays of base-stock levels (nodes,), units."""

    precision: type[np.floating[Any]] = np.float32  # of the state; whole units are exact up to 2^24

    def __init__(self, network: SupplyNetwork, paths: Sampled) -> None:
        self.net = network_arrays(network)
        self._expects = False
        self._take(paths)
        nodes = len(network.nodes)
        self._work = Workspace(
            state=self._rows(nodes * layout.RECORD),
            ring=self._rows(int(self.net.ring_mask.sum()) + nodes),
            tape=self._rows(paths.periods * int(self.net.tape_at[-1])),
        )

    def on(self, paths: Sampled) -> "TreeSimulator":
        """The same network on other paths with as many periods. Both share their memory: not for two threads."""
        other = copy(self)
        other._take(paths)
        return other

    def expecting(self) -> "TreeSimulator":
        """The same network on the same paths; customers' demand and what of it is unmet are taken as they are expected given
        all that happened before: the same in the mean, with a fraction of the noise. Gradients are not."""
        other = copy(self)
        other._expects, other._demand = True, None
        return other

    def _take(self, paths: Sampled) -> None:
        self.paths = paths
        self.replications, self.measured = paths.blocks * BLOCK, paths.periods - paths.warm_up
        self._sums = np.zeros((paths.blocks, len(self.net.parent), layout.SUMS * BLOCK), self.precision)
        self._demand: Doubles | None = None
        self._asked = np.zeros(len(self.net.parent))

    def _rows(self, rows: int) -> Floats:
        """Rows of BLOCK zeros that begin on a cache line."""
        memory = np.zeros(rows * BLOCK + 16, self.precision)
        start = (-memory.ctypes.data % 64) // memory.itemsize
        return memory[start : start + rows * BLOCK]

    @property
    def scale(self) -> float:
        """Measured periods x replications: sums divided by it are means per period."""
        return float(self.measured * self.replications)

    @property
    def demand(self) -> Doubles:
        """Customers' demand per node over the measured periods of all replications."""
        if self._demand is None:
            self._forward(np.zeros(len(self.net.parent)), False)
        assert self._demand is not None
        return self._demand

    def _chunks(self) -> Iterator[tuple[Paths, Floats]]:
        """Chunks of the paths with their sums, as zeros."""
        self._sums[:] = 0
        for first, chunk in self.paths.chunks():
            yield chunk, self._sums[first : first + chunk.blocks]

    def _counted_chunks(self) -> Iterator[tuple[Paths, Floats]]:
        """The same; in passing, the first time, customers' demand is added up."""
        if self._demand is not None:
            yield from self._chunks()
            return
        by_lane = np.zeros((int(self.net.customers.max(initial=0)) + 1, BLOCK))
        for chunk, chunk_sums in self._chunks():
            sums.add_demand(chunk.demand, chunk.warm_up, by_lane)
            yield chunk, chunk_sums
        per_row = by_lane.sum(axis=1)
        self._demand = np.where(self.net.customers >= 0, per_row[np.maximum(self.net.customers, 0)], 0.0)

    def _asked_chunks(self) -> Iterator[tuple[Paths, Floats]]:
        """The same; in passing, measured periods in which customers ask for anything are counted."""
        by_lane = np.zeros(int(self.net.customers.max(initial=0)) + 1)
        for chunk, chunk_sums in self._chunks():
            by_lane += np.count_nonzero(chunk.demand[:, chunk.warm_up :] > 0, axis=(0, 1, 3))
            yield chunk, chunk_sums
        self._asked = np.where(self.net.customers >= 0, by_lane[np.maximum(self.net.customers, 0)], 0.0)

    def _forward(self, levels: Doubles, full: bool) -> Floats:
        used = np.asarray(levels, self.precision)
        for chunk, chunk_sums in self._asked_chunks() if full else self._counted_chunks():
            draws = (chunk.demand, chunk.lead, chunk.starts(len(used)), chunk.warm_up)
            if self._expects and chunk.law is not None:
                expected_blocks(self.net, used, *draws, full, chunk_sums, self._work, chunk.law)
            else:
                forward.forward_blocks(self.net, used, *draws, full, chunk_sums, self._work)
        if self._expects:
            self._expect_demand()
        return self._sums

    def _expect_demand(self) -> None:
        """The demand that was counted in passing, where more is known."""
        shape = (*self._sums.shape[:2], layout.SUMS, BLOCK)
        expected = self._sums.reshape(shape)[:, :, layout.DEMAND].sum(axis=(0, 2), dtype=np.float64)
        self._demand = np.where(expected > 0, expected, 0.0 if self._demand is None else self._demand)

    def totals(self, levels: Doubles) -> Totals:
        """One forward pass."""
        return _totals(self._forward(levels, False))

    def gradient(
        self, levels: Doubles, hold: Doubles, unmet: Doubles, backorder: Doubles | None = None
    ) -> tuple[Totals, Doubles]:
        """Sums and the derivative of sum(hold x on hand + unmet x unmet demand + backorder x customers' backorders).

        Weights are per node; the cost is added up over measured periods and replications, the derivative (nodes,) is
        with respect to the levels.
        """
        owed = np.zeros_like(hold) if backorder is None else backorder
        weights, used = np.stack([hold, owed, unmet]).astype(self.precision), np.asarray(levels, self.precision)
        slope = np.zeros(len(levels))
        for chunk, chunk_sums in self._counted_chunks():
            draws = (chunk.demand, chunk.lead, chunk.starts(len(used)), chunk.warm_up)
            adjoint.gradient_blocks(self.net, used, *draws, weights, chunk_sums, self._work, slope)
        return _totals(self._sums), slope

    def measure(self, levels: Doubles) -> Measures:
        """One forward pass with all measures."""
        all_sums = self._forward(levels, True)
        blocks, nodes = all_sums.shape[:2]
        by_kind = all_sums.reshape(blocks, nodes, layout.SUMS, BLOCK).transpose(2, 1, 0, 3).astype(np.float64, order="C")
        return Measures(by_kind.reshape(layout.SUMS, nodes, blocks * BLOCK), self.measured, self._cycles(), self._asked)

    def _cycles(self) -> Doubles:
        """Whole review cycles inside the measured periods, per node."""
        ends = np.arange(self.paths.warm_up, self.paths.periods)
        cycles = []
        for start, review in zip(self.net.cycle_start, self.net.review, strict=True):
            is_end = (ends >= start) & ((ends - start) % review == 0) & (ends - review >= self.paths.warm_up)
            cycles.append(is_end.sum())
        return np.array(cycles, float)


def _totals(sums: Floats) -> Totals:
    """Add up blocks and replications."""
    shape = (*sums.shape[:2], layout.SUMS, BLOCK)
    total = sums.reshape(shape).sum(axis=(0, 3), dtype=np.float64)
    kinds = (layout.UNMET, layout.CUSTOMERS_OWED, layout.ON_HAND, layout.SLOPE, layout.COVERED)
    return Totals(*(total[:, kind] for kind in kinds))
