"""Networks on which a promise can fail: single ones that users had, and what Hypothesis makes of all that inputs reach."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from echelon.api import Demand, Disruption, LeadTime, Link, Point, Policy, Shape, SupplyNetwork, UnitCosts, every, tree_point
from echelon.core.inventory.model.supply_network import PolicyKind, Sourcing
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

HORIZON = 28


@dataclass(frozen=True)
class Case:
    """A network, and for how many periods it must run until its fill rate is known to a tenth of a point."""

    name: str
    network: SupplyNetwork
    periods: int = 200_000


def the_cases() -> list[Case]:
    """Lots and MOQ that last for longer than a plan is simulated, order quantities, and lanes near or beyond their capacity."""
    slow = _shop(1.0, 21, 7)
    behind_hub = replace(_shop(2.0, 2, 7), links=(Link(0, LeadTime.fixed(2), supplier="hub"),))
    hub = tree_point("hub", "maker", -1, LeadTime.fixed(14), 1.0, review_period=7, moq=300.0)
    short, long = (_restricted(shop, kind="sS") for shop in (_shop(1.0, 7, 1), slow))
    often, seldom = (replace(shop, costs=UnitCosts(order=cost)) for shop, cost in ((short, 3.0), (long, 10.0)))
    return [
        Case("MOQ 150, demand 1 a day", _one(_restricted(slow, moq=150.0))),
        Case("lot 400, demand 1 a day", _one(_restricted(slow, lot_size=400.0))),
        Case("MOQ 300 at a warehouse", SupplyNetwork("case", (hub, behind_hub))),
        Case("(s,S), order cost 3", _one(often)),
        Case("(s,S), order cost 10", _one(seldom)),
        Case("(s,S), order cost 10, demand lost", _one(replace(seldom, backorder_share=0.0))),
        Case("capacity 9, demand 10", _one(_limited(9.0))),
        Case("capacity 10.4, demand 10", _one(_limited(10.4)), 4_000_000),
        *_slow_to_forget(),
        *_seldom_or_long(),
    ]


def _slow_to_forget() -> list[Case]:
    """Where the stock of the start comes round for many lead times: sales that are lost, and what expires."""
    lost = [
        replace(_shop(10.0, lead, 1), backorder_share=0.0, target_fill_rate=target) for lead, target in ((30, 0.8), (60, 0.9))
    ]
    expiring = replace(_shop(5.0, 7, 1, 0.5), backorder_share=0.0, shelf_life=3)
    return [
        Case("lost, 80 % at a lead time of 30", _one(lost[0])),
        Case("lost, 90 % at a lead time of 60", _one(lost[1])),
        Case("shelf life 3, lead time 7, lost", _one(expiring)),
    ]


def _seldom_or_long() -> list[Case]:
    """Rare lead times, long cycles of demand and reviews, lots in parts of units, and lanes that take turns."""
    season = Demand(5.0 + 4.0 * np.sin(np.arange(365) * 2 * np.pi / 365), 0.1)
    hub = tree_point("hub", "maker", -1, LeadTime.fixed(3), 1.0)
    hub = replace(hub, links=(replace(hub.links[0], capacity=3.0),))
    first, second = (
        Link(-1, LeadTime.fixed(5), capacity=6.0, supplier="maker"),
        Link(0, LeadTime.fixed(2), priority=2, supplier="hub"),
    )
    stand_in = replace(_shop(10.0, 7, 1, 0.1), links=(first, second), sourcing="priority")
    shared = tuple(Link(-1, LeadTime.fixed(lead), share=0.5, capacity=6.0, supplier="maker") for lead in (7, 3))
    return [
        Case("lead time 90 once in 125 orders", _one(replace(_shop(3.0, 5, 1, 0.3), links=(_link((5, 90), (0.992, 0.008)),)))),
        Case("a season of 365 days", _one(replace(_shop(5.0, 7, 1), demand=season)), 400_000),
        Case("review every 90 days", _one(_shop(1.0, 7, 90, 0.1))),
        Case("lots of 1.5", _one(_restricted(_shop(2.0, 2, 1), lot_size=1.5))),
        Case("a lane of 6 and one of a hub of 3, demand 10", SupplyNetwork("case", (hub, stand_in))),
        Case("two shared lanes of 6, demand 10", _one(replace(_shop(10.0, 7, 1, 0.1), links=shared))),
    ]


def _link(periods: tuple[int, ...], probability: tuple[float, ...]) -> Link:
    return Link(-1, LeadTime(periods, probability), supplier="maker")


def _shop(rate: float, lead: int, review: int, dispersion: float = 0.0) -> Point:
    """Customers wait; 95 % are to be served at once."""
    demand = Demand(np.full(HORIZON, rate), dispersion)
    return tree_point("shop", "maker", -1, LeadTime.fixed(lead), 1.0, demand, 0.95, review_period=review)


def _one(point: Point) -> SupplyNetwork:
    return SupplyNetwork("case", (point,))


def _restricted(point: Point, **changes: Any) -> Point:
    return replace(point, policy=replace(point.policy, **changes))


def _limited(capacity: float) -> Point:
    """A lane that takes so much a day, for a demand of 10 that varies by more than Poisson's."""
    return replace(_shop(10.0, 7, 1, 0.3), links=(Link(-1, LeadTime.fixed(7), capacity=capacity, supplier="maker"),))


LEADS = (
    LeadTime.fixed(0),
    LeadTime.fixed(2),
    LeadTime.fixed(7),
    LeadTime((1, 3, 6), (0.3, 0.5, 0.2)),
    LeadTime((5, 9), (0.6, 0.4)),
)
SHAPES = (Shape(), Shape(), Shape(0.5), Shape(0.4, 0.05, 4.0, 0.2))


@st.composite
def reachable(draw: st.DrawFn) -> SupplyNetwork:
    """One to three echelons with all that the inputs know: several lanes by shares or priority, capacities above demand,
    interruptions, random lead times, review periods, lots, MOQ, order costs, shelf life, demand lost or waiting."""
    hubs, shops = draw(st.integers(0, 2)), draw(st.integers(1, 3))
    counts, life, lost = draw(st.integers(0, 4)) > 0, draw(st.sampled_from([0, 0, 0, 21, 40])), draw(st.booleans())
    demands = [draw(_demands(counts)) for _ in range(shops)]
    total = sum(demand.rate for demand in demands)
    nodes = [draw(_points(f"hub{n}", range(-1, n), total, None)) for n in range(hubs)]
    # a chain of hubs, so that the last one is of the second echelon
    nodes = [replace(node, links=(replace(node.links[0], source=n - 1), *node.links[1:])) for n, node in enumerate(nodes)]
    for n, demand in enumerate(demands):
        point = draw(_points(f"shop{n}", range(-1, hubs), demand.rate, demand))
        near = replace(point.links[0], source=hubs - 1)
        nodes.append(replace(point, links=(near, *point.links[1:]), backorder_share=0.0 if lost else 1.0))
    return SupplyNetwork("made", tuple(replace(node, shelf_life=life) for node in nodes), draw(st.integers(0, 99)))


@st.composite
def _demands(draw: st.DrawFn, counts: bool) -> Demand:
    rates = draw(st.sampled_from([(0.4,), (1.0,), (4.0,), (10.0,), (3.0, 3.0, 3.0, 3.0, 3.0, 8.0, 1.0)]))
    mean, dispersion = np.resize(np.array(rates), HORIZON), draw(st.sampled_from([0.1, 0.5]))
    shape = draw(st.sampled_from(SHAPES))
    dispersion = dispersion if shape == Shape() else dispersion + 2.0
    return Demand(mean, dispersion, draw(st.sampled_from([0.0, 0.0, 0.3])), counts, shape)


@st.composite
def _points(draw: st.DrawFn, name: str, sources: range, rate: float, demand: Demand | None) -> Point:
    review = draw(st.sampled_from([1, 1, 2, 7]))
    kinds: list[PolicyKind] = ["base_stock", "base_stock", "sS"]
    kind = draw(st.sampled_from(kinds))
    links, sourcing = draw(_links(sources, rate * review))
    return Point(
        name,
        links,
        sourcing=sourcing,
        policy=Policy(
            kind,
            calendar=every(review),
            lot_size=draw(st.sampled_from([0.0, 0.0, 6.0, 40.0])),
            moq=draw(st.sampled_from([0.0, 0.0, 25.0, 90.0])),
        ),
        demand=demand,
        holding_cost=1.0 if demand is None else 1.2,
        costs=UnitCosts(order=draw(st.sampled_from([0.05, 0.5])) if kind == "sS" else 0.0),
        target_fill_rate=None if demand is None else draw(st.sampled_from([0.9, 0.95, 0.98])),
    )


@st.composite
def _links(draw: st.DrawFn, sources: range, quantity: float) -> tuple[tuple[Link, ...], Sourcing]:
    """One lane; two that share; or one that is limited or interrupted, with another one to stand in."""
    kind = draw(st.sampled_from(["one", "one", "one", "shares", "limited", "interrupted"]))
    lead = [draw(st.sampled_from(LEADS)) for _ in range(2)]
    first = Link(-1, lead[0], supplier="maker")
    second = Link(draw(st.sampled_from(sources)), lead[1], priority=2, supplier="other")
    if kind == "one":
        return (first,), "shares"
    if kind == "shares":
        share = draw(st.sampled_from([0.5, 0.7]))
        return (replace(first, share=share), replace(second, priority=1, share=1 - share)), "shares"
    if kind == "limited":  # MOQ and lots must fit into it
        first = replace(first, capacity=max(1.4 * quantity, 120.0) if draw(st.booleans()) else 1.4 * quantity + 90.0)
    else:
        first = replace(first, disruption=Disruption(draw(st.sampled_from([20.0, 60.0])), draw(st.sampled_from([2.0, 6.0]))))
    alone = kind == "limited" and draw(st.booleans())
    return ((first,), "shares") if alone else ((first, second), "priority")


def described(network: SupplyNetwork) -> str:
    """What there is in a network, in a few words."""
    nodes, links = network.nodes, [link for node in network.nodes for link in node.links]
    words = {
        f"{len(nodes)} points": True,
        "lots": any(node.policy.lot_size > 0 for node in nodes),
        "MOQ": any(node.policy.moq > 0 for node in nodes),
        "(s,S)": any(node.policy.kind == "sS" for node in nodes),
        "shares": any(link.share < 1 for link in links),
        "capacity": any(link.capacity < np.inf for link in links),
        "interruptions": any(link.disruption for link in links),
        "shelf life": nodes[0].shelf_life > 0,
        "level varies": any(node.demand and node.demand.level_cv > 0 for node in nodes),
        "lost": nodes[-1].backorder_share == 0,
    }
    return ", ".join(word for word, is_there in words.items() if is_there)


def made(number: int) -> list[SupplyNetwork]:
    """So many networks of `reachable`, the same ones every time. Hypothesis makes examples of one run alike, and its first
    ones simple, so that each is the last of a run of its own."""
    return [_last_of_a_run(n) for n in range(number)]


def _last_of_a_run(number: int) -> SupplyNetwork:
    seen: list[SupplyNetwork] = []

    @seed(number)
    @settings(max_examples=5, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(reachable())
    def keep(network: SupplyNetwork) -> None:
        seen.append(network)

    keep()
    return seen[-1]
