"""Lanes with few deliveries borrow from their supplier: known answers, a slow oracle, and what must always hold."""

import datetime as dt
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from echelon.core.network.deliveries import known_deliveries
from echelon.core.network.lead_times import LeadTimeRules, carried_over, lead_times
from hypothesis import given
from hypothesis import strategies as st
from support.cells import records
from support.example_deliveries import START, delivery, frame_of, lane, learn

NO_SMOOTHING = LeadTimeRules(smoothing=0.0)


def other(days: int, destination: str = "X", **keywords: Any) -> dict[str, Any]:
    return delivery(days, destination=destination, **keywords)


def slips(days: list[int], lane_days: float, promise: float) -> list[float]:
    return sorted(carried_over(pd.DataFrame({"days": days, "lane_days": lane_days}), promise))


def test_a_slip_goes_as_it_is_to_a_longer_lane_and_in_proportion_to_a_shorter_one() -> None:
    assert slips([10, 14, 7], lane_days=10, promise=10) == [7, 10, 14]
    assert slips([10, 14, 7], lane_days=10, promise=30) == [27, 30, 34]
    assert slips([10, 14, 7, 0], lane_days=10, promise=5) == [0, 3.5, 5, 7]
    assert slips([3], lane_days=0, promise=5) == [8]


@given(
    days=st.integers(0, 400),
    theirs=st.one_of(st.just(0.0), st.floats(0.1, 200)),
    promise=st.floats(0.1, 200),
)
def test_a_slip_never_grows_nor_makes_a_lead_time_negative(days: int, theirs: float, promise: float) -> None:
    (found,) = slips([days], theirs, promise)
    assert found >= 0
    assert abs(found - promise) <= abs(days - theirs) * (1 + 1e-9) + 1e-9


def test_known_answer() -> None:
    """Two own deliveries count one each; ten of a lane with half the promise 8 / 10 each, 3 days late as they were."""
    lanes = [lane(mean=20.0), lane(destination="X", mean=10.0)]
    table = learn([delivery(21)] * 2 + [other(13)] * 10, lanes, rules=NO_SMOOTHING).set_index("destination")
    row = table.loc["W"]
    assert (row.basis, row.deliveries, table.loc["X", "basis"]) == ("supplier", 2, "deliveries")
    assert (row.days.tolist(), row.probability.tolist()) == ([21, 23], pytest.approx([0.2, 0.8]))


def test_parts_of_days_are_shared_between_the_days_beside_them() -> None:
    lanes = [lane(mean=5.0), lane(destination="X", mean=10.0)]
    row = learn([other(11)] * 8, lanes, rules=NO_SMOOTHING).iloc[0]
    assert (row.days.tolist(), row.probability.tolist()) == ([5, 6], pytest.approx([0.5, 0.5]))
    assert row.deliveries == 0 and pd.isna(row.mean_lateness_days)


def test_few_borrowed_deliveries_count_no_more_than_one_each() -> None:
    lanes = [lane(), lane(destination="X")]
    row = learn([delivery(20)] * 6 + [other(10)] * 2, lanes, rules=NO_SMOOTHING).iloc[0]
    assert row.basis == "supplier" and row.probability == pytest.approx([2 / 8, 6 / 8])


@pytest.mark.parametrize(
    ("own", "others", "source", "expected"),
    [
        (8, 0, "S", "deliveries"),
        (7, 1, "S", "supplier"),
        (0, 8, "S", "supplier"),
        (0, 7, "S", "promise"),
        (7, 0, "S", "promise"),
        (0, 90, "T", "promise"),
    ],
)
def test_what_a_lane_rests_on(own: int, others: int, source: str, expected: str) -> None:
    lanes = [lane(), lane(source, "X")]
    table = learn([delivery(12)] * own + [other(12, source=source)] * others, lanes)
    assert table.set_index("destination").loc["W", "basis"] == expected


def test_deliveries_of_unknown_lanes_and_lanes_that_promise_nothing_pool_nothing() -> None:
    assert learn([other(12)] * 20).basis.tolist() == ["promise"]
    assert learn([other(12)] * 20, [lane(mean=0.0), lane(destination="X")]).basis.tolist() == ["promise", "deliveries"]


def test_min_deliveries_is_a_rule() -> None:
    lanes, rows = [lane(), lane(destination="X")], [delivery(12)] * 3 + [other(14)] * 3
    bases = [learn(rows, lanes, rules=LeadTimeRules(min_deliveries=least)).basis.tolist() for least in (3, 4, 7)]
    assert bases == [["deliveries"] * 2, ["supplier"] * 2, ["promise"] * 2]


def test_nothing_received_on_or_after_the_day_is_borrowed() -> None:
    lanes = [lane(), lane(destination="X")]
    early = [other(9, order_date=START + dt.timedelta(days=d)) for d in range(10)]
    late = [other(90, received=1.0), delivery(80, received=1.0)] * 10
    cut = START + dt.timedelta(days=20)
    pd.testing.assert_frame_equal(
        learn(early, lanes, received_before=cut), learn(early + late, lanes, received_before=cut), check_exact=True
    )
    assert learn(early, lanes, received_before=START + dt.timedelta(days=16)).basis.tolist() == ["promise", "promise"]


@st.composite
def histories(draw: st.DrawFn, longest: int = 500) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Up to three sources with up to three lanes each, and up to 40 deliveries on some of them."""
    pairs = draw(st.lists(st.tuples(st.sampled_from("STU"), st.sampled_from("ABC")), min_size=1, max_size=9, unique=True))
    lanes = [lane(s, d, draw(st.sampled_from([0.0, 1.0, 2.5, 10.0, 45.0])), draw(st.floats(0, 9))) for s, d in pairs]
    delivered = st.tuples(st.sampled_from(pairs), st.integers(0, longest), st.one_of(st.none(), st.integers(-3, 60)))
    rows = draw(st.lists(delivered, max_size=40))
    return lanes, [delivery(days, promised, source=s, destination=d) for (s, d), days, promised in rows]


@given(histories())
def test_what_always_holds(history: tuple[list[dict[str, Any]], list[dict[str, Any]]]) -> None:
    lanes, rows = history
    table = learn(rows, lanes)
    assert len(table) == len(lanes)
    for row in records(table):
        assert min(row.probability) >= 0 and sum(row.probability) == pytest.approx(1.0)
        assert min(row.days) >= 0 and (np.diff(row.days) > 0).all()
        assert row.mean_days == pytest.approx(row.days @ row.probability) and row.sd_days >= 0
        assert pd.isna(row.reliability) or 0 <= row.reliability <= 1
    pd.testing.assert_frame_equal(table, learn(rows[::-1], lanes[::-1]), check_exact=True)


# No lead time is so long that it is doubted (tests of that: test_mistyped_dates.py).
@given(histories(longest=60))
def test_against_the_slow_oracle(history: tuple[list[dict[str, Any]], list[dict[str, Any]]]) -> None:
    lanes, rows = history
    for row, terms in zip(records(learn(rows, lanes, rules=NO_SMOOTHING)), _in_order(lanes), strict=True):
        basis, expected = oracle(terms, lanes, rows)
        assert row.basis == basis
        if expected:
            found = {int(day): share for day, share in zip(row.days, row.probability, strict=True) if share > 1e-9}
            assert found == pytest.approx({day: share for day, share in expected.items() if share > 1e-9})


def _in_order(lanes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(lanes, key=lambda terms: (terms["source"], terms["destination"]))


def oracle(terms: dict[str, Any], lanes: list[dict[str, Any]], rows: list[dict[str, Any]]) -> tuple[str, dict[int, float]]:
    """Basis and frequencies of one lane, one delivery after the other; no frequencies for a promise."""
    promise = terms["lead_time_days"]
    promises = {(other["source"], other["destination"]): other["lead_time_days"] for other in lanes}
    own, borrowed = [], []
    for row in rows:
        days = (row["received_date"] - row["order_date"]).days
        theirs = promises[row["source"], row["destination"]]
        if row["source"] == terms["source"] and row["destination"] == terms["destination"]:
            own.append(float(days))
        elif row["source"] == terms["source"]:
            slip = days - theirs
            borrowed.append(promise + (slip if theirs <= promise else slip * promise / theirs))
    if len(own) >= 8:
        return "deliveries", frequencies([(days, 1.0) for days in own])
    if len(own) + len(borrowed) < 8 or promise == 0:
        return "promise", {}
    weight = min(1.0, 8 / len(borrowed))
    return "supplier", frequencies([(days, 1.0) for days in own] + [(days, weight) for days in borrowed])


def frequencies(weighed: list[tuple[float, float]]) -> dict[int, float]:
    """Share of each whole day; a part of a day is shared between the days beside it."""
    total = sum(weight for _, weight in weighed)
    found: dict[int, float] = {}
    for days, weight in weighed:
        below = math.floor(days)
        for day, part in ((below, 1 - (days - below)), (below + 1, days - below)):
            found[day] = found.get(day, 0.0) + part * weight / total
    return found


def test_deliveries_that_are_alike_are_counted_in_one_row() -> None:
    lanes, rows = pd.DataFrame([lane()]), [delivery(9)] * 3 + [delivery(9, ordered=None)] * 2 + [delivery(11)] * 4
    known = known_deliveries(lanes, frame_of(rows))
    assert sorted(zip(known.days, known.deliveries, known.ordered.fillna(0.0), known.filled.fillna(0.0), strict=True)) == [
        (9, 5, 300.0, 300.0), (11, 4, 400.0, 400.0),
    ]  # fmt: skip


@given(histories(longest=60))
def test_lanes_may_be_counted_apart(history: tuple[list[dict[str, Any]], list[dict[str, Any]]]) -> None:
    terms, rows = history
    lanes, deliveries = pd.DataFrame(terms), frame_of(rows)
    apart = pd.concat([known_deliveries(lanes.iloc[[n]], deliveries) for n in reversed(range(len(lanes)))])
    together = known_deliveries(lanes, deliveries)
    pd.testing.assert_frame_equal(lead_times(lanes, apart), lead_times(lanes, together), check_exact=True)


def test_the_frame_of_no_deliveries_has_all_columns() -> None:
    assert frame_of([]).columns.tolist() == frame_of([delivery(3)]).columns.tolist()
    assert learn([], [lane(), lane("T", "X")]).reliability.isna().all()
