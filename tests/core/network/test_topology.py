"""Networks: topological order, pruning, and plain messages for what is wrong."""

import pytest
from echelon.core.network.topology import Lane, NetworkError, build_network, check_network
from hypothesis import given
from hypothesis import strategies as st

LANES = [
    Lane("supplier", "central"),
    Lane("central", "north"),
    Lane("central", "south"),
    Lane("supplier", "south", priority=2),
    Lane("north", "shop"),
]
PLACES = ["central", "north", "south", "shop"]


def test_network_is_pruned_to_what_feeds_the_customers() -> None:
    network = build_network(LANES, ["shop", "central"], ["supplier"], PLACES)
    assert network.nodes == ("central", "north", "shop")
    assert network.parents == (-1, 0, 1)
    assert network.sources == ("supplier", "central", "north")
    assert network.echelons == (1, 2, 3)


def test_lowest_priority_number_is_the_planned_source() -> None:
    assert build_network(LANES, ["south"], ["supplier"], PLACES).sources == ("supplier", "central")


def test_order_of_lanes_and_customers_does_not_matter() -> None:
    one = build_network(LANES, PLACES, ["supplier"], PLACES)
    assert one == build_network(LANES[::-1], PLACES[::-1], ["supplier"], PLACES[::-1])


@pytest.mark.parametrize(
    ("lanes", "message"),
    [
        ([Lane("A", "B"), Lane("B", "A")], "the lanes form a loop: A -> B -> A"),
        ([Lane("supplier", "X")], "lane supplier -> X: location X is not known"),
        ([Lane("Y", "A")], "lane Y -> A: location Y is not known"),
        ([Lane("B", "A")], "location B has no source: no lane leads to it"),
        ([Lane("A", "A")], "the lanes form a loop: A -> A"),
        (
            [Lane("supplier", "A"), Lane("B", "A"), Lane("supplier", "B")],
            "location A has two sources with priority 1: B and supplier; give one of them a higher number",
        ),
    ],
)
def test_what_is_wrong_is_said_plainly(lanes: list[Lane], message: str) -> None:
    with pytest.raises(NetworkError) as error:
        check_network(lanes, ["supplier"], ["A", "B"])
    assert str(error.value) == message


def test_customers_without_a_source_are_refused() -> None:
    with pytest.raises(NetworkError, match="location A has no source"):
        build_network([Lane("supplier", "B")], ["A"], ["supplier"], ["A", "B"])
    with pytest.raises(NetworkError, match="location supplier has customers but is an outside supplier"):
        build_network([Lane("supplier", "B")], ["supplier"], ["supplier"], ["A", "B"])


@given(st.lists(st.integers(0, 100), min_size=1, max_size=12))
def test_parents_come_first_and_echelons_count_steps(draws: list[int]) -> None:
    names = [f"n{i}" for i in range(len(draws))]
    lanes = [Lane("supplier" if d % (i + 1) == i else names[d % (i + 1)], names[i]) for i, d in enumerate(draws)]
    network = build_network(lanes, names, ["supplier"], names)
    assert sorted(network.nodes) == sorted(names)
    for i, parent in enumerate(network.parents):
        assert parent < i
        assert network.echelons[i] == (1 if parent < 0 else network.echelons[parent] + 1)
        assert network.sources[i] == ("supplier" if parent < 0 else network.nodes[parent])


def supplied(lanes: list[Lane], location: str = "A") -> list[str]:
    """The sources that a location orders on, the preferred one first."""
    network = build_network(lanes, [location], ["supplier", "other"], ["A", "B", "C"])
    return [lane.source for lane in network.supplies[network.nodes.index(location)]]


def test_lanes_with_shares_share_the_orders_and_the_largest_is_preferred() -> None:
    lanes = [
        Lane("supplier", "A", share=0.3),
        Lane("other", "A", share=0.7),
        Lane("B", "A", share=0.0),
        Lane("C", "A", priority=2),
    ]
    assert supplied(lanes) == ["other", "supplier"], "not the share of 0, not the one with a higher number"


def test_all_lanes_stand_in_for_a_limited_one_in_order_of_priority() -> None:
    others = [Lane("other", "A", priority=3), Lane("B", "A", priority=2), Lane("supplier", "B")]
    assert supplied([Lane("supplier", "A", limited=True), *others]) == ["supplier", "B", "other"]
    assert supplied([Lane("supplier", "A"), *others]) == ["supplier"]


def test_an_echelon_is_the_longest_way_from_outside() -> None:
    lanes = [
        Lane("supplier", "A", limited=True),
        Lane("C", "A", priority=2),
        Lane("B", "C"),
        Lane("other", "B", share=1.0),
    ]
    network = build_network(lanes, ["A"], ["supplier", "other"], ["A", "B", "C"])
    assert (network.nodes, network.echelons) == (("B", "C", "A"), (1, 2, 3))
    assert (network.parents, network.sources) == ((-1, 0, -1), ("other", "B", "supplier"))


@pytest.mark.parametrize(
    ("lanes", "message"),
    [
        (
            [Lane("supplier", "A", share=0.5), Lane("B", "A", share=0.4), Lane("supplier", "B")],
            "location A: the shares of its lanes with priority 1 must add up to 1: 0.4 from B + 0.5 from supplier",
        ),
        (
            [Lane("supplier", "A", share=1.0), Lane("B", "A"), Lane("supplier", "B")],
            "lane B -> A has no share, but another lane into A with priority 1 has one; give all of them a share, or other "
            "priorities",
        ),
        ([Lane("supplier", "A", limited=True), Lane("B", "A", 2), Lane("A", "B")], "the lanes form a loop: A -> B -> A"),
        ([Lane("supplier", "A", limited=True), Lane("B", "A", 2)], "location B has no source: no lane leads to it"),
    ],
)
def test_what_is_wrong_with_several_sources_is_said_plainly(lanes: list[Lane], message: str) -> None:
    with pytest.raises(NetworkError) as error:
        check_network(lanes, ["supplier"], ["A", "B"])
    assert str(error.value) == message


@given(st.lists(st.lists(st.integers(0, 100), min_size=1, max_size=4), min_size=1, max_size=10), st.booleans())
def test_any_acyclic_network_is_put_in_order(draws: list[list[int]], shared: bool) -> None:
    names = [f"n{i}" for i in range(len(draws))]
    sources = [sorted({"supplier" if d % (i + 1) == i else names[d % (i + 1)] for d in some}) for i, some in enumerate(draws)]
    lanes = [
        Lane(source, names[i], 1 if shared else 1 + place, 1 / len(some) if shared else None, limited=not shared)
        for i, some in enumerate(sources)
        for place, source in enumerate(some)
    ]
    network = build_network(lanes[::-1], names, ["supplier"], names)
    for i, name in enumerate(network.nodes):
        assert [lane.source for lane in network.supplies[i]] == sources[names.index(name)]
        above = [network.echelons[network.nodes.index(source)] for source in sources[names.index(name)] if source != "supplier"]
        assert network.echelons[i] == 1 + max(above, default=0)
        assert all(network.nodes.index(source) < i for source in sources[names.index(name)] if source != "supplier")
