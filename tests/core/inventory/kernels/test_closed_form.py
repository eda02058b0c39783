"""Simulation and optimisation against known answers."""

import json
from typing import Any

import numpy as np
import pytest
from echelon.core.arrays import Doubles
from echelon.core.inventory.kernels import layout
from echelon.core.inventory.kernels.drawing.paths import Paths, PathSource
from echelon.core.inventory.kernels.layout import BLOCK
from echelon.core.inventory.kernels.tree.simulator import TreeSimulator
from echelon.core.inventory.model.demand import Demand
from echelon.core.inventory.model.lead_time import LeadTime
from echelon.core.inventory.model.supply_network import SupplyNetwork, tree_point
from echelon.core.inventory.optimisation.cost.costs import Costs
from echelon.core.inventory.optimisation.cost.penalty import least_cost_levels
from echelon.textbook.single_location.service import service_normal
from support import REFERENCE

SOME_DEMAND = Demand(np.ones(1))


def normal_paths(rng: np.random.Generator, mean: int, sd: int, blocks: int, measured: int, warm_up: int, nodes: int) -> Paths:
    """Independent normal demand at one customers' node."""
    demand = rng.normal(mean, sd, (blocks, warm_up + measured, 1, BLOCK)).astype(np.float32)
    return Paths(demand, np.zeros((blocks, warm_up + measured, nodes, BLOCK), np.uint8), warm_up)


@pytest.mark.parametrize(
    "case", json.loads((REFERENCE / "service_levels_closed_form.json").read_text())["instances"], ids=lambda c: c["id"]
)
def test_service_levels_of_a_single_stage(case: dict[str, Any]) -> None:
    inputs, expected = case["inputs"], case["expected"]
    node = tree_point("n", "outside", -1, LeadTime.fixed(inputs["lead_time"]), 1.0, SOME_DEMAND, review_period=inputs["review"])
    rng = np.random.default_rng(5)
    paths = normal_paths(rng, inputs["mean"], inputs["sd"], 16, 200, 12, 1)
    measures = TreeSimulator(SupplyNetwork("sku", (node,)), paths).measure(np.array([inputs["order_up_to"]]))
    for estimate, truth in (
        (measures.fill_rate, expected["fill_rate_beta"]),
        (measures.cycle_service_level, expected["alpha_cycle"]),
        (measures.ready_rate, expected["period_no_stockout"]),
    ):
        assert abs(estimate.mean[0] - truth) < 3 * estimate.se[0]
        assert 0 < estimate.se[0] < 0.01


@pytest.mark.parametrize("lead, review, mean, sd, score", [(1, 2, 30, 9, 0.8), (6, 1, 10, 2, 1.5), (2, 5, 80, 12, 1.0)])
def test_service_levels_equal_the_reference_function(lead: int, review: int, mean: int, sd: int, score: float) -> None:
    cover = lead + review
    level = mean * cover + score * sd * np.sqrt(cover)
    exact = service_normal(level, mean, sd, lead, review)
    node = tree_point("n", "outside", -1, LeadTime.fixed(lead), 1.0, SOME_DEMAND, review_period=review)
    paths = normal_paths(np.random.default_rng(11), mean, sd, 16, 200, 15, 1)
    measures = TreeSimulator(SupplyNetwork("sku", (node,)), paths).measure(np.array([level]))
    for estimate, truth in (
        (measures.fill_rate, exact.fill_rate),
        (measures.cycle_service_level, exact.cycle_service_level),
        (measures.ready_rate, exact.ready_rate),
    ):
        assert abs(estimate.mean[0] - truth) < 3 * estimate.se[0]


def serial(lead_times: list[int]) -> SupplyNetwork:
    """A serial system, customers at the last node. A lead time of L in the reference protects L periods; here a
    customers' node covers lead time + 1."""
    nodes = []
    for i, lead in enumerate(lead_times):
        last = i == len(lead_times) - 1
        nodes.append(tree_point(f"n{i}", "up", i - 1, LeadTime.fixed(lead - last), 1.0, SOME_DEMAND if last else None))
    return SupplyNetwork("serial", tuple(nodes))


def test_clark_scarf_example_by_simulation_and_optimisation() -> None:
    case = next(c for c in json.loads((REFERENCE / "serial_ssm.json").read_text())["instances"] if c["id"] == "serial_ex6_1")
    problem = serial([2, 1, 1])  # stages 3, 2, 1
    hold, penalty = np.array([2.0, 4.0, 7.0]), np.array([0.0, 0.0, 37.12])
    pipeline = 5 * (1 * 2 + 1 * 4)  # mean demand x lead time, held at the cost of the sending stage
    first, simulator = (  # optimise on the first sample, judge on the second
        TreeSimulator(problem, normal_paths(np.random.default_rng(seed), 5, 1, blocks, 100, 8, 3))
        for seed, blocks in ((1, 16), (2, 48))
    )
    levels = least_cost_levels(first, Costs(hold, penalty, np.zeros(3)), np.array([12.0, 6.0, 7.0]))
    measures = simulator.measure(levels)
    optimum = case["own_exact"]
    best = measures_cost(simulator, np.array([optimum["local_S"][k] for k in "321"]), hold, penalty)
    found = measures_cost(simulator, levels, hold, penalty)
    assert found < best * 1.0005  # same paths: how far the levels found are from the optimal ones
    assert abs(found + pipeline - optimum["cost"]) < 0.0015 * optimum["cost"]
    assert measures.cycle_service_level.mean[2] > 0.8


def measures_cost(simulator: TreeSimulator, levels: Doubles, hold: Doubles, penalty: Doubles) -> float:
    measures = simulator.measure(levels)
    return float(hold @ measures.on_hand.mean + penalty @ measures.backorders.mean)


@pytest.mark.parametrize(
    "case", json.loads((REFERENCE / "lost_sales_zipkin.json").read_text())["instances"][::3], ids=lambda c: c["id"]
)
def test_lost_sales_base_stock_never_beats_the_optimal_policy(case: dict[str, Any]) -> None:
    """Base stock is not optimal with lost sales, but close for high penalties (Zipkin 2008)."""
    inputs = case["inputs"]
    poisson = Demand(np.full(1, 5.0))
    node = tree_point("n", "outside", -1, LeadTime.fixed(inputs["lead_time"]), 1.0, poisson, lost_sales=True)
    problem = SupplyNetwork("lost", (node,))
    simulator = TreeSimulator(problem, PathSource(problem, 200, 40).draw("test", 512))
    costs = []
    for level in range(5, 45):
        measures = simulator.measure(np.array([float(level)]))
        lost = measures.sums[layout.UNMET] / measures.periods
        cost = inputs["holding"] * measures.sums[layout.ON_HAND] / measures.periods + inputs["penalty"] * lost
        costs.append((cost.mean(), cost.std() / np.sqrt(cost.size)))
    best, se = min(costs)
    assert case["own_optimal_cost"] - 3 * se < best < 1.2 * case["own_optimal_cost"]
