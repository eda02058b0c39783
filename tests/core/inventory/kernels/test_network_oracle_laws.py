"""The slow event loop of the general network: conservation laws on random networks, and the loop for trees where both apply."""

from typing import Any

import numpy as np
import pytest
from echelon.core.inventory.model.supply_network import SupplyNetwork
from hypothesis import given, settings
from hypothesis import strategies as st
from support.inventory.network_oracle import NetworkOracle
from support.inventory.oracle import Oracle
from support.inventory.small_networks import (
    CONTINUOUS,
    bicycle,
    dual_sourced_warehouse,
    networks,
    perishable_store,
    random_paths,
)
from support.inventory.small_problems import problems

PERIODS = 24


@st.composite
def runs(draw: st.DrawFn, of_networks: st.SearchStrategy[Any]) -> tuple[NetworkOracle, NetworkOracle, list[Any]]:
    """A network's oracle before and after the same replication."""
    network = draw(of_networks)
    levels = [float(draw(st.integers(0, 25))) for _ in network.nodes]
    paths = random_paths(network, PERIODS, draw(st.integers(0, 10**6)))
    before, after = NetworkOracle(network, levels, **paths, warm_up=0), NetworkOracle(network, levels, **paths, warm_up=0)
    return before, after, after.run()


@settings(max_examples=40)
@given(runs(networks()))
def test_position_identity(run: tuple[NetworkOracle, NetworkOracle, list[Any]]) -> None:
    """Only orders raise a position; demand that is not lost, claims and waste lower it."""
    for start, end, sums in zip(run[0].points, run[1].points, run[2], strict=True):
        leaving = sums["orders"] + sums["demand"] - sums["lost"] + sums["waste"]
        assert end.position == pytest.approx(start.position + sums["ordered"] - leaving, abs=1e-6)


@settings(max_examples=40)
@given(runs(networks()))
def test_units_in_are_units_out_and_stock(run: tuple[NetworkOracle, NetworkOracle, list[Any]]) -> None:
    before, after, sums = run
    for start, end, total in zip(before.points, after.points, sums, strict=True):
        # what customers and destinations asked for and are not owed any more
        out = total["orders"] + total["demand"] - total["lost"] + start.owed - end.owed + total["waste"]
        got = [link.ordered - (link.claimed + link.shipped + link.components) / link.link.quantity for link in end.links]
        if end.spec.sourcing == "assembly":
            assert got == pytest.approx([got[0]] * len(got), abs=1e-6)
            got = got[:1]
        pipeline = sum(start.pipeline.values()) - sum(end.pipeline.values())
        assert start.stock.total + sum(got) + pipeline == pytest.approx(out + end.stock.total + end.in_processing, abs=1e-6)


@settings(max_examples=40)
@given(runs(networks()))
def test_limits_hold_in_every_period(run: tuple[NetworkOracle, NetworkOracle, list[Any]]) -> None:
    before, after, _ = run
    for t, period in enumerate(after.trace):
        for start, measures in zip(before.points, period, strict=True):
            policy, slack = start.spec.policy, 1e-6
            lot = policy.gap if policy.kind == "RQ" else policy.lot_size
            assert min(measures.values()) >= -slack
            assert measures["ordered"] <= policy.order_capacity + slack
            assert policy.calendar[t % len(policy.calendar)] or not measures["order_count"]
            assert measures["lost"] <= measures["unmet"] <= measures["demand"]
            assert measures["orders_unmet"] <= measures["orders"] + slack
            assert max(measures["customers_owed"], measures["orders_unmet"]) <= measures["backorders"] + slack
            if lot and all(link.link.capacity == float("inf") for link in start.links):
                assert measures["ordered"] / lot == pytest.approx(round(measures["ordered"] / lot), abs=1e-6)


@settings(max_examples=40)
@given(runs(networks()))
def test_storage_and_shelves(run: tuple[NetworkOracle, NetworkOracle, list[Any]]) -> None:
    before, after, _ = run
    for start, end in zip(before.points, after.points, strict=True):
        at_first = start.stock.total + start.on_order
        on_hand_and_order = end.stock.total + end.in_processing + end.on_order
        assert on_hand_and_order <= max(end.spec.policy.storage_capacity, at_first) + 1e-6
        assert all(age < (end.spec.shelf_life or PERIODS + 1) for age, _ in end.stock.batches)
        assert all(link.claimed <= 1e-9 for link in end.links if link.link.source < 0 and link.up[-1])


@settings(max_examples=40)
@given(networks(**CONTINUOUS), st.data())
def test_continuous_kinds(network: SupplyNetwork, data: st.DataObject) -> None:
    """Without lots, reorder points and shares a tiny change of the levels changes little."""
    levels = np.array([data.draw(st.integers(0, 25)) + 0.37 for _ in network.nodes])
    paths = random_paths(network, PERIODS, data.draw(st.integers(0, 10**6)))
    here = NetworkOracle(network, levels, **paths, warm_up=0).run()
    for beside, sums in zip(NetworkOracle(network, levels + 1e-7, **paths, warm_up=0).run(), here, strict=True):
        for name in (
            "ordered",
            "orders",
            "orders_unmet",
            "on_hand",
            "unmet",
            "lost",
            "backorders",
            "customers_owed",
            "pipeline",
            "waste",
        ):
            assert beside[name] == pytest.approx(sums[name], abs=1e-3), name


@settings(max_examples=40)
@given(problems(), st.data())
def test_equals_the_event_loop_of_trees(problem: SupplyNetwork, data: st.DataObject) -> None:
    levels = [float(data.draw(st.integers(0, 25))) for _ in problem.nodes]
    paths = random_paths(problem, PERIODS, data.draw(st.integers(0, 10**6)))
    expected = Oracle(problem, levels, paths["demand"], paths["lead"], 6).run()
    for want, got in zip(expected, NetworkOracle(problem, levels, **paths, warm_up=6).run(), strict=True):
        for name, value in want.items():
            np.testing.assert_allclose(got[name], value, rtol=1e-6, atol=1e-6, err_msg=name)


@pytest.mark.parametrize(
    ("network", "levels"),
    [(bicycle(), [45.0, 60.0, 25.0]), (dual_sourced_warehouse(), [220.0, 9.0, 12.0, 15.0]), (perishable_store(), [30.0])],
)
def test_named_networks_serve_and_fail_now_and_then(network: SupplyNetwork, levels: list[float]) -> None:
    """With these levels nothing is trivial: most demand is served, some is not."""
    for sums in NetworkOracle(network, levels, **random_paths(network, 400, 7), warm_up=50).run():
        if sums["demand"]:
            assert 0.7 < 1 - sums["unmet"] / sums["demand"] < 0.9999
