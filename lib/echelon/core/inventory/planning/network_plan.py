"""Plan one SKU on a network of any shape: levels of least holding cost that meet the targets, certified on fresh paths."""

from dataclasses import dataclass, replace

import numpy as np

from echelon.core.arrays import Doubles, Flags
from echelon.core.inventory.kernels.network.costs import NetworkMeasures
from echelon.core.inventory.kernels.network.paths import NetworkPathSource
from echelon.core.inventory.kernels.network.simulator import NetworkSimulator
from echelon.core.inventory.model.check import check_network
from echelon.core.inventory.model.supply_network import SupplyNetwork
from echelon.core.inventory.optimisation.service.fill_rate import optimise, valley_at
from echelon.core.inventory.optimisation.service.targets import Targets, meet_targets
from echelon.core.inventory.planning.lead_time_demand import LeadTimeDemand
from echelon.core.inventory.planning.moments import echelon_sum, network_lead_time_demand, serving, warm_up
from echelon.core.inventory.planning.order_quantities import open_gaps, with_best_gaps, with_gaps
from echelon.core.inventory.planning.stock_plan import (
    DEFAULT_SIZE,
    SimulationSize,
    StockPlan,
    describe,
    observed,
    shortfall,
    targets_of,
    with_safety_stock,
)

_ROUNDS = 6
_GAP_REPLICATIONS = 64  # the cost is flat in a gap, and every one is tried on the same paths
_TRIFLE = 1e-3  # of the fill rate
_HALVINGS = 20
_FAR = 30.0  # standard deviations


@dataclass(frozen=True)
class NetworkPlan:
    """network: as planned, with the gaps that were chosen; plan: levels and certified service; measures: on those paths."""

    network: SupplyNetwork
    plan: StockPlan
    measures: NetworkMeasures


class _Paths:
    """Simulators of one network on the same or on fresh paths."""

    def __init__(self, network: SupplyNetwork, size: SimulationSize) -> None:
        self.before = warm_up(network)
        self._source = NetworkPathSource(network, size.periods, self.before)

    def simulator(self, network: SupplyNetwork, purpose: str, replications: int) -> NetworkSimulator:
        """The network (with whatever policy) on the paths of a purpose."""
        return NetworkSimulator(network, self._source.draw(purpose, replications), self.before)


def plan_network(network: SupplyNetwork, size: SimulationSize = DEFAULT_SIZE, periods_per_year: float = 365.0) -> NetworkPlan:
    """Levels of least holding cost that meet every fill-rate target, as `plan_sku` finds them for distribution trees.

    Points with an order cost and an (s,S) or (R,Q) policy whose gap is 0 get the gap of least holding and order cost.
    Raises ProblemError on an impossible network.
    """
    check_network(with_gaps(network, dict.fromkeys(open_gaps(network), 1.0)))
    ltd = network_lead_time_demand(network)
    targets, paths, serves = targets_of(network, ltd.rate), _Paths(network, size), serving(network)

    most = _most(network, targets, ltd, paths.before)

    def levels_of(simulator: NetworkSimulator, earlier: Doubles | None) -> Doubles:
        return np.minimum(_levels(simulator, observed(targets, simulator), ltd, serves, earlier), most + simulator.gaps)

    few = min(size.replications, _GAP_REPLICATIONS)
    network = with_best_gaps(network, lambda one: paths.simulator(one, "gaps", few), levels_of, periods_per_year)
    levels = levels_of(paths.simulator(network, "optimise", size.replications), None)
    levels, measures, status = _certified(network, paths, size, targets, levels, most)
    return NetworkPlan(network, _with_reorder_points(network, describe(network, levels, ltd, measures, status)), measures)


def _levels(
    simulator: NetworkSimulator, targets: Targets, ltd: LeadTimeDemand, serves: Flags, earlier: Doubles | None
) -> Doubles:
    """Levels of least cost on the simulator's paths; none lets a point wait until it owes something before it orders. Points
    that serve no one have none."""
    free, middle = np.where(serves, np.nan, 0.0), ltd.lead_mean + simulator.gaps
    near = None if earlier is None else valley_at(earlier, targets)
    levels = optimise(simulator, targets, free, middle, ltd.sd, near)
    low = (levels < simulator.gaps) & serves
    if not low.any():
        return levels
    near = valley_at(levels, targets)
    return optimise(simulator, targets, np.where(low, simulator.gaps, free), middle, ltd.sd, near)


def _most(network: SupplyNetwork, targets: Targets, ltd: LeadTimeDemand, before: int) -> Doubles:
    """Levels (points,), gaps apart, above which no target is worth looking for: the peak demand of all the time that a
    network needs to forget its start, and as many standard deviations as no lead-time demand is away from its mean."""
    peak = [0.0 if point.demand is None else np.max(point.demand.mean) for point in network.nodes]
    most = np.ceil((ltd.rate + peak) * before + _FAR * ltd.sd)
    return np.where(np.isfinite(targets.fill_rate), most, np.inf)


def _certified(
    network: SupplyNetwork, paths: _Paths, size: SimulationSize, targets: Targets, levels: Doubles, most: Doubles
) -> tuple[Doubles, NetworkMeasures, str]:
    """Meet the targets on more and fresh paths, and measure on others; what falls short is met there, and measured again."""
    simulator = paths.simulator(network, "refine", size.certification_replications)
    most = most + simulator.gaps
    levels = np.minimum(_met(simulator, targets, levels), most)
    for attempt in range(_ROUNDS):
        simulator = paths.simulator(network, f"certify {attempt}", size.certification_replications)
        measures = simulator.measure(levels)
        short = _short(measures, targets)
        if not short.any():
            return levels, measures, "ok"
        if attempt < _ROUNDS - 1:
            levels = np.where(short, np.maximum(_met(simulator, targets, levels), levels), levels)
            levels = np.minimum(levels + np.where(short, 1.0 if targets.whole else 0.01 * levels, 0.0), most)
    levels = _no_more_than_serves(simulator, levels, short, targets.whole)
    measures = simulator.measure(levels)
    return levels, measures, shortfall(network, targets, measures, _short(measures, targets))


def _no_more_than_serves(simulator: NetworkSimulator, levels: Doubles, short: Flags, whole: bool) -> Doubles:
    """Levels whose targets are out of reach, cut to the least that serve nearly as much: the search for the target went far
    beyond, where all that is added is wasted (a shelf life) or never comes (a capacity)."""
    reached = simulator.measure(levels).customer_fill_rate.mean - _TRIFLE
    low, high = np.where(short, np.minimum(simulator.gaps, levels), levels), levels
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        enough = simulator.measure(middle).customer_fill_rate.mean >= reached
        low, high = np.where(short & ~enough, middle, low), np.where(short & enough, middle, high)
    return np.where(short, np.ceil(high) if whole else high, levels)


def _met(simulator: NetworkSimulator, targets: Targets, levels: Doubles) -> Doubles:
    point = meet_targets(simulator, observed(targets, simulator), levels)
    return point.rounded_up()[0] if targets.whole else point.levels


def _short(measures: NetworkMeasures, targets: Targets) -> Flags:
    """Points whose certified fill rate is more than a standard error below the target."""
    service = measures.customer_fill_rate
    return np.asarray(service.mean + service.se < targets.fill_rate)


def _with_reorder_points(network: SupplyNetwork, plan: StockPlan) -> StockPlan:
    """s = S - gap for (s,S); for (R,Q) the level is R and the stock may rise to R + Q. Safety stocks are those of s and R."""
    kinds = np.array([point.policy.kind for point in network.nodes])
    gap = np.array([point.policy.gap for point in network.nodes])
    up_to = np.where(kinds == "RQ", plan.base_stock_level + gap, plan.base_stock_level)
    reorder = np.where(kinds == "sS", up_to - gap, np.where(kinds == "RQ", up_to - gap, plan.reorder_point))
    ordered = np.where(kinds == "base_stock", 0.0, gap)
    planned = replace(plan, base_stock_level=up_to, reorder_point=np.maximum(reorder, 0.0))
    return with_safety_stock(planned, ordered, echelon_sum(network))
