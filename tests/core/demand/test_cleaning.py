"""Netting of returns and the complete calendar."""

import numpy as np
import pandas as pd
import pandas.testing as pdt
import pytest
from echelon.core.demand.cleaning import build_demand, match_returns
from echelon.core.demand.periods import period_index
from hypothesis import given
from hypothesis import strategies as st

QUANTITIES = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=40)


def rows(*records: tuple[str, str, str, float, float]) -> pd.DataFrame:
    frame = pd.DataFrame(records, columns=["sku", "location", "date", "quantity_sold", "quantity_returned"])
    return frame.assign(date=pd.to_datetime(frame["date"]).dt.date)


def day(text: str) -> int:
    return int(period_index(text, "D"))


def unit_by_unit(sold: list[int], returned: list[int]) -> tuple[list[int], list[int]]:
    """Oracle: every unit is an object; a returned unit takes off the newest unit that is still there."""
    units: list[int] = []
    taken, unmatched = [0] * len(sold), [0] * len(sold)
    for today in range(len(sold)):
        units += [today] * sold[today]
        for _ in range(returned[today]):
            if units:
                taken[units.pop()] += 1
            else:
                unmatched[today] += 1
    return taken, unmatched


def test_a_cancelled_order_is_no_demand() -> None:
    sales = rows(("A", "X", "2011-01-18", 74215, 74215), ("A", "X", "2011-01-17", 10, 0))
    demand = build_demand(sales, "D", day("2011-01-19")).demand
    assert demand["demand"].tolist() == [10, 0, 0]
    assert demand["returned"].tolist() == [0, 74215, 0]


def test_newest_sale_first_and_the_rest_is_counted() -> None:
    sales = rows(
        ("A", "X", "2011-01-01", 0, 3),
        ("A", "X", "2011-01-02", 5, 0),
        ("A", "X", "2011-01-04", 2, 0),
        ("A", "X", "2011-01-05", 0, 4),
        ("A", "Y", "2011-01-03", 0, 1),
    )
    netted = build_demand(sales, "D", day("2011-01-05"))
    assert netted.demand["demand"].tolist() == [3, 0, 0, 0]
    assert netted.demand["returned"].tolist() == [2, 0, 2, 0]
    assert netted.unmatched[["location", "quantity"]].to_numpy().tolist() == [["X", 3.0], ["Y", 1.0]]


def test_weeks_add_up_and_unfinished_periods_are_left_out() -> None:
    sales = rows(
        ("A", "X", "2011-10-03", 1, 0), ("A", "X", "2011-10-09", 2, 0),
        ("A", "X", "2011-10-17", 4, 1), ("A", "X", "2011-10-24", 9, 9),
    )  # fmt: skip
    demand = build_demand(sales, "W", int(period_index("2011-10-17", "W"))).demand
    assert demand["date"].dt.strftime("%m-%d").tolist() == ["10-03", "10-10", "10-17"]
    assert demand["demand"].tolist() == [3, 0, 3]


def test_a_series_that_starts_after_the_last_period_has_no_demand() -> None:
    netted = build_demand(rows(("A", "X", "2011-10-03", 1, 0)), "D", day("2011-10-01"))
    assert len(netted.demand) == 0
    assert len(netted.unmatched) == 0


@given(QUANTITIES)
def test_netting_agrees_with_unit_by_unit(quantities: list[tuple[int, int]]) -> None:
    sold, returned = (list(column) for column in zip(*quantities, strict=True))
    taken, unmatched = match_returns(np.array(sold, float), np.array(returned, float))
    expected = unit_by_unit(sold, returned)
    assert (taken.tolist(), unmatched.tolist()) == expected


@given(QUANTITIES, st.randoms())
def test_mass_is_conserved_in_any_order(quantities: list[tuple[int, int]], random: object) -> None:
    start = np.datetime64("2011-03-01")
    sales = pd.DataFrame(
        [("A", "X" if i % 3 else "Y", start + i // 2, float(s), float(r)) for i, (s, r) in enumerate(quantities)],
        columns=["sku", "location", "date", "quantity_sold", "quantity_returned"],
    )
    netted = build_demand(sales, "D", day("2011-04-01"))
    demand, back = netted.demand["demand"].sum(), sales["quantity_returned"].sum() - netted.unmatched["quantity"].sum()
    assert demand == sales["quantity_sold"].sum() - back
    assert netted.demand["returned"].sum() == back
    assert (netted.demand["demand"] >= 0).all()
    order = list(range(len(sales)))
    random.shuffle(order)  # type: ignore[attr-defined]
    pdt.assert_frame_equal(build_demand(sales.iloc[order], "D", day("2011-04-01")).demand, netted.demand)


def test_a_new_series_starts_early_enough_to_count_the_days_without_a_sale() -> None:
    sales = rows(("A", "X", "2024-01-10", 48, 0))
    last = day("2024-01-10")
    assert build_demand(sales, "D", last, start_by=last - 3).demand["demand"].tolist() == [0, 0, 0, 48]
    assert len(build_demand(sales, "D", last + 9, start_by=last + 5).demand) == 10  # an older series is not cut


@pytest.mark.parametrize("units", [500.0, 1e9])
def test_a_return_larger_than_all_that_was_sold_takes_nothing_off(units: float) -> None:
    sold = np.tile([4.0, 5.0, 6.0], 100)
    rows = pd.DataFrame({"sku": "A", "location": "N", "date": pd.date_range("2026-01-01", periods=300)})
    returned = np.zeros(300)
    returned[[50, 297]] = [6, units]
    netted = build_demand(
        rows.assign(quantity_sold=sold, quantity_returned=returned), "D", int(period_index("2026-10-27", "D"))
    )
    assert netted.demand["demand"].sum() == sold.sum() - 6
    assert netted.unmatched["quantity"].tolist() == [units]
