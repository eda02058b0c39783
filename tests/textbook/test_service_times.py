"""Service times that are rounded up, finer than a period, or in bins: against all placements of small networks."""

import itertools
from dataclasses import replace
from random import Random

import numpy as np
import pytest
from echelon.textbook.multi_echelon import guaranteed_service
from echelon.textbook.multi_echelon.guaranteed_service import place_safety_stock
from echelon.textbook.multi_echelon.guaranteed_service_tree import place_on_tree
from echelon.textbook.multi_echelon.service_network import ServiceNetwork, Stage
from echelon.textbook.multi_echelon.service_time_bins import first_bins
from echelon.textbook.multi_echelon.service_time_grid import in_parts, parts_of_all_times, rounded_down
from hypothesis import given, settings
from hypothesis import strategies as st
from support.inventory.service_networks import mixed_by_relaxation


def any_network(size: int, random: Random, times: list[float], tree: bool = True) -> ServiceNetwork:
    stages = tuple(
        Stage(f"s{i}", random.choice(times), random.randint(1, 9), 1.0, 2.0 * (i == size - 1) + random.randint(0, 3))
        for i in range(size)
    )
    stages = tuple(replace(stage, outbound_time=random.choice([0, 1, None])) for stage in stages)
    links = tuple((random.randrange(i), i) for i in range(1, size))
    if not tree:
        links = tuple(pair for pair in itertools.combinations(range(size), 2) if random.random() < 0.8)
    return ServiceNetwork(stages, links)


def slow_cost(network: ServiceNetwork, times: tuple[float, ...], sigma: list[float]) -> float:
    """Fixed times: each stage covers max(0, what it waits for + its own time - what it promises)."""
    total = 0.0
    for i, stage in enumerate(network.stages):
        waits = max([float(stage.inbound_time), *(times[a] for a, b in network.links if b == i)])
        assert isinstance(stage.processing_time, float)
        total += stage.holding_cost * stage.safety_factor * sigma[i] * max(0.0, waits + stage.processing_time - times[i]) ** 0.5
    return total


def slow_sigma(network: ServiceNetwork) -> list[float]:
    """Standard deviations by following every way from a stage to the customers."""

    def units(start: int, end: int) -> int:
        return (start == end) + sum(units(b, end) for a, b in network.links if a == start)

    size = range(len(network.stages))
    return [sum((units(i, j) * network.stages[j].demand_sd) ** 2 for j in size) ** 0.5 for i in size]


def slow_optimum(network: ServiceNetwork, parts: int = 1) -> float:
    """The least cost of all promises in parts of a period, up to the sum of all rounded-up times."""
    longest = sum(int(np.ceil(stage.processing_time)) for stage in network.stages if isinstance(stage.processing_time, float))
    choices = [
        np.arange((longest if stage.outbound_time is None else min(stage.outbound_time, longest)) * parts + 1) / parts
        for stage in network.stages
    ]
    sigma = slow_sigma(network)
    return min(slow_cost(network, times, sigma) for times in itertools.product(*choices))


FRACTIONS = [0.0, 0.3, 0.5, 1.0, 1.4, 2.0]


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 4), st.randoms(use_true_random=False))
def test_times_rounded_up_on_trees_are_the_best_of_all_whole_times(size: int, random: Random) -> None:
    network = any_network(size, random, FRACTIONS)
    best = slow_optimum(network)
    assert place_on_tree(network).cost == pytest.approx(best, abs=1e-9)
    found = place_safety_stock(network)
    assert found.optimal and found.proof == "proved optimal"
    assert found.cost == pytest.approx(best, abs=1e-9) == found.bound


def test_a_rounded_up_promise_saves_the_stock_of_part_of_a_period() -> None:
    """A dear part of 0.4 periods: promising 0 or 0.4 rounded down costs 9 sqrt(0.4), promising 1 costs the shop one more."""
    stages = (Stage("part", 0.4, 9.0, 1.0), Stage("shop", 4.0, 1.0, 1.0, 1.0, outbound_time=0))
    found = place_safety_stock(ServiceNetwork(stages, ((0, 1),)))
    assert found.service_times == (1, 0)
    assert found.net_times == (0.0, 5.0)
    assert found.cost == pytest.approx(np.sqrt(5.0))
    assert found.cost < 9 * np.sqrt(0.4)


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 3), st.randoms(use_true_random=False))
def test_no_real_times_cost_less_than_those_in_parts_of_all_times(size: int, random: Random) -> None:
    network = any_network(size, random, [0.5, 1.0, 1.5, 0.0], tree=False)
    parts = parts_of_all_times(network)
    assert parts in (1, 2)
    found = place_safety_stock(in_parts(network, parts)).cost
    assert found == pytest.approx(slow_optimum(network, parts), abs=1e-9)
    if size < 3:  # nothing is gained between the parts
        assert found == pytest.approx(slow_optimum(network, 6), abs=1e-9)
    assert found <= place_safety_stock(network).cost + 1e-9
    sigma = slow_sigma(network)
    for _ in range(200):
        times = tuple(random.uniform(0, 4 if stage.outbound_time is None else stage.outbound_time) for stage in network.stages)
        assert slow_cost(network, times, sigma) >= found - 1e-9


def test_parts_in_which_all_times_are_whole() -> None:
    stages = (Stage("a", 0.25, 1.0, 1.0), Stage("b", 1.5, 1.0, 1.0, 2.0, 1, 3, 8.0))
    assert parts_of_all_times(ServiceNetwork(stages, ())) == 4
    assert parts_of_all_times(ServiceNetwork((replace(stages[0], processing_time=np.pi),), ())) is None
    assert parts_of_all_times(ServiceNetwork((replace(stages[0], processing_time=(0.5, 0.5)),), ())) is None
    finer = in_parts(ServiceNetwork(stages, ((0, 1),)), 4).stages
    assert [stage.processing_time for stage in finer] == [1.0, 6.0]
    assert (finer[1].demand_sd, finer[1].demand_mean, finer[1].inbound_time, finer[1].outbound_time) == (1.0, 2.0, 4, 12)
    with pytest.raises(ValueError, match="parts"):
        in_parts(ServiceNetwork(stages, ()), 0)


def test_costs_of_the_same_times_are_the_same_in_parts() -> None:
    """Also those of random times and of stock that comes early."""
    stage = Stage("a", (0.0, 0.5, 0.0, 0.0, 0.0, 0.5), 2.0, 1.5, demand_sd=4.0, demand_mean=10.0)
    offsets = np.arange(-5, 1)
    network = ServiceNetwork((stage,), ())
    assert in_parts(network, 3).cost(0, 3 * offsets) == pytest.approx(network.cost(0, offsets))


@settings(max_examples=15, deadline=None)
@given(st.integers(2, 5), st.randoms(use_true_random=False))
def test_times_rounded_down_bound_all_real_times(size: int, random: Random) -> None:
    network = any_network(size, random, [np.pi / 4, 1.2345, 2.0, 1 / 3])
    lower = place_safety_stock(rounded_down(in_parts(network, 10), 1)).bound
    for parts in (1, 3, 10, 60):
        assert lower <= place_safety_stock(in_parts(network, parts)).cost + 1e-9
    random_time = replace(network.stages[0], processing_time=(0.5, 0.5))
    assert rounded_down(ServiceNetwork((random_time,), ()), 2).stages == (random_time,)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 5), st.randoms(use_true_random=False), st.integers(4, 60))
def test_bins_that_are_split_lead_to_the_optimum(size: int, random: Random, coarse: int) -> None:
    """With fixed and random times, trees and other networks, from bins however coarse."""
    network = any_network(size, random, [0.0, 3.7, 8.0, 15.5], tree=False)
    kinds: list[float | tuple[float, ...]] = [(0.0, 0.5, 0.0, 0.0, 0.0, 0.5), 4.0, 6.5]
    changed = tuple(
        replace(stage, processing_time=random.choice(kinds), demand_mean=random.choice([0.0, 3.0])) if i % 2 else stage
        for i, stage in enumerate(network.stages)
    )
    network = replace(network, stages=changed)
    found = place_safety_stock(network)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(guaranteed_service, "_AT_ONCE", 0)
        patch.setattr(guaranteed_service, "_COARSE", coarse)
        split = place_safety_stock(network)
    assert found.optimal and split.optimal
    assert split.cost == pytest.approx(found.cost, rel=1e-6, abs=1e-9)


def test_bins_where_the_relaxation_mixes_single_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """The network of test_where_the_relaxation_is_not_whole, whose relaxation costs less than any placement."""
    monkeypatch.setattr(guaranteed_service, "_AT_ONCE", 0)
    monkeypatch.setattr(guaranteed_service, "_COARSE", 10)
    network = mixed_by_relaxation()
    found = place_safety_stock(network)
    monkeypatch.undo()
    assert found.optimal
    assert found.cost == pytest.approx(place_safety_stock(network).cost)


def large_chain(stages: int, time: float) -> ServiceNetwork:
    """A grid of stages, each supplied by three of the row before."""
    width = 10
    random = Random(5)
    made = tuple(
        Stage(
            str(i),
            random.uniform(0, time),
            1.0 + i // width + random.random(),
            1.0,
            random.randint(1, 9) * (i >= stages - width),
            outbound_time=0 if i >= stages - width else None,
        )
        for i in range(stages)
    )
    links = {(i - i % width - width + (i + k) % width, i) for i in range(width, stages) for k in (0, 3, 7)}
    return ServiceNetwork(made, tuple(sorted(links)))


def test_a_chain_of_millions_of_pairs_of_times_is_proved_in_small_steps() -> None:
    """Single times would be 5.6 million pairs, 7 GB in one programme."""
    network = large_chain(120, 60.0)
    single = first_bins(network, 10**9, 1)
    assert single.pairs(network) > 5_000_000
    found = place_safety_stock(network, most_pairs=20_000)
    assert found.optimal


def test_a_chain_for_which_memory_is_too_small_gets_its_best_placement_and_a_bound() -> None:
    network = large_chain(120, 60.0)
    best, found = place_safety_stock(network).cost, place_safety_stock(network, most_pairs=5_000)
    assert not found.optimal
    assert 0 < found.bound <= best <= found.cost
    assert found.gap == pytest.approx(found.cost / found.bound - 1)
    assert found.stopped.startswith("the next step needs ")
    assert found.proof.startswith(f"not proved optimal, as {found.stopped}: the least cost is at least {found.bound:,.2f}")
    assert found.cost < sum(network.cost(i, np.array(0)) for i in range(120))  # than where every stage promises 0


def test_no_time_at_all_still_gives_a_placement() -> None:
    found = place_safety_stock(large_chain(30, 12.0), seconds=1e-9)
    assert (found.bound, found.gap, found.optimal) == (0.0, np.inf, False)
    assert "1e-09 seconds were over" in found.proof
    free = ServiceNetwork((Stage("a", 1.0, 0.0, 1.0, 1.0),), ())
    assert (place_safety_stock(free).optimal, place_safety_stock(free).gap) == (True, 0.0)
