"""Capacities that no order fits into are refused with both figures, as orders of a planning period have them."""

import pytest
from echelon.core.demand.periods import Frequency
from echelon.core.network.order_terms import check_capacity
from echelon.core.network.topology import NetworkError


def refusal(moq: float, lot_size: float, capacity: float, freq: Frequency) -> str:
    with pytest.raises(NetworkError) as error:
        check_capacity("Maker -> Hub", moq, lot_size, capacity, 1.0, freq)
    return str(error.value)


def test_a_capacity_below_the_moq_is_refused_with_both() -> None:
    assert refusal(24.0, 12.0, 10.0, "D") == (
        "lane Maker -> Hub: capacity 10 units a day is below the least order of 24 units (moq 24 in lots of 12), so nothing "
        "could ever be ordered: raise the capacity (units per SKU and day), lower moq or lot_size, or leave the capacity out "
        "where there is no limit"
    )


def test_a_capacity_below_the_lot_is_refused_with_both() -> None:
    assert "capacity 10 units a day is below the least order of 12 units (lot_size 12)" in refusal(0.0, 12.0, 10.0, "D")


def test_whole_lots_above_the_moq_must_fit() -> None:
    assert "least order of 36 units (moq 25 in lots of 12)" in refusal(25.0, 12.0, 30.0, "D")


def test_an_order_may_have_the_capacity_of_all_days_to_the_next() -> None:
    check_capacity("Maker -> Hub", 24.0, 12.0, 10.0, 1.0, "W")
    check_capacity("Maker -> Hub", 24.0, 12.0, 10.0, 7.0, "D")
    below = "capacity 1 units a day (7 an order: review_period_days 1, run.frequency W) is below the least order of 12 units"
    assert below in refusal(0.0, 12.0, 1.0, "W")


@pytest.mark.parametrize("capacity", [None, 24.0, 24.0 - 1e-12, 1e9])
def test_capacities_that_hold_an_order_are_taken(capacity: float | None) -> None:
    check_capacity("Maker -> Hub", 24.0, 12.0, capacity, 1.0, "D")
