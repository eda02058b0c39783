"""Stock-outs are lost sales, not zeros: how near restored demand comes to the truth, and what it never does."""

import numpy as np
import pandas as pd
import pandas.testing as pdt
import pytest
from echelon.core.demand.lost_sales.censored import expected_above, likely_dispersion
from echelon.core.demand.lost_sales.stockouts import RESTORED_COLUMNS, Calendar, build_restored_demand
from echelon.core.demand.periods import Frequency, period_index, to_days
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from support.lost_sales import busiest, real_demand, thinned

KEYS = ["sku", "location"]


@pytest.fixture(scope="module")
def truth() -> pd.DataFrame:
    """Daily demand of every second of the 72 busiest SKUs in the United Kingdom; the method was tuned on others."""
    demand = real_demand("United Kingdom")
    return demand[demand["sku"].isin(busiest(demand, 72)[::2])]


def last_period(rows: pd.DataFrame, freq: Frequency) -> int:
    """The last period that the days cover to its end."""
    return int(period_index(to_days(rows["date"]).max() + 1, freq)) - 1


@pytest.mark.parametrize("freq", ["D", "W"])
@pytest.mark.parametrize(("cover", "reorder", "lead"), [(7, 1.0, 7), (7, 0.7, 7), (14, 0.5, 7), (14, 1.0, 14), (28, 0.5, 14)])
def test_real_sales_thinned_by_a_stock_are_restored(
    truth: pd.DataFrame, freq: Frequency, cover: float, reorder: float, lead: float
) -> None:
    """Zeros as zeros are at least 15 % low, restored demand is within 5 % of what was really asked for."""
    sales, empty = thinned(truth, 1, cover, reorder, lead)
    last = last_period(truth, freq)
    found = build_restored_demand(sales, empty, Calendar(freq, last)).demand
    asked = truth.loc[period_index(truth["date"], freq) <= last, "demand"].sum()
    as_zeros, restored = found["observed"].sum() / asked, found["demand"].sum() / asked
    print(f"{freq} cover {cover} reorder {reorder} lead {lead}: zeros as zeros {as_zeros:.3f}, restored {restored:.3f}")
    assert as_zeros <= 0.85
    assert abs(restored - 1) <= 0.05


def test_a_long_stock_out_is_filled_by_the_level_before_and_after() -> None:
    """Ten weeks out between demand of about 8 and about 16 a weekday, none on Sundays."""
    random = np.random.Generator(np.random.Philox(key=4))
    days = pd.date_range("2025-01-06", periods=210, freq="D", unit="s")
    level = np.where(days.dayofweek == 6, 0.0, np.where(np.arange(210) < 105, 8.0, 16.0))
    demand = random.poisson(level).astype(float)
    demand[0] = 8
    out = slice(70, 140)
    sold = demand.copy()
    sold[out] = 0
    found = restored(frame(days, sold), days[out])
    assert found["demand"][out].mean() == pytest.approx(demand[out].mean(), rel=0.1)
    assert found["demand"][70:84].mean() < found["demand"][126:140].mean()
    sundays = found[out].loc[days[out].dayofweek == 6, "demand"]
    assert sundays.mean() < 0.1 * demand[out].mean()
    assert found["censored"].tolist() == [float(70 <= day < 140) for day in range(210)]


def test_other_locations_tell_what_its_own_neighbours_can_not() -> None:
    """A peak of the SKU falls into a stock-out; two other locations sold through it."""
    random = np.random.Generator(np.random.Philox(key=5))
    days = pd.date_range("2025-01-06", periods=200, freq="D", unit="s")
    level = np.where((np.arange(200) >= 80) & (np.arange(200) < 130), 30.0, 10.0)
    here = random.poisson(level).astype(float)
    here[80:130] = 0
    others = [frame(days, random.poisson(level * size).astype(float), f"L{size}") for size in (2, 3)]
    alone = restored(frame(days, here), days[80:130])
    together = restored(pd.concat([frame(days, here), *others]), days[80:130])
    mine = together[together["location"] == "X"].reset_index(drop=True)
    truth = 30.0
    assert abs(mine["demand"][90:120].mean() - truth) < 0.85 * abs(alone["demand"][90:120].mean() - truth)
    others_found = together[together["location"] != "X"]
    assert (others_found["demand"] == others_found["observed"]).all()


def test_a_series_that_is_always_out_keeps_what_was_sold_and_is_marked() -> None:
    days = pd.date_range("2025-01-06", periods=60, freq="D", unit="s")
    sold = np.zeros(60)
    sold[::10] = 4
    found = restored(frame(days, sold), days)
    assert (found["demand"] == found["observed"]).all()
    assert (found["censored"] == 1).all()


def test_days_before_the_first_sale_are_marked_but_nobody_is_known_to_have_asked() -> None:
    days = pd.date_range("2025-01-06", periods=40, freq="D", unit="s")
    sold = np.r_[np.zeros(15), 6.0, np.full(24, 2.0)]
    empty = frame(days, sold)[["sku", "location", "date"]].iloc[:10]
    first = int(period_index(days[0], "D"))
    found = build_restored_demand(frame(days, sold), empty, Calendar("D", first + 39, start_by=first)).demand
    assert found["demand"].tolist() == sold.tolist()
    assert found["censored"].sum() == 10


def test_weekly_totals_with_days_of_stock_and_with_weeks_of_stock() -> None:
    """Sales dated by the week: an empty day is a seventh of it; stock dated by the week too: all of it."""
    weeks = pd.date_range("2025-01-06", periods=20, freq="7D", unit="s")
    sold = np.full(20, 70.0)
    sold[10] = 50.0
    two_days = frame(weeks, sold)[[*KEYS, "date"]].iloc[[10, 10]].assign(date=weeks[10] + pd.to_timedelta([3, 4], unit="D"))
    last = int(period_index(weeks[-1], "W"))
    part = build_restored_demand(frame(weeks, sold), two_days, Calendar("W", last, daily=False)).demand
    assert part["censored"][10] == pytest.approx(2 / 7)
    assert part["demand"][10] == pytest.approx(70, abs=2)
    whole = build_restored_demand(frame(weeks, sold), two_days[:1], Calendar("W", last, None, False, True)).demand
    assert whole["censored"][10] == 1
    assert 50 < whole["demand"][10] < 120


def test_weeks_are_the_sums_of_their_restored_days(truth: pd.DataFrame) -> None:
    few = truth[truth["sku"].isin(truth["sku"].unique()[:3])]
    sales, empty = thinned(few, 3, 7, 0.7, 7)
    last = last_period(few, "W")
    weeks = build_restored_demand(sales, empty, Calendar("W", last)).demand
    sunday = int(period_index(to_days(weeks["date"]).max() + 6, "D"))
    days = build_restored_demand(sales, empty, Calendar("D", sunday)).demand
    sums = days.assign(week=period_index(days["date"], "W")).groupby([*KEYS, "week"])[["demand", "observed", "censored"]].sum()
    found = weeks.assign(week=period_index(weeks["date"], "W")).set_index([*KEYS, "week"])
    pdt.assert_frame_equal(found[["demand", "observed"]], sums[["demand", "observed"]])
    pdt.assert_series_equal(found["censored"] * 7, sums["censored"])


def test_without_stock_history_nothing_changes(truth: pd.DataFrame) -> None:
    few = truth[truth["sku"] == truth["sku"].iloc[0]]
    sales, empty = thinned(few, 1, 7, 0.7, 7)
    found = build_restored_demand(sales, empty[:0], Calendar("D", last_period(few, "D"))).demand
    assert list(found.columns) == RESTORED_COLUMNS
    assert (found["demand"] == found["observed"]).all()
    assert (found["censored"] == 0).all()


SERIES = st.lists(st.tuples(st.integers(0, 30), st.booleans(), st.booleans()), min_size=1, max_size=70)


@settings(max_examples=60)
@given(SERIES, st.sampled_from(["D", "W", "M"]), st.sampled_from([1.0, 0.125]), st.randoms())
def test_what_restoring_never_does(rows: list[tuple[int, bool, bool]], freq: Frequency, unit: float, random: object) -> None:
    """Never below what was sold, nothing where the location was not empty, whole stays whole, any order the same."""
    start = np.datetime64("2025-03-05")
    days = [start + np.timedelta64(i, "D") for i in range(len(rows))]
    sales = pd.concat(
        [
            frame(
                pd.DatetimeIndex(days),
                np.array([float(s) * unit * (1 if here else 3) for s, _, _ in rows]),
                "Y" if here else "X",
            )
            for here in (True, False)
        ],
        ignore_index=True,
    )
    empty = sales.loc[[e for _, e, _ in rows] + [e for _, _, e in rows], [*KEYS, "date"]]
    calendar = Calendar(freq, int(period_index(days[-1], freq)))
    found = build_restored_demand(sales, empty, calendar).demand
    assert np.isfinite(found["demand"]).all()
    usual, open_all_day = found["observed"] - found["spike"], found["censored"] == 0
    rounding = 1e-12 * found["observed"]  # what is taken off a spike need not be a binary fraction
    assert (found["demand"] >= usual - rounding).all()
    assert ((found["demand"] - usual).abs() <= rounding)[open_all_day].all()
    assert found["censored"].between(0, 1).all()
    assert found["observed"].sum() == sales["quantity_sold"].sum()
    if unit == 1.0:
        assert (found["demand"] == found["demand"].round()).all()
    order = list(range(len(sales)))
    random.shuffle(order)  # type: ignore[attr-defined]
    other = build_restored_demand(sales.iloc[order], empty.iloc[::-1], calendar).demand
    pdt.assert_frame_equal(other, found)


@pytest.mark.parametrize(
    ("mean", "dispersion", "sold"), [(3.0, 0.5, 0), (3.0, 0.5, 1), (3.0, 2.0, 7), (40.0, 0.1, 90), (0.2, 5, 3)]
)
def test_the_expectation_above_what_was_sold_is_the_sum(mean: float, dispersion: float, sold: int) -> None:
    r = 1 / dispersion
    d = np.arange(sold, 20_000)
    p = stats.nbinom.pmf(d, r, r / (r + mean))
    found = expected_above(np.array([float(sold)]), np.array([mean]), np.array([dispersion]))[0]
    assert found == pytest.approx((d * p).sum() / p.sum(), rel=1e-8)


def test_far_out_in_the_tail_the_expectation_stays_near_what_was_sold() -> None:
    found = expected_above(np.array([1e5]), np.array([2.0]), np.array([0.05]))[0]
    assert 1e5 <= found < 1.001e5


def test_the_dispersion_is_found_again_through_stock_outs() -> None:
    random = np.random.Generator(np.random.Philox(key=6))
    for dispersion in (0.2, 1.0, 4.0):
        demand = random.negative_binomial(1 / dispersion, 1 / (1 + dispersion * 12.0), 4000).astype(float)
        stock = random.integers(1, 60, 4000).astype(float)
        found = likely_dispersion(np.minimum(demand, stock), np.full(4000, 12.0), demand >= stock)
        assert found == pytest.approx(dispersion, rel=0.25)


def frame(days: pd.DatetimeIndex, sold: np.ndarray, location: str = "X") -> pd.DataFrame:
    return pd.DataFrame({"sku": "A", "location": location, "date": days, "quantity_sold": sold, "quantity_returned": 0.0})


def restored(sales: pd.DataFrame, out: pd.DatetimeIndex) -> pd.DataFrame:
    empty = pd.DataFrame({"sku": "A", "location": "X", "date": out})
    return build_restored_demand(sales, empty, Calendar("D", int(period_index(sales["date"].max(), "D")))).demand


@pytest.mark.parametrize("open_days", [0, 14, 40, 100])
def test_a_stock_book_that_says_empty_while_sales_go_on_multiplies_nothing(open_days: int) -> None:
    """Empty at the end of most days, on which as much is sold as on the others."""
    days = pd.date_range("2026-01-01", periods=300)
    sold = np.random.default_rng(2).poisson(3, 300).astype(float)
    closed = np.random.default_rng(3).permutation(300)[open_days:]
    sales = pd.DataFrame({"sku": "A", "location": "X", "date": days, "quantity_sold": sold, "quantity_returned": 0.0})
    empty = pd.DataFrame({"sku": "A", "location": "X", "date": days[closed]})
    found = build_restored_demand(sales, empty, Calendar("D", int(period_index(days[-1], "D")))).demand
    assert (found["demand"] == found["observed"]).all()
    assert (found["censored"] > 0).sum() >= 199 - int((sold == 0).sum())
