"""Plan one SKU: optimise the levels of its network by simulation, certify them on fresh paths, describe the result."""

import math
from dataclasses import dataclass, replace

import numpy as np

from echelon.core.arrays import Doubles, Flags
from echelon.core.inventory.kernels.drawing.order_phases import order_phases
from echelon.core.inventory.kernels.drawing.paths import Paths, PathSource
from echelon.core.inventory.kernels.measures import Measures
from echelon.core.inventory.kernels.simulators import Simulation, simulator_for
from echelon.core.inventory.model.check import check_network
from echelon.core.inventory.model.supply_network import SupplyNetwork
from echelon.core.inventory.optimisation.service.search import Point
from echelon.core.inventory.optimisation.service.targets import Targets, meet_targets
from echelon.core.inventory.planning.best_levels import best_levels, most_levels
from echelon.core.inventory.planning.certification import PATHS, SURE, certify, with_margin
from echelon.core.inventory.planning.lead_time_demand import LeadTimeDemand, lead_time_demand
from echelon.core.inventory.planning.order_quantities import (
    economic_order_quantities,
    order_up_to_gaps,
    points_without_order_quantity,
    with_best_order_quantities,
    with_order_quantities,
)
from echelon.core.inventory.planning.reach import Reach
from echelon.core.inventory.planning.stock_plan import (
    DEFAULT_SIZE,
    SimulationSize,
    StockPlan,
    describe,
    shortfall,
    targets_of,
    with_safety_stock,
)
from echelon.core.inventory.planning.warm_up import measured_periods, serving, warm_up_periods
from echelon.core.inventory.planning.whole_levels import WholeLevels, is_small, worth_moving

_GAP_REPLICATIONS = 64  # the cost is flat in a gap, and every one is tried on the same paths
_MANY = 8  # times the replications that levels are chosen on decide what is near the line
_FEW = 256  # replications that show where better whole levels may lie
_MOST_PERIODS = 4.0  # simulated, warm-up included, over those asked for: with more there are fewer replications
_TOLERANCE = 1.5e-2  # of the fill rate when it is refined; what is missing is made up by a Newton step


@dataclass(frozen=True)
class NetworkPlan:
    """network: as planned, with the gaps that were chosen; plan: levels and certified service; measures: on the paths that
    certified them (`NetworkMeasures` where the network is more than a tree), None where nothing is asked for."""

    network: SupplyNetwork
    plan: StockPlan
    measures: Measures | None


def plan_network(network: SupplyNetwork, size: SimulationSize = DEFAULT_SIZE, periods_per_year: float = 365.0) -> NetworkPlan:
    """Levels of least holding cost that meet every customers' fill-rate target.

    The stated service is certified: it comes from paths that the optimiser has not seen. Where a certified fill rate
    is more than a standard error below its target, the level is raised and certified again on fresh paths; `status`
    names targets that stay out of reach. Points without demand get level 0. Points with an order cost and an (s,S) or (R,Q)
    policy whose gap is 0 get the gap of least holding and order cost. Raises ProblemError on an impossible network.
    """
    check_network(with_order_quantities(network, dict.fromkeys(points_without_order_quantity(network), 1.0)))
    ltd = lead_time_demand(network)
    targets, reach = targets_of(network, ltd.rate), Reach(network)
    planned = reach.planned(targets)
    if not np.any(ltd.rate > 0):
        return NetworkPlan(network, _described(network, np.zeros(len(network.nodes)), ltd, None, "ok"), None)
    network = _with_order_quantities(network, planned, ltd, size, periods_per_year)
    before = warm_up_periods(network)
    size = _long_run(network, size, before)
    least = np.where(serving(network), order_up_to_gaps(network), 0.0)
    most = most_levels(network, planned, ltd, before) + least
    source = PathSource(network, size.periods, before)
    paths = source.draw("optimise", size.replications)
    simulator = simulator_for(network, paths)
    best = best_levels(network, simulator, paths, planned, ltd)
    fresh = simulator.on(source.held_or_in_chunks("refine", size.certification_replications))
    levels = meet_targets(fresh, planned, np.minimum(best.point.levels, most), best.prices, _TOLERANCE).levels
    expecting = fresh.expecting()
    sure = np.clip(with_margin(expecting, source, planned, np.clip(levels, least, most), best.prices), least, most)
    movable = worth_moving(serving(network), ltd.sd)
    in_doubt = _MANY * expecting.replications if planned.whole and is_small(movable) else 0
    if in_doubt:
        sure = _cheaper_nearby(expecting, source, planned, sure, least, movable)
    certified = certify(expecting, source, planned, sure, best.prices, ltd.sd, in_doubt)
    measures, short = reach.in_the_end(certified.measures), certified.short | reach.missed(targets)
    status = shortfall(network, measures.customer_fill_rate.mean, short, reach.reasons()) if short.any() else "ok"
    return NetworkPlan(network, _described(network, certified.levels, ltd, measures, status), measures)


def _cheaper_nearby(
    simulator: Simulation, source: PathSource, targets: Targets, levels: Doubles, least: Doubles, movable: Flags
) -> Doubles:
    """Whole levels as they are sure of the targets, but of least cost nearby."""
    count = PATHS * simulator.replications
    paths = source.draw("margin", count)

    def many() -> Simulation:
        return simulator.on(source.in_chunks("near the line", _MANY * count))

    search = WholeLevels(simulator.on(paths), simulator.on(paths.first(_FEW)), many, targets.hold, movable, least)
    return search.improved(levels, targets.fill_rate, SURE)


def _long_run(network: SupplyNetwork, size: SimulationSize, warm_up: int) -> SimulationSize:
    """As many periods as the network's long run needs, of fewer replications where these are many."""
    periods = measured_periods(network, size.periods)
    share = min(1.0, _MOST_PERIODS * size.periods / (warm_up + periods))
    counts = (math.ceil(share * count) for count in (size.replications, size.certification_replications))
    return SimulationSize(periods, *counts)


def _with_order_quantities(
    network: SupplyNetwork, targets: Targets, ltd: LeadTimeDemand, size: SimulationSize, periods_per_year: float
) -> SupplyNetwork:
    """The network with all its order quantities, tried on the same few paths, each at the phases of its own cycle."""
    points = points_without_order_quantity(network)
    if not points:
        return network
    usual = with_order_quantities(network, economic_order_quantities(network, points, periods_per_year))
    before, periods = warm_up_periods(usual), measured_periods(usual, size.periods)
    most = most_levels(network, targets, ltd, before)
    drawn = PathSource(network, periods, before).draw("gaps", min(size.replications, _GAP_REPLICATIONS))

    def paths_of(tried: SupplyNetwork) -> Paths:
        return replace(drawn, start=order_phases(tried, "gaps", drawn.blocks))

    def levels_of(tried: SupplyNetwork, simulator: Simulation, earlier: Doubles | None) -> Doubles:
        point = best_levels(tried, simulator, paths_of(tried), targets, ltd, earlier).point
        return np.minimum(_whole(point, targets), most + order_up_to_gaps(tried))

    return with_best_order_quantities(
        usual, points, lambda tried: simulator_for(tried, paths_of(tried)), levels_of, periods_per_year
    )


def _whole(point: Point, targets: Targets) -> Doubles:
    """The levels, rounded up where they are counted."""
    return point.rounded_up()[0] if targets.whole else point.levels


def _described(
    network: SupplyNetwork, levels: Doubles, ltd: LeadTimeDemand, measures: Measures | None, status: str
) -> StockPlan:
    """s = S - gap for (s,S); for (R,Q) the level is R and the stock may rise to R + Q. Safety stocks are those of s and R."""
    plan = describe(network, levels, ltd, measures, status)
    kinds = np.array([point.policy.kind for point in network.nodes])
    gap = np.where(kinds == "base_stock", 0.0, [point.policy.gap for point in network.nodes])
    up_to = np.where(kinds == "RQ", plan.base_stock_level + gap, plan.base_stock_level)
    reorder = np.where(kinds == "base_stock", plan.reorder_point, np.maximum(up_to - gap, 0.0))
    return with_safety_stock(replace(plan, base_stock_level=up_to, reorder_point=reorder), gap, network)
