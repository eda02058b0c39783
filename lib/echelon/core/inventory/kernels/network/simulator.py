"""Simulate a network of any shape: the same interface as the fast simulator of distribution trees."""

from collections.abc import Sequence
from copy import copy
from typing import Any

import numpy as np

from echelon.core.arrays import Doubles, Floats
from echelon.core.inventory.kernels import layout
from echelon.core.inventory.kernels.drawing.paths import Paths, Sampled
from echelon.core.inventory.kernels.layout import BLOCK
from echelon.core.inventory.kernels.measures import Totals
from echelon.core.inventory.kernels.network import measures
from echelon.core.inventory.kernels.network.arrays import ORDER_UP_TO, Draws, make_state, network_arrays
from echelon.core.inventory.kernels.network.costs import NetworkMeasures
from echelon.core.inventory.kernels.network.kernel import simulate
from echelon.core.inventory.kernels.network.tape import make_tape
from echelon.core.inventory.model.check import check_network
from echelon.core.inventory.model.supply_network import SupplyNetwork

_ROOM = 40  # numbers of the tape per point, link and period, to begin with


class NetworkSimulator:
    """One network on one set of paths. Levels are arrays (points,), units: order-up-to levels, for RQ reorder points."""

    def __init__(self, network: SupplyNetwork, paths: Sampled) -> None:
        check_network(network)
        self._net = network_arrays(network, paths.periods)
        self._state = make_state(self._net)
        self._tape = make_tape(_ROOM * paths.periods * (len(network.nodes) + len(self._net.links)))
        self._take(paths)

    def on(self, paths: Sampled) -> "NetworkSimulator":
        """The same network on other paths with as many periods. Both share their memory: not for two threads."""
        other = copy(self)
        other._take(paths)
        return other

    def expecting(self) -> "NetworkSimulator":
        """This one, which counts what was drawn."""
        return self

    def _take(self, paths: Sampled) -> None:
        self.paths, self.periods, self.warm_up = paths, paths.periods, paths.warm_up
        self.replications = paths.blocks * BLOCK
        self._sums = np.zeros((self.replications, len(self._net.points), measures.ALL_SUMS))
        rows = max(int(self._net.points["customers"].max()) + 1, 1)
        demand, asked = np.zeros(rows), np.zeros(rows)
        for _, chunk in paths.chunks():
            measured = chunk.demand[:, self.warm_up :]
            demand += measured.sum(axis=(0, 1, 3), dtype=np.float64)
            asked += np.count_nonzero(measured > 0, axis=(0, 1, 3))
        self.demand, self._asked = self._per_point(demand), self._per_point(asked)

    @property
    def gaps(self) -> Doubles:
        """S - s of (s,S) points, 0 elsewhere (points,)."""
        return np.where(self._net.points["policy"] == ORDER_UP_TO, self._net.points["gap"], 0.0)

    @property
    def measured(self) -> int:
        """Number of measured periods."""
        return self.periods - self.warm_up

    @property
    def scale(self) -> float:
        """Measured periods x replications: sums divided by it are means per period."""
        return float(self.measured * self.replications)

    def _per_point(self, per_row: Doubles) -> Doubles:
        """What is known per row of demand, per point; 0 without customers."""
        rows = self._net.points["customers"]
        return np.where(rows >= 0, per_row[np.maximum(rows, 0)], 0.0)

    def _run(self, levels: Doubles, weights: Doubles | None = None, trace: Floats | None = None) -> Doubles:
        """Simulate; with weights returns the derivatives of the weighted cost, else zeros. Both (points,)."""
        worth = np.zeros((measures.WEIGHTS, len(levels))) if weights is None else weights
        traced = np.zeros((0, self.periods, measures.TRACED, len(levels)), np.float32) if trace is None else trace
        slope = np.zeros(len(levels))
        for first, chunk in self.paths.chunks():
            rows = slice(first * BLOCK, (first + chunk.blocks) * BLOCK)
            slope += self._run_chunk(chunk, np.asarray(levels, float), worth, weights is not None, rows, traced)
        return slope

    def _run_chunk(
        self, chunk: Paths, levels: Doubles, weights: Doubles, backwards: bool, rows: slice, trace: Floats
    ) -> Doubles:
        """Derivatives of a chunk of the paths, whose sums are written to their rows."""
        draws = draws_of(chunk, len(levels))
        while True:
            slope = np.zeros(len(levels))
            inputs = (self._net, self._state, self._tape, levels, draws, self.warm_up, weights, backwards)
            if simulate(*inputs, self._sums[rows], slope, trace[rows]):
                return slope
            self._tape = make_tape(2 * len(self._tape.number))

    def totals(self, levels: Doubles) -> Totals:
        """One forward pass."""
        self._run(levels)
        return self._totals()

    def _totals(self) -> Totals:
        total = self._sums.sum(axis=0)
        kinds = (layout.UNMET, layout.CUSTOMERS_OWED, layout.ON_HAND, layout.SLOPE, layout.COVERED)
        return Totals(*(total[:, kind] for kind in kinds))

    def gradient(
        self, levels: Doubles, hold: Doubles, unmet: Doubles, backorder: Doubles | None = None, waste: Doubles | None = None
    ) -> tuple[Totals, Doubles]:
        """Sums and the derivative (points,) in the levels of sum(hold x on hand + unmet x unmet demand + backorder x
        customers' backorders + waste x wasted units), added up over measured periods and replications.

        Exact along each path wherever quantities are continuous in the levels; rounding to lots, (s,S) and (R,Q) orders
        pass derivatives straight through.
        """
        nothing = np.zeros_like(hold)
        weights: list[Any] = [nothing] * measures.WEIGHTS
        weights[measures.HOLD], weights[measures.SHORT] = hold, unmet
        weights[measures.OWE] = nothing if backorder is None else backorder
        weights[measures.SPOIL] = nothing if waste is None else waste
        slope = self._run(levels, np.array(weights, float))
        return self._totals(), slope

    def measure(self, levels: Doubles) -> "NetworkMeasures":
        """One forward pass with all measures."""
        self._run(levels)
        by_kind = self._sums.transpose(2, 1, 0).copy()
        return NetworkMeasures(by_kind, self.measured, by_kind[measures.CYCLES_SEEN].max(axis=1), self._asked)

    def trace(self, levels: Doubles) -> Floats:
        """(replications, periods, TRACED, points): stock on hand, backorders and units under way at the end of every period,
        the warm-up included."""
        traced = np.zeros((self.replications, self.periods, measures.TRACED, len(levels)), np.float32)
        self._run(levels, trace=traced)
        return traced

    def quantiles(self, levels: Doubles, probabilities: Sequence[float]) -> Doubles:
        """(TRACED, probabilities, periods, points): quantiles over replications of what `trace` shows."""
        return np.asarray(np.quantile(self.trace(levels), probabilities, axis=0).transpose(2, 0, 1, 3))

    def demand_of(self, point: int) -> Floats:
        """(replications, periods): customers' demand of a point that has customers."""
        row = self._net.points["customers"][point]
        demands = [chunk.demand[:, :, row].transpose(0, 2, 1).copy() for _, chunk in self.paths.chunks()]
        return np.concatenate(demands).reshape(self.replications, self.periods)


def draws_of(paths: Paths, points: int) -> Draws:
    """The paths as the kernel reads them: nothing is left out."""
    blocks, periods, links, _ = paths.lead.shape
    up = np.ones((blocks, periods, links, BLOCK), np.bool_) if paths.up is None else paths.up
    at_once = np.zeros((blocks, periods, points, BLOCK), np.uint8) if paths.processing is None else paths.processing
    return Draws(paths.demand, paths.lead, up, at_once, paths.starts(points), paths.start is not None)
