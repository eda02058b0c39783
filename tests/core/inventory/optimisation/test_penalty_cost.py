"""Least holding and shortage cost: continuous and whole levels against exact optima, certified cost, start values."""

import itertools
import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from echelon.core.arrays import Doubles
from echelon.core.inventory.kernels.drawing.paths import Paths, PathSource
from echelon.core.inventory.kernels.layout import BLOCK
from echelon.core.inventory.kernels.tree.simulator import TreeSimulator
from echelon.core.inventory.model.demand import Demand
from echelon.core.inventory.model.lead_time import LeadTime
from echelon.core.inventory.model.supply_network import SupplyNetwork, tree_point
from echelon.core.inventory.optimisation.cost.continuous_review import (
    OneWarehouse,
    one_warehouse_levels,
    sobol_points,
    steady_state,
)
from echelon.core.inventory.optimisation.cost.costs import Costs, certified_cost
from echelon.core.inventory.optimisation.cost.penalty import least_cost_levels
from echelon.core.inventory.optimisation.cost.polish import least_cost_whole_levels
from echelon.core.inventory.optimisation.cost.starts import shang_song_start
from echelon.textbook.multi_echelon import one_warehouse
from echelon.textbook.multi_echelon.serial import serial_normal, serial_poisson
from hypothesis import given, settings
from scipy import stats
from support import REFERENCE
from support.inventory.small_problems import problems

SOME_DEMAND = Demand(np.ones(1))

Amounts = Sequence[float] | Doubles


def cases(name: str) -> list[dict[str, Any]]:
    return json.loads((REFERENCE / f"{name}.json").read_text())["instances"]


def serial(lead_times: tuple[int, ...], demand: Demand = SOME_DEMAND) -> SupplyNetwork:
    """Top first, customers at the last node. A lead time of L in the reference protects L periods; here a customers'
    node covers lead time + 1."""
    last = len(lead_times) - 1
    nodes = [
        tree_point(f"n{i}", "up", i - 1, LeadTime.fixed(lead - (i == last)), 1.0, demand if i == last else None)
        for i, lead in enumerate(lead_times)
    ]
    return SupplyNetwork("serial", tuple(nodes))


def shortage_costs(hold: Amounts, backorder: Amounts, unmet: Amounts | None = None) -> Costs:
    zero = np.zeros(len(hold))
    return Costs(np.array(hold, float), np.array(backorder, float), zero if unmet is None else np.array(unmet, float))


def normal_simulator(
    lead_times: tuple[int, ...], mean: int, sd: int, seed: int, measured: int = 100, replications: int = 1024
) -> TreeSimulator:
    blocks, periods = replications // BLOCK, measured + sum(lead_times) + 4
    demand = np.random.default_rng(seed).normal(mean, sd, (blocks, periods, 1, BLOCK)).astype(np.float32)
    lead = np.zeros((blocks, periods, len(lead_times), BLOCK), np.uint8)
    return TreeSimulator(serial(lead_times), Paths(demand, lead, periods - measured))


def normal_masses(mean: int, sd: int, step: float) -> Callable[..., Any]:
    """periods -> (values, probabilities) of the demand of that many periods on a grid."""

    def masses(periods: int) -> tuple[Doubles, Doubles]:
        spread = sd * np.sqrt(periods)
        values = np.arange(-round(8 * spread / step), round(8 * spread / step) + 1) * step + mean * periods
        weights = stats.norm.pdf(values, mean * periods, spread)
        return values, weights / weights.sum()

    return masses


def poisson_masses(mean: float) -> Callable[..., Any]:
    def masses(periods: int) -> tuple[Doubles, Doubles]:
        values = np.arange(stats.poisson.isf(1e-12, mean * periods) + 2)
        return values, stats.poisson.pmf(values, mean * periods)

    return masses


def serial_cost(
    holding: tuple[float, ...],
    lead: tuple[int, ...],
    stockout: float,
    masses: Callable[..., Any],
    echelon: Doubles,
    step: float,
) -> float:
    """Exact cost of given echelon levels, stages 1 (customers), 2, ...: the Clark-Scarf recursion without its minimum,
    C_j(y) = E[h_j (y - D) + C_{j-1}(min(y - D, S_{j-1}))], summed on a grid."""
    position = np.arange(-3 * max(echelon), 1.5 * max(echelon), step)
    induced = (stockout + sum(holding)) * np.maximum(-position, 0.0)
    for h, periods, level in zip(holding, lead, echelon, strict=True):
        values, weights = masses(periods)
        cost = np.interp(position[:, None] - values, position, h * position + induced) @ weights
        at_level = np.interp(level, position, cost)
        induced = np.where(position < level, cost, at_level)
    return at_level


NORMAL_SERIES = [  # echelon holding costs and lead times from the customers up, stockout cost, mean, sd
    ((3, 2, 2), (1, 1, 2), 37.12, 5, 1),
    ((1, 1), (2, 3), 15.0, 10, 4),
    ((2, 1, 0.5, 0.5), (1, 2, 1, 2), 60.0, 8, 2),
]


@pytest.mark.parametrize("holding, lead, stockout, mean, sd", NORMAL_SERIES, ids=["example 6.1", "two", "four"])
def test_serial_optimum_at_1024_replications(
    holding: tuple[float, ...], lead: tuple[int, ...], stockout: float, mean: int, sd: int
) -> None:
    """The exact cost of the levels found, against the exact optimum; Example 6.1 is Snyder & Shen's."""
    top_first = lead[::-1]
    hold = np.cumsum(holding[::-1])
    costs = shortage_costs(hold, [0.0] * (len(lead) - 1) + [stockout])
    problem = serial(top_first, Demand(np.full(1, float(mean)), (sd / mean) ** 2, counts=False))
    start = shang_song_start(problem, costs)
    levels = least_cost_levels(normal_simulator(top_first, mean, sd, 1), costs, start)
    step = 0.04 * sd
    exact = serial_cost(holding, lead, stockout, normal_masses(mean, sd, step), np.cumsum(levels[::-1]), step)
    optimum = serial_normal(holding, lead, stockout, mean, sd, 0.005).cost
    assert exact < 1.0005 * optimum
    if stockout == 37.12:
        assert optimum == pytest.approx(47.6601, rel=1e-4)
    certified = certified_cost(normal_simulator(top_first, mean, sd, 2), levels, costs, 0.999)
    pipeline = mean * (hold[:-1] @ top_first[1:])  # what is between stages is held at the cost of the sender
    assert certified.low < exact - pipeline < certified.high
    assert certified.high - certified.low < 0.05 * certified.mean


@pytest.mark.parametrize(
    "holding, lead, stockout, mean", [((3, 2, 2), (1, 1, 2), 37.12, 5.0), ((1, 1), (2, 4), 20.0, 1.5)], ids=["known", "other"]
)
def test_whole_levels_of_a_serial_system(holding: tuple[int, ...], lead: tuple[int, ...], stockout: float, mean: float) -> None:
    top_first, links = lead[::-1], [(i, i + 1) for i in range(len(lead) - 1)]
    costs = shortage_costs(np.cumsum(holding[::-1]), [0.0] * (len(lead) - 1) + [stockout])
    problem = serial(top_first, Demand(np.full(1, mean)))
    simulator = TreeSimulator(problem, PathSource(problem, 400, 20).draw("optimise", 1024))
    start = shang_song_start(problem, costs)
    levels = least_cost_whole_levels(simulator, costs, start, links, np.ones(len(lead), bool), 2)
    np.testing.assert_array_equal(levels, np.rint(levels))
    exact = serial_cost(holding, lead, stockout, poisson_masses(mean), np.cumsum(levels[::-1]), 1.0)
    assert exact < 1.001 * serial_poisson(holding, lead, stockout, mean).cost


def exact_gap(
    number: int,
    rate: float,
    warehouse_lead_time: float,
    lead_time: float,
    hold: tuple[float, float],
    backorder: int,
    levels: Doubles,
) -> float:
    """Exact cost of levels (warehouse, retailers) over the least exact cost, - 1."""
    warehouse = one_warehouse.Warehouse(warehouse_lead_time, hold[0])
    alone = [one_warehouse.Retailers(1, rate, lead_time, hold[1], backorder) for _ in range(number)]
    found = one_warehouse.evaluate(warehouse, alone, int(levels[0]), [int(own) for own in levels[1:]])
    together = [one_warehouse.Retailers(number, rate, lead_time, hold[1], backorder)]
    return found.cost / one_warehouse.optimal_levels(warehouse, together).cost - 1


KNOWN_WAREHOUSES = [  # number of retailers, rate, replenishment time, transport time, holding costs, backorder cost
    (i["n_retailers"], i["demand_rate_each"], i["L0"], i["Lr"], (i["h0"], i["hr"]), i["b"])
    for i in (case["inputs"] for case in cases("owmr_poisson_exact")[::12])
]


@pytest.mark.parametrize("case", [*KNOWN_WAREHOUSES, (3, 0.4, 1.5, 0.7, (2.0, 2.5), 25), (7, 1.1, 3.0, 0.5, (1.0, 3.0), 15)])
def test_one_warehouse_optimum(case: tuple[int, float, float, float, tuple[float, float], int]) -> None:
    number, rate, warehouse_lead_time, lead_time, hold, backorder = case
    system = OneWarehouse([rate] * number, warehouse_lead_time, [lead_time] * number)
    costs = shortage_costs([hold[0]] + [hold[1]] * number, [0.0] + [backorder] * number)
    levels = one_warehouse_levels(system, costs)
    assert exact_gap(*case, levels) < 0.001


def test_moments_have_the_exact_steady_state() -> None:
    """Two retailers that differ: what is outstanding at each is a share of the warehouse's backorders and the demand of
    the transport time."""
    rates, transport, level = np.array([0.6, 1.8]), np.array([1.5, 0.5]), 4
    system = OneWarehouse(rates.tolist(), 2.5, transport.tolist())
    simulator = steady_state(system, sobol_points(system, 3))
    orders = np.arange(60)
    owed = stats.poisson.pmf(orders, 2.5 * rates.sum())
    totals = simulator.totals(np.array([level, 3.0, 2.0]))
    assert totals.on_hand[0] / simulator.scale == pytest.approx(np.maximum(level - orders, 0) @ owed, rel=2e-3)
    for i, own in enumerate((3, 2)):
        waiting = [stats.binom.pmf(orders, max(int(n) - level, 0), rates[i] / rates.sum()) for n in orders]
        outstanding = np.convolve(owed @ np.array(waiting), stats.poisson.pmf(orders, rates[i] * transport[i]))
        left = own - np.arange(len(outstanding))
        assert totals.on_hand[1 + i] / simulator.scale == pytest.approx(np.maximum(left, 0) @ outstanding, rel=2e-3)
        assert totals.owed[1 + i] / simulator.scale == pytest.approx(np.maximum(-left, 0) @ outstanding, rel=5e-3)


def test_low_discrepancy_moments_are_worth_several_times_as_many_plain_ones() -> None:
    system = OneWarehouse([0.5] * 3, 1.0, [1.0] * 3)
    costs, levels = shortage_costs([1.0, 1.5, 1.5, 1.5], [0.0, 10.0, 10.0, 10.0]), np.array([2.0, 2.0, 2.0, 2.0])
    shape = (system.dimensions, 4096)
    found = {}
    for name in ("plain", "sobol"):
        samples = [
            np.random.default_rng(seed).random(shape) if name == "plain" else sobol_points(system, seed)[:, :4096]
            for seed in range(12)
        ]
        found[name] = [costs.by_node(steady_state(system, points).totals(levels)).sum() for points in samples]
    assert np.var(found["sobol"]) < 0.5 * np.var(found["plain"])


def test_polish_finds_the_best_of_all_plans_nearby() -> None:
    """Three levels upstream of two stores: every plan within two units is simulated on the same paths."""
    poisson = Demand(np.full(1, 1.0))
    nodes = [
        tree_point("top", "", -1, LeadTime.fixed(3), 1.0),
        tree_point("middle", "", 0, LeadTime.fixed(1), 1.0),
    ]
    nodes += [tree_point(f"store {i}", "", 1, LeadTime.fixed(1), 1.0, poisson) for i in range(2)]
    problem = SupplyNetwork("p", tuple(nodes), 3)
    costs = shortage_costs([1.0, 1.2, 1.5, 1.5], [0.0, 0.0, 9.0, 12.0])
    simulator = TreeSimulator(problem, PathSource(problem, 60, 10).draw("optimise", 64))
    levels = least_cost_whole_levels(
        simulator, costs, np.array([9.0, 2.0, 4.0, 4.0]), [(0, 1), (1, 2), (1, 3)], np.ones(4, bool), 4
    )

    def cost(plan: Amounts) -> float:
        return costs.by_node(simulator.totals(np.array(plan, float))).sum()

    around = [range(max(int(level) - 2, 0), int(level) + 3) for level in levels]
    assert cost(levels) <= min(cost(plan) for plan in itertools.product(*around))


@settings(max_examples=12)
@given(problems(lots=False))
def test_polish_on_any_tree_beats_the_rounded_start_and_every_single_step(problem: SupplyNetwork) -> None:
    simulator = TreeSimulator(problem, PathSource(problem, 60, 20).draw("optimise", 64))
    own = [node.demand is not None for node in problem.nodes]
    lost = [node.backorder_share == 0 for node in problem.nodes]
    costs = shortage_costs([node.holding_cost for node in problem.nodes], np.where(own, 15.0, 0.0), np.where(lost, 40.0, 0.0))
    start, size = shang_song_start(problem, costs), len(problem.nodes)
    links = [(parent, i) for i, parent in enumerate(problem.parents) if parent >= 0]
    levels = least_cost_whole_levels(simulator, costs, start, links, np.ones(size, bool), 2)

    def cost(plan: Doubles) -> float:
        return costs.by_node(simulator.totals(plan)).sum()

    assert cost(levels) <= cost(np.rint(start))
    steps = [levels + sign * step for step in np.eye(size) for sign in (1, -1)]
    inner = np.isin(np.arange(size), [source for source, _ in links])
    for step in steps:
        if step.min() >= 0 and inner[np.argmax(step != levels)]:
            assert cost(levels) <= cost(step)


def test_fixed_levels_are_left_alone() -> None:
    simulator = normal_simulator((2, 1), 5, 1, 4, replications=64)
    costs = shortage_costs([1.0, 2.0], [0.0, 20.0])
    levels = least_cost_whole_levels(simulator, costs, np.array([9.0, 20.0]), [(0, 1)], np.array([False, True]))
    assert levels[0] == 9 and levels[1] < 20


def test_shang_song_start_lies_between_the_bounds() -> None:
    case = next(c for c in cases("serial_ssm") if c["id"] == "serial_ex6_1")
    problem = serial((2, 1, 1), Demand(np.full(1, 5.0), 0.04, counts=False))
    levels = shang_song_start(problem, shortage_costs([2, 4, 7], [0, 0, 37.12]))
    bounds = case["shang_song"]
    expected = [(bounds["lower"][stage] + bounds["upper"][stage]) / 2 for stage in "123"]
    np.testing.assert_allclose(np.cumsum(levels[::-1]), expected, rtol=1e-6)


@pytest.mark.parametrize("case", cases("lost_sales_zipkin"), ids=lambda c: c["id"])
def test_best_base_stock_policy_with_lost_sales_stays_above_the_optimum(case: dict[str, Any]) -> None:
    inputs = case["inputs"]
    node = tree_point("n", "outside", -1, LeadTime.fixed(inputs["lead_time"]), 1.0, Demand(np.full(1, 5.0)), lost_sales=True)
    problem = SupplyNetwork("lost", (node,))
    source = PathSource(problem, 200, 40)
    costs = shortage_costs([inputs["holding"]], [0.0], [inputs["penalty"]])
    simulator = TreeSimulator(problem, source.draw("optimise", 512))
    start = np.array([5.0 * (inputs["lead_time"] + 1)])
    levels = least_cost_whole_levels(simulator, costs, start, [], np.ones(1, bool), 4)
    certified = certified_cost(TreeSimulator(problem, source.draw("certify", 1024)), levels, costs)
    assert case["own_optimal_cost"] - 3 * certified.se < certified.mean < 1.12 * case["own_optimal_cost"]
