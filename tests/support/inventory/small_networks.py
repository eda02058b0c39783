"""Small random networks of every kind for Hypothesis, and a few realistic ones, for the tests of the general simulation."""

from dataclasses import replace
from typing import Any

import numpy as np
from echelon.core.arrays import Doubles, Ints
from echelon.core.inventory.model.demand import Demand
from echelon.core.inventory.model.lead_time import LeadTime
from echelon.core.inventory.model.supply_network import (
    NO_LIMIT,
    OUTSIDE,
    Disruption,
    Link,
    Point,
    Policy,
    PolicyKind,
    Sourcing,
    Start,
    SupplyNetwork,
)
from hypothesis import strategies as st

from support.inventory.small_problems import lead_times

# everything else that `networks` draws is continuous in the levels
CONTINUOUS = {"lots": False, "reorder_points": False, "shares": False}
PROCESSING = [LeadTime.fixed(0), LeadTime.fixed(0), LeadTime.fixed(2), LeadTime((0, 1, 3), (0.5, 0.3, 0.2))]
SHARES: dict[int, list[tuple[float, ...]]] = {1: [(1.0,)], 2: [(0.5, 0.5), (0.7, 0.3)], 3: [(0.5, 0.3, 0.2), (0.2, 0.2, 0.6)]}
MOST_LINKS = 8


@st.composite
def networks(
    draw: st.DrawFn,
    most_points: int = 6,
    lots: bool = True,
    reorder_points: bool = True,
    shares: bool = True,
    perishable: bool = True,
    disruptions: bool = True,
) -> SupplyNetwork:
    """A random acyclic network with customers wherever nobody else is supplied, and perhaps elsewhere.

    lots: lot sizes and MOQs; reorder_points: (s, S) and (R, nQ); shares: several suppliers by shares (several by priority
    and assembly are always drawn); perishable: shelf lives; disruptions: links that are down now and then.
    """
    size = draw(st.integers(1, most_points))
    counts = draw(st.booleans())
    supplies, left = [], MOST_LINKS - size
    for index in range(size):
        extra = draw(st.integers(0, min(left, 2)))
        left -= extra
        kinds: list[Sourcing] = ["priority", "assembly"]
        kinds += ["shares"] * (shares or not extra)
        supplies.append((draw(st.sampled_from(kinds)), draw(links(index, 1 + extra, disruptions))))
    supplying = {link.source for _, of_point in supplies for link in of_point}
    nodes = []
    for index, (sourcing, of_point) in enumerate(supplies):
        has_customers = index not in supplying or draw(st.booleans())
        demand = draw(demands(counts)) if has_customers else None
        of_point = with_quantities(draw, of_point) if sourcing == "assembly" else of_point
        policy = draw(policies(lots, reorder_points))
        nodes.append(draw(points(f"n{index}", of_point, sourcing, policy, demand, perishable)))
    return SupplyNetwork("sku", tuple(nodes), draw(st.integers(0, 1000)))


@st.composite
def links(draw: st.DrawFn, destination: int, count: int, disruptions: bool) -> tuple[Link, ...]:
    """`count` supplies of a point from any points before it (the same one twice, perhaps) and from outside."""
    drawn = []
    for share in draw(st.sampled_from(SHARES[count])):
        down = disruptions and draw(st.integers(0, 3)) == 0
        drawn.append(
            Link(
                source=draw(st.integers(OUTSIDE, destination - 1)),
                lead_time=draw(lead_times()),
                share=share,
                priority=draw(st.integers(1, 3)),
                capacity=draw(st.sampled_from([NO_LIMIT, NO_LIMIT, NO_LIMIT, 6.0, 2.5])),
                crossing=draw(st.booleans()),
                rank=draw(st.integers(0, 2)),
                disruption=Disruption(draw(st.sampled_from([2.0, 8.0])), draw(st.sampled_from([1.0, 3.0]))) if down else None,
            )
        )
    return tuple(drawn)


def with_quantities(draw: st.DrawFn, drawn: tuple[Link, ...]) -> tuple[Link, ...]:
    """The links of an assembly, with units of the component per unit assembled."""
    quantities = [draw(st.sampled_from([1.0, 2.0, 0.5])) for _ in drawn]
    return tuple(replace(link, quantity=quantity) for link, quantity in zip(drawn, quantities, strict=True))


@st.composite
def demands(draw: st.DrawFn, counts: bool) -> Demand:
    return Demand(
        np.array(draw(st.lists(st.sampled_from([0.0, 0.3, 2.0, 6.0]), min_size=1, max_size=4))),
        draw(st.sampled_from([0.5, 3.0] if not counts else [0.0, 0.5, 3.0])),
        draw(st.sampled_from([0.0, 0.4])),
        counts,
    )


@st.composite
def policies(draw: st.DrawFn, lots: bool, reorder_points: bool) -> Policy:
    kinds: list[PolicyKind] = ["base_stock", "sS", "RQ"]
    kind = draw(st.sampled_from(kinds)) if reorder_points else "base_stock"
    return Policy(
        kind=kind,
        gap=0.0 if kind == "base_stock" else float(draw(st.sampled_from([1, 4, 7]))),
        profile=tuple(draw(st.sampled_from([(1.0,), (1.0,), (1.0, 0.5, 1.5)]))),
        calendar=draw(st.sampled_from([(True,), (True,), (True, False), (False, True, True), (True, False, False)])),
        lot_size=float(draw(st.sampled_from([0, 0, 1, 4]))) if lots else 0.0,
        moq=float(draw(st.sampled_from([0, 0, 1, 7]))) if lots else 0.0,
        order_capacity=draw(st.sampled_from([NO_LIMIT, NO_LIMIT, 9.0, 4.5])),
        storage_capacity=draw(st.sampled_from([NO_LIMIT, NO_LIMIT, 30.0, 12.0])),
    )


@st.composite
def starts(draw: st.DrawFn) -> Start:
    """Mostly a full start, else any stock, pipeline and backorders."""
    if draw(st.integers(0, 2)):
        return Start()
    pipeline = draw(st.lists(st.tuples(st.integers(0, 5), st.sampled_from([1.0, 2.5, 6.0])), max_size=3))
    return Start(draw(st.sampled_from([None, 0.0, 3.5, 20.0])), tuple(pipeline), draw(st.sampled_from([0.0, 0.0, 4.0])))


@st.composite
def points(
    draw: st.DrawFn,
    name: str,
    of_point: tuple[Link, ...],
    sourcing: Sourcing,
    policy: Policy,
    demand: Demand | None,
    perishable: bool,
) -> Point:
    return Point(
        name=name,
        links=of_point,
        sourcing=sourcing,
        policy=policy,
        processing=draw(st.sampled_from(PROCESSING)),
        shelf_life=draw(st.sampled_from([0, 0, 1, 2, 5])) if perishable else 0,
        issue=draw(st.sampled_from(["FIFO", "LIFO"])),
        allocation=draw(st.sampled_from(["proportional", "priority", "fcfs"])),
        demand=demand,
        backorder_share=draw(st.sampled_from([1.0, 1.0, 0.0, 0.25])),
        customer_rank=draw(st.integers(0, 2)),
        start=draw(starts()),
        holding_cost=1.0,
    )


def random_paths(network: SupplyNetwork, periods: int, seed: int) -> dict[str, Any]:
    """Some demand, lead times, processing times and states for NetworkOracle: any of these numbers could be drawn."""
    rng = np.random.default_rng(seed)
    all_links = [link for point in network.nodes for link in point.links]

    def times(distributions: list[LeadTime]) -> list[list[int]]:
        drawn = [rng.choice(d.periods, size=periods, p=np.array(d.probability) / sum(d.probability)) for d in distributions]
        return np.stack(drawn, 1).tolist()

    def customers(demand: Demand | None) -> Doubles:
        if demand is None:
            return np.zeros(periods)
        mean = np.resize(demand.mean, periods)
        return np.asarray(rng.poisson(mean) if demand.counts else rng.gamma(2.0, mean / 2), np.float64)

    return {
        "demand": np.stack([customers(point.demand) for point in network.nodes], 1).tolist(),
        "lead": times([link.lead_time for link in all_links]),
        "processing": times([point.processing for point in network.nodes]),
        "up": np.stack([up_and_down(link.disruption, periods, rng) for link in all_links], 1).tolist(),
    }


def up_and_down(disruption: Disruption | None, periods: int, rng: np.random.Generator) -> Ints:
    """States of a link, 1 while it is up."""
    if disruption is None:
        return np.ones(periods, int)
    state = [rng.random() < disruption.mean_up / (disruption.mean_up + disruption.mean_down)]
    for change in rng.random(periods - 1):
        state.append(state[-1] != (change < 1 / (disruption.mean_up if state[-1] else disruption.mean_down)))
    return np.array(state, int)


def bicycle() -> SupplyNetwork:
    """An assembly: one frame (long lead time, made to order elsewhere) and two wheels (bought often) for a bicycle."""
    frames = Point("frames", (Link(OUTSIDE, LeadTime((6, 8, 10), (0.3, 0.4, 0.3)), crossing=False),), holding_cost=40.0)
    buy_wheels = Policy(lot_size=20.0, moq=40.0)
    wheels = Point("wheels", (Link(OUTSIDE, LeadTime((2, 3), (0.6, 0.4))),), policy=buy_wheels, holding_cost=5.0)
    bicycles = Point(
        "bicycles",
        (Link(0, LeadTime.fixed(1)), Link(1, LeadTime.fixed(1), quantity=2.0)),
        sourcing="assembly",
        processing=LeadTime.fixed(2),
        demand=Demand(np.array([4.0, 3.0, 3.0, 3.0, 6.0, 9.0, 0.0]), 0.3, 0.1),
        target_fill_rate=0.95,
        holding_cost=80.0,
    )
    return SupplyNetwork("bicycle", (frames, wheels, bicycles), 1)


def dual_sourced_warehouse(stores: int = 3) -> SupplyNetwork:
    """A warehouse with a far, cheap supplier that fails now and then and a near one with little capacity; stores in turn."""
    far = Link(OUTSIDE, LeadTime((9, 12, 15), (0.3, 0.4, 0.3)), share=0.8, crossing=False, disruption=Disruption(60.0, 5.0))
    near = Link(OUTSIDE, LeadTime.fixed(2), share=0.2, capacity=15.0)
    weekly = Policy(kind="sS", gap=20.0, calendar=(True,) + (False,) * 6)
    nodes = [Point("warehouse", (far, near), policy=weekly, allocation="priority", customer_rank=3, holding_cost=1.0)]
    for i in range(stores):
        demand = Demand(np.array([2.0 + i] * 6 + [0.0]), 0.8, 0.2)
        supply = (Link(0, LeadTime((1, 2), (0.8, 0.2)), rank=i + 1),)
        nodes.append(Point(f"store{i}", supply, demand=demand, backorder_share=0.0, target_fill_rate=0.95, holding_cost=1.3))
    return SupplyNetwork("dual", tuple(nodes), 2)


def perishable_store() -> SupplyNetwork:
    """Fresh food: four days to sell, customers take the newest first, half of those who find nothing come back."""
    store = Point(
        "store",
        (Link(OUTSIDE, LeadTime.fixed(1)),),
        policy=Policy(profile=(1.0, 1.0, 1.0, 1.2, 1.5, 1.6, 0.8), lot_size=6.0, storage_capacity=120.0),
        shelf_life=4,
        issue="LIFO",
        demand=Demand(np.array([8.0, 8.0, 8.0, 10.0, 14.0, 16.0, 5.0]), 0.2),
        backorder_share=0.5,
        target_fill_rate=0.9,
        holding_cost=2.0,
    )
    return SupplyNetwork("salad", (store,), 3)
