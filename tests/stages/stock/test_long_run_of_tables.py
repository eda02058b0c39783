"""The tables of a release say all that the long run of a plan needs: read as the documents say, they are the network that was
planned."""

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from echelon.core.inventory.model.supply_network import Point, SupplyNetwork
from echelon.lake.contracts import TABLES
from echelon.stages.stock.network_building import make_network, shared_lanes
from pyspark.sql import SparkSession
from support.in_memory import Rows, context, filled
from support.long_run import Published, long_run_of_tables, network_of_tables, published_promise
from support.small_business import LEAD_TIMES, LOCATIONS, lead_time, rows

# North is served by the hub, and by the maker where that lane is interrupted; South orders half of its goods from each
LANES: Rows = [
    ("Maker", "Hub", 14.0, 2.0, 14, 24.0, 12.0, 1, None, 30.0, None, None, 40.0),
    ("Hub", "North", 2.0, 0.5, 10, 0.0, 1.0, 1, None, None, 50.0, 3.0),
    ("Maker", "North", 14.0, 2.0, 10, 5.0, 1.0, 2),
    ("Maker", "South", 14.0, 2.0, 10, 48.0, 12.0, 1, 0.5),
    ("Hub", "South", 3.0, 1.0, 1, 0.0, 1.0, 1, 0.5),
]
LEAD: Rows = [*LEAD_TIMES, lead_time("Maker", "North", [3, 10])]
LEVELS = {"Hub": (200.0, 120.0), "North": (30.0, 29.0), "South": (40.0, 39.0)}


def frame(name: str, table: Rows) -> pd.DataFrame:
    return pd.DataFrame(filled(name, table), columns=TABLES[name].column_names)


def published(frequency: str) -> Published:
    asked = rows(shelf_life_days=40.0, active_share=0.5)
    levels = [{"sku": "A", "location": name, "base_stock_level": up, "reorder_point": at} for name, (up, at) in LEVELS.items()]
    promised: dict[str, Any] = {"customer_fill_rate": [None, 0.9, 0.9], "on_hand": 10.0, "status": "ok"}
    tables = {
        "stock_levels": pd.DataFrame(levels).assign(**promised),
        "lanes": frame("lanes", LANES),
        "lead_times": frame("lead_times", LEAD),
        "demand_distributions": asked,
        "items": pd.DataFrame({"sku": ["A"], "shelf_life_days": [40.0]}),
    }
    return Published(tables, frequency)


def planned(spark: SparkSession, frequency: str) -> SupplyNetwork:
    made = context(spark, {"lanes": LANES, "locations": LOCATIONS, "lead_times": LEAD}, run={"frequency": frequency})
    lanes = shared_lanes(made, made.lake.read("lead_times"))
    return make_network("A", rows(shelf_life_days=40.0, active_share=0.5), lanes)


def link_by_link(network: SupplyNetwork) -> dict[tuple[str, str], tuple[Any, ...]]:
    """What matters of each link, whatever the order of points."""
    found = {}
    for node in network.nodes:
        for link in node.links:
            lead = (link.lead_time.periods, tuple(round(one, 9) for one in link.lead_time.probability))
            inside = network.nodes[link.source].name if link.source >= 0 else None
            found[link.supplier, node.name] = (inside, lead, link.share, link.priority, link.capacity, link.disruption)
    return found


def stated(node: Point) -> tuple[Any, ...]:
    """What matters of a point beside its links; order quantities are found by the plan."""
    demand = node.demand
    told = demand and {one.name: getattr(demand, one.name) for one in fields(demand)} | {"mean": demand.mean.tolist()}
    return node.sourcing, replace(node.policy, gap=0.0), node.shelf_life, told, node.backorder_share


@pytest.mark.parametrize("frequency", ["D", "W", "M"])
def test_published_tables_are_the_network_that_was_planned(spark: SparkSession, frequency: str) -> None:
    network, levels = network_of_tables(published(frequency), "A")
    expected = planned(spark, frequency)
    assert link_by_link(network) == link_by_link(expected)
    points = {node.name: stated(node) for node in expected.nodes}
    assert {node.name: stated(node) for node in network.nodes} == points
    assert dict(zip((node.name for node in network.nodes), levels, strict=True)) == {n: up for n, (up, _) in LEVELS.items()}
    assert {node.name: node.policy.gap for node in network.nodes} == {"Hub": 80.0, "North": 0.0, "South": 0.0}


def test_service_and_stock_come_out_of_published_tables() -> None:
    found = long_run_of_tables(published("D"), "A", periods=8000)
    by_name = dict(zip(found.names, found.customer_fill_rate, strict=True))
    assert 0.5 < by_name["North"] < 1 and 0.5 < by_name["South"] < 1 and np.isnan(by_name["Hub"])
    assert "0.9000" in str(published_promise(published("D"), "A", 8000))
