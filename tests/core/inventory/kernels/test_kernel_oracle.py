"""The kernels against a slow event loop, and the gradients against differences."""

from dataclasses import replace
from typing import Any

import numpy as np
from echelon.core.arrays import Doubles
from echelon.core.inventory.kernels import layout
from echelon.core.inventory.kernels.drawing.paths import Paths, PathSource
from echelon.core.inventory.kernels.tree.simulator import TreeSimulator
from echelon.core.inventory.model.supply_network import SupplyNetwork
from hypothesis import given, settings
from hypothesis import strategies as st
from support.examples import most
from support.inventory.measured import BOTH
from support.inventory.oracle import Oracle
from support.inventory.small_problems import UNEVEN, problems


def one_replication(simulator: TreeSimulator, r: int) -> dict[str, Any]:
    """The random inputs of one replication as the event loop reads them: nested lists [period][node]."""
    block, lane = divmod(r, layout.BLOCK)
    paths, net = simulator.paths, simulator.net
    assert isinstance(paths, Paths)
    demand = paths.demand[block, :, :, lane].astype(float)
    per_node = [demand[:, row] if row >= 0 else np.zeros(len(demand)) for row in net.customers]
    lead = paths.lead[block, :, :, lane].astype(int)
    beyond = paths.starts(len(net.parent))[block, :, lane].tolist()
    return {"demand": np.stack(per_node, 1).tolist(), "lead": lead.tolist(), "beyond": beyond}


@settings(max_examples=most(60))
@given(problems(), st.data())
def test_kernel_equals_event_loop(problem: SupplyNetwork, data: st.DataObject) -> None:
    simulator = TreeSimulator(problem, PathSource(problem, 20, 6).draw("test", 64))
    levels = np.array([float(data.draw(st.integers(0, 25))) for _ in problem.nodes])
    measures = simulator.measure(levels)
    for r in (0, 37):
        expected = Oracle(problem, levels, **one_replication(simulator, r), warm_up=6).run()
        for name, kind in BOTH.items():
            want = [sums[name] for sums in expected]
            np.testing.assert_allclose(measures.sums[kind][:, r], want, rtol=2e-4, atol=2e-3, err_msg=name)


class DoubleSimulator(TreeSimulator):
    """The same kernels in double precision, so that differences can be taken over tiny steps."""

    precision = np.float64


@settings(max_examples=most(40))
@given(problems(lots=False), st.data())
def test_gradient_equals_differences(problem: SupplyNetwork, data: st.DataObject) -> None:
    """Between kinks the cost of one path is smooth in the levels, so both must agree to rounding."""
    paths = PathSource(problem, 24, 4).draw("test", 64)
    simulator = DoubleSimulator(problem, replace(paths, demand=paths.demand.astype(np.float64)))
    size, smooth, compared = len(problem.nodes), 0, 0
    levels = np.array([data.draw(st.integers(0, 25)) for _ in range(size)]) + UNEVEN[:size]
    hold, unmet, owed = np.linspace(1, 2, size), np.linspace(9, 7, size), np.linspace(4, 5, size)

    def cost(at: Doubles) -> tuple[float, Doubles]:
        totals, gradient = simulator.gradient(at, hold, unmet, owed)
        return float(hold @ totals.on_hand + unmet @ totals.unmet + owed @ totals.owed), gradient

    here, gradient = cost(levels)
    step = 1e-6
    for n in range(size):
        shift = np.eye(size)[n] * step
        above, below = (cost(levels + shift)[0] - here) / step, (here - cost(levels - shift)[0]) / step
        tolerance = 1e-4 * (abs(gradient).max() + 1)
        # equal to both but at a kink: stock and claims can be equal on a path whatever the level
        assert min(above, below) - tolerance <= gradient[n] <= max(above, below) + tolerance, (n, gradient)
        smooth += abs(above - below) <= tolerance
        compared += 1
    assert smooth >= 0.5 * compared
