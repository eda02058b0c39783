"""Scores against slow loops."""

from itertools import pairwise

import numpy as np
import pytest
from echelon.core.arrays import Doubles
from echelon.core.forecast.evaluation import scores
from hypothesis import given
from hypothesis import strategies as st

PROBABILITIES = (0.05, 0.5, 0.95)


def loop_rmsse(training: Doubles, actual: Doubles, mean: Doubles) -> float:
    changes = [(b - a) ** 2 for a, b in pairwise(training)]
    errors = [(y - f) ** 2 for y, f in zip(actual, mean, strict=True)]
    return float((sum(errors) / len(errors) / (sum(changes) / len(changes))) ** 0.5)


def loop_pinball(actual: Doubles, quantiles: Doubles, scale: float) -> float:
    total = 0.0
    for y, row in zip(actual, quantiles, strict=True):
        for q, z in zip(PROBABILITIES, row, strict=True):
            total += q * (y - z) if y >= z else (1 - q) * (z - y)
    return total / len(actual) / len(PROBABILITIES) / scale


@given(st.integers(0, 10_000))
def test_scores_equal_loops(seed: int) -> None:
    rng = np.random.default_rng(seed)
    training, actual, mean = rng.poisson(3, 20) + np.arange(20.0), rng.poisson(3, 5).astype(np.float64), rng.gamma(2, 2, 5)
    padded = np.concatenate([[np.nan] * 4, training])[None, :]
    quantiles = np.sort(rng.gamma(2, 2, (5, 3)), axis=1)
    naive = scores.naive_mse(padded)
    assert scores.rmsse(actual[None], mean[None], naive)[0] == pytest.approx(loop_rmsse(training, actual, mean))
    got = scores.pinball(actual[None], quantiles[None], PROBABILITIES, np.array([2.5]))[0]
    assert got == pytest.approx(loop_pinball(actual, quantiles, 2.5))
    assert scores.bias(actual[None], mean[None])[0] == pytest.approx(sum(mean) - sum(actual))


def test_no_scale_no_score() -> None:
    one, quantiles = np.ones((1, 2)), np.ones((1, 2, 3))
    assert np.isnan(scores.rmsse(one, one, np.zeros(1))).all()
    assert np.isnan(scores.pinball(one, quantiles, PROBABILITIES, np.zeros(1))).all()
    assert scores.naive_mse(np.array([[np.nan, 4.0]])).tolist() == [0.0]
