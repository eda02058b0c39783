"""Certify the service of levels on paths that the optimiser has not seen, and raise what falls short."""

from dataclasses import dataclass, replace

import numpy as np

from echelon.core.arrays import Doubles, Flags, Ints
from echelon.core.inventory.kernels import layout
from echelon.core.inventory.kernels.drawing.paths import PathSource
from echelon.core.inventory.kernels.tree.simulator import Measures, Simulator
from echelon.core.inventory.model.problem import Problem
from echelon.core.inventory.optimisation.service.shadow_prices import ShadowPrices
from echelon.core.inventory.optimisation.service.targets import Targets
from echelon.core.inventory.planning.stock_plan import shortfall

_ROUNDS = 8


@dataclass(frozen=True)
class Certified:
    """Levels (nodes,), what was measured of them on fresh paths, and "ok" or the targets out of reach in words."""

    levels: Doubles
    measures: Measures
    status: str


def certify(
    simulator: Simulator, source: PathSource, targets: Targets, levels: Doubles, prices: ShadowPrices, sd: Doubles
) -> Certified:
    """Measure on as many fresh paths as the simulator has; raise what falls short by more than a standard error, and
    measure what that touches on fresh paths again. sd: of lead-time demand (nodes,), units: at least 1 % of it is added.
    """
    problem = source.tree
    measures = simulator.on(source.in_parts("certify 0", simulator.replications)).measure(levels)
    for attempt in range(1, _ROUNDS + 1):
        service = measures.customer_fill_rate
        short = service.mean + service.se < targets.fill_rate
        if not short.any():
            return Certified(levels, measures, "ok")
        if attempt < _ROUNDS:
            levels = np.where(short, levels + _raise(measures, targets, levels, prices, sd), levels)
            measures = _again(source, measures, levels, short, f"certify {attempt}")
    return Certified(levels, measures, shortfall(problem, targets, measures, short))


def _again(source: PathSource, old: Measures, levels: Doubles, changed: Flags, purpose: str) -> Measures:
    """Measures after some levels were changed, on fresh paths where that makes a difference. The others are as they were,
    and certified already."""
    tree = _trees(source.tree)
    rows = np.flatnonzero(np.isin(tree, tree[changed]))
    part = source.of(rows)
    new = Simulator(part.tree, part.in_parts(purpose, old.sums.shape[2])).measure(levels[rows])
    touched = _touched(source.tree, changed)[rows]
    sums = old.sums.copy()
    sums[:, rows[touched]] = new.sums[:, touched]
    return replace(old, sums=sums)


def _trees(problem: Problem) -> Ints:
    """The node at the top of each node's tree."""
    top = np.arange(len(problem.nodes))
    for i, node in enumerate(problem.nodes):
        top[i] = top[node.parent] if node.parent >= 0 else i
    return top


def _touched(problem: Problem, changed: Flags) -> Flags:
    """Nodes whose measures change with these levels: a node without children whose customers wait orders what they ask
    for, whatever its level, so it is the only one; any other moves its whole tree."""
    parents = [node.parent for node in problem.nodes]
    lost = np.array([node.lost_sales for node in problem.nodes])
    moves = changed & (lost | np.isin(np.arange(len(parents)), parents))
    tree = _trees(problem)
    return np.asarray(changed | np.isin(tree, tree[moves]))


def _raise(measures: Measures, targets: Targets, levels: Doubles, prices: ShadowPrices, sd: Doubles) -> Doubles:
    """What would have met the targets on these paths with half a standard error to spare, to first order; at least one
    unit (1 % of the standard deviation of lead-time demand)."""
    demand, unmet, slope = (measures.sums[kind].sum(axis=1) for kind in (layout.DEMAND, layout.UNMET, layout.SLOPE))
    spare = 0.5 * np.nan_to_num(measures.customer_fill_rate.se)
    missing = unmet - (1 - np.nan_to_num(targets.fill_rate) - spare) * demand
    step = np.clip(missing / np.maximum(slope * prices.effect, 1e-9), 0.01 * sd, np.maximum(levels, sd))
    return np.maximum(np.ceil(step), 1) if targets.whole else step
