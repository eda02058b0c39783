"""Net requirements against hand-worked cases and a slow loop over one SKU at a time."""

import math
from random import Random
from typing import Any

import pandas as pd
import pytest
from echelon.core.replenish.net_requirements import net_requirements
from hypothesis import given, settings
from hypothesis import strategies as st
from replenish_frames import Row, frames, lane, level, stock, two_stores

NODES = ["W", "H", "A", "B", "C"]


def by_location(requirements: pd.DataFrame) -> pd.DataFrame:
    return requirements.set_index("location")


def test_bottom_up_with_enough_stock() -> None:
    found = by_location(net_requirements(*two_stores(warehouse=55.0)))
    assert found.loc[["A", "B"], "shipped"].tolist() == [6.0, 6.0]
    assert found.asked_downstream["W"] == 12.0
    assert found.position["W"] == 43.0 and found.needed["W"] == 7.0
    assert found.shipped["W"] == 24.0 and math.isnan(found.available["W"])


def test_short_stock_is_shared_and_the_source_orders_for_all_that_was_asked() -> None:
    found = by_location(net_requirements(*two_stores(warehouse=9.0, a=4.0, b=0.0)))
    assert found.loc[["A", "B"], "requested"].tolist() == [6.0, 10.0]
    assert found.loc[["A", "B"], "shipped"].tolist() == [3.0, 6.0]
    assert found.available["A"] == 9.0 and found.asked_of_source["A"] == 16.0 and found.sharers["B"] == 2
    assert found.position["W"] == 9.0 - 16.0 and found.shipped["W"] == 60.0


def test_goods_owed_downstream_cannot_be_promised_again() -> None:
    levels, _, lanes = two_stores()
    stocks = pd.DataFrame([stock("W", 10, 0, 8), stock("A", 0, 8), stock("B", 10)])
    found = by_location(net_requirements(levels, stocks, lanes))
    assert found.needed["A"] == 2.0 and found.available["A"] == 2.0 and found.shipped["A"] == 2.0
    assert found.position["W"] == 10 - 8 - 2


def test_nothing_is_ordered_above_the_reorder_point() -> None:
    def position_of(on_hand: float) -> pd.Series:
        levels = [level("A", "S", 1, 10.0, reorder_point=6.0)]
        return net_requirements(*frames(levels, [stock("A", on_hand)], [lane("A", "S")])).iloc[0]

    assert position_of(7.0).shipped == 0.0
    assert position_of(6.0).shipped == 4.0
    assert position_of(20.0).needed == 0.0


def test_without_a_record_stock_counts_as_zero() -> None:
    levels, stocks, lanes = two_stores()
    found = by_location(net_requirements(levels, stocks[stocks.location != "A"], lanes))
    assert found.stock_known.to_dict() == {"A": False, "B": True, "W": True}
    assert found.needed["A"] == 10.0 and found.shipped["A"] == 10.0
    nothing = net_requirements(levels, stocks.head(0), lanes)
    assert not nothing.stock_known.any() and by_location(nothing).shipped.to_dict() == {"A": 0, "B": 0, "W": 72}


def test_no_rows_at_all() -> None:
    levels, stocks, lanes = two_stores()
    assert net_requirements(levels.head(0), stocks, lanes).empty


def test_what_is_missing_is_named() -> None:
    levels, stocks, lanes = two_stores()
    with pytest.raises(ValueError, match="no lane terms from W to B"):
        net_requirements(levels, stocks, lanes[lanes.destination != "B"])
    with pytest.raises(ValueError, match="x: W, source of A, has no level upstream of it"):
        net_requirements(levels[levels.location != "W"], stocks, lanes)


def slow_requirements(levels: list[Row], stocks: list[Row], lanes: list[Row]) -> dict[str, tuple[float, ...]]:
    """The rules once more, location by location, for one SKU with single-unit lots (shortages are not shared here)."""
    held = {row["location"]: row for row in stocks}
    terms = {row["destination"]: row for row in lanes}
    asked = dict.fromkeys([row["location"] for row in levels], 0.0)
    result = {}
    for row in sorted(levels, key=lambda row: -row["echelon"]):
        place, lane_terms = row["location"], terms[row["location"]]
        own = held.get(place, stock(place, 0.0))
        position = own["on_hand"] + own["on_order"] - own["backorders"] - asked[place]
        needed = requested = 0.0
        if position <= row["reorder_point"] and position < row["base_stock_level"]:
            needed = row["base_stock_level"] - position
            while requested < max(needed, lane_terms["moq"]):
                requested += lane_terms["lot_size"]
        if row["echelon"] > 1:
            asked[row["source"]] += requested
        result[place] = (position, needed, requested, asked[place])
    return result


@st.composite
def networks(draw: Any) -> tuple[list[Row], list[Row], list[Row]]:
    """One SKU on a random tree of up to five points below the supplier S, with whole numbers everywhere."""
    count = draw(st.integers(1, len(NODES)))
    echelons = {"S": 0}
    levels, stocks, lanes = [], [], []
    for place in NODES[:count]:
        source = draw(st.sampled_from(sorted(echelons)))
        echelons[place] = echelons[source] + 1
        base = float(draw(st.integers(0, 40)))
        reorder = max(base - draw(st.integers(0, 10)), 0.0)
        levels.append(level(place, source, echelons[place], base, reorder_point=reorder))
        lot = float(draw(st.sampled_from([1, 1, 6])))
        lanes.append(lane(place, source, moq=float(draw(st.sampled_from([0, 0, 5]))), lot=lot))
        if draw(st.integers(0, 5)):
            stocks.append(stock(place, *(float(draw(st.integers(0, top))) for top in (50, 20, 5))))
    return levels, stocks, lanes


@given(networks())
@settings(max_examples=150, deadline=None)
def test_requests_are_those_of_the_slow_loop(network: tuple[list[Row], list[Row], list[Row]]) -> None:
    found = by_location(net_requirements(*frames(*network)))
    for place, expected in slow_requirements(*network).items():
        names = ["position", "needed", "requested", "asked_downstream"]
        assert found.loc[place, names].tolist() == list(expected), place


@given(networks())
@settings(max_examples=150, deadline=None)
def test_what_is_shipped_is_there_and_was_asked_for(network: tuple[list[Row], list[Row], list[Row]]) -> None:
    found = net_requirements(*frames(*network))
    at = by_location(found)
    assert (found.shipped <= found.requested).all()
    assert (found.shipped % found.lot_size == 0).all()
    assert ((found.shipped == 0) | (found.shipped >= found.moq)).all()
    outside = found.echelon == 1
    assert (found.shipped[outside] == found.requested[outside]).all()
    for source, group in found[~outside].groupby("source"):
        free = max(at.on_hand[source] - at.backorders[source], 0.0)
        assert group.shipped.sum() <= free and (group.available == free).all()
        if group.requested.sum() <= free:
            assert (group.shipped == group.requested).all()


@given(networks(), st.randoms(use_true_random=False))
@settings(max_examples=50, deadline=None)
def test_neither_row_order_nor_other_skus_change_a_sku(network: tuple[list[Row], list[Row], list[Row]], random: Random) -> None:
    alone = net_requirements(*frames(*network))
    levels, stocks, lanes = network
    twice = [*levels, *({**row, "sku": "y"} for row in levels)]
    stocked = [*stocks, *({**row, "sku": "y"} for row in stocks)]
    for rows in (twice, stocked, lanes):
        random.shuffle(rows)
    together = net_requirements(*frames(twice, stocked, lanes))
    for sku in ("x", "y"):
        part = together[together.sku == sku].assign(sku="x").reset_index(drop=True)
        pd.testing.assert_frame_equal(part, alone)
