"""The cost of an error in stock: by hand, against loops, and least in expectation at the true distribution."""

import numpy as np
import pytest
from echelon.core.forecast.evaluation.inventory_cost import (
    LARGEST_ERROR,
    PRIOR_WINDOWS,
    CoverErrors,
    Terms,
    inventory_cost,
    order_up_to,
    sum_dispersion,
)
from echelon.core.probability.negative_binomial import negative_binomial_quantiles
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats


def terms(cover: list[int], ratio: float = 0.9, holding: float = 2.0) -> Terms:
    n = len(cover)
    return Terms(np.array(cover), np.full(n, ratio), np.full(n, holding))


def test_left_over_is_held_and_short_is_missed() -> None:
    """Forecasts without spread: the level is the sum of the means over the cover."""
    mean, actual = np.array([[4.0, 4.0, 9.0], [4.0, 4.0, 9.0], [4.0, 4.0, 9.0]]), np.array([[1.0, 2, 50], [9, 4, 0], [8, 0, 7]])
    cost = inventory_cost(actual, mean, np.zeros(3), np.zeros(3, bool), terms([2, 2, 2]))
    assert cost.tolist() == pytest.approx([2.0 * 5, 2.0 * 0.9 / 0.1 * 5, 0.0])


@pytest.mark.parametrize("counts", [True, False])
def test_the_level_is_the_quantile_at_each_series_own_ratio(counts: bool) -> None:
    mean, dispersion = np.array([0.0, 3.0, 40.0, 4e5]), np.array([1.0, 0.8, 2.0, 0.5])
    ratio = np.array([0.9, 0.9, 0.97, 0.5])
    got = order_up_to(mean, dispersion, np.full(4, counts), ratio)
    if counts:
        each = [negative_binomial_quantiles(mean[[i]], dispersion[[i]], ratio[[i]])[0, 0] for i in range(4)]
        assert got.tolist() == pytest.approx(each, rel=1e-5)
        assert (got == np.round(got)).all()
    else:
        assert got[1:] == pytest.approx(stats.gamma.ppf(ratio[1:], 1 / dispersion[1:], scale=mean[1:] * dispersion[1:]))


def test_certain_demand_needs_its_mean() -> None:
    assert order_up_to(np.array([2.5]), np.zeros(1), np.array([False]), np.array([0.95])).tolist() == [2.5]
    assert order_up_to(np.array([5.0]), np.zeros(1), np.array([True]), np.array([0.95]))[0] == stats.poisson.ppf(0.95, 5)


def test_the_true_mean_costs_least() -> None:
    """Newsvendor: the expected cost over the true distribution is least for the forecast that is true."""
    k = np.arange(600.0)
    true = stats.nbinom(2.0, 2.0 / (2.0 + 8.0)).pmf(k)

    def cost(mean: float) -> float:
        n = len(k)
        forecast, given = np.full((n, 1), mean), Terms(np.ones(n, int), np.full(n, 0.9), np.ones(n))
        return float(true @ inventory_cost(k[:, None], forecast, np.full(n, 0.5), np.ones(n, bool), given))

    assert cost(8.0) < min(cost(5.0), cost(6.5), cost(10.0), cost(13.0))


@given(st.integers(0, 10_000))
def test_dispersion_of_sums_equals_a_loop(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.poisson(rng.gamma(0.5, 4.0, (5, 1)), (5, 30)).astype(float)
    first, cover, counts = rng.integers(0, 31, 5), rng.integers(1, 29, 5), rng.random(5) < 0.5
    for series in range(5):
        values[series, : first[series]] = np.nan
    got = sum_dispersion(values, cover, counts)
    for series in range(5):
        y = values[series, first[series] :]
        n = min(cover[series], len(y))
        sums = [y[start : start + n].sum() for start in range(len(y) - n + 1)] if n else [0.0]
        squares = [(sums[t] - (sums[t - n] + sums[t + n]) / 2) ** 2 / 1.5 for t in range(n, len(sums) - n) if n]
        mean, variance = np.mean(sums), np.mean(squares) if squares else np.var(sums)
        excess = variance - (mean if counts[series] else 0)
        assert got[series] == pytest.approx(max(excess, 0) / mean**2 if mean > 0 else 0.0, abs=1e-9)


@pytest.mark.parametrize("amplitude", [0.0, 0.5])
def test_a_season_is_no_chance(amplitude: float) -> None:
    """Sums of 28 days with a dispersion of 0.02, which a year in them raises little: spread goes with the season's level."""
    rng = np.random.default_rng(2)
    season = 1.0 + amplitude * np.sin(np.arange(4 * 364) * 2 * np.pi / 364)
    values = rng.gamma(1 / 0.56, 0.56 * 50.0 * season, (200, len(season)))
    found = sum_dispersion(values, np.full(200, 28), np.zeros(200, bool))
    assert found.mean() == pytest.approx(0.02 * (1.0 + amplitude**2 / 2.0), rel=0.1)


def test_where_there_is_a_season_the_right_forecast_costs_least() -> None:
    """At the top of the season, against the mean of the time before, which forecasts too little."""
    rng = np.random.default_rng(3)
    season = 1.0 + 0.5 * np.sin(np.arange(3 * 364 + 119) * 2 * np.pi / 364)
    values = rng.poisson(rng.gamma(2.0, 10.0 * season, (200, len(season)))).astype(float)
    known, actual, right = values[:, :-28], values[:, -28:], np.tile(20.0 * season[-28:], (200, 1))
    low = np.tile(known[:, -56:].mean(axis=1, keepdims=True), 28)
    spread = sum_dispersion(known, np.full(200, 28), np.ones(200, bool))
    costs = [inventory_cost(actual, mean, spread, np.ones(200, bool), Terms.plain(200, 28)).sum() for mean in (right, low)]
    assert costs[0] < 0.8 * costs[1]


def test_plain_terms_last_for_the_horizon() -> None:
    plain = Terms.plain(3, 28)
    chosen = plain.select(np.array([True, False, True]))
    assert (chosen.cover.tolist(), chosen.ratio.tolist(), chosen.holding.tolist()) == ([28, 28], [0.95, 0.95], [1.0, 1.0])


def learned(errors: CoverErrors, cutoff: int, error: list[float]) -> None:
    """Errors in units where 100 were forecast and history lets a standard deviation of 20 expect."""
    expected = np.full(2, 100.0)
    errors.learn(cutoff, np.array([True, False, True]), expected + error, expected, np.full(2, 0.04), np.zeros(2, bool))


def own(errors: CoverErrors, cutoff: int, counts: bool = False) -> list[float]:
    everything = np.ones(3, bool)
    return errors.own(cutoff, everything, np.full(3, 50.0), np.full(3, 0.04), np.full(3, counts)).tolist()


def test_a_candidate_that_never_forecast_has_the_dispersion_of_history() -> None:
    assert own(CoverErrors(3, 10), 100) == pytest.approx([0.04] * 3)
    assert own(CoverErrors(3, 10), 100, counts=True) == pytest.approx([0.04] * 3)


def test_own_errors_of_earlier_windows_widen_or_narrow_it_as_many_windows_as_history_counts_for() -> None:
    errors = CoverErrors(3, 10)
    learned(errors, 80, [40.0, 0.0])  # two standard deviations, and none; the series between them did not join
    wider, narrower = (PRIOR_WINDOWS + 4.0) / (PRIOR_WINDOWS + 1.0), PRIOR_WINDOWS / (PRIOR_WINDOWS + 1.0)
    assert own(errors, 100) == pytest.approx([0.04 * wider, 0.04, 0.04 * narrower])


def test_a_window_that_is_not_over_tells_nothing() -> None:
    errors = CoverErrors(3, 10)
    learned(errors, 91, [40.0, 40.0])
    assert own(errors, 100) == pytest.approx([0.04] * 3)


def test_one_huge_order_does_not_decide_for_all_windows_after_it() -> None:
    errors = CoverErrors(3, 10)
    learned(errors, 80, [1e6, 1e6])
    assert own(errors, 100)[0] == pytest.approx(0.04 * (PRIOR_WINDOWS + LARGEST_ERROR**2) / (PRIOR_WINDOWS + 1.0))
