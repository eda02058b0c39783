"""The EOQ with supply disruptions against the book's figures, a simulation and many other quantities."""

from dataclasses import replace

import numpy as np
import pytest
from echelon.core.arrays import Doubles
from echelon.textbook.eoq import economic_order_quantity
from echelon.textbook.single_location.supply_disruptions import DisruptedSupply
from hypothesis import given, settings
from hypothesis import strategies as st

BOOK = DisruptedSupply(8, 0.225, 5, 1300, disruption_rate=1.5, recovery_rate=14)
VALUE = st.floats(0.001, 1000)


def test_figures_of_the_textbook() -> None:
    """Snyder & Shen, Fundamentals of Supply Chain Theory, 2nd ed., examples 9.1 and 9.2; digits as stockpyl 1.0 (MIT) gives
    them for these."""
    best, near = BOOK.best(), BOOK.approximation()
    assert best.quantity == pytest.approx(772.8110739983106, rel=1e-7)
    assert best.cost == pytest.approx(173.95000257319708, rel=1e-12)
    assert (near.quantity, near.cost) == pytest.approx((773.1432417118889, 173.957229385175), rel=1e-12)
    assert BOOK.cost(700) == pytest.approx(174.78711738886236, rel=1e-12)


@pytest.mark.parametrize(
    ("supply", "quantity"), [(BOOK, 700.0), (BOOK, 90.0), (replace(BOOK, disruption_rate=9.0, recovery_rate=3.0), 300.0)]
)
def test_the_cost_is_that_of_a_simulation(supply: DisruptedSupply, quantity: float) -> None:
    rng = np.random.default_rng(11)
    cycle = quantity / supply.demand_rate
    waits = waiting(supply, cycle, 100_000, rng)
    costs = supply.fixed_cost + supply.holding_cost * quantity * cycle / 2 + supply.stockout_cost * supply.demand_rate * waits
    simulated = costs.mean() / (cycle + waits.mean())
    spread = (costs - simulated * (cycle + waits)).std() / np.sqrt(len(waits)) / (cycle + waits.mean())
    assert spread < 0.02 * simulated
    assert abs(simulated - supply.cost(quantity)) < 4 * spread


def waiting(supply: DisruptedSupply, cycle: float, cycles: int, rng: np.random.Generator) -> Doubles:
    """From a working supplier on, times up and down in turn until the stock ends: how long the order then waits."""
    clock, up, waits = np.zeros(cycles), True, np.zeros(cycles)
    while (clock < cycle).any():
        rate = supply.disruption_rate if up else supply.recovery_rate
        ends = clock + rng.exponential(1 / rate, cycles)
        over = (clock < cycle) & (ends >= cycle)
        waits[over] = 0.0 if up else ends[over] - cycle
        clock, up = np.where(clock < cycle, ends, clock), not up
    return waits


@settings(max_examples=150, deadline=None)
@given(VALUE, VALUE, VALUE, VALUE, VALUE, VALUE)
def test_no_quantity_costs_less_than_the_best(k: float, h: float, p: float, d: float, down: float, up: float) -> None:
    supply = DisruptedSupply(k, h, p, d, down, up)
    best = supply.best()
    costs = [supply.cost(best.quantity * factor) for factor in np.geomspace(1e-4, 1e4, 401)]
    assert min(costs) >= best.cost * (1 - 1e-9)
    assert supply.cost(best.quantity) == best.cost
    assert supply.cost(supply.approximation().quantity) >= best.cost


def test_a_supplier_that_hardly_fails_or_recovers_at_once_needs_the_plain_quantity() -> None:
    plain = economic_order_quantity(8, 0.225, 1300)
    for supply in (replace(BOOK, disruption_rate=1e-9), replace(BOOK, recovery_rate=1e9)):
        for lot in (supply.best(), supply.approximation()):
            assert (lot.quantity, lot.cost) == pytest.approx((plain.quantity, plain.cost), rel=1e-4)


@pytest.mark.parametrize("name", list(BOOK.__dataclass_fields__))
def test_impossible_parameters_are_refused_by_name(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        replace(BOOK, **{name: 0.0})
    with pytest.raises(ValueError, match="quantity"):
        BOOK.cost(-1.0)
