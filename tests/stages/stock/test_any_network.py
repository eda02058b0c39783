"""Lanes with shares, limits and order costs and a shelf life: from tables to the plan, the replay and the orders."""

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
from echelon.core.inventory.model.supply_network import NO_LIMIT, Disruption, SupplyNetwork
from echelon.core.inventory.planning.plan import plan_network
from echelon.core.inventory.planning.stock_plan import SimulationSize
from echelon.engine.grouped.buckets import apply_in_buckets
from echelon.lake.contracts import TABLES
from echelon.stages import replay, replenish, stock
from echelon.stages.stock.explanations import NOT_A_TREE, PARTS
from echelon.stages.stock.network_building import Lanes, make_network, shared_lanes
from pyspark.sql import SparkSession
from support.cells import at
from support.in_memory import Rows, context
from support.shared_lanes import LANES, LEAD_TIMES, PLACES
from support.small_business import rows

# Hub is supplied by two makers and pays for orders; North has a lane that is interrupted and one that stands in.
SIZE = SimulationSize(periods=28, replications=64, certification_replications=256)


def lanes(spark: SparkSession, table: Rows = LANES, **sections: Any) -> Lanes:
    made = context(spark, {"lanes": table, "locations": PLACES, "lead_times": LEAD_TIMES}, **sections)
    return shared_lanes(made, made.lake.read("lead_times"))


@pytest.fixture(scope="module")
def shared(spark: SparkSession) -> Lanes:
    return lanes(spark)


def network(shared: Lanes, **changes: object) -> SupplyNetwork:
    problem = make_network("A", rows(**changes), shared)
    assert not problem.is_order_up_to_tree
    return problem


def test_the_lanes_of_every_point(shared: Lanes) -> None:
    hub, north, south = network(shared).nodes
    assert [link.supplier for link in hub.links] == ["Other", "Maker"], "the larger share first"
    assert ([link.share for link in hub.links], hub.sourcing) == ([0.6, 0.4], "shares")
    assert hub.policy.kind == "sS" and hub.costs.order == pytest.approx(0.6 * 5 + 0.4 * 10)
    assert [(link.source, link.supplier) for link in north.links] == [(0, "Hub"), (-1, "Other")]
    assert (north.sourcing, north.policy.kind, north.costs.order) == ("priority", "base_stock", 0.0)
    assert [link.disruption for link in north.links] == [Disruption(50.0, 5.0), None]
    assert [link.capacity for link in north.links] == [NO_LIMIT, 30.0]
    assert [link.lead_time.periods for link in north.links] == [(2, 5), (9, 12)]
    assert [(link.source, link.supplier) for link in south.links] == [(0, "Hub")], "the preferred lane alone"
    assert (south.target_fill_rate, south.backorder_share) == (0.9, 0.0) and south.holding_cost == pytest.approx(0.6)
    assert {point.shelf_life for point in (hub, north, south)} == {0}
    assert stock.echelons(network(shared)) == [1, 2, 2]


def test_quantities_and_times_are_those_of_a_period(spark: SparkSession) -> None:
    weekly = lanes(spark, run={"frequency": "W"})
    problem = make_network("A", rows(shelf_life_days=30.0), weekly)
    _, north, _ = problem.nodes
    assert north.links[1].capacity == 210.0
    assert {point.shelf_life for point in problem.nodes} == {4}
    down = north.links[0].disruption
    assert down is not None
    assert (down.mean_up, down.mean_down) == pytest.approx((10.0, 1.0)), "as often down, in whole periods"
    assert make_network("A", rows(shelf_life_days=3.0), weekly).nodes[0].shelf_life == 1


def test_without_any_of_it_the_problem_is_a_tree(spark: SparkSession, shared: Lanes) -> None:
    """Neither a share of 1 nor the order cost of a lane that is not used changes that; a shelf life does."""
    one_source = [lane for lane in LANES if lane[:2] != ("Maker", "Hub")]
    plain = lanes(spark, [(*lane[:8], *((1.0,) if lane[7] == 1 else (None,) * 4 + (9.0,))) for lane in one_source])
    assert make_network("A", rows(), plain).is_order_up_to_tree
    assert not make_network("A", rows(shelf_life_days=9.0), plain).is_order_up_to_tree
    # South's lane is plain, but those of its source are not
    assert not make_network("A", rows().iloc[:1], shared).is_order_up_to_tree


def test_the_plan_on_spark_is_that_of_the_core(spark: SparkSession, shared: Lanes) -> None:
    """Two SKUs, one with a shelf life: certified levels, equal to those of `plan_network`."""
    both = pd.concat([rows(explained=True, shelf_life_days=np.nan), rows(sku="B", shelf_life_days=20.0)])
    frame = spark.createDataFrame(
        both.assign(mean=both["mean"].map(list)),
        "sku string, location string, mean array<double>, dispersion double, active_share double, large_share double, "
        "large_factor double, large_dispersion double, level_cv double, level_correlation double, level_persistence double, "
        "level_growth double, horizon int, counts boolean, underdispersed boolean, fill_rate double, unit_cost double, "
        "shelf_life_days double, bias double, explained boolean",
    )
    plan = partial(stock._plan_bucket, lanes=shared, size=SIZE)
    found = apply_in_buckets(frame, ["sku"], plan, f"{TABLES['stock_levels'].ddl}, {PARTS}", buckets=2).toPandas()
    for sku, life in (("A", None), ("B", 20.0)):
        mine = found[found["sku"] == sku]
        expected = plan_network(replace(network(shared, shelf_life_days=life), sku=sku), SIZE).plan
        assert mine["location"].tolist() == ["Hub", "North", "South"]
        assert mine["source"].tolist() == ["Other", "Hub", "Hub"]
        assert mine["echelon"].tolist() == [1, 2, 2]
        assert set(mine["method"]) == {"simulation"} and set(mine["status"]) == {"ok"}
        for name in ("base_stock_level", "reorder_point", "customer_fill_rate", "customer_fill_rate_se", "holding_cost"):
            np.testing.assert_array_equal(mine[name].to_numpy(float), getattr(expected, name), err_msg=name)
        stores = mine[mine["target_fill_rate"].notna()]
        assert (stores["customer_fill_rate"] + stores["customer_fill_rate_se"] >= stores["target_fill_rate"]).all()
        hub = mine.iloc[0]
        assert hub["base_stock_level"] - hub["reorder_point"] > 1, "an order quantity"
    assert found["safety_parts"].isna().all()
    assert found.groupby("sku")["unexplained"].first().to_dict() == {"A": NOT_A_TREE, "B": None}


def test_a_network_that_fails_gets_analytic_levels_and_the_reason(shared: Lanes, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ArithmeticError("levels\n do not converge")

    monkeypatch.setattr(stock, "plan_network", broken)
    found = stock._plan_bucket(rows(explained=True), shared, SIZE)
    assert set(found["method"]) == {"analytic"}
    assert set(found["status"]) == {"ArithmeticError: levels do not converge"}
    assert (found["base_stock_level"] > 0).all() and (found["reorder_point"] <= found["base_stock_level"]).all()
    assert found["unexplained"].isna().all()


def test_both_policies_are_replayed(shared: Lanes) -> None:
    rng = np.random.default_rng(5)
    mine = rows(
        history=[rng.poisson(rate, 60).astype(float) for rate in (3, 1)],
        held_back=[rng.poisson(rate, 200).astype(float) for rate in (3, 1)],
        unit_price=5.0,
        abc="A",
    )
    found = replay._replay_bucket(mine, shared, SIZE, replications=64, window=28)
    total = found[found["scope"] == "total"].set_index("policy")
    assert set(total.index) == {"echelon", "classical"}
    assert total["demand"].nunique() == 1 and total["demand"].iloc[0] == sum(map(sum, mine["held_back"]))
    assert (total["served"] <= total["demand"] + 1e-6).all()
    assert at(total, ("echelon", "served")) / at(total, ("echelon", "demand")) > 0.8


def test_the_orders_are_split_over_lanes(spark: SparkSession) -> None:
    made = context(spark, {"lanes": LANES, "locations": PLACES, "lead_times": LEAD_TIMES}, run={"frequency": "W"})
    terms = replenish._lane_terms(made)
    assert terms[["source", "destination"]].to_numpy().tolist() == [
        ["Other", "Hub"], ["Maker", "Hub"], ["Hub", "North"], ["Other", "North"], ["Hub", "South"],
    ]  # fmt: skip
    assert terms["capacity"].tolist()[3] == 210.0 and terms["capacity"].isna().sum() == 4
