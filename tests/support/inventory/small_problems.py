"""Small random problems for Hypothesis, and a realistic one, shared by the tests of the inventory engine."""

from dataclasses import replace
from typing import Any

import numpy as np
from echelon.core.inventory.model.demand import Demand
from echelon.core.inventory.model.lead_time import LeadTime
from echelon.core.inventory.model.supply_network import Point, SupplyNetwork, tree_point
from hypothesis import strategies as st

# Levels with these fractions and demand in whole units never meet by chance: roots of primes and 1 have no sum in whole
# multiples that is 0. (Steps of one size had: stock and claims were equal, and the cost had a kink there.)
UNEVEN = np.sqrt([2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37]) % 1


@st.composite
def lead_times(draw: st.DrawFn, most: int = 5) -> LeadTime:
    """Fixed, zero or random lead times, now and then over a wide range."""
    most = draw(st.sampled_from([most, most, 14]))
    periods = sorted(draw(st.sets(st.integers(0, most), min_size=1, max_size=3)))
    return LeadTime(tuple(periods), tuple([1 / len(periods)] * len(periods)))


@st.composite
def problems(draw: st.DrawFn, lots: bool = True, lost: bool = True, most_nodes: int = 6) -> SupplyNetwork:
    """A random tree with customers at every leaf and perhaps elsewhere."""
    size = draw(st.integers(1, most_nodes))
    parents = [-1] + [draw(st.integers(-1, i - 1)) for i in range(1, size)]
    nodes = []
    for i in range(size):
        has_customers = i not in parents or draw(st.booleans())
        demand = Demand(
            np.array(draw(st.lists(st.sampled_from([0.0, 0.3, 2.0, 6.0]), min_size=1, max_size=4))),
            draw(st.sampled_from([0.0, 0.5, 3.0])),
            draw(st.sampled_from([0.0, 0.4])),
        )
        nodes.append(
            tree_point(
                name=f"n{i}",
                supplier="outside" if parents[i] < 0 else f"n{parents[i]}",
                source=parents[i],
                lead_time=draw(lead_times()),
                holding_cost=1.0 + i,
                demand=demand if has_customers else None,
                review_period=draw(st.integers(1, 3)),
                lot_size=float(draw(st.sampled_from([0, 1, 4]))) if lots else 0.0,
                moq=float(draw(st.sampled_from([0, 1, 7]))) if lots else 0.0,
                lost_sales=lost and draw(st.booleans()),
            )
        )
    return SupplyNetwork("sku", tuple(nodes), draw(st.integers(0, 1000)))


def warehouse_and_stores(stores: int = 4, seed: int = 0, target: float = 0.95, **changes: Any) -> SupplyNetwork:
    """One central warehouse with a long random lead time and stores with intermittent demand."""
    rng = np.random.default_rng(seed)
    nodes = [tree_point("central", "supplier", -1, LeadTime((8, 10, 13), (0.3, 0.5, 0.2)), 1.0)]
    for i in range(stores):
        demand = Demand(np.full(28, rng.gamma(1.0, 1.0) + 0.05), 1.0, 0.3)
        nodes.append(
            tree_point(f"store{i}", "central", 0, LeadTime((1, 2, 3), (0.5, 0.3, 0.2)), 1.2, demand, target, **changes)
        )
    return SupplyNetwork("sku", tuple(nodes), 1)


OF_LINK, OF_POLICY = ("source", "lead_time"), ("calendar", "lot_size", "moq")


def with_terms(point: Point, **changes: Any) -> Point:
    """A point of a tree with other terms, whether they are its own, its link's or its policy's; lost_sales as in tree_point."""
    if "lost_sales" in changes:
        changes["backorder_share"] = 0.0 if changes.pop("lost_sales") else 1.0
    link, policy = ({name: changes.pop(name) for name in names if name in changes} for names in (OF_LINK, OF_POLICY))
    links = tuple(replace(one, **link) for one in point.links)
    return replace(point, links=links, policy=replace(point.policy, **policy), **changes)


def as_general(network: SupplyNetwork) -> SupplyNetwork:
    """The same network, told so that only the general simulator takes it: a profile that changes nothing."""
    nodes = [replace(point, policy=replace(point.policy, profile=(1.0, 1.0))) for point in network.nodes]
    return replace(network, nodes=tuple(nodes))
