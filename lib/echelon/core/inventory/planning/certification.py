"""Certify the service of levels on paths that the optimiser has not seen, and raise what falls short."""

from dataclasses import dataclass, replace

import numpy as np

from echelon.core.arrays import Doubles, Flags, Ints
from echelon.core.inventory.kernels import layout
from echelon.core.inventory.kernels.drawing.paths import PathSource
from echelon.core.inventory.kernels.measures import Estimate, Measures, Totals
from echelon.core.inventory.kernels.simulators import Simulation
from echelon.core.inventory.model.supply_network import SupplyNetwork
from echelon.core.inventory.optimisation.service.search import rounded_up
from echelon.core.inventory.optimisation.service.shadow_prices import ShadowPrices
from echelon.core.inventory.optimisation.service.targets import Targets, stepped
from echelon.core.inventory.planning.order_quantities import order_up_to_gaps

_ROUNDS = 8
_TRIFLE = 1e-3  # of the fill rate
_HALVINGS = 20
PATHS = 2  # times those of a certificate, to choose levels on
_STEPS = 3
_NEAR = 0.1  # a step by no more of the level is as good as two
_DOUBTFUL = 3.0  # standard errors: what falls short by no more may do so by chance
SURE = 1.28  # standard errors: nine in ten estimates lie above so much less


@dataclass(frozen=True)
class Certified:
    """Levels (points,), what was measured of them on fresh paths, and which of them are short of a target all the same."""

    levels: Doubles
    measures: Measures
    short: Flags


def certify(
    simulator: Simulation,
    source: PathSource,
    targets: Targets,
    levels: Doubles,
    prices: ShadowPrices,
    sd: Doubles,
    in_doubt: int = 0,
) -> Certified:
    """Measure on as many fresh paths as the simulator has; raise what falls short by more than a standard error, and
    measure what that touches on fresh paths again. sd: of lead-time demand (points,), units: at least 1 % of it is added;
    in_doubt: paths, fresh as well, that decide before anything is raised, 0 where a step more costs next to nothing.
    """
    network = source.network
    measures = simulator.on(source.in_chunks("certify 0", simulator.replications)).measure(levels)
    if in_doubt and _short(measures, targets).any() and not _short(measures, targets, _DOUBTFUL).any():
        more = simulator.on(source.in_chunks("certify in doubt", in_doubt)).measure(levels)
        if not _short(more, targets).any():
            return Certified(levels, more, _short(more, targets))
    for attempt in range(1, _ROUNDS + 1):
        short = _short(measures, targets)
        if not short.any():
            return Certified(levels, measures, short)
        if attempt < _ROUNDS:
            levels = np.where(short, levels + _raise(measures, targets, levels, prices, sd), levels)
            measures = _again(simulator, source, measures, levels, short, f"certify {attempt}")
    if not network.is_order_up_to_tree:
        last = f"certify {_ROUNDS - 1}"
        again = simulator.on(source.in_chunks(last, simulator.replications))
        levels = _no_more_than_serves(again, levels, order_up_to_gaps(network), short, targets.whole)
        measures = _again(simulator, source, measures, levels, short, last)
    return Certified(levels, measures, short)


def with_margin(simulator: Simulation, source: PathSource, targets: Targets, levels: Doubles, prices: ShadowPrices) -> Doubles:
    """Levels (points,), whole where they are counted, that meet the targets by so many standard errors of the paths that they
    are chosen on that few fall short on others; levels: such as nearly meet them."""
    paths = source.in_chunks("margin", PATHS * simulator.replications)
    for _ in range(_STEPS):
        measures = simulator.on(paths).measure(levels)
        asked, demand = _raised(targets, measures.customer_fill_rate), measures.sums[layout.DEMAND].sum(axis=1)
        before, levels = levels, stepped(demand, _totals(measures), asked, levels, prices)
        if np.all(np.abs(levels - before) <= np.maximum(_NEAR * before, 1)):
            break
    return rounded_up(levels) if targets.whole else levels


def _totals(measures: Measures) -> Totals:
    kinds = (layout.DEMAND, layout.CUSTOMERS_OWED, layout.ON_HAND, layout.SLOPE, layout.COVERED)
    demand, *others = (measures.sums[kind].sum(axis=1) for kind in kinds)
    return Totals((1 - np.nan_to_num(measures.customer_fill_rate.mean, nan=1.0)) * demand, *others)


def _raised(targets: Targets, service: Estimate) -> Targets:
    """Targets and as many standard errors; service: as measured at levels near by."""
    missing = np.maximum(1 - targets.fill_rate, _TRIFLE)
    nearer = np.sqrt(np.clip(missing / np.maximum(1 - service.mean, _TRIFLE), 0.25, 4.0))  # as many events, as much noise
    margin = np.nan_to_num(SURE * service.se * nearer)
    return replace(targets, fill_rate=targets.fill_rate + np.minimum(margin, 0.5 * (1 - targets.fill_rate)))


def _short(measures: Measures, targets: Targets, errors: float = 1.0) -> Flags:
    """Points whose certified fill rate is more than so many standard errors below the target."""
    service = measures.customer_fill_rate
    return np.asarray(service.mean + errors * service.se < targets.fill_rate)


def _again(simulator: Simulation, source: PathSource, old: Measures, levels: Doubles, changed: Flags, purpose: str) -> Measures:
    """Measures after some levels were changed, on fresh paths where that makes a difference. The others are as they were,
    and certified already."""
    linked = _linked(source.network)
    rows = np.flatnonzero(np.isin(linked, linked[changed]))
    part = source.of(rows)
    new = type(simulator)(part.network, part.in_chunks(purpose, old.sums.shape[2])).measure(levels[rows])
    touched = _touched(source.network, changed)[rows]
    sums = old.sums.copy()
    sums[:, rows[touched]] = new.sums[:, touched]
    return replace(old, sums=sums)


def _linked(network: SupplyNetwork) -> Ints:
    """Equal numbers for points that links lead between."""
    part = np.arange(len(network.nodes))
    for n, point in enumerate(network.nodes):
        for source in {link.source for link in point.links if link.source >= 0}:
            part[part == part[n]] = part[source]
    return part


def _touched(network: SupplyNetwork, changed: Flags) -> Flags:
    """Points whose measures change with these levels: a point without destinations that orders up to a level and whose
    customers wait orders what they ask for, whatever its level, so it is the only one; any other moves all it is linked to."""
    waits = np.array([point.is_order_up_to and point.backorder_share == 1 for point in network.nodes])
    moves = changed & (network.inner | ~waits)
    linked = _linked(network)
    return np.asarray(changed | np.isin(linked, linked[moves]))


def _no_more_than_serves(simulator: Simulation, levels: Doubles, least: Doubles, short: Flags, whole: bool) -> Doubles:
    """Levels whose targets are out of reach, cut to the least that serve nearly as much: what is beyond is wasted (a shelf
    life) or never comes (a capacity). In a tree every unit more serves more."""
    reached = simulator.measure(levels).customer_fill_rate.mean - _TRIFLE
    low, high = np.where(short, np.minimum(least, levels), levels), levels
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        enough = simulator.measure(middle).customer_fill_rate.mean >= reached
        low, high = np.where(short & ~enough, middle, low), np.where(short & enough, middle, high)
    return np.where(short, np.ceil(high) if whole else high, levels)


def _raise(measures: Measures, targets: Targets, levels: Doubles, prices: ShadowPrices, sd: Doubles) -> Doubles:
    """What would have met the targets on these paths with half a standard error to spare, to first order; at least one
    unit (1 % of the standard deviation of lead-time demand)."""
    demand, unmet, slope = (measures.sums[kind].sum(axis=1) for kind in (layout.DEMAND, layout.UNMET, layout.SLOPE))
    spare = 0.5 * np.nan_to_num(measures.customer_fill_rate.se)
    missing = unmet - (1 - np.nan_to_num(targets.fill_rate) - spare) * demand
    step = np.clip(missing / np.maximum(slope * prices.effect, 1e-9), 0.01 * sd, np.maximum(levels, sd))
    return np.maximum(np.ceil(step), 1) if targets.whole else step
