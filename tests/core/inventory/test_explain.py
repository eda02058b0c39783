"""Safety stock explained: the parts add up and point at the right source."""

from dataclasses import replace

import numpy as np
import pytest
from echelon.core.inventory.explain import SOURCES, explain_safety_stock
from echelon.core.inventory.problem import Demand, LeadTime, Node, Problem
from echelon.core.inventory.stock_plan import SimulationSize
from small_problems import warehouse_and_stores

SMALL = SimulationSize(periods=80, replications=128)


def single(lead_time, demand, **changes):
    return Problem("one", (Node("n", "s", -1, lead_time, 1.0, demand, 0.95, **changes),))


def test_parts_add_up():
    found = explain_safety_stock(warehouse_and_stores(stores=2), SMALL)
    assert set(found.parts) == set(SOURCES)
    np.testing.assert_allclose(found.stock, sum(found.parts.values()) + found.remainder)
    assert np.all(found.parts["review period"] == 0)
    assert np.all(found.parts["lots"] == 0)
    assert found.parts["upstream shortage"][0] == 0
    assert np.all(found.parts["demand variability"][1:] > 0)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("demand variability", single(LeadTime.fixed(3), Demand(np.full(14, 20.0), 0.5))),
        ("forecast error", single(LeadTime.fixed(3), Demand(np.full(14, 20.0), 0.0, 0.5, counts=False))),
        ("lead-time variability", single(LeadTime((1, 9), (0.5, 0.5)), Demand(np.full(14, 20.0), counts=False))),
        ("review period", single(LeadTime.fixed(3), Demand(np.full(14, 20.0), counts=False), review_period=7)),
    ],
)
def test_the_only_source_there_is_explains_the_stock(name, problem):
    found = explain_safety_stock(problem, SMALL)
    part = found.parts[name][0]
    assert part > 10
    others = [abs(found.parts[other][0]) for other in SOURCES if other != name]
    assert max(others) < 0.35 * part


def test_shortage_upstream_is_seen_at_the_store():
    problem = warehouse_and_stores(stores=2)
    dear = replace(problem.nodes[0], holding_cost=50.0)  # a warehouse that had better hold nothing
    found = explain_safety_stock(replace(problem, nodes=(dear, *problem.nodes[1:])), SMALL)
    assert np.all(found.parts["upstream shortage"][1:] > 3)
