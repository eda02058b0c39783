"""The classical plan by hand, and the replay of what happened."""

import numpy as np
import pytest
from echelon.core.inventory.model.demand import Demand
from echelon.core.inventory.model.lead_time import LeadTime
from echelon.core.inventory.model.supply_network import SupplyNetwork, tree_point
from echelon.core.inventory.planning.classical import classical_levels
from echelon.core.inventory.replay import replay
from support.inventory.small_problems import warehouse_and_stores


def test_classical_levels_by_hand() -> None:
    """z = 1.6449 at 95 %; d = 4, sigma^2 = 2 over the window; L = 3 or 5, R = 1."""
    lead = LeadTime((3, 5), (0.5, 0.5))
    nodes = (
        tree_point("central", "s", -1, lead, 1.0),
        tree_point("shop", "central", 0, lead, 1.0, Demand(np.ones(1)), 0.95),
    )
    history = np.array([[0, 90.0], [0, 3], [0, 5], [0, 3], [0, 5]])
    levels = classical_levels(SupplyNetwork("c", nodes), history, window=4)
    safety = 1.6448536 * np.sqrt(5 * 4 / 3 + 4**2 * 1.0)
    np.testing.assert_array_equal(levels, np.ceil([20 + safety, 20 + safety]))


def test_replay_serves_everything_from_ample_stock() -> None:
    problem = warehouse_and_stores(stores=2)
    demand = np.array([[0, 1, 2], [0, 0, 3], [0, 4, 0]], float)
    result = replay(problem, np.array([500.0, 60.0, 60.0]), demand, demand, period_days=7, replications=64)
    np.testing.assert_allclose(result.demand, [0, 5, 5])
    np.testing.assert_allclose(result.served, result.demand)
    np.testing.assert_allclose(result.fill_rate[1:], 1)
    np.testing.assert_allclose(result.holding_cost, result.on_hand * [1, 1.2, 1.2] * 21 / 365)
    assert result.stock_out_periods.tolist() == [0, 0, 0]


def test_replay_by_hand_with_a_fixed_lead_time() -> None:
    """Level 4, lead time 2: 3 a period leaves -5 at the end of every period, so nothing is served at once."""
    nodes = (tree_point("n", "s", -1, LeadTime.fixed(2), 2.0, Demand(np.ones(1)), 0.9),)
    steady = np.full((3, 1), 3.0)
    result = replay(SupplyNetwork("r", nodes), np.array([4.0]), steady, np.array([[3.0], [0], [0], [0], [5]]), replications=64)
    # ends of periods: 4 - (3+3+3), 4 - (3+3+0), 4 - (3+0+0), 4 - 0, 4 - 5
    assert result.on_hand[0] == pytest.approx((0 + 0 + 1 + 4 + 0) / 5)
    assert result.backorders[0] == pytest.approx((5 + 2 + 0 + 0 + 1) / 5)
    assert result.served[0] == pytest.approx(4.0)
    assert result.stock_out_periods[0] == pytest.approx(2)
    assert result.fill_rate[0] == pytest.approx(0.5)
    assert result.fill_rate_se[0] == pytest.approx(0)


def test_both_plans_meet_the_same_lead_times() -> None:
    problem = warehouse_and_stores(stores=2)
    demand = np.random.default_rng(0).poisson(2.0, (30, 3)).astype(float)
    levels = np.array([40.0, 6.0, 6.0])
    one, two = (replay(problem, levels, demand, demand, replications=64) for _ in range(2))
    np.testing.assert_array_equal(one.served_by_replication, two.served_by_replication)
    assert one.fill_rate_se[1] > 0


def test_replay_needs_history() -> None:
    problem = warehouse_and_stores(stores=2)
    with pytest.raises(ValueError, match="history"):
        replay(problem, np.ones(3), np.zeros((0, 3)), np.ones((2, 3)))
