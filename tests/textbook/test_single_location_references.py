"""Newsvendor, base stock, service, (s, S) and (r, Q) beyond the known answers: odd parameters against slow oracles."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from echelon.core.arrays import Doubles
from echelon.textbook.demand_laws import expected_shortage, normal_pmf, poisson_pmf, sum_pmf
from echelon.textbook.single_location import base_stock, order_up_to, reorder_heuristics, reorder_point, service
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

HOLDING, STOCKOUT, FIXED = st.floats(0.05, 5), st.floats(0.1, 60), st.floats(0, 80)


@st.composite
def laws(draw: st.DrawFn, most: int = 6) -> Doubles:
    """Probabilities of 0, 1, 2, ...: lumps and gaps included."""
    weights = draw(st.lists(st.sampled_from([0.0, 0.0, 1.0, 2.0, 0.3]), min_size=2, max_size=most))
    weights[-1] += 1.0
    return np.array(weights) / sum(weights)


def least_cost(holding: float, stockout: float, law: Doubles) -> tuple[int, float]:
    """Level and cost by trying all levels."""
    n = np.arange(len(law))
    left = n[:, None] - n[None, :]
    costs = (holding * np.maximum(left, 0) + stockout * np.maximum(-left, 0)) @ law
    return int(np.argmin(costs)), costs.min()


@settings(max_examples=50)
@given(HOLDING, STOCKOUT, laws(), st.integers(0, 3))
def test_discrete_levels_are_the_best_of_all(holding: float, stockout: float, law: Doubles, lead_time: int) -> None:
    at_risk = np.ones(1)
    for _ in range(lead_time + 1):
        at_risk = np.convolve(at_risk, law)
    found = base_stock.base_stock_discrete(holding, stockout, law, lead_time)
    assert found.cost == pytest.approx(least_cost(holding, stockout, at_risk)[1], rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("mean", [0, 0.01, 2.5, 9.0, 400.0, 1e5])
def test_poisson_levels(mean: float) -> None:
    found = base_stock.newsvendor_poisson(1.0, 6.0, mean)
    assert found.level == (stats.poisson.ppf(6 / 7, mean) if mean else 0)
    near = [base_stock_cost(found.level + d, mean) for d in (-1, 0, 1)]
    assert found.cost == pytest.approx(near[1], rel=1e-7, abs=1e-12)
    assert min(near) == near[1]


def base_stock_cost(level: float, mean: float) -> float:
    """h = 1, p = 6, by the sum over a wide range of demands."""
    n = np.arange(int(mean + 40 * np.sqrt(mean) + 40))
    return float((np.maximum(level - n, 0) + 6 * np.maximum(n - level, 0)) @ stats.poisson.pmf(n, mean))


def test_continuous_newsvendor_agrees_with_the_normal_one_and_with_a_sum() -> None:
    assert base_stock.newsvendor_continuous(0.18, 0.7, stats.norm(50, 8)).cost == pytest.approx(1.9976051931766445)
    gamma = stats.gamma(2.5, scale=4)
    found = base_stock.newsvendor_continuous(1, 9, gamma)
    at = gamma.ppf((np.arange(200_000) + 0.5) / 200_000)
    assert found.cost == pytest.approx(np.mean(np.maximum(found.level - at, 0) + 9 * np.maximum(at - found.level, 0)), rel=1e-4)


def test_explicit_newsvendor_maximises_profit() -> None:
    law = poisson_pmf(12.0)
    n = np.arange(len(law))
    sold = np.minimum(n[:, None], n[None, :])
    profits = (5.0 * sold + 0.5 * (n[:, None] - sold) - 2 * n[:, None] - 0.25 * (n[None, :] - sold)) @ law
    found = base_stock.newsvendor_explicit(5.0, 2.0, 0.5, law, 0.25)
    assert found.quantity == np.argmax(profits)
    assert found.profit == pytest.approx(profits.max())
    normal = base_stock.newsvendor_explicit_normal(1.0, 0.3, 0.12, 50, 8)  # h = 0.18, p = 0.7
    assert normal.quantity == pytest.approx(56.60395592743389)
    assert normal.profit == pytest.approx(0.7 * 50 - 1.9976051931766445)


@pytest.mark.parametrize(("alpha", "beta"), [(0.04, 0.25), (0.5, 0.9), (0.01, 1.0), (0.2, 0.05)])
def test_disruptions_by_the_chain_of_states(alpha: float, beta: float) -> None:
    """The long-run shares of 0, 1, 2, ... periods down by powers of the transition matrix."""
    size = 600
    step = np.zeros((size, size))
    step[0, 0], step[0, 1] = 1 - alpha, alpha
    step[1:, 0], step[np.arange(1, size - 1), np.arange(2, size)], step[-1, -1] = beta, 1 - beta, 1 - beta
    share = np.linalg.matrix_power(step, 5000)[0]
    found = base_stock.base_stock_disruptions(0.25, 3, 20, alpha, beta)
    level, cost = least_cost(0.25 * 20, 3 * 20, share)
    assert found.level == (level + 1) * 20
    assert found.cost == pytest.approx(cost, rel=1e-6)


@pytest.mark.parametrize(("lead_time", "review"), [(0, 1), (0, 3), (2, 1), (3, 4)])
@pytest.mark.parametrize("level", [-2, 0, 7, 7.5, 15])
def test_service_of_poisson_and_discrete_demand(level: float, lead_time: int, review: int) -> None:
    """Against the demands of all periods of many cycles; L + R periods are seen, the last R are the cycle's."""
    law = np.array([0.2, 0.3, 0.0, 0.3, 0.2])
    rng = np.random.default_rng(8)
    for found, demand in (
        (service.service_discrete(level, law, lead_time, review), rng.choice(5, (40_000, lead_time + review), p=law)),
        (service.service_poisson(level, 1.7, lead_time, review), rng.poisson(1.7, (40_000, lead_time + review))),
    ):
        total = np.cumsum(demand, axis=1)[:, lead_time:]
        before = np.maximum(total - demand[:, lead_time:] - level, 0)
        unmet = np.maximum(total - level, 0) - before
        assert found.cycle_service_level == pytest.approx((total[:, -1] <= level).mean(), abs=0.01)
        assert found.ready_rate == pytest.approx((total <= level).mean(), abs=0.01)
        assert found.fill_rate == pytest.approx(1 - unmet.sum() / demand[:, lead_time:].sum(), abs=0.01)
        assert found.backorders == pytest.approx(np.maximum(total[:, -1] - level, 0).mean(), rel=0.02, abs=0.01)


def test_service_of_certain_demand_and_close_laws() -> None:
    assert service.service_normal(20, 5, 0.0, 3, 1) == service.Service(1.0, 1.0, 1.0, 0.0)
    assert service.service_normal(12, 5, 0.0, 1, 2).fill_rate == pytest.approx(0.7)
    close = service.service_normal(4120, 1000, np.sqrt(1000), 3)
    many = service.service_poisson(4120, 1000, 3)
    assert many.fill_rate == pytest.approx(close.fill_rate, abs=1e-4)
    rounded = service.service_discrete(4120, normal_pmf(1000, np.sqrt(1000)), 3)
    assert rounded.fill_rate == pytest.approx(close.fill_rate, abs=1e-4)


@settings(max_examples=40)
@given(laws(), st.floats(-3, 30))
def test_expected_shortage_is_the_sum(law: Doubles, level: float) -> None:
    n = np.arange(len(law))
    assert expected_shortage(law, level) == pytest.approx(np.maximum(n - level, 0) @ law, abs=1e-9)
    assert sum_pmf(law, 3) @ np.arange(3 * len(law) - 2) == pytest.approx(3 * law @ n)


def chain_cost(s: int, level: int, holding: float, stockout: float, fixed: float, law: Doubles, lead_time: int) -> float:
    """Average cost of (s, S) by the chain of positions after ordering."""
    size, lump = level - s, len(law) - 1
    step = np.zeros((size, size))
    orders = np.zeros(size)
    for i in range(size):  # position level - i
        for d in range(lump + 1):
            stays = i + d < size
            step[i, i + d if stays else 0] += law[d]
            orders[i] += law[d] * (not stays)
    share = np.linalg.lstsq(np.vstack([step.T - np.eye(size), np.ones(size)]), np.append(np.zeros(size), 1.0), rcond=None)[0]
    at_risk = sum_pmf(law, lead_time + 1)
    n = np.arange(len(at_risk))
    left = level - np.arange(size)[:, None] - n[None, :]
    spent = (holding * np.maximum(left, 0) + stockout * np.maximum(-left, 0)) @ at_risk
    return share @ (spent + fixed * orders)


@settings(max_examples=25)
@given(st.floats(0.2, 3), st.floats(0.5, 20), st.floats(0, 25), laws(5), st.integers(0, 2))
def test_order_up_to_is_the_best_of_all_policies(
    holding: float, stockout: float, fixed: float, law: Doubles, lead_time: int
) -> None:
    if law[0] < 1e-9:  # the chain of a certain least demand may have a period; its average is the same, but not lstsq's
        law = np.append(0.1, law[1:] / law[1:].sum() * 0.9)
    inputs = holding, stockout, fixed, law, lead_time
    found = order_up_to.ss_discrete(*inputs)
    pair = found.reorder_point, found.order_up_to_level
    assert found.cost == pytest.approx(chain_cost(pair[0], pair[1], *inputs), rel=1e-7)
    near = [
        order_up_to.ss_cost((s, level), *inputs) for s in range(pair[0] - 4, pair[0] + 5) for level in range(s + 1, pair[1] + 8)
    ]
    assert min(near) >= found.cost * (1 - 1e-9)


def test_order_up_to_with_large_means_and_other_laws() -> None:
    many = order_up_to.ss_poisson(1, 9, 10_000, 1000, lead_time=3)
    close = order_up_to.ss_normal(1, 9, 10_000, 1000, np.sqrt(1000), lead_time=3)
    assert many.cost == pytest.approx(close.cost, rel=1e-4)
    assert abs(many.order_up_to_level - close.order_up_to_level) < 20
    half = order_up_to.ss_poisson(1, 9, 5, 0.05, lead_time=0.5)
    assert half.reorder_point < half.order_up_to_level <= 2
    alone = order_up_to.ss_poisson(1, 9, 0, 6, lead_time=2)  # nothing to save by ordering seldom
    level = base_stock.base_stock_poisson(1, 9, 6, 2)
    assert (alone.reorder_point, alone.order_up_to_level) == (level.level - 1, level.level)
    assert alone.cost == pytest.approx(level.cost)


@settings(max_examples=25)
@given(HOLDING, STOCKOUT, FIXED, st.floats(0.05, 20), st.floats(0, 3))
def test_reorder_poisson_is_the_best_of_its_neighbours(
    holding: float, stockout: float, fixed: float, rate: float, lead_time: float
) -> None:
    inputs = holding, stockout, fixed, rate, lead_time
    found = reorder_point.rq_poisson(*inputs)
    pair = int(found.reorder_point), int(found.quantity)
    assert reorder_point.rq_poisson_cost(pair, *inputs) == pytest.approx(found.cost, rel=1e-9)
    for r in range(pair[0] - 2, pair[0] + 3):
        for quantity in range(max(1, pair[1] - 3), pair[1] + 4):
            assert reorder_point.rq_poisson_cost((r, quantity), *inputs) >= found.cost * (1 - 1e-9)


@settings(max_examples=25)
@given(HOLDING, STOCKOUT, st.floats(0.1, 80), st.floats(1, 500), st.floats(0, 200), st.sampled_from([0.0, 0.5, 12.0, 150.0]))
def test_reorder_normal_is_the_best_of_its_neighbours(
    holding: float, stockout: float, fixed: float, rate: float, mean: float, sd: float
) -> None:
    system = reorder_point.NormalSystem(holding, stockout, fixed, rate, mean, sd)
    best = system.best_policy()
    for quantity in best.quantity * np.array([0.7, 0.97, 1, 1.03, 1.4]):
        r = system.best_reorder_point(quantity)
        for shift in (-0.05, 0, 0.05):
            assert system.cost(r + shift * quantity, quantity) >= best.cost * (1 - 1e-7)
    for solve in (reorder_heuristics.eoqb, reorder_heuristics.eoq_and_safety_stock, reorder_heuristics.loss_function):
        assert solve(system).cost >= best.cost * (1 - 1e-7)
    assert reorder_heuristics.eoqb(system).cost <= 1.125 * best.cost * (1 + 1e-7)  # Zheng 1992


def test_reorder_normal_cost_is_the_integral() -> None:
    system = reorder_point.NormalSystem(2.0, 30.0, 40.0, 90.0, 25.0, 9.0)
    y = 17 + 35 * (np.arange(4_000) + 0.5) / 4_000
    mean_cost = np.mean([system.position_cost(float(at)) for at in y])
    assert system.cost(17, 35) == pytest.approx(40 * 90 / 35 + mean_cost, rel=1e-6)


@pytest.mark.parametrize(
    ("solve", "name"),
    [
        (lambda: base_stock.newsvendor_normal(0, 1, 5, 1), "holding_cost"),
        (lambda: base_stock.newsvendor_normal(1, -1, 5, 1), "stockout_cost"),
        (lambda: base_stock.newsvendor_normal(1, 1, 5, -1), "sd"),
        (lambda: base_stock.newsvendor_poisson(1, 1, float("nan")), "mean"),
        (lambda: base_stock.newsvendor_discrete(1, 1, [0.5, 0.4]), "pmf"),
        (lambda: base_stock.newsvendor_discrete(1, 1, [1.5, -0.5]), "pmf"),
        (lambda: base_stock.newsvendor_explicit(1, 2, 0, [0.5, 0.5]), "revenue"),
        (lambda: base_stock.newsvendor_explicit(3, 2, 2.5, [0.5, 0.5]), "salvage_value"),
        (lambda: base_stock.base_stock_normal(1, 1, 5, 1, -1), "lead_time"),
        (lambda: base_stock.base_stock_discrete(1, 1, [0.5, 0.5], 0.5), "lead_time"),  # type: ignore[arg-type]
        (lambda: base_stock.base_stock_disruptions(1, 1, 5, 0, 0.5), "disruption_probability"),
        (lambda: base_stock.base_stock_disruptions(1, 1, 5, 0.5, 1.5), "recovery_probability"),
        (lambda: service.service_normal(5, 0, 1, 1), "mean"),
        (lambda: service.service_normal(5, 1, 1, 1, 0), "review_period"),
        (lambda: service.service_poisson(5, 1, 0.5), "lead_time"),  # type: ignore[arg-type]
        (lambda: service.service_discrete(5, [1.0], 1), "pmf"),
        (lambda: order_up_to.ss_poisson(1, 1, -1, 5), "fixed_cost"),
        (lambda: order_up_to.ss_poisson(1, 1, 1, 0), "mean"),
        (lambda: order_up_to.ss_normal(1, 1, 1, 5, 0), "sd"),
        (lambda: order_up_to.ss_discrete(1, 1, 1, [1.0]), "pmf"),
        (lambda: order_up_to.ss_discrete(1, 1, 1, [0.5, 0.5], -1), "lead_time"),
        (lambda: order_up_to.ss_cost((5, 5), 1, 1, 1, [0.5, 0.5]), "S - s"),
        (lambda: order_up_to.ss_power_approximation(1, 1, 0, 5, 1), "fixed_cost"),
        (lambda: reorder_point.rq_poisson(1, 1, 1, 0, 1), "demand_rate"),
        (lambda: reorder_point.rq_poisson(1, 1, 1, 1, -1), "lead_time"),
        (lambda: reorder_point.NormalSystem(1, 1, 0, 1, 1, 1), "fixed_cost"),
        (lambda: reorder_point.NormalSystem(1, 1, 1, 1, 1, -1), "lead_time_sd"),
        (lambda: reorder_point.NormalSystem(1, 1, 1, 1, 1, 1).cost(1, 0), "quantity"),
        (
            lambda: reorder_heuristics.expected_inventory_level(reorder_point.NormalSystem(1, 0.01, 9, 1, 1, 1)),
            "stockout_cost",
        ),
    ],
)
def test_impossible_parameters_are_refused_by_name(solve: Callable[..., Any], name: str) -> None:
    with pytest.raises(ValueError, match=name):
        solve()
