"""How levels are sought: true shadow prices, sliced paths, certification that measures only what changed."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from echelon.core.inventory.kernels import layout
from echelon.core.inventory.kernels.drawing.level_factors import stratified_level_factors
from echelon.core.inventory.kernels.drawing.paths import PathSource
from echelon.core.inventory.kernels.layout import BLOCK
from echelon.core.inventory.kernels.tree.simulator import TreeSimulator
from echelon.core.inventory.model.demand import Demand
from echelon.core.inventory.model.lead_time import LeadTime
from echelon.core.inventory.model.supply_network import SupplyNetwork, tree_point
from echelon.core.inventory.optimisation.service.shadow_prices import ShadowPrices
from echelon.core.inventory.optimisation.service.targets import ServedPoint, Targets, meet_targets
from echelon.core.inventory.planning.certification import certify
from echelon.core.inventory.planning.lead_time_demand import lead_time_demand
from echelon.core.inventory.planning.warm_up import warm_up_periods
from support.inventory.small_problems import warehouse_and_stores, with_terms

RANDOM = LeadTime((1, 2, 3, 4, 5), (0.2,) * 5)


def source_of(problem: SupplyNetwork) -> PathSource:
    return PathSource(problem, 80, warm_up_periods(problem))


def targets_of(problem: SupplyNetwork) -> Targets:
    asked = [np.nan if node.demand is None else 0.9 for node in problem.nodes]
    return Targets(np.array(asked), np.array([node.holding_cost for node in problem.nodes]), False)


@pytest.mark.parametrize("lost", [False, True])
def test_reduced_gradient_is_the_slope_of_the_cost_at_equal_service(lost: bool) -> None:
    """Central differences of the holding cost in the warehouse's level, the stores' levels following their targets."""
    demand = Demand(np.full(14, 5.0), 0.3, 0.2, counts=False)
    nodes = [tree_point("warehouse", "", -1, RANDOM, 1.0)]
    nodes += [tree_point(f"store {i}", "", 0, RANDOM, 1.0, demand, 0.9, lost_sales=lost) for i in range(4)]
    problem = SupplyNetwork("slope", tuple(nodes))
    targets, ltd = targets_of(problem), lead_time_demand(problem)
    simulator = TreeSimulator(problem, source_of(problem).draw("test", 512))
    prices = ShadowPrices(targets.bound, targets.hold)
    start = ltd.lead_mean + 0.2 * ltd.sd

    def met(shift: float) -> ServedPoint:
        return meet_targets(simulator, targets, start + np.array([shift, 0, 0, 0, 0]), prices, 1e-6)

    point = met(0.0)
    for _ in range(2):  # the second time with what the first has learned
        found = prices.gradient(simulator, point.levels, point.slope, point.surplus)[0]
    step = 0.05 * ltd.sd[0]
    seen = (met(step).cost - met(-step).cost) / (2 * step)
    assert abs(found - seen) < 0.02 * simulator.scale  # of the warehouse's holding cost
    assert np.all(prices.factor[1:] > 1.2) if lost else np.allclose(prices.factor, 1)


def test_every_block_of_replications_covers_the_range_of_levels() -> None:
    factor = stratified_level_factors(0.6, np.uint64(5), (3, 4 * BLOCK))
    strata = np.argsort(np.argsort(factor, axis=1), axis=1) // 4
    for block in strata.reshape(3, 4, BLOCK).transpose(1, 0, 2):
        np.testing.assert_array_equal(np.sort(block, axis=1), np.tile(np.arange(BLOCK), (3, 1)))


def two_trees(lost: bool = False) -> SupplyNetwork:
    one, other = warehouse_and_stores(stores=2), warehouse_and_stores(stores=2)
    moved = [with_terms(n, name=f"other {n.name}", source=3 if n.links[0].source >= 0 else -1) for n in other.nodes]
    nodes = [with_terms(n, lost_sales=lost and n.demand is not None) for n in (*one.nodes, *moved)]
    return replace(one, nodes=tuple(nodes))


def test_paths_of_one_tree_are_those_of_the_whole() -> None:
    problem = two_trees()
    source, rows = source_of(problem), np.array([3, 4, 5])
    whole, part = source.draw("x", 64), source.of(rows).draw("x", 64)
    np.testing.assert_array_equal(part.demand, whole.demand[:, :, 2:])
    np.testing.assert_array_equal(part.lead, whole.lead[:, :, rows])


@pytest.mark.parametrize("counts", [True, False])
def test_paths_drawn_in_parts_are_those_drawn_at_once(counts: bool) -> None:
    problem, levels = two_trees(lost=True), np.arange(4.0, 10.0)
    nodes = [replace(n, demand=n.demand and replace(n.demand, counts=counts)) for n in problem.nodes]
    source = source_of(replace(problem, nodes=tuple(nodes)))
    held = TreeSimulator(source.network, source.draw("x", 600))  # ten blocks: the last part is a short one
    passing = held.on(source.in_chunks("x", 600))
    np.testing.assert_array_equal(passing.demand, held.demand)
    np.testing.assert_array_equal(passing.measure(levels).sums, held.measure(levels).sums)
    np.testing.assert_array_equal(passing.totals(levels).unmet, held.totals(levels).unmet)
    np.testing.assert_array_equal(passing.gradient(levels, levels, levels)[1], held.gradient(levels, levels, levels)[1])


@pytest.mark.parametrize(("lost", "touched"), [(False, {1}), (True, {0, 1, 2})])
def test_only_what_a_raised_level_moves_is_measured_again(lost: bool, touched: set[Any]) -> None:
    problem = two_trees(lost)
    targets, ltd, source = targets_of(problem), lead_time_demand(problem), source_of(problem)
    simulator = TreeSimulator(problem, source.draw("other", 64))
    levels = ltd.mean + 3 * ltd.sd
    levels[1] = ltd.mean[1]
    done = certify(simulator, source, targets, levels, ShadowPrices(targets.bound, targets.hold), ltd.sd)
    first = simulator.on(source.draw("certify 0", 64)).measure(levels)
    assert first.customer_fill_rate.mean[1] < 0.9 and not done.short.any()
    assert set(np.flatnonzero(done.levels != levels)) == {1}
    changed = np.any(done.measures.sums[layout.ON_HAND] != first.sums[layout.ON_HAND], axis=1)
    assert set(np.flatnonzero(changed)) == touched
    assert done.measures.customer_fill_rate.mean[1] + done.measures.customer_fill_rate.se[1] >= 0.9


@pytest.mark.parametrize("longest", [3, 60])  # told from where the table rises, and looked up
def test_lead_times_are_drawn_as_often_as_asked(longest: int) -> None:
    share = np.arange(longest, 0.0, -1.0) / np.arange(longest + 1).sum()
    time = LeadTime(tuple(range(2, 2 + longest)), tuple(share))
    nodes = (tree_point("a", "", -1, time, 1.0), tree_point("b", "", 0, RANDOM, 1.0, Demand(np.ones(7)), 0.9))
    lead = PathSource(SupplyNetwork("lead", nodes), 200, 0).draw("test", 1024).lead
    seen = np.bincount(lead[:, :, 0].ravel(), minlength=2 + longest)[2:] / lead[:, :, 0].size
    np.testing.assert_allclose(seen, share, atol=5 * np.sqrt(0.25 / lead[:, :, 0].size) + 1 / 4096)
    np.testing.assert_array_equal(np.unique(lead[:, :, 1]), RANDOM.periods)
    assert abs(np.corrcoef(lead[:, :, 0].ravel(), lead[:, :, 1].ravel())[0, 1]) < 0.01
