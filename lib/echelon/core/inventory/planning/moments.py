"""Flows and lead-time demand of a network, without simulation: where a search starts and how long it warms up."""

import math

import numpy as np

from echelon.core.arrays import Doubles, Flags
from echelon.core.inventory.kernels.network.arrays import mean_lead
from echelon.core.inventory.model.supply_network import Link, Point, SupplyNetwork
from echelon.core.inventory.planning.lead_time_demand import LeadTimeDemand, variance_together
from echelon.core.inventory.planning.stock_plan import EchelonSum

_LONGEST_CYCLE = 366


def planned_shares(point: Point) -> list[float]:
    """Share of the point's orders that each link is planned to get: all of them under assembly, with priorities the
    preferred link alone."""
    if point.sourcing == "assembly":
        return [1.0] * len(point.links)
    if point.sourcing == "shares":
        return [link.share for link in point.links]
    first = min(range(len(point.links)), key=lambda k: point.links[k].priority)
    return [float(k == first) for k in range(len(point.links))]


def usage(network: SupplyNetwork) -> Doubles:
    """(points, points): units of point i's item that one unit of customers' demand at point j takes, on average."""
    out = np.eye(len(network.nodes))
    for n in range(len(network.nodes) - 1, -1, -1):
        point = network.nodes[n]
        for link, share in zip(point.links, planned_shares(point), strict=True):
            if link.source >= 0:
                out[link.source] += link.quantity * share * out[n]
    return out


def echelon_sum(network: SupplyNetwork) -> EchelonSum:
    """Sums over a point and all points downstream, what these hold in units of the point's own item; of a point with several
    sources each echelon has its planned share."""
    taken = usage(network)
    return lambda amounts: taken @ amounts


def serving(network: SupplyNetwork) -> Flags:
    """Whether customers' demand can reach a point (points,), on whatever links."""
    found = np.array([point.demand is not None and point.demand.rate > 0 for point in network.nodes])
    for n in range(len(found) - 1, -1, -1):
        for link in network.nodes[n].links:
            if link.source >= 0:
                found[link.source] |= found[n]
    return found


def review_periods(point: Point) -> float:
    """Mean periods between chances to order."""
    return len(point.policy.calendar) / sum(point.policy.calendar)


def network_lead_time_demand(network: SupplyNetwork) -> LeadTimeDemand:
    """Moments as in `lead_time_demand`; points with several links take the mean of their lead times."""
    demands, taken = [point.demand for point in network.nodes], usage(network)
    rate = taken @ np.array([0.0 if demand is None else demand.rate for demand in demands])
    lead = np.array([mean_lead(point) for point in network.nodes])
    late = np.square(rate) * np.array([lead_variance(point) for point in network.nodes])
    review = np.array([review_periods(point) for point in network.nodes])

    def variance(periods: Doubles) -> Doubles:
        known = [(j, d) for j, d in enumerate(demands) if d is not None]
        at = [j for j, _ in known]
        return np.array(
            [variance_together([d for _, d in known], row[at], float(t)) for row, t in zip(taken, periods, strict=True)]
        )

    return LeadTimeDemand(
        rate, rate * (lead + review), np.sqrt(variance(lead + review) + late), rate * lead, np.sqrt(variance(lead) + late)
    )


def lead_variance(point: Point) -> float:
    """Variance of the time from order to stock, over links by their shares."""
    weights = planned_shares(point)
    second = [link.lead_time.variance + link.lead_time.mean**2 for link in point.links]
    mean = float(np.average([link.lead_time.mean for link in point.links], weights=weights))
    return float(np.average(second, weights=weights)) - mean**2 + point.processing.variance


def warm_up(network: SupplyNetwork) -> int:
    """Periods until a network has forgotten its start: the longest way through it, each time at its 99 % quantile, three
    times a disruption's mean length included; a multiple of profiles and calendars, so that they keep their phase."""
    rate = network_lead_time_demand(network).rate
    reach = np.zeros(len(network.nodes))
    for n, point in enumerate(network.nodes):
        before = max((reach[link.source] if link.source >= 0 else 0) + _longest(link) for link in point.links)
        between = point.policy.gap / rate[n] if rate[n] > 0 else 0.0
        reach[n] = before + point.processing.quantile(0.99) + review_periods(point) + between + point.shelf_life
    cycle = math.lcm(*(len(some) for point in network.nodes for some in (point.policy.profile, point.policy.calendar)))
    return math.ceil(reach.max() / cycle) * cycle if cycle <= _LONGEST_CYCLE else math.ceil(reach.max())


def _longest(link: Link) -> float:
    return link.lead_time.quantile(0.99) + (3 * link.disruption.mean_down if link.disruption else 0.0)
