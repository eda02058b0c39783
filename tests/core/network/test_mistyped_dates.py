"""Deliveries with mistyped dates are left out of lead times, and genuine tails stay."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from echelon.core.network.deliveries import LEFT_OUT_COLUMNS, left_out_deliveries
from echelon.core.network.outliers import implausible
from support.example_deliveries import START, delivery, frame_of, lane, learn, scored


def doubted(days: list[int], promise: float = 10.0) -> list[int]:
    """The lead times that are left out, ascending."""
    found = np.array(days, float)
    return sorted(found[implausible(found, promise)].astype(int).tolist())


def test_one_mistyped_year_among_forty_does_not_stretch_the_lane() -> None:
    row = learn([delivery(10)] * 39 + [delivery(375)]).iloc[0]
    assert row.deliveries == 39 and row.mean_days == pytest.approx(10.0) and row.days.max() <= 12


@pytest.mark.parametrize("wrong", [72, 100, 191, 375, 376, 740, 3662, 7000])
@pytest.mark.parametrize("right", [2, 3, 7, 8, 20, 100])
def test_one_slip_of_months_years_or_decades_is_left_out_however_few_others_there_are(right: int, wrong: int) -> None:
    assert doubted([9, 10] * (right // 2) + [11] * (right % 2) + [wrong]) == [wrong]


@pytest.mark.parametrize("days", [[375, 376], [375, 740], [100, 250]])
def test_several_slips_do_not_hide_one_another(days: list[int]) -> None:
    assert doubted([9, 10, 11, 12] * 10 + days) == days


def test_a_year_is_found_on_slow_but_regular_lanes_too() -> None:
    assert doubted([120, 130, 140, 150, 160, 170, 180, 190, 505], 150.0) == [505]


def test_a_single_delivery_is_doubted_only_when_it_took_a_year() -> None:
    assert doubted([100], 14.0) == [] and doubted([379], 14.0) == [379]


@pytest.mark.parametrize(
    "days",
    [
        [10, 10, 10, 12, 20, 25, 40, 65],
        [10] * 40 + [60],
        [10] * 40 + [70, 75, 80],
        [14, 20, 30, 45, 90, 146, 226],
        [100, 110],
        [1] * 20 + [45],
        [0] * 20,
    ],
)
def test_what_happens_again_or_is_not_far_from_the_others_is_a_tail_and_stays(days: list[int]) -> None:
    assert doubted(days) == []


def test_many_that_are_off_by_a_year_are_no_slips() -> None:
    assert doubted([10] * 6 + [375] * 4) == []


def test_long_genuine_lead_times_stay() -> None:
    assert doubted([400, 380, 500, 450, 410, 390, 600], 400.0) == []


def test_a_slip_is_not_lent_to_the_suppliers_other_lanes() -> None:
    rows = [delivery(10, destination=name) for name in "ABCDEFG"] + [delivery(375, destination="H")]
    lanes = [lane(destination=name) for name in "ABCDEFGH"]
    table = learn([*rows, delivery(9, destination="A")], lanes)
    assert set(table["basis"]) == {"supplier"} and table["mean_days"].max() < 11


def test_suppliers_do_not_count_it_either() -> None:
    row = scored([delivery(10)] * 9 + [delivery(375)]).loc["S"]
    assert row.deliveries == 9 and row.mean_days == 10.0 and row.on_time_share == 1.0


def test_a_mistyped_promise_says_nothing_and_the_delivery_still_counts() -> None:
    row = learn([delivery(10, promised=10)] * 9 + [delivery(10, promised=376)]).iloc[0]
    assert row.deliveries == 10 and row.promised_days == 10.0 and row.mean_lateness_days == 0.0


def test_what_is_left_out_is_told_with_its_days_and_the_usual_ones() -> None:
    rows = frame_of([delivery(10)] * 5 + [delivery(9, destination="V")] + [delivery(375)])
    rows = rows.assign(delivery=[f"d{n}" for n in range(7)], sku=None)
    found = left_out_deliveries(pd.DataFrame([lane(), lane(destination="V")]), rows)
    assert list(found.columns) == LEFT_OUT_COLUMNS
    row = found.iloc[0]
    assert len(found) == 1 and (row.delivery, row.days, row.usual_days) == ("d6", 375.0, 10.0)
    assert left_out_deliveries(pd.DataFrame([lane()]), rows.head(5)).empty


def test_what_was_received_later_is_not_looked_at() -> None:
    late = [delivery(10, order_date=START + dt.timedelta(days=365 + n)) for n in range(20)]
    early = [delivery(75), delivery(60), delivery(70)]
    assert learn(early + late, received_before=START + dt.timedelta(days=100)).iloc[0].deliveries == 3
