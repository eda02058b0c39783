"""Which series vary less than Poisson's, and what becomes of their stock levels."""

import numpy as np
import numpy.typing as npt
import pandas as pd
from echelon.api import Demand, LeadTime, Panel, SupplyNetwork, plan_network, tree_point
from echelon.core.arrays import Matrix
from echelon.core.forecast.distributions.underdispersion import underdispersed


def flags(values: Matrix) -> npt.NDArray[np.bool_]:
    keys = pd.DataFrame({"sku": [str(row) for row in range(len(values))], "location": "Main"})
    return underdispersed(Panel(keys, values, 15_000, "D"))


def test_poisson_and_wider_series_are_hardly_ever_taken_for_narrower_ones() -> None:
    rng = np.random.default_rng(7)
    for mean in (0.05, 0.5, 4.0, 80.0):
        assert flags(rng.poisson(mean, (4000, 60)).astype(float)).sum() <= 4
        assert not flags(rng.negative_binomial(2, 2 / (2 + mean), (500, 60)).astype(float)).any()


def test_standing_orders_are_narrower() -> None:
    rng = np.random.default_rng(7)
    assert flags(np.full((1, 30), 4.0)).all()
    assert flags(rng.binomial(20, 0.9, (200, 104)).astype(float)).all()


def test_other_units_short_histories_and_no_demand_are_not_said_to_be_narrower() -> None:
    assert not flags(np.full((1, 60), 4.2)).any()
    assert not flags(np.full((1, 9), 4.0)).any()
    assert not flags(np.zeros((1, 60))).any()
    assert not flags(np.full((1, 60), np.nan)).any()


def test_a_standing_order_needs_what_it_takes_and_in_whole_units() -> None:
    demand = Demand(np.full(8, 4.0), counts=False, underdispersed=True)
    shop = tree_point("shop", "maker", -1, LeadTime.fixed(2), holding_cost=1.0, demand=demand, target_fill_rate=0.95)
    found = plan_network(SupplyNetwork("A", (shop,))).plan
    assert (found.status, found.base_stock_level[0], found.fill_rate[0]) == ("ok", 12.0, 1.0)


def test_levels_of_a_varying_narrow_series_are_whole_units_and_less_than_poisson_needs() -> None:
    def level(demand: Demand) -> float:
        shop = tree_point("shop", "maker", -1, LeadTime.fixed(2), holding_cost=1.0, demand=demand, target_fill_rate=0.98)
        return float(plan_network(SupplyNetwork("A", (shop,))).plan.base_stock_level[0])

    narrow = level(Demand(np.full(8, 4.0), dispersion=0.01, counts=False, underdispersed=True))
    assert narrow == round(narrow) and 12 <= narrow < level(Demand(np.full(8, 4.0)))
