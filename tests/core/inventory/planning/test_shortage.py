"""The expected shortage of the textbooks: normal demand against tabulated values, counts against the plain sum."""

import numpy as np
import pytest
from echelon.core.inventory.planning.analytic import expected_shortage
from scipy import stats


@pytest.mark.parametrize(("z", "loss"), [(0.0, 0.3989), (1.0, 0.0833), (2.0, 0.0085), (-1.0, 1.0833)])
def test_normal_shortage_is_that_of_the_tables(z: float, loss: float) -> None:
    """Silver, Pyke & Thomas, Inventory and Production Management in Supply Chains, 4th ed., appendix II."""
    found = expected_shortage(np.array([50 + 8 * z]), np.array([50.0]), np.array([8.0]), False)
    assert found[0] == pytest.approx(8 * loss, abs=8 * 5e-5)


def test_what_does_not_vary_is_short_by_the_difference() -> None:
    short = expected_shortage(np.array([3.0, 9.0]), np.array([5.0, 5.0]), np.zeros(2), False)
    assert short.tolist() == [2.0, 0.0]


def test_counts_are_short_by_the_sum_over_their_distribution() -> None:
    units = np.arange(400)
    chance = stats.nbinom.pmf(units, 4.0, 0.25)  # mean 12, variance 48
    found = expected_shortage(np.array([15.0]), np.array([12.0]), np.array([np.sqrt(48.0)]), True)
    assert found[0] == pytest.approx(np.maximum(units - 15, 0) @ chance)
