"""Levels of least holding cost on some paths, in a network of any shape."""

from dataclasses import dataclass

import numpy as np

from echelon.core.arrays import Doubles, Flags
from echelon.core.inventory.kernels.drawing.paths import Paths
from echelon.core.inventory.kernels.simulators import Simulation, simulator_for
from echelon.core.inventory.model.supply_network import SupplyNetwork
from echelon.core.inventory.optimisation.service.fill_rate import (
    Valley,
    best_point,
    explore,
    optimise_near,
    tolerance_together,
    valley_at,
)
from echelon.core.inventory.optimisation.service.shadow_prices import ShadowPrices
from echelon.core.inventory.optimisation.service.targets import ServedPoint, Targets
from echelon.core.inventory.planning.analytic import analytic_levels
from echelon.core.inventory.planning.lead_time_demand import LeadTimeDemand
from echelon.core.inventory.planning.order_quantities import order_up_to_gaps
from echelon.core.inventory.planning.stock_plan import observed, targets_of
from echelon.core.inventory.planning.warm_up import serving

_FEW = 64  # replications
_FAR = 30.0  # standard deviations


@dataclass(frozen=True)
class Best:
    """Levels of least cost and the prices of the targets there."""

    point: ServedPoint
    prices: ShadowPrices


def best_levels(
    network: SupplyNetwork,
    simulator: Simulation,
    paths: Paths,
    targets: Targets,
    ltd: LeadTimeDemand,
    earlier: Doubles | None = None,
) -> Best:
    """Levels of least cost on the simulator's paths, not rounded. The search begins on the first of the paths, which show
    where to go as well as all do, or at earlier levels (points,).

    None lets a point wait until it owes something before it orders. Points that serve no one have level 0.
    """
    observable, gaps, serves = observed(targets, simulator), order_up_to_gaps(network), serving(network)
    fixed = np.where(serves, _unseen(network, targets_of(network, ltd.rate).bound & ~observable.bound), 0.0)
    middle = ltd.lead_mean + gaps
    near = _explored(simulator, paths, observable, fixed, middle, ltd.sd) if earlier is None else valley_at(earlier, observable)
    point = best_point(simulator, observable, fixed, middle, ltd.sd, near, tolerance_together(observable))
    low = (point.levels < gaps) & serves
    if low.any():
        near = Valley(point.levels, None, near.prices)
        fixed = np.where(low, gaps, fixed)
        point = best_point(simulator, observable, fixed, middle, ltd.sd, near, tolerance_together(observable))
    return Best(point, near.prices)


def _explored(
    simulator: Simulation, paths: Paths, observable: Targets, fixed: Doubles, middle: Doubles, spread: Doubles
) -> Valley:
    few = simulator.on(paths.first(_FEW))
    return explore(few, observed(observable, few), fixed, middle, spread)


def _unseen(network: SupplyNetwork, unobserved: Flags) -> Doubles:
    """Analytic levels of points whose paths show no demand at all, nan elsewhere."""
    return np.where(unobserved, analytic_levels(network), np.nan) if unobserved.any() else np.full(len(unobserved), np.nan)


def levels_near(network: SupplyNetwork, paths: Paths, start: Doubles, spread: Doubles, prices: ShadowPrices) -> Doubles:
    """Levels of least cost on some paths as searched for from `start`, not rounded, refined or certified: for comparisons
    between networks on the same random numbers. spread: length of a step upstream, units (points,); prices: of a similar
    network, which are changed to this one's."""
    rate = network.rates
    simulator, targets = simulator_for(network, paths).expecting(), targets_of(network, rate)
    observable = observed(targets, simulator)
    fixed = (rate <= 0) | (targets.bound & ~observable.bound)
    return np.where(rate > 0, optimise_near(simulator, observable, start, np.where(fixed, 0.0, spread), prices), 0.0)


def counted_prices(network: SupplyNetwork) -> ShadowPrices:
    """Shadow prices of a network's targets before anything is known but what is counted."""
    targets = targets_of(network, network.rates)
    return ShadowPrices(targets.bound, targets.hold)


def most_levels(network: SupplyNetwork, targets: Targets, ltd: LeadTimeDemand, warm_up: int) -> Doubles:
    """Levels (points,), gaps apart, above which no target is worth looking for where a shelf life or a capacity may make it
    vain: the peak demand of all the time that a network needs to forget its start, and as many standard deviations as no
    lead-time demand is away from its mean."""
    if network.is_order_up_to_tree:
        return np.full(len(network.nodes), np.inf)
    peak = [0.0 if point.demand is None else np.max(point.demand.mean) for point in network.nodes]
    most = np.ceil((ltd.rate + peak) * warm_up + _FAR * ltd.sd)
    return np.where(targets.bound, most, np.inf)
