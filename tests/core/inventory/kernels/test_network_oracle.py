"""The slow event loop of the general network against cases worked out by hand, one per feature (docs/network-model.md)."""

from typing import Any

import pytest
from echelon.core.inventory.model.lead_time import LeadTime
from echelon.core.inventory.model.supply_network import OUTSIDE, Allocation, Link, Point, Policy, Start, SupplyNetwork
from support.inventory.network_oracle import NetworkOracle

ANY = LeadTime.fixed(0)  # the oracle gets its times drawn
NEVER = Policy(calendar=(False,))


def outside(**changes: Any) -> Link:
    return Link(OUTSIDE, ANY, **changes)


def shop(**changes: Any) -> Point:
    return Point("shop", **{"links": (outside(),), **changes})


def simulate(
    nodes: list[Point],
    levels: list[int],
    demand: list[Any],
    lead: Any = 0,
    up: dict[int, list[int]] | None = None,
    processing: Any = 0,
) -> NetworkOracle:
    """demand: rows [period][point]; for one point plain numbers. lead, processing: per link or point, constants or [period].
    up: link -> states, the others are always up."""
    periods = len(demand)
    links = sum(len(point.links) for point in nodes)
    rows = [row if isinstance(row, list) else [row] for row in demand]
    network = SupplyNetwork("sku", tuple(nodes))
    states = {**{link: [1] * periods for link in range(links)}, **(up or {})}
    up_rows = [[states[link][t] for link in range(links)] for t in range(periods)]
    times = by_period(lead, links, periods), by_period(processing, len(nodes), periods)
    oracle = NetworkOracle(network, levels, rows, *times, up_rows, 0)
    oracle.run()
    return oracle


def by_period(values: Any, count: int, periods: int) -> list[list[int]]:
    columns = values if isinstance(values, list) else [values] * count
    return [[column[t] if isinstance(column, list) else column for column in columns] for t in range(periods)]


def check(oracle: NetworkOracle, point: int = 0, **expected: Any) -> None:
    for name, values in expected.items():
        assert [period[point][name] for period in oracle.trace] == pytest.approx(values), name


def test_base_stock_with_a_lead_time() -> None:
    # t=1: 4 ordered, there in t=3; from t=2 on 2 wait and 2 are served, every period
    oracle = simulate([shop()], [10], [4] * 5, lead=2)
    check(oracle, ordered=[0, 4, 4, 4, 4], order_count=[0, 1, 1, 1, 1], on_hand=[6, 2, 0, 0, 0])
    check(oracle, unmet=[0, 0, 2, 2, 2], backorders=[0, 0, 2, 2, 2], customers_owed=[0, 0, 2, 2, 2], lost=[0] * 5)
    check(oracle, pipeline=[0, 4, 8, 8, 8], ready=[1, 1, 0, 0, 0], stock_outs=[0, 0, 1, 1, 1], demand=[4] * 5)


def test_lead_time_zero_arrives_at_once() -> None:
    check(simulate([shop()], [10], [4] * 3), on_hand=[6, 6, 6], pipeline=[0, 0, 0])
    # a backorder is filled before the demand of the period
    check(simulate([shop()], [3], [4] * 3), unmet=[1, 1, 1], on_hand=[0, 0, 0], ordered=[0, 4, 4])


def test_measures_start_after_the_warm_up() -> None:
    network = SupplyNetwork("sku", (shop(),))
    (sums,) = NetworkOracle(network, [10], [[4.0]] * 5, [[2]] * 5, [[0]] * 5, [[1]] * 5, warm_up=1).run()
    assert (sums["on_hand"], sums["unmet"], sums["demand"], sums["pipeline"], sums["ready"]) == (2, 6, 16, 28, 1)


def test_customers_at_an_inner_point() -> None:
    # t=1: the shop claims 3, the warehouse (position 4 - 3) orders 5; it grants 3 and has 1 left for a demand of 2
    warehouse, store = Point("warehouse", (outside(),)), Point("store", (Link(0, ANY),))
    oracle = simulate([warehouse, store], [6, 4], [[2, 3]] * 3, lead=1)
    check(oracle, on_hand=[4, 0, 0], backorders=[0, 1, 1], orders=[0, 3, 3], orders_unmet=[0, 0, 0], ordered=[0, 5, 5])
    check(oracle, 1, on_hand=[1, 0, 0], unmet=[0, 2, 2], ordered=[0, 3, 3], pipeline=[0, 3, 3], orders=[0, 0, 0])


def test_orders_up_to_S_at_s() -> None:
    # s = 6: a position of 7 does not order, one of 6 does
    oracle = simulate([shop(policy=Policy("sS", gap=4))], [10], [3, 1, 5, 0])
    check(oracle, ordered=[0, 0, 4, 5], on_hand=[7, 6, 5, 10])


def test_orders_multiples_of_Q_at_R() -> None:
    # start at R + Q = 9; a position of 5 orders 4, one of 1 orders 8: 1 + 4 would not be above R
    oracle = simulate([shop(policy=Policy("RQ", gap=4))], [5], [3, 1, 8, 9, 0])
    check(oracle, ordered=[0, 0, 4, 8, 8], on_hand=[6, 5, 1, 0, 8])


def test_profile_and_calendar() -> None:
    varying = simulate([shop(policy=Policy(profile=(1.0, 0.5, 2.0)))], [10], [2] * 4)
    check(varying, ordered=[0, 0, 14, 0], on_hand=[8, 6, 18, 16])
    seldom = simulate([shop(policy=Policy(calendar=(False, True, False)))], [10], [2] * 5)
    check(seldom, ordered=[0, 2, 0, 0, 6], on_hand=[8, 8, 6, 4, 8])


def test_initial_stock_follows_the_profile() -> None:
    check(simulate([shop(policy=Policy(profile=(0.5, 1.0)))], [10], [2, 2]), on_hand=[3, 8], ordered=[0, 7])


@pytest.mark.parametrize(
    ("policy", "ordered"),
    [
        (Policy(lot_size=4, moq=6), [0, 8, 0]),  # needs 1, at least 6, in fours
        (Policy(moq=6), [0, 6, 6]),  # needs 1, then 2
        (Policy(lot_size=4), [0, 4, 4]),  # then needs 4, no more: 10 - (9 + 4 - 7)
        (Policy(lot_size=4, order_capacity=3), [0, 0, 0]),  # no whole lot
        (Policy(lot_size=4, moq=6, order_capacity=7), [0, 0, 0]),  # one lot is less than the MOQ
        (Policy(lot_size=4, moq=3, order_capacity=7), [0, 4, 4]),
        (Policy(order_capacity=5), [0, 1, 5]),
        (Policy(lot_size=4, storage_capacity=12), [0, 0, 8]),  # room for 3; then for 10
        (Policy(moq=3, storage_capacity=11), [0, 0, 8]),  # room for 2
        (Policy("RQ", gap=4, lot_size=3, moq=9, order_capacity=7), [0, 0, 4]),  # needs two times Q; lots and MOQ are not for RQ
    ],
)
def test_lots_and_capacities(policy: Policy, ordered: list[int]) -> None:
    # position 10, after demand 9; after another 7 (nothing ordered) 2; RQ: 14, 13, 6
    check(simulate([shop(policy=policy)], [10], [1, 7, 0]), ordered=ordered)


def test_storage_counts_what_is_coming_and_in_processing() -> None:
    point = shop(policy=Policy(storage_capacity=6), start=Start(stock=0.0))
    oracle = simulate([point], [10], [0] * 4, lead=1, processing=1)
    check(oracle, ordered=[6, 0, 0, 0], on_hand=[0, 0, 6, 6], pipeline=[6, 6, 0, 0])


def test_shares_go_to_the_link_furthest_behind() -> None:
    # furthest behind: 3 / 1 -> first; 2 / 2 -> first; 1 / 3 -> second; 4 / 0 -> first
    point = shop(links=(outside(share=0.75), outside(share=0.25)))
    for periods, ordered in [(2, [4, 0]), (3, [8, 0]), (4, [8, 4]), (5, [12, 4])]:
        oracle = simulate([point], [10], [4] * periods)
        assert [link.ordered for link in oracle.links] == ordered
    # what exceeds the capacity is not ordered and needed again; behind 3 / 1, 3 / 2, 3 / 3, 3 / 4
    point = shop(links=(outside(share=0.75, capacity=3.0), outside(share=0.25)))
    check(simulate([point], [10], [4] * 5), ordered=[0, 3, 3, 3, 7], on_hand=[6, 5, 4, 3, 6])


def test_priority_spills_over_and_avoids_links_that_are_down() -> None:
    # t=1: 3 and 2; t=2: the first link is down; t=3: both are, the first takes 3; t=4: 3 (with the waiting 3) and 4
    point = shop(sourcing="priority", links=(outside(priority=2), outside(priority=1, capacity=3.0)))
    oracle = simulate([point], [10], [5] * 5, up={0: [1, 1, 1, 0, 1], 1: [1, 1, 0, 0, 1]})
    check(oracle, ordered=[0, 5, 5, 3, 7], on_hand=[5, 5, 5, 0, 5])
    assert [link.ordered for link in oracle.links] == [2 + 5 + 4, 3 + 3 + 3]


def test_assembly_waits_for_all_components() -> None:
    # 12 and 6 components arrive in t=1 and t=3; the units are processed for one period
    point = shop(sourcing="assembly", links=(outside(quantity=2.0), outside()), start=Start(stock=0.0))
    oracle = simulate([point], [6], [0] * 6, lead=[1, 3], processing=1)
    check(oracle, ordered=[6, 0, 0, 0, 0, 0], on_hand=[0, 0, 0, 0, 6, 6], pipeline=[6, 6, 6, 6, 0, 0])
    point = shop(sourcing="assembly", links=(outside(quantity=2.0), outside(capacity=2.5)), start=Start(stock=0.0))
    check(simulate([point], [6], [0] * 4), ordered=[2.5, 2.5, 1, 0], on_hand=[2.5, 5, 6, 6])


def test_assembly_short_of_one_component() -> None:
    # 5 of 8 frames and all 4 boxes: 2.5 units, 1.5 boxes wait
    frame = Point("frame", (outside(),), policy=NEVER, start=Start(stock=5.0))
    box = Point("box", (outside(),), start=Start(stock=9.0))
    unit = Point("unit", (Link(0, ANY, quantity=2.0), Link(1, ANY)), sourcing="assembly", start=Start(stock=0.0))
    oracle = simulate([frame, box, unit], [5, 9, 4], [[0, 0, 0]])
    check(oracle, 0, orders=[8], orders_unmet=[3], backorders=[3], on_hand=[0])
    check(oracle, 1, orders=[4], orders_unmet=[0], ordered=[4], on_hand=[9])
    check(oracle, 2, on_hand=[2.5], pipeline=[0.75], ordered=[4])
    assert oracle.points[2].position == pytest.approx(4)


def test_processing_time_of_the_period_of_receipt() -> None:
    # what arrives in t=2 takes 2 periods, what arrives in t=3 none, so that it is there first
    oracle = simulate([shop()], [5], [5, 5, 0, 0, 0], lead=1, processing=[[0, 0, 2, 0, 0]])
    check(oracle, ordered=[0, 5, 5, 0, 0], on_hand=[0, 0, 0, 0, 5], backorders=[0, 5, 5, 0, 0], pipeline=[0, 5, 10, 5, 0])


@pytest.mark.parametrize(("issue", "waste", "on_hand"), [("FIFO", [0, 2, 4], [5, 4, 0]), ("LIFO", [0, 5, 1], [5, 1, 0])])
def test_shelf_life(issue: str, waste: list[int], on_hand: list[int]) -> None:
    # 6 may be used in t=0 and 1, 4 more in t=1 and 2; demand of 3 in t=1 takes the old or the new
    point = shop(policy=NEVER, shelf_life=2, issue=issue, start=Start(6.0, ((1, 4.0),)))
    check(simulate([point], [10], [1, 3, 0]), waste=waste, on_hand=on_hand)


def test_waste_lowers_the_position() -> None:
    oracle = simulate([shop(shelf_life=1)], [6], [2] * 3, lead=1)
    check(oracle, waste=[4, 0, 2], ordered=[0, 6, 2], unmet=[0, 2, 0], on_hand=[0, 0, 0])


@pytest.mark.parametrize(
    ("allocation", "customer_rank", "received", "owed"),
    [
        ("proportional", 0, [1.5, 3], 2.5),  # everyone 6/16
        ("priority", 0, [2, 0], 0),
        ("priority", 2, [4, 8 / 6], 4 - 4 / 6),  # customers and the second store share 2 for 12
        ("fcfs", 2, [4 / 6, 8 / 6], 0),  # initial backorders were first
    ],
)
def test_allocation(allocation: Allocation, customer_rank: int, received: list[float], owed: float) -> None:
    # a stock of 6 for claims of 4 and 8 and initial backorders of 4
    start, empty = Start(6.0, (), 4.0), Start(stock=0.0)
    warehouse = Point(
        "w", (outside(),), policy=NEVER, allocation=allocation, customer_rank=customer_rank, start=start, backorder_share=0.0
    )
    stores = [Point("a", (Link(0, ANY, rank=1),), start=empty), Point("b", (Link(0, ANY, rank=2),), start=empty)]
    oracle = simulate([warehouse, *stores], [0, 4, 8], [[0, 0, 0]])
    check(oracle, 0, customers_owed=[owed], backorders=[16 - 6], orders=[12], orders_unmet=[12 - 2])
    assert [oracle.points[n].stock.total for n in (1, 2)] == pytest.approx(received)


def test_first_come_first_served() -> None:
    # of 5 in t=1: the claim of t=0 gets 4, the backorder of t=0 (3) gets 1, the claim of t=1 (2) nothing
    warehouse = Point("w", (outside(),), policy=NEVER, allocation="fcfs", start=Start(0.0, ((1, 5.0),)))
    store = Point("a", (Link(0, ANY),), start=Start(stock=0.0))
    oracle = simulate([warehouse, store], [0, 4], [[3, 2], [0, 0]])
    check(oracle, 0, backorders=[7, 4], customers_owed=[3, 2], orders=[4, 2], orders_unmet=[4, 2], pipeline=[5, 0])
    check(oracle, 1, on_hand=[0, 2], customers_owed=[2, 0])


def test_partial_backorders() -> None:
    # of 4 unmet one waits; only that is ordered on top of what was served
    oracle = simulate([shop(backorder_share=0.25)], [2], [6, 0])
    check(oracle, unmet=[4, 0], lost=[3, 0], customers_owed=[1, 0], ordered=[0, 3], on_hand=[0, 2], stock_outs=[1, 0])


def test_outside_supplier_down() -> None:
    oracle = simulate([shop()], [5], [2, 1, 0, 0, 0], lead=1, up={0: [1, 0, 0, 1, 1]})
    check(oracle, ordered=[0, 2, 1, 0, 0], on_hand=[3, 2, 2, 2, 5], pipeline=[0, 0, 0, 3, 0])


def test_inside_link_down() -> None:
    # the claim of the first store waits although there is stock, and counts as unmet only when it is placed
    warehouse = Point("w", (outside(),), policy=NEVER, start=Start(stock=10.0))
    stores = [Point(name, (Link(0, ANY),), start=Start(stock=0.0)) for name in "ab"]
    oracle = simulate([warehouse, *stores], [0, 4, 3], [[0, 0, 2], [0, 0, 0], [0, 0, 0]], up={1: [0, 0, 1]})
    check(oracle, 0, orders=[7, 2, 0], orders_unmet=[4, 0, 0], on_hand=[7, 5, 1], backorders=[4, 4, 0], ready=[0, 0, 1])
    check(oracle, 1, on_hand=[0, 0, 4])


@pytest.mark.parametrize(("crossing", "on_hand"), [(True, [3, 2, 2, 3, 5]), (False, [3, 2, 2, 2, 5])])
def test_overtaking(crossing: bool, on_hand: list[int]) -> None:
    # 2 shipped in t=1 for 3 periods, 1 in t=2 for one
    point = shop(links=(outside(crossing=crossing),))
    check(simulate([point], [5], [2, 1, 0, 0, 0], lead=[[0, 3, 1, 1, 1]]), on_hand=on_hand)


def test_initial_state() -> None:
    # stock 9, 5 coming and 4 owed make a position of 10
    point = shop(start=Start(None, ((0, 2.0), (2, 3.0)), 4.0))
    oracle = simulate([point], [10], [1, 1, 1])
    check(oracle, on_hand=[6, 6, 9], pipeline=[3, 3, 0], ordered=[0, 1, 1], customers_owed=[0, 0, 0], unmet=[0, 0, 0])
    check(simulate([shop(start=Start(None, ((1, 5.0),)))], [2], [0, 0]), on_hand=[0, 5], ordered=[0, 0])
