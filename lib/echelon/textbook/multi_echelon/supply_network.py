"""Guaranteed-service networks as the simulator sees them: no promise is kept by force, shortages pass downstream.

Guaranteed service assumes that demand stays below its bound and says nothing of what happens beyond, so it flatters itself;
simulated, a placement shows the service that it really gives (Graves & Willems, Manufacturing & Service Operations
Management 2(1), 2000, section 2; Klosterhalfen & Minner, International Journal of Production Economics 123(2), 2010).
"""

from collections.abc import Mapping

from echelon.core.inventory.model.demand import Demand
from echelon.core.inventory.model.lead_time import LeadTime
from echelon.core.inventory.model.supply_network import OUTSIDE, Link, Point, SupplyNetwork
from echelon.textbook.multi_echelon.service_network import ServiceNetwork, Stage


def as_supply_network(network: ServiceNetwork, demand: Mapping[int, Demand], name: str, seed: int = 0) -> SupplyNetwork:
    """Stages as points, in the same order, and after them a point without stock for the customers of each stage in demand.

    demand: units per period. A stage needs all its suppliers' items and orders at once what is asked of it. Customers
    order in the period after their demand, so that a stage covers just its own times, as guaranteed service has it:
    what is promised in S periods has come S + 1 periods after the demand (`waiting.served_within`).
    """
    each = network.quantities or (1.0,) * len(network.links)
    supplies: list[list[Link]] = [[] for _ in network.stages]
    for (supplier, customer), quantity in zip(network.links, each, strict=True):
        supplies[customer].append(Link(supplier, LeadTime.fixed(0), quantity=quantity))
    points = [_point(stage, links) for stage, links in zip(network.stages, supplies, strict=True)]
    asking = [_customers(network.stages[i].name, i, demand[i]) for i in sorted(demand)]
    return SupplyNetwork(name, (*points, *asking), seed)


def _customers(stage: str, place: int, demand: Demand) -> Point:
    return Point(f"customers of {stage}", (Link(place, LeadTime.fixed(0)),), demand=demand)


def _point(stage: Stage, links: list[Link]) -> Point:
    """One stage; without suppliers it is supplied from outside."""
    times, chances = stage.law()
    return Point(
        stage.name,
        tuple(links) or (Link(OUTSIDE, LeadTime.fixed(stage.inbound_time)),),
        sourcing="assembly",
        processing=LeadTime.from_days(times.tolist(), chances.tolist(), 1.0),
        holding_cost=stage.holding_cost,
    )
