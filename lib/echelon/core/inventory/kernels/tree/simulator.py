"""Simulate a problem on given paths: measures per node with standard errors, and gradients of cost."""

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from echelon.core.arrays import Doubles, Floats
from echelon.core.inventory.kernels import layout
from echelon.core.inventory.kernels.drawing.paths import Paths, Sampled, lead_table
from echelon.core.inventory.kernels.layout import BLOCK, NetworkArrays, Workspace
from echelon.core.inventory.kernels.tree import adjoint, forward, sums
from echelon.core.inventory.model.problem import Problem

# From this range on, sorting shipments by their due period one by one is faster than looking for them in whole rows.
_WIDE = 10


def warm_up_periods(problem: Problem) -> int:
    """Periods after which a base-stock system has forgotten its start: the longest way through the network, each lead
    time at its 99 % quantile."""
    reach = np.zeros(len(problem.nodes), np.int64)
    for i, node in enumerate(problem.nodes):
        reach[i] = (reach[node.parent] if node.parent >= 0 else 0) + node.lead_time.quantile(0.99) + node.review_period
    return int(reach.max())


def network_arrays(problem: Problem) -> NetworkArrays:
    """The network as the kernels read it."""
    nodes, counts = problem.nodes, problem.counts
    drawn = [lead_table(node.lead_time) for node in nodes]
    low, high = (np.array([table[end] for table in drawn], np.int64) for end in (0, -1))
    length = np.array([1 << int(h).bit_length() for h in high], np.int64)
    review = np.array([node.review_period for node in nodes], np.int64)
    mean_lead = np.array([round(node.lead_time.mean) for node in nodes], np.int64)
    parent = np.array([node.parent for node in nodes], np.int64)
    inner = np.zeros(len(nodes), np.bool_)
    inner[parent[parent >= 0]] = True
    has_customers = np.array([node.demand is not None for node in nodes])
    rows = np.where(inner, np.where(has_customers, layout.TAPE_INNER_CUSTOMERS, layout.TAPE_INNER), layout.TAPE_LEAF)
    return NetworkArrays(
        parent=parent,
        customers=np.where(has_customers, np.cumsum(has_customers) - 1, -1),
        inner=inner,
        lost=np.array([node.lost_sales for node in nodes], np.bool_),
        review=review,
        low=low,
        high=high,
        wide=high - low >= _WIDE,
        lot=np.array([_lot(counts, node.lot_size) for node in nodes], np.float32),
        moq=np.array([_lot(counts, node.moq) for node in nodes], np.float32),
        cycle_start=mean_lead % review,
        ring_at=np.concatenate([[0], np.cumsum(length)[:-1]]).astype(np.int64),
        ring_mask=length - 1,
        tape_at=np.concatenate([[0], np.cumsum(rows)]).astype(np.int64),
    )


def _lot(counts: bool, quantity: float) -> float:
    """Single units are no restriction when demand is counted."""
    return 0.0 if counts and quantity <= 1 else quantity


@dataclass(frozen=True)
class Totals:
    """Sums over measured periods and replications per node, as an optimiser reads them.

    `owed` are the customers' backorders; `slope` counts periods in which one unit more of base stock would have served
    one unit more, `covered` those in which it would be left over.
    """

    unmet: Doubles
    owed: Doubles
    on_hand: Doubles
    slope: Doubles
    covered: Doubles


class Simulator:
    """One problem on one set of paths. Levels are arrays of base-stock levels (nodes,), units."""

    precision: type[np.floating[Any]] = np.float32  # of the state; whole units are exact up to 2^24

    def __init__(self, problem: Problem, paths: Sampled) -> None:
        self.net = network_arrays(problem)
        self._take(paths)
        nodes = len(problem.nodes)
        self._work = Workspace(
            state=self._rows(nodes * layout.RECORD),
            ring=self._rows(int(self.net.ring_mask.sum()) + nodes),
            tape=self._rows(paths.periods * int(self.net.tape_at[-1])),
        )

    def on(self, paths: Sampled) -> "Simulator":
        """The same problem on other paths with as many periods. Both share their memory: not for two threads."""
        other = copy(self)
        other._take(paths)
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
            for _ in self._counted_parts():
                pass
        assert self._demand is not None
        return self._demand

    def _parts(self) -> Iterator[tuple[Paths, Floats]]:
        """Parts of the paths with their sums, as zeros."""
        self._sums[:] = 0
        for first, part in self.paths.parts():
            yield part, self._sums[first : first + part.blocks]

    def _counted_parts(self) -> Iterator[tuple[Paths, Floats]]:
        """The same; in passing, the first time, customers' demand is added up."""
        if self._demand is not None:
            yield from self._parts()
            return
        by_lane = np.zeros((int(self.net.customers.max(initial=0)) + 1, BLOCK))
        for part, found in self._parts():
            sums.add_demand(part.demand, part.warm_up, by_lane)
            yield part, found
        per_row = by_lane.sum(axis=1)
        self._demand = np.where(self.net.customers >= 0, per_row[np.maximum(self.net.customers, 0)], 0.0)

    def _asked_parts(self) -> Iterator[tuple[Paths, Floats]]:
        """The same; in passing, measured periods in which customers ask for anything are counted."""
        by_lane = np.zeros(int(self.net.customers.max(initial=0)) + 1)
        for part, found in self._parts():
            by_lane += np.count_nonzero(part.demand[:, part.warm_up :] > 0, axis=(0, 1, 3))
            yield part, found
        self._asked = np.where(self.net.customers >= 0, by_lane[np.maximum(self.net.customers, 0)], 0.0)

    def _forward(self, levels: Doubles, full: bool) -> Floats:
        used = np.asarray(levels, self.precision)
        for part, found in self._asked_parts() if full else self._counted_parts():
            forward.forward_blocks(self.net, used, part.demand, part.lead, part.warm_up, full, found, self._work)
        return self._sums

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
        for part, found in self._counted_parts():
            adjoint.gradient_blocks(self.net, used, part.demand, part.lead, part.warm_up, weights, found, self._work, slope)
        return _totals(self._sums), slope

    def measure(self, levels: Doubles) -> "Measures":
        """One forward pass with all measures."""
        found = self._forward(levels, True)
        blocks, nodes = found.shape[:2]
        by_kind = found.reshape(blocks, nodes, layout.SUMS, BLOCK).transpose(2, 1, 0, 3).astype(np.float64, order="C")
        return Measures(by_kind.reshape(layout.SUMS, nodes, blocks * BLOCK), self.measured, self._cycles(), self._asked)

    def _cycles(self) -> Doubles:
        """Whole review cycles inside the measured periods, per node."""
        ends = np.arange(self.paths.warm_up, self.paths.periods)
        found = []
        for start, review in zip(self.net.cycle_start, self.net.review, strict=True):
            is_end = (ends >= start) & ((ends - start) % review == 0) & (ends - review >= self.paths.warm_up)
            found.append(is_end.sum())
        return np.array(found, float)


def _totals(sums: Floats) -> Totals:
    """Add up blocks and replications."""
    shape = (*sums.shape[:2], layout.SUMS, BLOCK)
    total = sums.reshape(shape).sum(axis=(0, 3), dtype=np.float64)
    kinds = (layout.UNMET, layout.CUSTOMERS_OWED, layout.ON_HAND, layout.SLOPE, layout.COVERED)
    return Totals(*(total[:, kind] for kind in kinds))


@dataclass(frozen=True)
class Estimate:
    """Means per node with their standard errors over replications; nan where nothing was observed."""

    mean: Doubles
    se: Doubles


@dataclass(frozen=True)
class Measures:
    """Service and stock per node. sums: (kinds, nodes, replications) over `periods` measured periods; asked: those in which
    customers ask for anything, over all replications (nodes,)."""

    sums: Doubles
    periods: int
    cycles: Doubles
    asked: Doubles

    def per_period(self, kind: int) -> Estimate:
        """Mean per period of a sum of `layout` (ON_HAND, BACKORDERS, READY, ...)."""
        return _mean(self.sums[kind] / self.periods)

    @cached_property
    def on_hand(self) -> Estimate:
        """Mean stock on hand at the end of a period, units."""
        return self.per_period(layout.ON_HAND)

    @property
    def backorders(self) -> Estimate:
        """Mean units owed to customers and nodes downstream at the end of a period."""
        return self.per_period(layout.BACKORDERS)

    @property
    def demand(self) -> Estimate:
        """Mean demand per period of customers and nodes downstream, units."""
        return _mean((self.sums[layout.DEMAND] + self.sums[layout.ORDERS]) / self.periods)

    @cached_property
    def fill_rate(self) -> Estimate:
        """Share of the demand of customers and nodes downstream served at once from stock on hand (beta)."""
        unmet = self.sums[layout.UNMET] + self.sums[layout.ORDERS_UNMET]
        return _ratio(unmet, self.sums[layout.DEMAND] + self.sums[layout.ORDERS])

    @cached_property
    def customer_fill_rate(self) -> Estimate:
        """The same for customers alone."""
        return _ratio(self.sums[layout.UNMET], self.sums[layout.DEMAND])

    @property
    def cycle_service_level(self) -> Estimate:
        """Share of review cycles without a stock-out (alpha)."""
        cycles = np.where(self.cycles > 0, self.cycles, np.nan)
        return _mean(self.sums[layout.CYCLES] / cycles[:, None])

    @property
    def ready_rate(self) -> Estimate:
        """Share of periods that end without backorders."""
        return self.per_period(layout.READY)

    @property
    def stock_out_share(self) -> Estimate:
        """Share of periods in which some demand of customers was not served."""
        return self.per_period(layout.STOCKOUTS)

    @property
    def served_periods(self) -> Doubles:
        """Share of the periods with customers' demand in which all of it was served (nodes,); nan without any."""
        asked = np.where(self.asked > 0, self.asked, np.nan)
        return np.asarray(1 - self.sums[layout.STOCKOUTS].sum(axis=1) / asked)


def _mean(values: Doubles) -> Estimate:
    """Mean and standard error over replications (last axis)."""
    return Estimate(values.mean(axis=1), values.std(axis=1, ddof=1) / np.sqrt(values.shape[1]))


def _ratio(missed: Doubles, total: Doubles) -> Estimate:
    """1 - sum(missed) / sum(total) with the standard error of a ratio estimator (Cochran, Sampling, eq. 6.13)."""
    base = total.sum(axis=1)
    safe = np.where(base > 0, base, np.nan)
    rate = missed.sum(axis=1) / safe
    replications = total.shape[1]
    residual = missed - rate[:, None] * total
    se = np.sqrt(np.square(residual).sum(axis=1) * replications / (replications - 1)) / safe
    return Estimate(1 - rate, se)
