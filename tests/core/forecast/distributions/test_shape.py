"""Shapes keep the moments of the history, and are those that demand was drawn from."""

import numpy as np
import pandas as pd
import pytest
from echelon.core.forecast.distributions.shape import FREQUENCY_POWER, Shapes, learn_shapes
from echelon.core.forecast.panel import Panel
from echelon.core.probability.mixture import (
    dispersion_of,
    mixture_cdf,
    mixture_of,
    mixture_quantiles,
    with_level,
    without_level,
)
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)


def panel(values: np.ndarray) -> Panel:
    keys = pd.DataFrame({"sku": [f"S{i}" for i in range(len(values))], "location": "X"})
    return Panel(keys, values, 15_000, "D")


def shapes(values: np.ndarray, counts: bool = True, mean: float | None = None) -> Shapes:
    """Of each row, forecast as its own mean unless given."""
    level = np.nanmean(values, axis=1, keepdims=True) if mean is None else np.full((len(values), 1), mean)
    return learn_shapes(panel(values), level, np.full(len(values), counts))


def test_by_hand() -> None:
    """A constant; no demand; one order of 90 beside orders of 1 every other day."""
    often = np.tile([1.0, 0.0], 100)
    often[0] = 90.0
    found = shapes(np.stack([np.ones(200), np.zeros(200), often]))
    assert found.dispersion[:2].tolist() == [0.0, 0.0]
    assert found.large_share.tolist() == [0.0, 0.0, pytest.approx(1 / 200)]
    assert found.large_factor[2] == pytest.approx(90 / (189 / 200))
    assert found.large_dispersion[2] == pytest.approx(0.1)


@given(st.lists(st.integers(0, 400), min_size=5, max_size=60), st.booleans())
def test_moments_of_the_history_are_kept(sizes: list[int], counts: bool) -> None:
    values = np.array([sizes], float)
    found, mean = shapes(values, counts), values.mean()
    mixture = mixture_of(*found.columns().values())
    if mean == 0:
        return
    assert (mixture.share * mixture.factor).sum() == pytest.approx(1.0)
    assert dispersion_of(mixture)[0] == pytest.approx(found.dispersion[0], abs=1e-9)
    foretold = found.dispersion[0] * mean**2 + (mean if counts else 0.0)
    if found.large_share[0] == 0:
        assert foretold == pytest.approx(max(values.var(), mean if counts else 0.0), rel=1e-6)


@pytest.mark.parametrize("counts", [True, False])
def test_idle_periods_are_found_again(counts: bool) -> None:
    rng = np.random.default_rng(4)
    size = rng.gamma(4.0, 10.0, (40, 364))
    sold = np.where(rng.random(size.shape) < 0.1, rng.poisson(size) if counts else size, 0.0)
    found = shapes(sold, counts)
    assert np.mean(found.active_share) == pytest.approx(0.1, abs=0.01)
    quantile = mixture_quantiles(np.full(40, 4.0), mixture_of(*found.columns().values()), np.full(40, counts), (0.85, 0.99))
    assert (quantile[:, 0] == 0).all()
    assert np.mean(quantile[:, 1]) == pytest.approx(stats.gamma(4.0, scale=10.0).ppf(0.9), rel=0.08)


def test_a_negative_binomial_has_no_idle_periods() -> None:
    rng = np.random.default_rng(5)
    sold = rng.negative_binomial(2.0, 0.4, (50, 364)).astype(float)
    found = shapes(sold)
    assert np.mean(found.active_share) > 0.93
    assert np.mean(found.dispersion) == pytest.approx(0.5, abs=0.05)


def test_the_largest_order_is_no_longer_passed_by_far() -> None:
    """Orders of about 10 in a third of the days and one of 3,000: where the mixture reaches twice that, a negative binomial
    with these moments has nearly four times that."""
    rng = np.random.default_rng(6)
    sold = np.where(rng.random((1, 335)) < 0.3, rng.poisson(10, (1, 335)), 0).astype(float)
    sold[0, 100] = 3000.0
    mixture = mixture_of(*shapes(sold).columns().values())
    mean = sold.mean(axis=1)
    upper = mixture_quantiles(mean, mixture, np.array([True]), (0.99999,))[0, 0]
    spread = float(dispersion_of(mixture)[0])
    assert 3000 < upper < 7000
    assert stats.nbinom(1 / spread, 1 / (1 + spread * mean[0])).ppf(0.99999) > 1.7 * upper


def test_more_demand_comes_as_more_orders() -> None:
    sold = np.tile([0.0, 0, 0, 12, 0, 0, 0, 20, 0, 0], (1, 30))
    usual, twice = shapes(sold), shapes(sold, mean=2 * sold.mean())
    assert twice.active_share[0] / usual.active_share[0] == pytest.approx(2**FREQUENCY_POWER)
    assert twice.dispersion[0] < usual.dispersion[0]
    assert shapes(sold, mean=1000.0).active_share[0] == pytest.approx(1.0)


def test_history_is_compared_with_the_forecast() -> None:
    sold = np.tile([0.0, 4.0], (1, 30))
    ratios = [float(shapes(sold, mean=mean).history_ratio[0]) for mean in (2.0, 0.5, 8.0, 0.0)]
    assert ratios == [1.0, 4.0, 0.25, 100.0]
    assert shapes(np.zeros((1, 30)), mean=1.0).history_ratio[0] == 1.0


def test_years_ago_is_forgotten_and_other_series_do_not_matter() -> None:
    rng = np.random.default_rng(7)
    recent = rng.poisson(3.0, (2, 364)).astype(float)
    old = np.hstack([rng.poisson(300.0, (2, 200)).astype(float), recent])
    known = learn_shapes(panel(old), np.full((2, 1), 3.0), np.full(2, True))
    for name, column in learn_shapes(panel(recent), np.full((2, 1), 3.0), np.full(2, True)).columns().items():
        np.testing.assert_array_equal(column, getattr(known, name))
    both, alone = shapes(old), shapes(old[:1])
    assert both.dispersion[0] == alone.dispersion[0]


@given(st.floats(0.01, 50), st.floats(0, 30), st.floats(0.05, 1), st.floats(0, 0.05), st.booleans())
def test_quantiles_invert_the_distribution_function(m: float, phi: float, active: float, large: float, counts: bool) -> None:
    mixture = mixture_of(*(np.array([a]) for a in (phi + 0.2, active * (1 - large), large, 5.0, 0.2)))
    mean, whole = np.array([m]), np.array([counts])
    quantile = mixture_quantiles(mean, mixture, whole, LEVELS)[0]
    assert (np.diff(quantile) >= 0).all() and quantile[0] >= 0
    for q, k in zip(LEVELS, quantile, strict=True):
        assert mixture_cdf(np.array([k + 1e-6 * (1 + k)]), mean, mixture, whole)[0] >= q - 1e-6
        below = k - 1 if counts else k * (1 - 1e-6) - 1e-12
        assert mixture_cdf(np.array([below]), mean, mixture, whole)[0] <= q + 1e-6


def test_counting_and_bisection_agree() -> None:
    """Means whose standard deviation is on either side of the limit of counting."""
    mean = np.array([39_990.0, 40_010.0])
    mixture = mixture_of(np.full(2, 0.25), np.full(2, 0.9), np.full(2, 0.0), np.full(2, 1.0), np.full(2, 0.0))
    found = mixture_quantiles(mean, mixture, np.array([True, True]), (0.05, 0.5, 0.99))
    assert found[1, 1:] / found[0, 1:] == pytest.approx(mean[1] / mean[0], rel=2e-3)


def test_a_level_that_is_put_in_can_be_taken_out() -> None:
    mixture = mixture_of(np.array([2.0]), np.array([0.6]), np.array([0.01]), np.array([6.0]), np.array([0.3]))
    back = without_level(with_level(mixture, np.array([0.4])), np.array([0.4]))
    assert back.dispersion == pytest.approx(mixture.dispersion)
    assert dispersion_of(with_level(mixture, np.array([0.4])))[0] == pytest.approx(3.0 * 1.4 - 1)
