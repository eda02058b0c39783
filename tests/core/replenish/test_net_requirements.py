"""Net requirements against hand-worked cases and a slow loop over one SKU at a time."""

import math
from random import Random
from typing import Any

import pandas as pd
import pytest
from echelon.core.replenish.net_requirements import net_requirements
from hypothesis import given, settings
from hypothesis import strategies as st
from support.cells import at, records
from support.replenish_frames import Row, frames, lane, level, stock, two_stores

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
    result: dict[str, tuple[float, ...]] = {}
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
            on_hand, on_order, backorders = (float(draw(st.integers(0, top))) for top in (50, 20, 5))
            stocks.append(stock(place, on_hand, on_order, backorders))
    return levels, stocks, lanes


@given(networks())
@settings(max_examples=150)
def test_requests_are_those_of_the_slow_loop(network: tuple[list[Row], list[Row], list[Row]]) -> None:
    found = by_location(net_requirements(*frames(*network)))
    for place, expected in slow_requirements(*network).items():
        names = ["position", "needed", "requested", "asked_downstream"]
        assert at(found, place)[names].tolist() == list(expected), place


@given(networks())
@settings(max_examples=150)
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
@settings(max_examples=50)
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


def over_lanes(need: float, lanes: list[Row]) -> list[tuple[str, float, float]]:
    """Source, what is wanted of it and what is asked of it, where A needs so much and all sources are outside."""
    tables = frames([level("A", lanes[0]["source"], 1, need)], [stock("A", 0.0)], lanes)
    found = net_requirements(*tables)
    assert (found.needed == need).all() and (found.shipped == found.requested).all()
    return [tuple(row) for row in found[["source", "wanted", "requested"]].itertuples(index=False)]


def test_what_the_preferred_source_can_not_take_goes_to_the_next() -> None:
    lanes = [lane("A", "S", lot=12.0, capacity=40.0), lane("A", "T", capacity=20.0), lane("A", "U", moq=50.0)]
    assert over_lanes(30.0, lanes) == [("S", 30.0, 36.0), ("T", 0.0, 0.0), ("U", 0.0, 0.0)]
    assert over_lanes(47.0, lanes) == [("S", 47.0, 36.0), ("T", 11.0, 11.0), ("U", 0.0, 0.0)]
    assert over_lanes(60.0, lanes) == [("S", 60.0, 36.0), ("T", 24.0, 20.0), ("U", 4.0, 50.0)]
    assert over_lanes(60.0, lanes[:1]) == [("S", 60.0, 36.0)], "nobody else"
    too_small = [lane("A", "S", moq=50.0, capacity=40.0), lane("A", "T")]
    assert over_lanes(60.0, too_small) == [("S", 60.0, 0.0), ("T", 60.0, 60.0)]


def test_shares_are_of_the_need_in_whole_lots() -> None:
    lanes = [lane("A", "S", share=0.6), lane("A", "T", share=0.4)]
    assert over_lanes(10.0, lanes) == [("S", 6.0, 6.0), ("T", 4.0, 4.0)]
    in_lots = [lane("A", "S", share=0.6, lot=12.0), lane("A", "T", share=0.4, lot=12.0)]
    assert over_lanes(30.0, in_lots) == [("S", 18.0, 24.0), ("T", 6.0, 12.0)]
    assert over_lanes(10.0, in_lots) == [("S", 6.0, 12.0), ("T", 0.0, 0.0)]


@given(
    st.floats(0.5, 500),
    st.lists(
        st.tuples(st.sampled_from([1.0, 6.0]), st.sampled_from([0.0, 10.0]), st.sampled_from([5.0, 50.0])),
        min_size=1,
        max_size=4,
    ),
    st.booleans(),
)
@settings(max_examples=50)
def test_lanes_cover_the_need_and_no_lot_more(need: float, terms: list[tuple[float, float, float]], shared: bool) -> None:
    """With an unlimited last lane (or shares without limits) all is asked for, and at most a lot or MOQ a lane too much."""
    last = len(terms) - 1
    lanes = [
        lane(
            "A",
            f"S{n}",
            moq=moq,
            lot=lot,
            share=1 / len(terms) if shared else None,
            capacity=None if shared or n == last else most,
        )
        for n, (lot, moq, most) in enumerate(terms)
    ]
    asked = [row[2] for row in over_lanes(need, lanes)]
    assert need <= sum(asked) * (1 + 1e-9)
    assert sum(asked) <= need + sum(lot + moq for lot, moq, _ in terms)
    for quantity, (lot, moq, most), one in zip(asked, terms, lanes, strict=True):
        assert quantity == 0 or (quantity >= moq and quantity % lot == pytest.approx(0, abs=1e-9))
        assert one["capacity"] is None or quantity <= most


def test_stock_inside_is_shared_among_those_who_ask_it_second_too() -> None:
    """A prefers S and takes 2 more from W; B has W alone; W has 6 for the 8 that are asked."""
    levels = [level("W", "S", 1, 0.0), level("A", "S", 2, 5.0), level("B", "W", 2, 6.0)]
    lanes = [lane("W", "S"), lane("A", "S", capacity=3.0), lane("A", "W"), lane("B", "W")]
    found = net_requirements(*frames(levels, [stock("W", 6.0), stock("A", 0.0), stock("B", 0.0)], lanes))
    shipped = {(row.location, row.source): row.shipped for row in records(found)}
    assert found.set_index("location").asked_downstream["W"] == 8.0
    assert shipped[("A", "S")] == 3.0 and shipped[("A", "W")] + shipped[("B", "W")] == 6.0
    assert shipped[("B", "W")] in (4.0, 5.0)
    assert shipped[("W", "S")] == 2.0
