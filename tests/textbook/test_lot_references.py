"""The EOQ family and Wagner-Whitin beyond the known answers: general parameters against search over everything."""

import itertools
from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
import pytest
from echelon.core.arrays import Doubles
from echelon.textbook import eoq
from echelon.textbook.eoq import Lot
from echelon.textbook.single_location.lot_sizing import wagner_whitin
from hypothesis import given, settings
from hypothesis import strategies as st

COST = st.floats(0.05, 500)


def test_backorders_and_production_approach_the_plain_quantity() -> None:
    plain = eoq.economic_order_quantity(8, 0.225, 1300)
    dear = eoq.eoq_with_backorders(8, 0.225, 1e9, 1300)
    assert dear.quantity == pytest.approx(plain.quantity)
    assert eoq.economic_production_quantity(8, 0.225, 1300, 1e12).cost == pytest.approx(plain.cost)
    planned = eoq.eoq_with_backorders(8, 0.225, 5.0, 1300)

    def cost(q: float, x: float) -> float:  # Snyder & Shen, equation 3.24
        return 0.225 * q * (1 - x) ** 2 / 2 + 5.0 * q * x**2 / 2 + 8 * 1300 / q

    assert planned.cost == pytest.approx(cost(planned.quantity, planned.backordered))
    for factor in (0.97, 1.03):
        assert cost(planned.quantity * factor, planned.backordered) > planned.cost
        assert cost(planned.quantity, planned.backordered * factor) > planned.cost


@settings(max_examples=40)
@given(COST, COST, st.floats(1, 5000), st.floats(1.1, 50))
def test_production_quantity_is_the_best_of_many(fixed: float, holding: float, demand: float, faster: float) -> None:
    found = eoq.economic_production_quantity(fixed, holding, demand, faster * demand)
    quantities = found.quantity * np.geomspace(0.1, 10, 401)
    costs = fixed * demand / quantities + holding * (1 - 1 / faster) * quantities / 2
    assert costs.min() == pytest.approx(found.cost, rel=1e-9)


@settings(max_examples=40)
@given(COST, st.floats(0.05, 2), st.floats(1, 5000), st.integers(1, 4), st.randoms(use_true_random=False))
def test_discounts_are_the_best_of_many_quantities(
    fixed: float, rate: float, demand: float, prices: int, random: Random
) -> None:
    breaks = [0.0, *np.cumsum([random.uniform(1, 1000) for _ in range(prices - 1)])]
    units = sorted((random.uniform(0.5, 20) for _ in range(prices)), reverse=True)
    quantities = np.concatenate([np.geomspace(0.01, 1e6, 4001), breaks[1:]])
    at = np.searchsorted(breaks, quantities, side="right") - 1
    paid = np.asarray(units)[at] * quantities
    check(eoq.eoq_all_units_discount(fixed, rate, demand, breaks, units), paid, quantities, fixed, rate, demand)
    parts = np.diff(np.minimum(np.array([*breaks, np.inf])[:, None], quantities), axis=0)
    paid = np.asarray(units) @ parts
    check(eoq.eoq_incremental_discount(fixed, rate, demand, breaks, units), paid, quantities, fixed, rate, demand)


def check(found: Lot, paid: Doubles, quantities: Doubles, fixed: float, rate: float, demand: float) -> None:
    costs = (paid + fixed) * demand / quantities + rate * paid / 2
    assert found.cost <= costs.min() * (1 + 1e-12)
    assert found.cost == pytest.approx(costs.min(), rel=1e-3)


def test_wagner_whitin_of_the_textbook() -> None:
    """Snyder & Shen, Fundamentals of Supply Chain Theory, 2nd ed., example 3.9."""
    found = wagner_whitin([90, 120, 80, 70], 500, 2)
    assert found.quantities == (210, 0, 150, 0)
    assert found.cost == 1380


@settings(max_examples=60)
@given(st.integers(1, 6), st.randoms(use_true_random=False))
def test_wagner_whitin_is_the_best_of_all_order_periods(periods: int, random: Random) -> None:
    demand = [random.choice([0, 0.5, 10, random.uniform(0, 40)]) for _ in range(periods)]
    fixed, holding, unit = ([random.uniform(0, most) for _ in range(periods)] for most in (60, 3, 5))
    found = wagner_whitin(demand, fixed, holding, unit)
    best = min(
        (plan_cost(demand, fixed, holding, unit, ordering) for ordering in itertools.product([False, True], repeat=periods)),
    )
    assert found.cost == pytest.approx(best, rel=1e-9, abs=1e-9)
    assert sum(found.quantities) == pytest.approx(sum(demand))
    spent = [k * (q > 0) + c * q for k, c, q in zip(fixed, unit, found.quantities, strict=True)]
    stock = np.cumsum(found.quantities) - np.cumsum(demand)
    assert stock.min() > -1e-9
    assert sum(spent) + stock @ holding == pytest.approx(found.cost, abs=1e-6)


def plan_cost(
    demand: list[float], fixed: list[float], holding: list[float], unit: list[float], ordering: tuple[bool, ...]
) -> float:
    """Every order covers the demand until the next one."""
    cost, last = 0.0, None
    for t, wanted in enumerate(demand):
        if ordering[t]:
            cost, last = cost + fixed[t], t
        if wanted > 0:
            if last is None:
                return np.inf
            cost += wanted * (unit[last] + sum(holding[last:t]))
    return cost


@pytest.mark.parametrize(
    ("solve", "name"),
    [
        (lambda: eoq.economic_order_quantity(-1, 1, 1), "fixed_cost"),
        (lambda: eoq.economic_order_quantity(1, 0, 1), "holding_cost"),
        (lambda: eoq.economic_order_quantity(1, 1, float("inf")), "demand_rate"),
        (lambda: eoq.eoq_with_backorders(1, 1, 0, 1), "stockout_cost"),
        (lambda: eoq.economic_production_quantity(1, 1, 10, 10), "production_rate"),
        (lambda: eoq.eoq_all_units_discount(1, 1, 1, [1, 2], [3, 2]), "breakpoints"),
        (lambda: eoq.eoq_all_units_discount(1, 1, 1, [0, 2], [3]), "unit_costs"),
        (lambda: eoq.eoq_incremental_discount(1, 1, 1, [0, 2], [3, 4]), "unit_costs"),
        (lambda: eoq.eoq_incremental_discount(1, 0, 1, [0], [3]), "holding_rate"),
        (lambda: wagner_whitin([], 1, 1), "demand"),
        (lambda: wagner_whitin([1, -1], 1, 1), "demand"),
        (lambda: wagner_whitin([1, 1], [1], 1), "fixed_cost"),
        (lambda: wagner_whitin([1, 1], 1, -1), "holding_cost"),
    ],
)
def test_impossible_parameters_are_refused_by_name(solve: Callable[..., Any], name: str) -> None:
    with pytest.raises(ValueError, match=name):
        solve()
