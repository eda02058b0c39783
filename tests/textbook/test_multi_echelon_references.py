"""Serial systems, one warehouse with retailers, and lost sales: known answers, and slow oracles for other parameters."""

import itertools
from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
import pytest
from echelon.core.arrays import Doubles
from echelon.textbook.demand_laws import normal_pmf, poisson_pmf
from echelon.textbook.multi_echelon import serial
from echelon.textbook.multi_echelon.one_warehouse import Retailers, Warehouse, evaluate, metric, optimal_levels, two_moment
from echelon.textbook.single_location import base_stock
from echelon.textbook.single_location.lost_sales import lost_sales_optimal_cost
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from support.inventory.known_answers import by_id, instances

SERIAL = by_id("serial_ssm")


def serial_inputs(case: dict[str, Any]) -> tuple[list[int], list[int], float]:
    i = case["inputs"]
    stages = sorted(i["lead_time"])
    return [i["echelon_holding_cost"][s] for s in stages], [i["lead_time"][s] for s in stages], i["stockout_cost"]


@pytest.mark.parametrize("case", SERIAL.values(), ids=lambda c: c["id"])
def test_clark_scarf(case: dict[str, Any]) -> None:
    demand, exact = case["inputs"]["demand"], case["own_exact"]
    if demand["type"] == "normal":
        found = serial.serial_normal(*serial_inputs(case), demand["mean"], demand["sd"])
        assert found.local_levels == pytest.approx([exact["local_S"][s] for s in "123"], abs=1e-4)
    else:
        found = serial.serial_poisson(*serial_inputs(case), demand["mean"])
    assert found.cost == pytest.approx(exact["cost"], rel=1e-6)
    assert found.echelon_levels == pytest.approx([exact["echelon_S"][s] for s in "123"], abs=1e-4)


def test_shang_song_bounds() -> None:
    case = SERIAL["serial_ex6_1"]
    lower, upper = serial.shang_song_bounds(*serial_inputs(case), lambda p, t: float(stats.norm.ppf(p, 5 * t, np.sqrt(t))))
    known = case["shang_song"]
    assert lower == pytest.approx([known["lower"][s] for s in "123"], rel=1e-9)
    assert upper == pytest.approx([known["upper"][s] for s in "123"], rel=1e-9)
    middle = np.add(lower, upper) / 2
    assert middle == pytest.approx([known["heuristic_stockpyl"][s] for s in "123"], rel=1e-9)


def cost_of_levels(levels: tuple[float, ...], holding: list[float], lead: list[int], stockout: float, law: Doubles) -> float:
    """Average cost of echelon base-stock levels, stages 1, 2, ..., over all demands in the lead times."""
    laws = [np.ones(1) for _ in lead]
    for j, periods in enumerate(lead):
        for _ in range(periods):
            laws[j] = np.convolve(laws[j], law)
    cost = 0.0
    for demands in itertools.product(*(range(len(one)) for one in laws)):
        chance = np.prod([one[d] for one, d in zip(laws, demands, strict=True)])
        position, spent = levels[-1], 0.0
        for j in range(len(levels) - 1, -1, -1):
            position = min(position, levels[j]) - demands[j]
            spent += holding[j] * position
        cost += chance * (spent + (stockout + sum(holding)) * max(-position, 0))
    return cost


@settings(max_examples=12)
@given(st.integers(1, 3), st.randoms(use_true_random=False))
def test_clark_scarf_is_the_best_of_all_levels(stages: int, random: Random) -> None:
    """Any law of demand, zero lead times, levels that do not ascend."""
    law = np.array(random.choice([[0.5, 0.5], [0.3, 0.0, 0.7], [0.2, 0.5, 0.3]]))
    lead = [random.choice([0, 1, 1, 2]) for _ in range(stages)]
    lead[0] = max(lead[0], 1)
    holding = [random.choice([0.5, 1.0, 3.0]) for _ in range(stages)]
    stockout = random.choice([1.0, 5.0, 30.0])
    found = serial.serial_discrete(holding, lead, stockout, law)
    inputs = holding, lead, stockout, law
    assert found.cost == pytest.approx(cost_of_levels(found.echelon_levels, *inputs), rel=1e-9)
    most = (len(law) - 1) * sum(lead)
    trials = itertools.product(*(range(max(0, int(s) - 2), min(most, int(s) + 2) + 1) for s in found.echelon_levels))
    assert found.cost <= min(cost_of_levels(levels, *inputs) for levels in trials) + 1e-9


def test_one_stage_is_a_newsvendor() -> None:
    found, known = serial.serial_normal([2.0], [3.5], 9.0, 40, 12), base_stock.base_stock_normal(2, 9, 40, 12, 2.5)
    assert (found.echelon_levels[0], found.cost) == pytest.approx((known.level, known.cost), rel=1e-6)
    counted = serial.serial_poisson([2.0], [3.5], 9.0, 0.7)
    least = base_stock.newsvendor_poisson(2, 9, 0.7 * 3.5)
    assert (counted.echelon_levels[0], counted.cost) == pytest.approx((least.level, least.cost))


@pytest.mark.parametrize("stages", range(1, 9))
def test_laws_agree_for_large_means(stages: int) -> None:
    """Poisson, its normal approximation and the rounded normal demand; lower and upper bounds hold."""
    holding, lead = [1.0 + j % 3 for j in range(stages)], [1 + j % 2 for j in range(stages)]
    many = serial.serial_poisson(holding, lead, 25.0, 10_000)
    close = serial.serial_normal(holding, lead, 25.0, 10_000, 100, step=0.01)
    rounded = serial.serial_discrete(holding, lead, 25.0, normal_pmf(10_000, 100))
    assert many.cost == pytest.approx(close.cost, rel=4e-3)  # Poisson is skewed: 1/100
    assert rounded.cost == pytest.approx(close.cost, rel=1e-4)
    assert rounded.echelon_levels == pytest.approx(close.echelon_levels, abs=1.01)
    lower, upper = serial.shang_song_bounds(holding, lead, 25.0, lambda p, t: float(stats.norm.ppf(p, 1e4 * t, 100 * t**0.5)))
    for low, level, high in zip(lower, close.echelon_levels, upper, strict=True):
        assert low - 0.01 <= level <= high + 0.01


def test_eight_stages_by_simulation() -> None:
    """The cost of the levels found, and of others, over draws of the demands in the lead times."""
    holding, lead = [3.0, 1.0, 2.0, 0.5, 1.0, 1.0, 0.2, 0.3], [1, 2, 0, 1.5, 1, 3, 0.5, 1]
    found = serial.serial_normal(holding, lead, 40.0, 100, 30)
    rng, size = np.random.default_rng(6), 400_000
    demands = [rng.normal(100 * t, 30 * np.sqrt(t), size) for t in lead]

    def costs(levels: Any) -> Doubles:
        position, spent = np.full(size, levels[-1]), np.zeros(size)
        for j in range(7, -1, -1):
            position = np.minimum(position, levels[j]) - demands[j]
            spent += holding[j] * position
        return spent + (40 + sum(holding)) * np.maximum(-position, 0)

    best = costs(found.echelon_levels)
    assert abs(best.mean() - found.cost) < 4 * best.std() / np.sqrt(size)
    for j, shift in itertools.product(range(8), (-25.0, 25.0)):
        other = costs([level + shift * (i == j) for i, level in enumerate(found.echelon_levels)])
        assert (other - best).mean() > -4 * (other - best).std() / np.sqrt(size) - 1e-9


def owmr(case: dict[str, Any]) -> tuple[Warehouse, list[Retailers]]:
    i = case["inputs"]
    retailers = Retailers(i["n_retailers"], i["demand_rate_each"], i["Lr"], i["hr"], i["b"])
    return Warehouse(i["L0"], i["h0"]), [retailers]


@pytest.mark.parametrize("case", instances("owmr_poisson_exact"), ids=lambda c: c["id"])
def test_one_warehouse(case: dict[str, Any]) -> None:
    expected = case["expected"]
    found = optimal_levels(*owmr(case))
    each = found.groups[0]
    assert (found.warehouse_level, each.level) == (expected["S0"], expected["Sr"])
    assert found.cost == pytest.approx(expected["cost"], rel=1e-10)
    assert each.fill_rate == pytest.approx(expected["fill_rate"], rel=1e-9)
    assert each.on_hand == pytest.approx(expected["retailer_on_hand"], rel=1e-9)
    assert each.backorders == pytest.approx(expected["retailer_backorders"], rel=1e-9)
    for law, known, cost in (
        (two_moment, case["two_moment_negbin_solution"], "estimated_cost"),
        (metric, case["metric_solution"], "metric_estimated_cost"),
    ):
        close = optimal_levels(*owmr(case), law=law)
        assert (close.warehouse_level, close.groups[0].level) == (known["S0"], known["Sr"])
        assert close.cost == pytest.approx(known[cost], rel=1e-9)
        true = evaluate(*owmr(case), close.warehouse_level, [close.groups[0].level])
        assert true.cost == pytest.approx(known["true_cost"], rel=1e-9)


def test_groups_of_equal_retailers_are_one_group() -> None:
    warehouse = Warehouse(2.5, 0.7)
    together = optimal_levels(warehouse, [Retailers(5, 0.8, 1.5, 1.0, 20)])
    apart = optimal_levels(warehouse, [Retailers(2, 0.8, 1.5, 1.0, 20), Retailers(3, 0.8, 1.5, 1.0, 20)])
    assert apart.cost == pytest.approx(together.cost)
    assert apart.groups == (together.groups[0],) * 2


GROUPS = (Retailers(2, 1.3, 0.5, 1.0, 15), Retailers(1, 0.4, 2.0, 2.0, 40), Retailers(3, 0.1, 0.0, 1.0, 9))


def test_retailers_that_differ_by_simulation() -> None:
    """Every unit is followed: one for one, each demand's unit was ordered a fixed number of demands before."""
    warehouse = Warehouse(3.0, 0.5)
    plan = optimal_levels(warehouse, GROUPS)
    retailers = [(group, which) for which, group in enumerate(GROUPS) for _ in range(group.number)]
    rates = np.array([group.demand_rate for group, _ in retailers])
    rng, size = np.random.default_rng(2), 400_000
    times = np.cumsum(rng.exponential(1 / rates.sum(), size))
    who = rng.choice(len(rates), size, p=rates / rates.sum())
    back = plan.warehouse_level
    ready = (np.concatenate([np.zeros(back), times[: size - back]]) + warehouse.lead_time) if back else times + 3.0
    shipped = np.maximum(times, ready)
    for r, (group, which) in enumerate(retailers):
        own, level = who == r, plan.groups[which].level
        arrives = np.concatenate([np.zeros(level), shipped[own] + group.lead_time])[: own.sum()]
        waits = np.maximum(arrives - times[own], 0)
        if level > 0:  # without stock or transport time the warehouse's stock serves at once
            assert plan.groups[which].fill_rate == pytest.approx((waits == 0).mean(), abs=0.012)
        assert plan.groups[which].backorders == pytest.approx(group.demand_rate * waits.mean(), rel=0.06, abs=0.004)


def test_no_levels_of_warehouse_and_groups_cost_less() -> None:
    warehouse = Warehouse(1.5, 0.5)
    plan = optimal_levels(warehouse, GROUPS)
    own = [group.level for group in plan.groups]
    assert evaluate(warehouse, GROUPS, plan.warehouse_level, own).cost == pytest.approx(plan.cost)
    for level in range(plan.warehouse_level + 4):
        for shifts in itertools.product((-1, 0, 1), repeat=3):
            near = [max(0, s + d) for s, d in zip(own, shifts, strict=True)]
            assert evaluate(warehouse, GROUPS, level, near).cost >= plan.cost - 1e-12


@pytest.mark.parametrize("lead_time", [0, 2])
def test_a_warehouse_without_lead_time_holds_nothing(lead_time: int) -> None:
    plan = optimal_levels(Warehouse(0, 1.0), [Retailers(4, 0.9, lead_time, 1.0, 10)])
    alone = base_stock.newsvendor_poisson(1.0, 10, 0.9 * lead_time)
    assert (plan.warehouse_level, plan.groups[0].level) == (0, alone.level)
    assert plan.cost == pytest.approx(4 * alone.cost)


@pytest.mark.parametrize("case", instances("lost_sales_zipkin"), ids=lambda c: c["id"])
def test_lost_sales_optimum(case: dict[str, Any]) -> None:
    i = case["inputs"]
    tolerance = 1e-5 if i["lead_time"] < 4 else 5e-4
    found = lost_sales_optimal_cost(i["holding"], i["penalty"], poisson_pmf(5), i["lead_time"], tolerance)
    assert found.lower - 1e-4 <= case["own_optimal_cost"] <= found.upper + 1e-4
    assert found.upper <= found.lower * (1 + 2 * tolerance)


def lost_sales_cost(
    order: Callable[..., Any], holding: float, stockout: float, law: Doubles, lead_time: int, most: int
) -> float:
    """Average cost of a policy order(state), by the chain of its states from an empty system."""
    states, rows = {(0,) * lead_time: 0}, []
    for state in (queue := list(states)):
        on_hand, *coming = state
        line: dict[int, float] = {}
        for d, chance in enumerate(law):
            left = max(on_hand - d, 0)
            arriving, *later = [*coming, order(state)]
            after = (left + arriving, *later)
            if after not in states:
                states[after] = len(states)
                queue.append(after)
            line[states[after]] = line.get(states[after], 0) + chance
        rows.append(line)
    assert len(states) <= most
    step = np.zeros((len(states),) * 2)
    for i, line in enumerate(rows):
        step[i, list(line)] = list(line.values())
    share = np.linalg.matrix_power(0.9 * step + 0.1 * np.eye(len(states)), 4096)[0]
    each = [sum(c * (holding * max(s[0] - d, 0) + stockout * max(d - s[0], 0)) for d, c in enumerate(law)) for s in states]
    return float(share @ each)


@pytest.mark.parametrize("lead_time", [1, 2, 3])
def test_no_base_stock_or_capped_policy_beats_the_lost_sales_optimum(lead_time: int) -> None:
    """All base-stock levels with all caps on the order; the best of them is close to the optimum (Xin 2021)."""
    law = np.array([0.3, 0.3, 0.2, 0.2])
    optimum = lost_sales_optimal_cost(1.0, 6.0, law, lead_time)
    costs = [
        lost_sales_cost(lambda s, a=level, b=cap: min(max(a - sum(s), 0), b), 1.0, 6.0, law, lead_time, 400)
        for level in range(1, 3 * lead_time + 3)
        for cap in (1, 2, 3)
    ]
    assert optimum.lower <= min(costs) < 1.05 * optimum.upper


def test_lost_sales_without_lead_time_is_a_newsvendor() -> None:
    found = lost_sales_optimal_cost(1.0, 9.0, poisson_pmf(5), 0)
    assert found.cost == base_stock.newsvendor_poisson(1.0, 9.0, 5).cost


@pytest.mark.parametrize(
    ("solve", "name"),
    [
        (lambda: serial.serial_normal([1, 0], [1, 1], 5, 5, 1), "holding"),
        (lambda: serial.serial_normal([1, 1], [1, -1], 5, 5, 1), "lead"),
        (lambda: serial.serial_normal([1, 1], [1], 5, 5, 1), "lead"),
        (lambda: serial.serial_normal([1], [1], 0, 5, 1), "stockout"),
        (lambda: serial.serial_normal([1], [1], 5, 5, 0), "sd"),
        (lambda: serial.serial_normal([], [], 5, 5, 1), "lead"),
        (lambda: serial.serial_poisson([1], [1], 5, 0), "mean"),
        (lambda: serial.serial_discrete([1], [0.5], 5, [0.5, 0.5]), "lead"),  # type: ignore[list-item]
        (lambda: serial.serial_discrete([1], [1], 5, [0.5, 0.6]), "pmf"),
        (lambda: serial.shang_song_bounds([1], [0], 5, lambda p, t: p * t), "lead"),
        (lambda: Retailers(0, 1, 1, 1, 1), "number"),
        (lambda: Retailers(1, 0, 1, 1, 1), "demand_rate"),
        (lambda: Retailers(1, 1, -1, 1, 1), "lead_time"),
        (lambda: Retailers(1, 1, 1, 1, 0), "backorder_cost"),
        (lambda: Warehouse(-1, 1), "lead_time"),
        (lambda: Warehouse(1, -1), "holding_cost"),
        (lambda: optimal_levels(Warehouse(1, 1), []), "groups"),
        (lambda: evaluate(Warehouse(1, 1), [Retailers(1, 1, 1, 1, 1)], -1, [0]), "level"),
        (lambda: evaluate(Warehouse(1, 1), [Retailers(1, 1, 1, 1, 1)], 1, [0.5]), "own"),  # type: ignore[list-item]
        (lambda: lost_sales_optimal_cost(0, 1, [0.5, 0.5], 1), "holding_cost"),
        (lambda: lost_sales_optimal_cost(1, 1, [0.5, 0.4], 1), "pmf"),
        (lambda: lost_sales_optimal_cost(1, 1, [0.5, 0.5], 1.5), "lead_time"),  # type: ignore[arg-type]
        (lambda: lost_sales_optimal_cost(1, 9, poisson_pmf(50), 5), "lead_time"),
    ],
)
def test_impossible_parameters_are_refused_by_name(solve: Callable[..., Any], name: str) -> None:
    with pytest.raises(ValueError, match=name):
        solve()
