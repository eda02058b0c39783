"""Certify the service of levels on paths that the optimiser has not seen, and raise what falls short."""

from dataclasses import dataclass, replace

import numpy as np

from echelon.core.inventory.optimise import Targets
from echelon.core.inventory.problem import Problem
from echelon.core.inventory.shadow_prices import ShadowPrices
from echelon.core.inventory.simulation import layout
from echelon.core.inventory.simulation.layout import Doubles, Flags
from echelon.core.inventory.simulation.paths import PathSource
from echelon.core.inventory.simulation.simulator import Measures, Simulator

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
    problem, replications = source.problem, simulator.paths.replications
    touched = np.ones(len(levels), np.bool_)
    measures: Measures | None = None
    for attempt in range(_ROUNDS):
        fresh = simulator.on(source.draw(f"certify {attempt}", replications)).measure(levels)
        measures = fresh if measures is None else _merged(measures, fresh, touched)
        service = measures.customer_fill_rate
        short = service.mean + service.se < targets.fill_rate
        if not short.any():
            return Certified(levels, measures, "ok")
        if attempt < _ROUNDS - 1:
            levels = np.where(short, levels + _raise(measures, targets, levels, prices, sd), levels)
            touched = _touched(problem, short)
    assert measures is not None
    return Certified(levels, measures, _shortfall(problem, targets, measures, short))


def _merged(old: Measures, new: Measures, touched: Flags) -> Measures:
    """New measures of the nodes that are touched. The others are as they were, and certified already."""
    return replace(old, sums=np.where(touched[None, :, None], new.sums, old.sums))


def _touched(problem: Problem, changed: Flags) -> Flags:
    """Nodes whose measures change with these levels: a node without children whose customers wait orders what they ask
    for, whatever its level, so it is the only one; any other moves its whole tree."""
    root = np.arange(len(changed))
    inner = np.zeros(len(changed), np.bool_)
    for i, node in enumerate(problem.nodes):
        if node.parent >= 0:
            root[i] = root[node.parent]
            inner[node.parent] = True
    moves = changed & (inner | np.array([node.lost_sales for node in problem.nodes]))
    return np.asarray(changed | np.isin(root, root[moves]))


def _raise(measures: Measures, targets: Targets, levels: Doubles, prices: ShadowPrices, sd: Doubles) -> Doubles:
    """What would have met the targets on these paths with half a standard error to spare, to first order; at least one
    unit (1 % of the standard deviation of lead-time demand)."""
    demand, unmet, slope = (measures.sums[kind].sum(axis=1) for kind in (layout.DEMAND, layout.UNMET, layout.SLOPE))
    spare = 0.5 * np.nan_to_num(measures.customer_fill_rate.se)
    missing = unmet - (1 - np.nan_to_num(targets.fill_rate) - spare) * demand
    step = np.clip(missing / np.maximum(slope * prices.effect, 1e-9), 0.01 * sd, np.maximum(levels, sd))
    return np.maximum(np.ceil(step), 1) if targets.whole else step


def _shortfall(problem: Problem, targets: Targets, measures: Measures, short: Flags) -> str:
    """Targets that were not reached, in words."""
    missed = [
        f"{problem.nodes[i].name}: fill rate {measures.customer_fill_rate.mean[i]:.4f} certified, "
        f"{targets.fill_rate[i]:.4f} asked"
        for i in np.flatnonzero(short)
    ]
    return "target not reached at " + "; ".join(missed)
