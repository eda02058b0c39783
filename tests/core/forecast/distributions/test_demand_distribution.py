"""Quantiles and moments of the compact distribution."""

import numpy as np
import pytest
from echelon.core.forecast.distributions.distribution import moment_quantiles, quantiles, sum_moments
from echelon.core.probability.mixture import Mixture, mixture_cdf, mixture_quantiles
from echelon.core.probability.negative_binomial import LARGEST_SD
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)
MEANS = st.floats(1e-4, 2000)
DISPERSIONS = st.floats(0, 500)


def scipy_quantiles(mean: float, dispersion: float) -> np.ndarray:
    if dispersion < 1e-6:
        return stats.poisson(mean).ppf(LEVELS)
    shape = 1 / dispersion
    return stats.nbinom(shape, shape / (shape + mean)).ppf(LEVELS)


@pytest.mark.parametrize("mean", [0.01, 0.7, 3.0, 55.0, 1800.0])
@pytest.mark.parametrize("dispersion", [0.0, 0.05, 1.0, 30.0])
def test_counts_equal_scipy(mean: float, dispersion: float) -> None:
    got = moment_quantiles(np.array([mean]), np.array([dispersion]), True, LEVELS)[0]
    assert got.tolist() == scipy_quantiles(mean, dispersion).tolist()


@given(MEANS, DISPERSIONS, st.floats(0, 2), st.booleans())
def test_quantiles_ascend_and_are_not_negative(mean: float, dispersion: float, cv: float, counts: bool) -> None:
    mixture = Mixture(np.ones(1), np.ones(1), np.array([dispersion]))
    q = quantiles(np.array([mean]), mixture, cv, counts, LEVELS)[0]
    assert q.shape == (7,)
    assert (np.diff(q) >= 0).all() and q[0] >= 0 and np.isfinite(q).all()
    assert not counts or (q == np.round(q)).all()


def test_large_means_use_the_gamma_without_a_jump() -> None:
    sd = np.array([0.999, 1.001]) * LARGEST_SD
    q = moment_quantiles(sd * 2, np.full(2, 0.25), True, LEVELS)
    assert q[1] / q[0] == pytest.approx(1.001 / 0.999, rel=2e-3)


def test_gamma_equals_scipy_and_without_dispersion_is_the_mean() -> None:
    got = moment_quantiles(np.array([4.0, 4.0]), np.array([0.5, 0.0]), False, LEVELS)
    assert got[0] == pytest.approx(stats.gamma(2.0, scale=2.0).ppf(LEVELS))
    assert got[1].tolist() == [4.0] * 7


def test_mean_zero_is_zero() -> None:
    mixture = Mixture(np.ones(1), np.ones(1), np.ones(1))
    assert quantiles(np.zeros(3), mixture, 0.5, True, LEVELS).tolist() == np.zeros((3, 7)).tolist()


def test_levels_must_ascend() -> None:
    with pytest.raises(ValueError, match="must ascend"):
        moment_quantiles(np.ones(1), np.zeros(1), True, (0.9, 0.5))


def test_sum_moments_by_hand() -> None:
    mean, variance = sum_moments(np.array([1.0, 3.0]), 0.5, 0.2, True, [2], [1.0])
    assert mean == 4.0
    assert variance == pytest.approx(4 + 0.5 * 1.04 * (1 + 9) + 0.04 * 16)


@pytest.mark.parametrize("persistence", [0.0, 0.6, 1.0])
@pytest.mark.parametrize("counts", [True, False])
def test_sum_moments_equal_simulation(counts: bool, persistence: float) -> None:
    """A random number of periods, some beyond the horizon."""
    rng = np.random.default_rng(3)
    mean, dispersion, cv = np.array([2.0, 0.5, 4.0]), 0.6, 0.4
    periods, probability = np.array([0, 2, 5]), np.array([0.2, 0.5, 0.3])
    draws = 200_000
    first, other = rng.normal(size=(2, draws))
    score = np.stack([first, persistence * first + np.sqrt(1 - persistence**2) * other], axis=1)
    level = stats.gamma.ppf(stats.norm.cdf(score), cv**-2, scale=cv**2).repeat([3, 2], axis=1)
    rate = rng.gamma(1 / dispersion, dispersion, (draws, 5)) * level * np.resize(mean, 5)
    demand = rng.poisson(rate) if counts else rate
    length = rng.choice(periods, draws, p=probability)
    sums = (demand * (np.arange(5) < length[:, None])).sum(axis=1)
    expected, variance = sum_moments(mean, dispersion, cv, counts, periods, probability, persistence)
    assert expected == pytest.approx(sums.mean(), rel=0.01)
    assert variance == pytest.approx(sums.var(), rel=0.03)


@pytest.mark.parametrize("share", [0.04, 0.5, 0.97, 1.0])
@pytest.mark.parametrize("dispersion", [0.0, 0.3, 6.0])
def test_a_gamma_beside_idle_periods_has_the_quantiles_that_its_distribution_says(share: float, dispersion: float) -> None:
    mixture = Mixture(np.array([[share, 0.0]]), np.array([[1.0 / share, 0.0]]), np.array([[dispersion, 0.0]]))
    mean, fractional = np.array([3.0]), np.array([False])
    for probability, quantile in zip(LEVELS, mixture_quantiles(mean, mixture, fractional, LEVELS)[0], strict=True):
        at = mixture_cdf(np.array([quantile * (1 + 1e-4)]), mean, mixture, fractional)[0]
        below = mixture_cdf(np.array([quantile * (1 - 1e-4)]), mean, mixture, fractional)[0]
        assert (quantile == 0 and at >= probability) or below <= probability <= at + 1e-9
