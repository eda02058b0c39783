"""CRPS and coverage against sums over the probability function, integrals, and laws that hold for a true distribution."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from echelon.core.arrays import Doubles
from echelon.core.forecast.evaluation import scores
from echelon.core.probability.crps import ranked_scores
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.integrate import quad

MEANS = st.floats(0.02, 60)
DISPERSIONS = st.sampled_from([0.0, 0.05, 0.7, 4.0, 30.0])


def plain(mean: np.ndarray, dispersion: np.ndarray, actual: np.ndarray, counts: bool) -> tuple[Doubles, Doubles, Doubles]:
    """Distributions of one part."""
    whole = np.ones((len(mean), 1))
    return ranked_scores(mean, whole, whole, dispersion[:, None], actual, counts)


def one(mean: float, dispersion: float, actual: float, counts: bool) -> tuple[float, float, float]:
    score, below, upto = plain(np.array([mean]), np.array([dispersion]), np.array([actual]), counts)
    return float(score[0]), float(below[0]), float(upto[0])


def law(mean: float, dispersion: float) -> Any:
    if dispersion == 0:
        return stats.poisson(mean)
    return stats.nbinom(1 / dispersion, 1 / (1 + dispersion * mean))


@given(MEANS, DISPERSIONS, st.integers(0, 200))
def test_counts_equal_the_sum_over_all_values(mean: float, dispersion: float, actual: int) -> None:
    true = law(mean, dispersion)
    k = np.arange(max(int(true.ppf(1 - 1e-7)), actual) + 2)
    expected = np.sum((true.cdf(k) - (k >= actual)) ** 2)
    score, below, upto = one(mean, dispersion, float(actual), True)
    assert score == pytest.approx(expected, abs=1e-6 * (1 + mean))
    assert (below, upto) == pytest.approx((true.cdf(actual - 1), true.cdf(actual)), abs=2e-5)


@settings(max_examples=40)
@given(MEANS, st.sampled_from([0.05, 0.7, 4.0]), st.floats(0, 100))
def test_gamma_equals_the_integral(mean: float, dispersion: float, actual: float) -> None:
    true = stats.gamma(1 / dispersion, scale=mean * dispersion)
    ends = np.unique([0.0, actual, *true.ppf([1e-4, 0.1, 0.5, 0.9, 0.999, 1 - 1e-9])])
    parts = [quad(lambda x: (true.cdf(x) - (x >= actual)) ** 2, a, b)[0] for a, b in pairwise(ends)]
    score, left, right = one(mean, dispersion, actual, False)
    assert score == pytest.approx(sum(parts), rel=1e-5, abs=1e-6)
    assert left == right == pytest.approx(true.cdf(actual))


def test_the_formula_of_jordan_krueger_and_lerch() -> None:
    """The closed form for the negative binomial, with the hypergeometric function, on three values worked out apart."""
    for mean, dispersion, actual in ((2.0, 0.5, 3.0), (0.4, 2.0, 0.0), (11.0, 0.2, 30.0)):
        assert one(mean, dispersion, actual, True)[0] == pytest.approx(closed_form(mean, dispersion, actual), abs=1e-6)


def closed_form(mean: float, dispersion: float, y: float) -> float:
    from scipy.special import hyp2f1

    n, p = 1 / dispersion, 1 / (1 + dispersion * mean)
    first = y * (2 * stats.nbinom.cdf(y, n, p) - 1)
    inner = p * (2 * stats.nbinom.cdf(y - 1, n + 1, p) - 1) + hyp2f1(n + 1, 0.5, 2, -4 * (1 - p) / p**2)
    return float(first - n * (1 - p) / p**2 * inner)


def test_without_spread_it_is_the_absolute_error() -> None:
    assert one(3.0, 0.0, 4.5, False) == pytest.approx((1.5, 1.0, 1.0), abs=1e-5)
    assert one(3.0, 0.0, 3.0, False) == pytest.approx((0.0, 0.0, 1.0), abs=1e-5)
    assert one(0.0, 5.0, 4.0, True) == (4.0, 1.0, 1.0)
    assert one(0.0, 5.0, 0.0, True) == (0.0, 0.0, 1.0)


SHARE, FACTOR, SPREAD = np.array([0.3, 0.02]), np.array([1.5, 27.5]), np.array([0.8, 0.1])


@pytest.mark.parametrize("mean", [0.0, 0.4, 6.0])
@pytest.mark.parametrize("actual", [0.0, 1.0, 4.0, 300.0])
def test_mixtures_of_counts_equal_the_sum_over_all_values(mean: float, actual: float) -> None:
    """Idle in 68 % of the periods, now and then a large order."""
    parts = [law(mean * f, d) if mean else stats.poisson(0) for f, d in zip(FACTOR, SPREAD, strict=True)]
    k = np.arange(1500)

    def cdf(values: np.ndarray | float) -> np.ndarray:
        own = sum(s * part.cdf(values) for s, part in zip(SHARE, parts, strict=True))
        return np.where(np.asarray(values) >= 0, 0.68, 0.0) + own

    found = ranked_scores(np.array([mean]), SHARE[None], FACTOR[None], SPREAD[None], np.array([actual]), True)
    expected = np.sum((cdf(k) - (k >= actual)) ** 2), cdf(actual - 1.0), cdf(actual)
    assert [float(part[0]) for part in found] == pytest.approx(expected, rel=1e-6, abs=2e-5)


@pytest.mark.parametrize("actual", [0.0, 0.7, 9.0, 200.0])
def test_mixtures_of_gammas_equal_the_integral(actual: float) -> None:
    parts = [stats.gamma(1 / d, scale=3.0 * f * d) for f, d in zip(FACTOR, SPREAD, strict=True)]

    def cdf(x: float) -> float:
        return 0.68 + sum(s * part.cdf(x) for s, part in zip(SHARE, parts, strict=True))

    ends = np.unique([0.0, actual, 0.1, 1.0, 5.0, 20.0, 60.0, 100.0, 200.0, 400.0])
    expected = sum(quad(lambda x: (cdf(x) - (x >= actual)) ** 2, a, b)[0] for a, b in pairwise(ends))
    found = ranked_scores(np.array([3.0]), SHARE[None], FACTOR[None], SPREAD[None], np.array([actual]), False)
    assert found[0][0] == pytest.approx(expected, rel=1e-5, abs=1e-6)
    assert found[2][0] == pytest.approx(cdf(actual))


def slow_gamma_score(share: np.ndarray, mean: np.ndarray, spread: np.ndarray, actual: float) -> float:
    """The integral of (F(x) - [x >= y])^2, F being the sum over all parts, those that never occur too."""
    parts = [stats.gamma(1 / d, scale=m * d) for m, d in zip(mean, spread, strict=True)]

    def cdf(x: float) -> float:
        return float(1.0 - share.sum() + sum(s * part.cdf(x) for s, part in zip(share, parts, strict=True)))

    ends = np.unique([0.0, actual, 0.1, 1.0, 5.0, 20.0, 60.0, 100.0, 200.0, 400.0])
    return float(sum(quad(lambda x: (cdf(x) - (x >= actual)) ** 2, a, b)[0] for a, b in pairwise(ends)))


@pytest.mark.parametrize("actual", [0.0, 0.7, 9.0])
def test_parts_that_never_occur_change_nothing(actual: float) -> None:
    """Rows of which some have large orders and others not, together and each alone, against all pairs of parts."""
    share = np.array([[0.3, 0.02], [0.3, 0.0], [1.0, 0.0], [0.0, 0.4]])
    factor = np.array([[1.5, 27.5], [1.0 / 0.3, 0.0], [1.0, 0.0], [0.0, 2.5]])
    spread = np.array([[0.8, 0.1], [0.8, 0.0], [0.8, 0.0], [0.0, 0.1]])
    found = ranked_scores(np.full(4, 3.0), share, factor, spread, np.full(4, actual), False)
    for row in range(4):
        own = np.array([row])
        alone = ranked_scores(np.full(1, 3.0), share[own], factor[own], spread[own], np.full(1, actual), False)
        assert [part[0] for part in alone] == [part[row] for part in found]
        occurs = share[row] > 0
        means = 3.0 * np.where(occurs, factor[row], 1.0)
        slow = slow_gamma_score(share[row], means, np.where(occurs, spread[row], 1.0), actual)
        assert found[0][row] == pytest.approx(slow, rel=1e-5, abs=1e-6)


def test_very_large_counts_are_those_of_the_gamma() -> None:
    assert one(1e6, 0.5, 2e6, True) == pytest.approx(one(1e6, 0.5 + 1e-6, 2e6, False))


def test_counts_far_from_the_forecast() -> None:
    """Below and above all that has a probability worth counting."""
    true = stats.poisson(900)
    k = np.arange(4000)
    for actual in (100, 3000):
        expected = np.sum((true.cdf(k) - (k >= actual)) ** 2)
        assert one(900.0, 0.0, float(actual), True)[0] == pytest.approx(expected, rel=1e-9)


def test_the_true_distribution_scores_best_and_covers_exactly() -> None:
    k = np.arange(400.0)
    probability = law(1.3, 2.0).pmf(k)
    score = {mean: probability @ plain(np.full(400, mean), np.full(400, 2.0), k, True)[0] for mean in (1.0, 1.3, 1.6)}
    assert score[1.3] < min(score[1.0], score[1.6])
    below, upto = plain(np.full(400, 1.3), np.full(400, 2.0), k, True)[1:]
    probabilities = (0.5, 0.8, 0.9, 0.95)
    covered = probability @ scores.coverage(below[:, None], upto[:, None], probabilities)
    assert covered == pytest.approx(probabilities, abs=1e-4)


def test_coverage_by_hand() -> None:
    below, upto = np.array([[0.0, 0.4, 1.0, 0.2]]), np.array([[0.6, 0.9, 1.0, 0.2]])
    got = scores.coverage(below, upto, (0.5, 0.95))
    assert got[0].tolist() == pytest.approx([(0.5 / 0.6 + 0.1 / 0.5 + 0 + 1) / 4, (1 + 1 + 0 + 1) / 4])


def test_absolute_error_and_periods_in_stock_by_hand() -> None:
    actual, mean = np.array([[0.0, 5.0, 0.0], [2.0, 0.0, 0.0]]), np.array([[2.0, 2.0, 2.0], [1.0, 1.0, 1.0]])
    assert scores.absolute_error(actual, mean).tolist() == [7.0, 3.0]
    # cumulated forecast less demand: 2, -1, 1 and -1, 0, 1
    assert scores.periods_in_stock(actual, mean).tolist() == [2.0, 0.0]
