"""Order quantities and the sharing of short stock."""

import numpy as np
import pytest
from echelon.core.replenish.quantities import order_quantity, share_out
from hypothesis import given
from hypothesis import strategies as st


def shared(
    available: float, requests: list[float], moq: list[float] | None = None, lots: list[float] | None = None
) -> list[float]:
    asked = np.array(requests, dtype=float)
    least = np.zeros_like(asked) if moq is None else np.array(moq, dtype=float)
    whole = np.ones_like(asked) if lots is None else np.array(lots, dtype=float)
    return share_out(available, asked, least, whole).tolist()


@pytest.mark.parametrize(
    ("need", "moq", "lot", "expected"),
    [
        (0.0, 24.0, 12.0, 0.0),
        (5.0, 0.0, 1.0, 5.0),
        (5.2, 0.0, 1.0, 6.0),
        (5.0, 24.0, 12.0, 24.0),
        (25.0, 24.0, 12.0, 36.0),
        (3.0, 20.0, 12.0, 24.0),
        (0.1 + 0.2, 0.0, 0.1, 0.3),
        (2.5, 0.0, 0.5, 2.5),
    ],
)
def test_order_quantity_by_hand(need: float, moq: float, lot: float, expected: float) -> None:
    assert order_quantity(np.array([need]), np.array([moq]), np.array([lot]))[0] == pytest.approx(expected)


@given(
    need=st.floats(0.001, 1e6),
    moq=st.sampled_from([0.0, 1.0, 10.0, 24.0, 500.0]),
    lot=st.sampled_from([0.25, 1.0, 6.0, 12.0, 100.0]),
)
def test_order_quantity_is_the_least_that_is_allowed(need: float, moq: float, lot: float) -> None:
    quantity = order_quantity(np.array([need]), np.array([moq]), np.array([lot]))[0]
    assert quantity / lot == round(quantity / lot)
    assert quantity >= moq and quantity >= need - 1e-6 * lot
    assert quantity - lot < max(need, moq)


def test_shares_by_hand() -> None:
    assert shared(30, [20, 30, 10]) == [10, 15, 5]
    assert shared(31, [20, 30, 10]) == [10, 16, 5]  # wanted 10.33, 15.5, 5.17: the middle one lost most
    assert shared(2, [1, 1, 1]) == [1, 1, 0]
    assert shared(0, [5, 7]) == [0, 0]
    assert shared(0.9, [5, 7]) == [0, 0]


def test_shares_in_lots() -> None:
    assert shared(40, [24, 24, 24], lots=[12, 12, 12]) == [12, 12, 12]
    assert shared(30, [24, 10], lots=[12, 1]) == [12, 10]  # wanted 21.2 and 8.8; a second dozen does not fit


def test_a_share_below_the_moq_goes_to_the_others() -> None:
    assert shared(30, [30, 30], moq=[20, 0]) == [0, 30]
    assert shared(30, [20, 40], moq=[20, 20]) == [0, 30]
    assert shared(10, [20, 40], moq=[20, 20]) == [0, 0]


REQUEST = st.tuples(st.integers(0, 30), st.sampled_from([1.0, 0.5, 6.0, 12.0]), st.integers(0, 3))


@given(st.lists(REQUEST, min_size=1, max_size=8), st.floats(0, 1))
def test_shares_are_lots_within_the_stock_and_the_requests(rows: list[tuple[int, float, int]], fraction: float) -> None:
    lots = np.array([lot for _, lot, _ in rows])
    requests = np.array([count * lot for count, lot, _ in rows])
    moq = np.array([min(least, count) * lot for count, lot, least in rows])
    available = fraction * requests.sum()
    given_out = share_out(available, requests, moq, lots)
    assert given_out.sum() <= available * (1 + 1e-6)
    assert (given_out <= requests).all()
    assert (given_out / lots == np.round(given_out / lots)).all()
    assert ((given_out == 0) | (given_out >= moq)).all()


@given(st.lists(REQUEST, min_size=1, max_size=8), st.floats(0, 1))
def test_without_moq_nothing_is_left_that_somebody_could_use(rows: list[tuple[int, float, int]], fraction: float) -> None:
    lots = np.array([lot for _, lot, _ in rows])
    requests = np.array([count * lot for count, lot, _ in rows])
    available = fraction * requests.sum()
    given_out = share_out(available, requests, np.zeros_like(requests), lots)
    left = available - given_out.sum()
    assert (left < lots[given_out < requests]).all()


@given(st.lists(st.integers(1, 50), min_size=1, max_size=8), st.floats(0, 0.999))
def test_single_units_are_all_given_out_and_nearly_proportional(counts: list[int], fraction: float) -> None:
    requests = np.array(counts, dtype=float)
    available = fraction * requests.sum()
    given_out = share_out(available, requests, np.zeros_like(requests), np.ones_like(requests))
    assert given_out.sum() == np.floor(available + 1e-6)
    assert (np.abs(given_out - requests * fraction) <= 1 + 1e-6).all()
