"""Lead-time distributions: known answers, exact moments, no look-ahead."""

import datetime as dt
import math

import numpy as np
import pandas as pd
import pytest
from echelon.core.network.deliveries import known_deliveries
from echelon.core.network.lead_times import LeadTimeRules, lead_times
from echelon.core.probability.pmf import gamma_pmf, learned_pmf
from echelon.lake.contracts import TABLES
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from support import INCLUDED
from support.example_deliveries import START, delivery, lane, learn


def mean_and_sd(pmf: np.ndarray) -> tuple[float, float]:
    days = np.arange(pmf.size)
    mean = days @ pmf
    return mean, math.sqrt((days - mean) ** 2 @ pmf)


def test_columns_are_those_of_the_contract() -> None:
    assert list(learn([delivery(9)] * 8).columns) == TABLES["lead_times"].column_names


def test_known_answer_without_smoothing() -> None:
    days = [8, 9, 9, 10, 10, 10, 12, 20]
    row = learn([delivery(d) for d in days], rules=LeadTimeRules(smoothing=0.0)).iloc[0]
    assert row.basis == "deliveries" and row.deliveries == 8
    assert row.days.tolist() == [8, 9, 10, 12, 20]
    assert row.probability == pytest.approx([1 / 8, 2 / 8, 3 / 8, 1 / 8, 1 / 8])
    assert (row.mean_days, row.median_days, row.p95_days) == (pytest.approx(11.0), 10.0, 20.0)
    assert row.sd_days == pytest.approx(np.std(days))
    assert row.on_time_share == pytest.approx(6 / 8)


def test_smoothing_keeps_the_mean_fills_gaps_and_adds_a_tail() -> None:
    days = np.array([5, 5, 6, 8, 9, 9, 14, 21])
    pmf = learned_pmf(days, smoothing=10.0)
    mean, sd = mean_and_sd(pmf)
    assert pmf.sum() == pytest.approx(1.0, abs=1e-6)
    assert mean == pytest.approx(days.mean(), rel=1e-4)
    assert days.std() < sd < days.std(ddof=1)
    assert pmf[7] > 0 and pmf[22:].sum() > 0
    assert pmf[5] > 8 / 18 * 2 / 8


def test_more_deliveries_leave_less_to_the_smooth_part() -> None:
    few, many = (learned_pmf(np.repeat([4, 9], n), smoothing=10.0) for n in (5, 500))
    assert 1 - few[[4, 9]].sum() > 20 * (1 - many[[4, 9]].sum()) > 0


@given(mean=st.floats(0.01, 200.0), cv=st.floats(0.0, 1.5))
def test_gamma_pmf_has_the_mean_and_spread_asked_for(mean: float, cv: float) -> None:
    pmf = gamma_pmf(mean, cv * mean)
    found_mean, found_sd = mean_and_sd(pmf)
    assert pmf.min() >= 0 and pmf.sum() == pytest.approx(1.0)
    assert found_mean == pytest.approx(mean, rel=1e-3)
    # Whole days cannot have less spread than the mean's distance from them, nor know more than 1/6 of their variance.
    assert found_sd**2 <= (cv * mean) ** 2 + 1 / 4 + 1e-9
    assert found_sd**2 >= 0.99 * (cv * mean) ** 2 - 1 / 6 - 1e-9


def test_gamma_pmf_against_the_defining_integral() -> None:
    mean, sd = 6.3, 2.0
    variance = sd**2 - 1 / 6
    x = np.linspace(0, 60, 600_001)
    density = stats.gamma.pdf(x, mean**2 / variance, scale=variance / mean)
    pmf = gamma_pmf(mean, sd)
    expected = [np.trapezoid(density * np.maximum(1 - abs(x - day), 0), x) for day in range(pmf.size)]
    assert pmf == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("mean", "expected"), [(0.0, [1.0]), (3.0, [0, 0, 0, 1.0]), (2.25, [0, 0, 0.75, 0.25]), (0.5, [0.5, 0.5])]
)
def test_without_spread_the_mean_lies_between_the_days_beside_it(mean: float, expected: list[float]) -> None:
    assert gamma_pmf(mean, 0.0) == pytest.approx(expected)


@pytest.mark.parametrize("count", [0, 1, 7])
def test_too_few_deliveries_fall_back_on_the_promise(count: int) -> None:
    row = learn([delivery(40, received=50.0)] * count).iloc[0]
    assert row.basis == "promise" and row.deliveries == count
    assert row.mean_days == pytest.approx(10.0, rel=1e-4) and row.sd_days == pytest.approx(3.0, rel=1e-2)
    assert (row.on_time_share, row.quantity_fill) == ((0.0, 0.5) if count else (None, None))


def test_shares_leave_out_what_is_not_known() -> None:
    rows = [delivery(9, promised=None, ordered=None)] * 4 + [delivery(11), delivery(10), delivery(9), delivery(8)]
    row = learn(rows).iloc[0]
    assert row.on_time_share == 0.75 and row.quantity_fill == 1.0
    unknown = learn([delivery(9, promised=None, ordered=0.0, received=0.0)] * 8).iloc[0]
    assert unknown.on_time_share is None and unknown.quantity_fill is None


def test_an_over_delivery_does_not_make_up_for_a_short_one() -> None:
    row = learn([delivery(9, received=150.0), delivery(9, received=50.0)] * 4).iloc[0]
    assert row.quantity_fill == 0.75


def test_late_deliveries_are_kept_and_long_delays_that_happen_again_too() -> None:
    row = learn([delivery(10)] * 19 + [delivery(60)]).iloc[0]
    assert 60 in row.days and row.mean_days == pytest.approx(12.5, rel=1e-3)
    row = learn([delivery(10)] * 18 + [delivery(300)] * 2).iloc[0]
    assert 300 in row.days and row.mean_days == pytest.approx(39.0, rel=1e-3)


def test_nothing_received_on_or_after_the_day_is_seen() -> None:
    early = [delivery(9, order_date=START + dt.timedelta(days=d)) for d in range(10)]
    late = [delivery(90, order_date=START)] * 5
    cut = START + dt.timedelta(days=20)
    pd.testing.assert_frame_equal(learn(early, received_before=cut), learn(early + late, received_before=cut))
    assert learn(early, received_before=START + dt.timedelta(days=18)).deliveries[0] == 9


def test_lanes_are_learned_apart_and_row_order_does_not_matter() -> None:
    lanes = [lane(), lane("W", "A", 3.0), lane("W", "B", 4.0)]
    days = np.random.default_rng(1).integers(1, 30, 60)
    rows = [delivery(int(d), source="S" if i % 3 == 0 else "W", destination="WAB"[i % 3]) for i, d in enumerate(days)]
    table = learn(rows, lanes)
    pd.testing.assert_frame_equal(table, learn(rows[::-1], lanes[::-1]))
    assert table.mean_days.tolist() == pytest.approx([days[0::3].mean(), days[1::3].mean(), days[2::3].mean()], rel=1e-3)
    assert table.destination.tolist() == ["W", "A", "B"]


def test_the_included_history_is_learned_on_every_lane() -> None:
    lanes = pd.read_csv(INCLUDED / "lanes.csv")
    table = lead_times(lanes, known_deliveries(lanes, pd.read_csv(INCLUDED / "deliveries.csv")))
    promised = lanes.set_index("destination").lead_time_days
    assert (table.basis == "deliveries").all()
    assert (table.mean_days / table.destination.map(promised)).between(0.95, 1.1).all()
    assert (table.p95_days > table.median_days).all() and table.on_time_share.between(0.4, 0.9).all()


def test_a_lane_of_one_day_with_the_default_deviation_is_as_good_as_certain() -> None:
    certain, default = (learn([], [lane(mean=1.0, sd=sd)]).iloc[0] for sd in (0.0, 0.3))
    assert default.days.tolist() == certain.days.tolist() == [1]
