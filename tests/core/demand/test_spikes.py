"""What came once, far beyond all else, is counted as the usual; what comes again is not."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from echelon.core.demand.cleaning import build_demand
from echelon.core.demand.lost_sales.stockouts import Calendar, build_restored_demand
from echelon.core.demand.periods import Frequency, period_index
from echelon.core.demand.spikes import spike_excess

RNG = np.random.default_rng(7)
DAYS = 400
FIRST = np.datetime64("2025-01-06")
KINDS: dict[str, Callable[[], np.ndarray]] = {
    "steady": lambda: RNG.poisson(5, DAYS),
    "weekly season": lambda: RNG.poisson(np.resize([3, 4, 5, 5, 8, 12, 0], DAYS)),
    "growing": lambda: RNG.poisson(np.linspace(2, 12, DAYS)),
    "intermittent": lambda: np.where(np.arange(DAYS) % 16 == 3, RNG.integers(3, 7, DAYS), 0),
    "large": lambda: RNG.normal(1000, 200, DAYS).round(2),
    "constant": lambda: np.full(DAYS, 4),
}
MULTIPLES = (20.0, 100.0, 1e4, 1e9)


def days_of(*lines: np.ndarray, step: int = 1) -> pd.DataFrame:
    """Sales of one SKU at a location per line, which end together; days without a sale have no row."""
    longest = max(map(len, lines))
    frames = []
    for number, line in enumerate(lines):
        dates = FIRST + step * np.arange(longest - len(line), longest)
        sold = {"sku": "A", "location": f"L{number}", "date": dates, "quantity_sold": line.astype(np.float64)}
        frames.append(pd.DataFrame(sold | {"quantity_returned": 0.0})[line > 0])
    return pd.concat(frames, ignore_index=True)


def excess(*lines: np.ndarray, step: int = 1) -> np.ndarray:
    rows = days_of(*lines, step=step)
    return spike_excess(rows, rows["quantity_sold"].to_numpy())


def demand(sales: pd.DataFrame, freq: Frequency = "D", end: int | None = None) -> pd.DataFrame:
    """Up to the last sale, or to the day `end`."""
    last = sales["date"].max() if end is None else FIRST + end
    return build_demand(sales, freq, int(period_index(last, freq))).demand


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("multiple", MULTIPLES)
@pytest.mark.parametrize("places", [[200], [0], [DAYS - 1], [120, 121, 122], [30, 200, 310]])
def test_one_spike_or_three_leave_demand_as_it_is(kind: str, multiple: float, places: list[int]) -> None:
    usual = KINDS[kind]().astype(np.float64)
    usual[places] = np.median(usual[usual > 0])
    spiky = usual.copy()
    spiky[places] *= multiple
    found = demand(days_of(spiky), end=DAYS - 1)
    clean = found["demand"].to_numpy()
    assert (found["spike"] > 0).sum() == len(places)
    np.testing.assert_allclose(clean + found["spike"], spiky[-len(clean) :])
    assert clean.mean() == pytest.approx(usual.mean(), rel=0.02) and clean.max() <= usual.max()
    if np.array_equal(usual, np.round(usual)):
        assert np.array_equal(clean, np.round(clean))


@pytest.mark.parametrize("size_sd", [0.0, 0.6, 1.0])
def test_bulk_orders_that_come_again_keep_their_tail(size_sd: float) -> None:
    """Orders on a day in twelve, sizes lognormal; and regular small sales with four large orders in a year."""
    flagged = 0
    for _ in range(100):
        lumpy = np.where(RNG.random(DAYS) < 1 / 12, np.ceil(RNG.lognormal(2, size_sd, DAYS)), 0.0)
        flagged += bool(excess(lumpy).any())
    assert flagged <= 5
    bulk = KINDS["steady"]().astype(np.float64)
    bulk[[60, 150, 240, 330]] = [400, 380, 420, 400]
    assert not excess(bulk).any()


def test_a_peak_that_returns_every_year_is_the_season() -> None:
    sold = RNG.poisson(5, 800).astype(np.float64)
    sold[[300, 665]] = 400
    assert not excess(sold).any()
    sold[500] = 4_000
    rows = days_of(sold)
    assert rows["date"][excess(sold) > 0].tolist() == [pd.Timestamp(FIRST + 500)]


@pytest.mark.parametrize("sizes", [(400.0, 900.0), (900.0, 400.0)])
def test_a_peak_that_grows_or_shrinks_from_year_to_year_stays(sizes: tuple[float, float]) -> None:
    sold = RNG.poisson(5, 800).astype(np.float64)
    sold[[300, 667]] = sizes
    assert not excess(sold).any()


@pytest.mark.parametrize("places", [[300, 665], [665, 300]])
def test_a_huge_day_about_a_year_from_a_smaller_one_is_a_spike(places: list[int]) -> None:
    """So it is where the smaller one comes every year."""
    sold = RNG.poisson(5, 1200).astype(np.float64)
    sold[places] = [1e9, 200]
    dates = days_of(sold)["date"]
    assert dates[excess(sold) > 0].tolist() == [pd.Timestamp(FIRST + place) for place in sorted(places)]
    sold[[300, 665, 1030]] = [200, 1e9, 200]
    assert days_of(sold)["date"][excess(sold) > 0].tolist() == [pd.Timestamp(FIRST + 665)]


def test_a_young_series_is_held_against_its_skus_other_locations_and_only_by_far() -> None:
    steady = RNG.poisson(5, 100).astype(np.float64)
    assert not excess(np.array([4.0, 6, 5, 90])).any()
    assert excess(np.array([4.0, 6, 5, 1e9])).tolist() == [0, 0, 0, 1e9 - 5]
    assert not excess(np.array([300.0]), steady).any()
    assert excess(np.array([1e9]), steady)[0] == pytest.approx(1e9, rel=1e-6)
    assert not excess(np.array([5.0, 900.0])).any()  # nobody knows which of the two is usual
    assert len(excess(np.array([0.0, 0.0]))) == 0


@pytest.mark.parametrize(("freq", "step"), [("W", 7), ("M", 31)])
def test_weeks_and_months_have_spikes_too(freq: Frequency, step: int) -> None:
    usual = RNG.poisson(40, 60).astype(np.float64)
    spiky = usual.copy()
    spiky[[20, 41]] = 40 * 100
    found = demand(days_of(spiky, step=step), freq)
    assert (found["spike"] > 0).sum() == 2 and found["demand"].max() <= usual.max()


def test_spikes_of_days_are_found_in_a_weekly_plan() -> None:
    usual = RNG.poisson(5, 420).astype(np.float64)
    spiky = usual.copy()
    spiky[[210, 211, 212]] = 100
    found = demand(days_of(spiky), "W")
    np.testing.assert_allclose(found["demand"].sum(), usual.sum(), rtol=0.01)
    assert found["demand"].max() <= 70 and (found["spike"] > 0).sum() == 1


def test_a_spike_that_is_returned_is_none() -> None:
    sales = days_of(KINDS["steady"]().astype(np.float64))
    sales.loc[100, ["quantity_sold", "quantity_returned"]] = [5_000, 4_995]
    found = demand(sales)
    assert not found["spike"].any() and found["returned"].sum() == 4_995


def test_a_spike_fills_no_stock_out() -> None:
    """What an empty location lost is estimated from demand without the spike next to it."""
    usual = KINDS["steady"]().astype(np.float64)
    usual[205:210] = 0
    sales, spiky = days_of(usual), days_of(np.where(np.arange(DAYS) == 203, 1e9, usual))
    empty = pd.DataFrame({"sku": "A", "location": "L0", "date": FIRST + np.arange(205, 210)})
    last = Calendar("D", int(period_index(sales["date"].max(), "D")))
    one, other = (build_restored_demand(rows, empty, last).demand for rows in (sales, spiky))
    assert other["observed"].max() == 1e9
    assert abs(other["demand"] - one["demand"]).max() <= 10


def test_spikes_depend_on_the_order_of_rows_in_nothing() -> None:
    sales = days_of(np.where(np.arange(DAYS) == 77, 1e6, KINDS["steady"]()), KINDS["intermittent"]())
    other = sales.sample(frac=1.0, random_state=3)
    pd.testing.assert_frame_equal(demand(sales), demand(other))
