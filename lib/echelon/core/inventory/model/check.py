"""Refuse a network that can't be simulated, naming the point or link and what is wrong."""

from collections.abc import Iterator

import numpy as np

from echelon.core.inventory.model.demand import Demand
from echelon.core.inventory.model.lead_time import ProblemError
from echelon.core.inventory.model.supply_network import OUTSIDE, Link, Point, SupplyNetwork

_SHARES_ADD_UP = 1e-6


def check_network(network: SupplyNetwork) -> None:
    """Raise ProblemError for the first thing that is wrong."""
    if not network.nodes:
        raise ProblemError(f"SKU {network.sku}: no stocking points")
    for n, point in enumerate(network.nodes):
        for wrong in (*_point_faults(network, n), *_policy_faults(point), *_demand_faults(point.demand)):
            raise ProblemError(f"point {point.name}: {wrong}")
        for k, link in enumerate(point.links):
            for wrong in _link_faults(network, n, link):
                raise ProblemError(f"point {point.name}, link {k} from {_source_name(network, link)}: {wrong}")


def _source_name(network: SupplyNetwork, link: Link) -> str:
    if link.source == OUTSIDE:
        return "outside"
    return network.nodes[link.source].name if 0 <= link.source < len(network.nodes) else str(link.source)


def _point_faults(network: SupplyNetwork, n: int) -> Iterator[str]:
    point = network.nodes[n]
    if not point.links:
        yield "nothing supplies it: give it a link, from outside if it has no source of its own"
    if point.demand is None and not network.inner[n]:
        yield "an orphan: it has no customers and supplies no other point"
    if point.sourcing == "shares" and abs(sum(link.share for link in point.links) - 1) > _SHARES_ADD_UP:
        yield "the shares of its links must add up to 1"
    if not 0 <= point.backorder_share <= 1:
        yield "the share of demand that waits must lie between 0 and 1"
    if point.shelf_life < 0:
        yield "the shelf life must not be negative"
    if point.target_fill_rate is not None and not 0 <= point.target_fill_rate <= 1:
        yield "the target fill rate must lie between 0 and 1"
    if not np.isfinite(point.holding_cost) or point.holding_cost < 0:
        yield "the holding cost must not be negative"


def _policy_faults(point: Point) -> Iterator[str]:
    policy = point.policy
    if not any(policy.calendar):
        yield "its calendar allows no order at all"
    if not policy.profile or min(policy.profile) < 0:
        yield "its profile must hold factors that are not negative"
    if min(policy.lot_size, policy.moq, policy.gap) < 0:
        yield "lot size, MOQ and gap must not be negative"
    if policy.kind == "RQ" and policy.gap <= 0:
        yield "an (R,Q) policy needs an order quantity Q above 0 (gap)"
    if min(policy.order_capacity, policy.storage_capacity) <= 0:
        yield "capacities must be above 0"


def _link_faults(network: SupplyNetwork, n: int, link: Link) -> Iterator[str]:
    if not OUTSIDE <= link.source < len(network.nodes):
        yield "there is no such point"
    elif link.source >= n:
        yield "its source must come before it: the links form a loop, or the points are not in order"
    if link.quantity <= 0 or link.capacity <= 0 or link.share < 0:
        yield "quantity and capacity must be above 0, the share not negative"
    if link.disruption is not None and min(link.disruption.mean_up, link.disruption.mean_down) < 1:
        yield "times up and down must be at least one period"


def _demand_faults(demand: Demand | None) -> Iterator[str]:
    """What can't be drawn."""
    if demand is None:
        return
    numbers = np.array([*demand.mean, demand.dispersion, demand.level_cv, *vars(demand.shape).values()], float)
    if len(demand.mean) == 0 or demand.level_periods < 1 or not np.all(np.isfinite(numbers)) or numbers.min() < 0:
        yield "mean demand, dispersion, level_cv and shape must be finite and not negative"
    if demand.shape.active_share + demand.shape.large_share > 1 + 1e-9 or not _is_correlation(demand):
        yield "shares of active and large periods, level_correlation and level_persistence must be at most 1"


def _is_correlation(demand: Demand) -> bool:
    return 0 <= demand.level_correlation <= 1 and 0 <= demand.level_persistence <= 1
