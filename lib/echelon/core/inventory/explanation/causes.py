"""What stock is held for, and a point without some of these causes while all else stays.

A lead time L is taken apart by the promise P of the source: what it takes when the promise is kept, min(L, P), which has a
typical (mean) length and varies, and the lateness (L - P)+. So a supplier that breaks its word is told apart from a lane
whose times vary within what was promised. Where no deliveries tell how the promise is kept, nothing counts as late.
Deliveries below the ordered quantity cause no stock, as the simulation does not have them.
"""

from collections.abc import Set
from dataclasses import dataclass, replace

import numpy as np

from echelon.core.inventory.explanation.cause_names import (
    BIAS,
    ERROR,
    LENGTH,
    LOTS,
    NOISE,
    REVIEW,
    SHORTAGE,
    TARGET,
    UNRELIABILITY,
    VARIATION,
)
from echelon.core.inventory.model.demand import Demand, Shape
from echelon.core.inventory.model.lead_time import LeadTime
from echelon.core.inventory.model.supply_network import OUTSIDE, Link, Point, Policy, every

_SHORTEST = 0.01  # share of the shipments that may take less than the certain part of a lead time


@dataclass(frozen=True)
class Evidence:
    """What is known of a point besides its network.

    promised_periods: lead time that its source promises, None where no deliveries tell whether the promise is kept.
    bias: (forecasts - demand) / demand of its forecast's model, in the past.
    """

    promised_periods: float | None = None
    bias: float = 0.0


def without(point: Point, evidence: Evidence, off: Set[str]) -> Point:
    """The point without the causes `off`.

    - target: twice as much of the demand may go unserved (90 % served instead of 95 %)
    - lots: any quantity can be ordered (single units are no restriction)
    - review_period: orders can be placed in every period
    - supplier_unreliability: nothing comes later than promised
    - lead_time_variability: lead times are the typical one, lateness apart
    - lead_time_mean: lead times are shorter by their certain part, which 99 of 100 exceed (without variability: by all)
    - forecast_bias: forecasts are right on average
    - forecast_error: the level of demand over a horizon is forecast without error
    - demand_variability: demand per period is its mean, given that level
    - upstream_shortage: the source always has stock
    """
    target = point.target_fill_rate
    return replace(
        point,
        target_fill_rate=max(2 * target - 1, 0.0) if target is not None and TARGET in off else target,
        policy=_policy(point.policy, off),
        links=tuple(_link(link, evidence, off) for link in point.links),
        demand=None if point.demand is None else _demand(point.demand, evidence.bias, off),
    )


def _policy(policy: Policy, off: Set[str]) -> Policy:
    if not off & {LOTS, REVIEW}:
        return policy
    lots = max(policy.lot_size, policy.moq) > 1 and LOTS in off
    return replace(
        policy,
        lot_size=0.0 if lots else policy.lot_size,
        moq=0.0 if lots else policy.moq,
        calendar=every(1) if REVIEW in off else policy.calendar,
    )


def _link(link: Link, evidence: Evidence, off: Set[str]) -> Link:
    source = OUTSIDE if SHORTAGE in off else link.source
    return replace(link, source=source, lead_time=_lead_time(link.lead_time, evidence.promised_periods, off))


def same(point: Point, other: Point) -> bool:
    """Whether two points are simulated alike."""
    return replace(point, demand=None) == replace(other, demand=None) and same_demand(point.demand, other.demand)


def same_demand(demand: Demand | None, other: Demand | None) -> bool:
    """Whether two demands have the same distribution."""
    if demand is None or other is None:
        return demand is other
    return replace(demand, mean=other.mean) == other and np.array_equal(demand.mean, other.mean)


def _lead_time(lead: LeadTime, promised: float | None, off: Set[str]) -> LeadTime:
    """The lead time in the parts that are left of it."""
    if not off & {UNRELIABILITY, VARIATION, LENGTH}:
        return lead
    periods = np.array(lead.periods, float)
    kept = periods if promised is None else np.minimum(periods, promised)
    late = np.zeros(len(periods)) if UNRELIABILITY in off else periods - kept
    certain = 0.0
    if VARIATION in off:
        kept = np.full(len(kept), kept @ np.array(lead.probability))
        certain = kept[0]
    elif LENGTH in off:
        certain = min(float(lead.quantile(_SHORTEST)), float(kept.max()))
    left = np.maximum(kept - certain, 0.0) if LENGTH in off else kept
    new = LeadTime.from_days((left + late).tolist(), lead.probability, 1.0)
    return lead if new.periods == lead.periods and np.allclose(new.probability, lead.probability) else new


def _demand(demand: Demand, bias: float, off: Set[str]) -> Demand:
    if BIAS in off and bias != 0 and bias > -1:
        demand = _unbiased(demand, bias)
    if ERROR in off and demand.level_cv > 0:
        demand = replace(demand, level_cv=0.0)
    if NOISE in off and (demand.counts or demand.dispersion > 0):
        demand = replace(demand, dispersion=0.0, counts=False, underdispersed=False, shape=Shape())
    return demand


def _unbiased(demand: Demand, bias: float) -> Demand:
    """Demand / forecast has mean 1 / (1 + bias), and level_cv^2 is its mean squared distance from 1
    (`core.forecast.distributions.forecast_error`): what is left of that after the mean was put right,
    relative to the forecast put right, is the new level_cv^2."""
    whole = 1 + bias
    around = max(demand.level_cv**2 - (1 - 1 / whole) ** 2, 0.0)
    return replace(demand, mean=demand.mean / whole, level_cv=whole * float(np.sqrt(around)))
