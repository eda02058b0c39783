"""Stock against movements: what is told as a difference, and what another reading of the rows explains."""

import datetime as dt
from typing import Any

import pandas as pd
import pytest
from echelon.core.replenish.stock_balance import AMOUNTS, difference_detail, differences, not_kept, not_kept_detail

DAY = dt.date(2026, 10, 24)


def row(**given: Any) -> dict[str, Any]:
    days = {"first": DAY, "last": DAY + dt.timedelta(1)}
    return dict.fromkeys(AMOUNTS, 0.0) | {"receipts_known": True, "shipments_known": True} | days | given


def difference(**given: Any) -> float:
    return float(differences(pd.DataFrame([row(**given)]))[0])


def test_stock_that_is_the_sum_of_its_movements_is_no_difference() -> None:
    assert difference(before=40, received=50, returned=2, sold=12, shipped=30, after=50) == 0
    assert difference(before=0, after=0) == 0


def test_what_is_missing_is_negative_and_what_is_too_much_positive() -> None:
    assert difference(before=40, sold=10, after=5) == -25
    assert difference(before=40, sold=10, after=60) == 30
    assert difference(before=40, received=50, sold=10, after=40) == -40


@pytest.mark.parametrize("after", [39.6, 40.0, 40.4])
def test_rounding_is_no_difference(after: float) -> None:
    assert difference(before=40, after=after) == 0
    assert difference(before=1e6, after=1e6 + 9e3) == 0 and difference(before=1e6, after=1e6 + 2e4) == 2e4


def test_a_receipt_may_be_booked_a_day_late_or_early_but_whole() -> None:
    late = {"before": 40.0, "received": 50.0, "received_last": 50.0}
    assert difference(**late, after=40) == 0
    assert difference(**late, after=70) == -20
    assert difference(before=40, received_first=50, after=90) == 0
    assert difference(before=40, received_first=50, after=70) == 30


def test_returned_units_may_be_scrapped() -> None:
    assert difference(before=40, returned=5, after=40) == difference(before=40, returned=5, after=45) == 0


def test_units_owed_may_be_booked_as_negative_stock() -> None:
    assert difference(before=-5, after=0, owed=5) == 0


def test_transfers_may_have_left_before_or_be_on_their_way() -> None:
    assert difference(before=70, shipped=30, shipped_early=30, after=70) == 0
    assert difference(before=100, under_way=30, after=75) == 0
    assert difference(before=100, under_way=30, after=60) == -40


def test_without_receipts_only_a_fall_tells() -> None:
    assert difference(before=40, sold=10, after=500, receipts_known=False) == 0
    assert difference(before=40, sold=10, after=5, receipts_known=False) == -25


def test_without_shipments_only_a_rise_tells() -> None:
    assert difference(before=40, after=5, shipments_known=False) == 0
    assert difference(before=40, after=55, shipments_known=False) == 15
    assert difference(before=40, after=55, shipments_known=False, receipts_known=False) == 0


def test_the_sum_is_told_in_words() -> None:
    told = row(before=40, received=50, sold=12, after=60, difference=-18.0)
    assert difference_detail(told) == (
        "40 on 2026-10-24 + 50 received - 12 sold = 78, but 60 are on the book on 2026-10-25: 18 units fewer than movements "
        "explain."
    )
    alone = row(before=40, after=55, difference=15.0)
    assert "40 on 2026-10-24, but 55 are on the book on 2026-10-25: 15 units more than" in difference_detail(alone)


def test_a_book_that_is_never_filled_though_sales_go_on_is_not_kept() -> None:
    books = pd.DataFrame({"days": [30, 30, 30, 5], "filled_days": [0, 1, 0, 0], "sale_days": [28, 28, 3, 5]})
    assert not_kept(books).tolist() == [True, False, False, False]
    assert "each of the last 30 days, though 28 of them" in not_kept_detail({"days": 30, "sale_days": 28, "sold_empty": 118.0})
