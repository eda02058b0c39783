"""The longest way through lanes, against all ways written out."""

from echelon.core.network.protection import longest_way
from echelon.core.network.topology import Lane, planned_supplies

LANES = [
    Lane("Maker", "Hub"), Lane("Hub", "North"), Lane("Maker", "South", 2), Lane("Hub", "South", 1),
    Lane("Maker", "East", 1, 0.5), Lane("North", "East", 1, 0.5),
]  # fmt: skip
DAYS = {("Maker", "Hub"): 30.0, ("Hub", "North"): 5.0, ("Maker", "South"): 99.0, ("Hub", "South"): 8.0, ("Maker", "East"): 50.0,
        ("North", "East"): 10.0}  # fmt: skip


def test_the_longest_way_adds_up_the_lanes_that_are_used() -> None:
    supplies = planned_supplies(LANES, frozenset({"Maker", "Hub", "North", "South", "East"}))
    assert longest_way(supplies, DAYS, ["North"]) == 35.0
    assert longest_way(supplies, DAYS, ["South", "North"]) == 38.0, "the direct lane is not used"
    assert longest_way(supplies, DAYS, ["East"]) == 50.0, "the longer of two that share"
    assert longest_way({}, {}, ["East"]) == 0.0 and longest_way(supplies, DAYS, []) == 0.0
