"""Service of customers as it is expected given everything before each period's demand, in place of what was drawn."""

import numpy as np

from echelon.core.arrays import Bytes, Floats
from echelon.core.inventory.kernels.drawing.losses import LossRows, expected_unmet
from echelon.core.inventory.kernels.jit import helper, kernel
from echelon.core.inventory.kernels.layout import (
    BLOCK,
    DEMAND,
    EXCESS,
    SLOPE,
    T_NET,
    UNMET,
    NetworkArrays,
    Workspace,
)
from echelon.core.inventory.kernels.tree.forward import forward, tape_at


@helper
def _expect_period(i: int, t: int, first: int, tape: Floats, demand: Floats, law: LossRows, sums: Floats) -> None:
    """Adds up one period of the customers in row i of the law, in the block that begins with replication `first`."""
    place, horizon, mean = law.counts.place[i, t], law.counts.horizon[i, t], np.float32(law.mean[i, t])
    for r in range(BLOCK):
        before = float(tape[T_NET * BLOCK + r]) + float(demand[r])
        unmet, more = expected_unmet(i, place + law.factor[i, horizon, first + r], max(before, 0.0), law)
        sums[DEMAND * BLOCK + r] += mean
        sums[EXCESS * BLOCK + r] += demand[r] - mean
        sums[UNMET * BLOCK + r] += np.float32(unmet)
        sums[SLOPE * BLOCK + r] += np.float32(more if before >= 0.0 else 0.0)


@helper
def _expect(net: NetworkArrays, demand: Floats, warm_up: int, first: int, law: LossRows, sums: Floats, work: Workspace) -> None:
    """All customers whose demand the law knows, after a forward pass that kept its tape."""
    for n in range(len(net.parent)):
        i = law.row[net.customers[n]] if net.customers[n] >= 0 else -1
        if i >= 0:
            for kind in (DEMAND, UNMET, SLOPE):
                sums[n, kind * BLOCK : (kind + 1) * BLOCK] = np.float32(0)
            for t in range(warm_up, demand.shape[0]):
                _expect_period(i, t, first, work.tape[tape_at(net, t, n) :], demand[t, net.customers[n]], law, sums[n])


@kernel
def expected_blocks(
    net: NetworkArrays,
    levels: Floats,
    demand: Floats,
    lead: Bytes,
    beyond: Floats,
    warm_up: int,
    full: bool,
    sums: Floats,
    work: Workspace,
    law: LossRows,
) -> None:
    """As `forward_blocks`; demand, unmet demand and slope of customers' nodes as the law expects them."""
    for b in range(demand.shape[0]):
        forward(net, levels, demand[b], lead[b], beyond[b], warm_up, full, True, sums[b], work)
        _expect(net, demand[b], warm_up, b * BLOCK, law, sums[b], work)
