"""Poisson weights of SKUs, and sums of them that do not depend on their order."""

import numpy as np
from echelon.core.inventory.bootstrap import interval, on_grid, sku_weights


def test_weights_are_poisson_and_depend_on_seed_sku_and_replicate_alone() -> None:
    skus = [f"SKU {n}" for n in range(400)]
    weights = sku_weights(7, skus)
    assert weights.shape == (400, 1000)
    shares = [np.mean(weights == count) for count in range(5)]
    np.testing.assert_allclose(shares, np.exp(-1) / np.array([1, 1, 2, 6, 24]), atol=0.003)
    assert abs(weights.mean() - 1) < 0.005 and abs(weights.var() - 1) < 0.01
    assert abs(np.corrcoef(weights[0], weights[1])[0, 1]) < 0.1
    np.testing.assert_array_equal(sku_weights(7, skus[5:6]), weights[5:6])
    assert (sku_weights(8, skus[:1]) != weights[:1]).any()


def test_sums_on_the_grid_do_not_depend_on_their_order() -> None:
    rng = np.random.default_rng(1)
    values = rng.lognormal(3, 4, 2_000)
    rounded, weights = on_grid(values, values.sum()), sku_weights(0, [str(n) for n in range(2_000)])
    order = rng.permutation(2_000)
    parts = [weights[some].T @ rounded[some] for some in np.array_split(order, 7)]
    np.testing.assert_array_equal(weights.T @ rounded, sum(parts))
    np.testing.assert_allclose(rounded, values, atol=values.sum() * 2.0**-39)
    assert on_grid(np.zeros(3), 0.0).tolist() == [0, 0, 0]


def test_replicates_without_anything_to_divide_by_are_left_out() -> None:
    low, high = interval(np.append(np.linspace(0, 1, 1001), np.nan))
    assert (round(low, 9), round(high, 9)) == (0.025, 0.975)
    assert np.isnan(interval(np.array([np.nan]))).all()
