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


def test_network_is_pruned_to_what_feeds_the_customers():
    network = build_network(LANES, ["shop", "central"], ["supplier"], PLACES)
    assert network.nodes == ("central", "north", "shop")
    assert network.parents == (-1, 0, 1)
    assert network.sources == ("supplier", "central", "north")
    assert network.echelons == (1, 2, 3)


def test_lowest_priority_number_is_the_planned_source():
    assert build_network(LANES, ["south"], ["supplier"], PLACES).sources == ("supplier", "central")


def test_order_of_lanes_and_customers_does_not_matter():
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
def test_what_is_wrong_is_said_plainly(lanes, message):
    with pytest.raises(NetworkError) as error:
        check_network(lanes, ["supplier"], ["A", "B"])
    assert str(error.value) == message


def test_customers_without_a_source_are_refused():
    with pytest.raises(NetworkError, match="location A has no source"):
        build_network([Lane("supplier", "B")], ["A"], ["supplier"], ["A", "B"])
    with pytest.raises(NetworkError, match="location supplier has customers but is an outside supplier"):
        build_network([Lane("supplier", "B")], ["supplier"], ["supplier"], ["A", "B"])


@given(st.lists(st.integers(0, 100), min_size=1, max_size=12))
def test_parents_come_first_and_echelons_count_steps(draws):
    names = [f"n{i}" for i in range(len(draws))]
    lanes = [Lane("supplier" if d % (i + 1) == i else names[d % (i + 1)], names[i]) for i, d in enumerate(draws)]
    network = build_network(lanes, names, ["supplier"], names)
    assert sorted(network.nodes) == sorted(names)
    for i, parent in enumerate(network.parents):
        assert parent < i
        assert network.echelons[i] == (1 if parent < 0 else network.echelons[parent] + 1)
        assert network.sources[i] == ("supplier" if parent < 0 else network.nodes[parent])
