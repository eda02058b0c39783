"""The general kernel against the slow event loop, the fast kernel, and its gradients against differences."""

from typing import Any

import numpy as np
from echelon.core.arrays import Doubles
from echelon.core.inventory.kernels import layout
from echelon.core.inventory.kernels.drawing.paths import PathSource
from echelon.core.inventory.kernels.network import measures
from echelon.core.inventory.kernels.network.arrays import Draws
from echelon.core.inventory.kernels.network.simulator import NetworkSimulator, draws_of
from echelon.core.inventory.kernels.tree.simulator import TreeSimulator
from echelon.core.inventory.model.supply_network import SupplyNetwork
from hypothesis import given, settings
from hypothesis import strategies as st
from support.examples import most
from support.inventory.measured import BOTH, GENERAL
from support.inventory.network_oracle import NetworkOracle
from support.inventory.small_networks import CONTINUOUS, networks
from support.inventory.small_problems import UNEVEN, problems

PERIODS, WARM_UP = 18, 5


def drawn_levels(data: st.DataObject, count: int, most: int = 25) -> Doubles:
    return np.array([float(data.draw(st.integers(0, most))) for _ in range(count)])


def one_replication(network: SupplyNetwork, draws: Draws, r: int) -> dict[str, Any]:
    """The random inputs of one replication as the event loop reads them: nested lists [period][point or link]."""
    rows = np.cumsum([point.demand is not None for point in network.nodes]) - 1
    demand = draws.demand[0, :, :, r].astype(float)
    asked = [demand[:, row] if point.demand else np.zeros(len(demand)) for row, point in zip(rows, network.nodes, strict=True)]
    return {
        "demand": np.stack(asked, 1).tolist(),
        "lead": draws.lead[0, :, :, r].tolist(),
        "processing": draws.processing[0, :, :, r].tolist(),
        "up": draws.up[0, :, :, r].tolist(),
        "beyond": draws.start[0, :, r].tolist(),
    }


@settings(max_examples=most(100))
@given(networks(), st.data())
def test_kernel_equals_event_loop(network: SupplyNetwork, data: st.DataObject) -> None:
    paths = PathSource(network, PERIODS, WARM_UP).draw("test", 64)
    draws, levels = draws_of(paths, len(network.nodes)), drawn_levels(data, len(network.nodes))
    found = NetworkSimulator(network, paths).measure(levels)
    for r in (0, 41):
        expected = NetworkOracle(network, levels.tolist(), warm_up=WARM_UP, **one_replication(network, draws, r)).run()
        for name, kind in (BOTH | GENERAL).items():
            want = [sums[name] for sums in expected]
            np.testing.assert_allclose(found.sums[kind][:, r], want, rtol=1e-6, atol=1e-6, err_msg=name)


def cost_of(simulator: NetworkSimulator, levels: Doubles, weights: list[Doubles]) -> float:
    """What the weights make of the measures: the cost whose derivatives are compared."""
    measured = simulator.measure(levels).sums.sum(axis=2)
    kinds = (layout.ON_HAND, layout.UNMET, layout.CUSTOMERS_OWED, measures.WASTE)
    return sum(float(worth @ measured[kind]) for worth, kind in zip(weights, kinds, strict=True))


def test_gradient_equals_differences() -> None:
    """Between kinks the cost is smooth in the levels; where differences to both sides agree, the gradient is theirs."""
    smooth, compared = [], []

    @settings(max_examples=most(60))
    @given(networks(**CONTINUOUS), st.data())
    def compare(network: SupplyNetwork, data: st.DataObject) -> None:
        draws = PathSource(network, PERIODS, WARM_UP).draw("test", 64)
        simulator, size = NetworkSimulator(network, draws), len(network.nodes)
        levels = drawn_levels(data, size) + UNEVEN[:size]
        weights = [np.linspace(*ends, size) for ends in ((1, 2), (9, 7), (4, 5), (3, 2))]
        gradient = simulator.gradient(levels, *weights)[1]
        here, step = cost_of(simulator, levels, weights), 1e-6
        for n in range(size):
            shift = np.eye(size)[n] * step
            above = (cost_of(simulator, levels + shift, weights) - here) / step
            below = (here - cost_of(simulator, levels - shift, weights)) / step
            tolerance = 1e-4 * (abs(gradient).max() + 1)
            compared.append(n)
            if abs(above - below) <= tolerance:
                smooth.append(n)
                assert abs(gradient[n] - (above + below) / 2) <= tolerance, (n, gradient, above, below)

    compare()
    assert len(smooth) >= 0.7 * len(compared)


def both_simulators(problem: SupplyNetwork) -> tuple[TreeSimulator, NetworkSimulator]:
    """The fast and the general simulator of one distribution tree on the same paths."""
    paths = PathSource(problem, PERIODS, WARM_UP).draw("test", 64)
    return TreeSimulator(problem, paths), NetworkSimulator(problem, paths)


@settings(max_examples=most(60))
@given(problems(), st.data())
def test_both_kernels_agree_on_trees(problem: SupplyNetwork, data: st.DataObject) -> None:
    levels = drawn_levels(data, len(problem.nodes))
    fast, general = (simulator.measure(levels) for simulator in both_simulators(problem))
    for kind in (*BOTH.values(), layout.CYCLES):
        np.testing.assert_allclose(general.sums[kind], fast.sums[kind], rtol=2e-4, atol=2e-3, err_msg=str(kind))
    np.testing.assert_array_equal(general.cycles, fast.cycles)
