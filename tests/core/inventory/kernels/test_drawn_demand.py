"""What is drawn has the moments of the distribution that was asked for, whatever its shape, and levels go together."""

import numpy as np
import pytest
from echelon.core.inventory.kernels.drawing.level_factors import common_level_factors, stratified_level_factors
from echelon.core.inventory.kernels.drawing.paths import PathSource
from echelon.core.inventory.model.check import check_network
from echelon.core.inventory.model.demand import Demand, Shape
from echelon.core.inventory.model.lead_time import LeadTime, ProblemError
from echelon.core.inventory.model.supply_network import Point, SupplyNetwork, tree_point
from echelon.core.inventory.planning.lead_time_demand import lead_time_demand
from echelon.core.probability.mixture import mixture_cdf, mixture_of

LUMPY = Shape(active_share=0.3, large_share=0.01, large_factor=25.0, large_dispersion=0.2)
HUGE = Shape(active_share=0.25, large_share=0.002, large_factor=150.0, large_dispersion=0.1)


def node(demand: Demand, name: str = "A", parent: int = -1) -> Point:
    return tree_point(name, "maker", parent, LeadTime.fixed(3), 1.0, demand)


def drawn(demand: Demand, replications: int = 4096) -> np.ndarray:
    problem = SupplyNetwork("S", (node(demand),), 7)
    return PathSource(problem, 56, 0).draw("test", replications).demand[:, :, 0].astype(float)


@pytest.mark.parametrize(
    ("mean", "dispersion", "shape"),
    [
        (2.0, 12.0, LUMPY),
        (0.05, 12.0, LUMPY),
        (900.0, 12.0, LUMPY),  # large periods far beyond the cells of a table
        (14.0, 90.0, HUGE),
        (2.0, 148.0, Shape()),  # a negative binomial that reaches beyond the cells of a table
        (3.0, 30.0, Shape(active_share=0.04)),
    ],
)
@pytest.mark.parametrize("counts", [True, False])
def test_mean_and_variance_of_what_is_drawn(mean: float, dispersion: float, shape: Shape, counts: bool) -> None:
    seen = drawn(Demand(np.full(28, mean), dispersion, counts=counts, shape=shape))
    variance = (mean if counts else 0.0) + dispersion * mean**2
    assert seen.mean() == pytest.approx(mean, abs=5 * np.sqrt(variance / seen.size))
    assert seen.var() == pytest.approx(variance, rel=0.12)
    assert seen.min() >= 0 and (not counts or (seen == np.round(seen)).all())


@pytest.mark.parametrize("counts", [True, False])
def test_the_distribution_of_what_is_drawn(counts: bool) -> None:
    """Against the distribution function that quantiles come from, at counts from nothing to the rarest."""
    seen = drawn(Demand(np.full(28, 14.0), 90.0, counts=counts, shape=HUGE))
    mixture = mixture_of(*(np.array([value]) for value in (90.0, 0.25, 0.002, 150.0, 0.1)))
    for value in (0.0, 5.0, 20.0, 60.0, 200.0, 1500.0, 2500.0, 4000.0):
        expected = mixture_cdf(np.array([value]), np.array([14.0]), mixture, np.array([counts]))[0]
        error = 5 * np.sqrt(max(expected * (1 - expected), 1e-7) / seen.size)
        assert (seen <= value).mean() == pytest.approx(expected, abs=error), value


def test_levels_of_two_locations_go_together() -> None:
    """Each alone has the same strata as without correlation."""
    keys = np.array([5, 6, 7], np.uint64)
    north = common_level_factors(0.6, 0.5, 0.0, (keys[0], keys[1]), (40, 256))
    south = common_level_factors(0.6, 0.5, 0.0, (keys[0], keys[2]), (40, 256))
    assert np.corrcoef(np.log(north.ravel()), np.log(south.ravel()))[0, 1] == pytest.approx(0.5, abs=0.05)
    np.testing.assert_array_equal(np.sort(north, axis=1), np.sort(stratified_level_factors(0.6, keys[0], (40, 256)), axis=1))
    assert np.abs(np.asarray(np.corrcoef(north))[np.triu_indices(40, 1)]).mean() < 0.1, "horizons are independent"


def test_levels_go_on_from_horizon_to_horizon() -> None:
    """As an autoregression; each horizon alone has the same strata as without."""
    keys = (np.uint64(5), np.uint64(6))
    factor = common_level_factors(0.4, 0.0, 0.8, keys, (20, 2048))
    scores = np.corrcoef(np.log(factor))
    for apart in (1, 2, 5):
        assert np.diagonal(scores, apart).mean() == pytest.approx(0.8**apart, abs=0.02)
    np.testing.assert_array_equal(np.sort(factor, axis=1), np.sort(stratified_level_factors(0.4, keys[0], (20, 2048)), axis=1))
    lasting = common_level_factors(0.4, 0.0, 1.0, keys, (3, 256))
    assert (lasting == lasting[0]).all()


@pytest.mark.parametrize("counts", [True, False])
@pytest.mark.parametrize("persistence", [0.0, 0.7, 1.0])
def test_sums_over_several_horizons_have_the_variance_that_persistence_says(counts: bool, persistence: float) -> None:
    demand = Demand(np.full(7, 20.0), 0.1, 0.3, counts=counts, level_persistence=persistence)
    for periods in (7, 14, 24, 56):
        seen = drawn(demand, 8192)[:, :periods].sum(axis=1).ravel()
        assert seen.var() == pytest.approx(demand.variance_of_sum(periods), rel=0.06)


@pytest.mark.parametrize("counts", [True, False])
def test_a_path_of_several_horizons_keeps_the_length_of_each(counts: bool) -> None:
    """Against a slow loop: the same F within a horizon of 7, though the path of means has 21 periods and is repeated."""
    path = np.repeat([10.0, 30.0, 60.0], 7)
    demand = Demand(path, 0.05, 0.3, counts=counts, level_persistence=0.5, horizon=7)
    seen = PathSource(SupplyNetwork("S", (node(demand),), 7), 42, 10).draw("test", 8192).demand[:, 10:, 0].astype(float)
    np.testing.assert_allclose(seen.mean(axis=(0, 2)), np.tile(path, 2), rtol=0.03)
    level = (seen / np.tile(path, 2)[:, None]).transpose(1, 0, 2).reshape(42, -1)
    covariance = np.cov(level)
    np.fill_diagonal(covariance, np.nan)
    for one in range(6):
        for other in range(one, 6):
            of_both = covariance[7 * one : 7 * one + 7, 7 * other : 7 * other + 7]
            assert np.nanmean(of_both) == pytest.approx(0.09 * 0.5 ** (other - one), rel=0.1, abs=0.003), (one, other)


def test_lead_time_demand_of_a_warehouse_knows_that_levels_go_together() -> None:
    demand = Demand(np.full(28, 20.0), 0.1, 0.4, level_correlation=0.5)
    hub = tree_point("Hub", "maker", -1, LeadTime.fixed(13), 1.0)
    problem = SupplyNetwork("S", (hub, node(demand, "N", 0), node(demand, "S", 0)), 3)
    seen = PathSource(problem, 28, 0).draw("test", 16384).demand[:, :14].sum(axis=1, dtype=np.float64).sum(axis=1)
    found = lead_time_demand(problem)
    assert found.mean[0] == pytest.approx(seen.mean(), rel=0.01)
    assert found.sd[0] == pytest.approx(seen.std(), rel=0.03)
    alone = Demand(np.full(28, 20.0), 0.1, 0.4)
    apart = lead_time_demand(SupplyNetwork("S", (hub, node(alone, "N", 0), node(alone, "S", 0)), 3))
    assert apart.sd[0] < 0.9 * found.sd[0] and apart.sd[1] == found.sd[1]


def test_shares_and_correlations_above_one_are_refused() -> None:
    with pytest.raises(ProblemError, match="at most 1"):
        check_network(SupplyNetwork("S", (node(Demand(np.ones(3), 1.0, shape=Shape(0.9, 0.2))),)))
    with pytest.raises(ProblemError, match="at most 1"):
        check_network(SupplyNetwork("S", (node(Demand(np.ones(3), level_correlation=1.5)),)))
    with pytest.raises(ProblemError, match="at most 1"):
        check_network(SupplyNetwork("S", (node(Demand(np.ones(3), level_persistence=1.1)),)))
