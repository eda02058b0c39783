"""What deliveries say of suppliers and lanes: lateness, quantity and the reliability score."""

import datetime as dt

import pandas as pd
import pytest
from echelon.core.network.lead_times import LeadTimeRules
from echelon.lake.contracts import TABLES
from support.example_deliveries import START, delivery, lane, learn, scored

FOUR = LeadTimeRules(min_deliveries=4)
LANES = [lane(), lane(destination="X", mean=20.0), lane("T", "Y")]


def test_columns_are_those_of_the_contract() -> None:
    assert list(scored([delivery(9)]).reset_index().columns) == TABLES["suppliers"].column_names


def test_known_answer_over_all_lanes() -> None:
    rows = [delivery(d) for d in (8, 10, 13)] + [delivery(30, promised=20, destination="X", received=50.0)]
    row = scored(rows, LANES).loc["S"]
    assert (row.lanes, row.deliveries, row.enough_data) == (2, 4, False)
    assert (row.mean_days, row.sd_days) == (pytest.approx(61 / 4), pytest.approx(pd.Series([8, 10, 13, 30]).std()))
    assert (row.promised_days, row.mean_lateness_days, row.p95_lateness_days) == (12.5, 11 / 4, 10.0)
    assert (row.on_time_share, row.quantity_fill) == (0.5, 350 / 400)


def test_early_deliveries_have_negative_lateness() -> None:
    row = learn([delivery(d) for d in range(1, 21)]).iloc[0]
    assert row.mean_lateness_days == pytest.approx(0.5) and row.p95_lateness_days == 9.0
    row = learn([delivery(4)] * 8).iloc[0]
    assert (row.mean_lateness_days, row.p95_lateness_days, row.on_time_share) == (-6.0, -6.0, 1.0)


def test_a_source_without_deliveries_is_unknown_not_bad() -> None:
    table = scored([delivery(9)] * 8, LANES)
    assert table.index.tolist() == ["S", "T"]
    assert (table.deliveries.tolist(), table.enough_data.tolist()) == ([8, 0], [True, False])
    assert table.drop(columns=["lanes", "deliveries", "enough_data"]).loc["T"].isna().all()
    assert learn([delivery(9)] * 8, LANES).set_index("destination").reliability.isna().to_dict() == {
        "W": False,
        "X": False,
        "Y": True,
    }


def test_reliability_is_on_time_and_in_full_drawn_to_all_suppliers() -> None:
    rows = [
        *[delivery(9)] * 3,  # hit
        delivery(9, received=99.0),  # on time, short
        delivery(11),  # late, in full
        delivery(9, ordered=None),  # on time, quantity not known: hit
        delivery(9, promised=None, received=120.0),  # in full, promise not known: hit
        delivery(9, promised=None, ordered=None),  # tells nothing
        *[delivery(11, source="T", destination="Y")] * 3,
    ]
    table = scored(rows, LANES, rules=FOUR)
    everywhere = 5 / 10
    assert table.reliability.to_dict() == pytest.approx(
        {"S": (5 + 4 * everywhere) / (7 + 4), "T": (0 + 4 * everywhere) / (3 + 4)}
    )


def test_reliability_of_a_lane_is_drawn_to_its_supplier() -> None:
    rows = [delivery(9)] * 6 + [delivery(21, promised=20, destination="X")] * 2
    source = float(scored(rows, LANES, rules=FOUR)["reliability"]["S"])
    assert source == pytest.approx((6 + 4 * 6 / 8) / (8 + 4))
    lanes = learn(rows, LANES, rules=FOUR).set_index("destination").reliability
    assert lanes["W"] == pytest.approx((6 + 4 * source) / (6 + 4))
    assert lanes["X"] == pytest.approx((0 + 4 * source) / (2 + 4))


def test_a_promise_before_the_order_is_a_typing_error_and_says_nothing() -> None:
    row = scored([delivery(9, promised=-300, ordered=None)] * 3 + [delivery(11, ordered=None)]).loc["S"]
    assert (row.promised_days, row.on_time_share, row.mean_lateness_days) == (10.0, 0.0, 1.0)


def test_nothing_received_on_or_after_the_day_is_seen() -> None:
    early = [delivery(9, order_date=START + dt.timedelta(days=d)) for d in range(10)]
    late = [delivery(90, received=1.0), delivery(80, received=1.0, source="T", destination="Y")] * 5
    cut = START + dt.timedelta(days=20)
    before = scored(early, LANES, received_before=cut)
    pd.testing.assert_frame_equal(before, scored(early + late, LANES, received_before=cut), check_exact=True)
    assert before.loc["S", "deliveries"] == 10 and before.loc["T", "deliveries"] == 0


def test_the_order_of_rows_does_not_matter() -> None:
    rows = [delivery(5 + i * i % 17, ordered=10.1 + i / 7, received=9.7 + i / 9) for i in range(40)]
    pd.testing.assert_frame_equal(scored(rows, LANES), scored(rows[::-1], LANES[::-1]), check_exact=True)
