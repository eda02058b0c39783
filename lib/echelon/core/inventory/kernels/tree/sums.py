"""What is added up over the measured periods, each over one block of replications."""

import numpy as np

from echelon.core.arrays import Doubles, Floats
from echelon.core.inventory.kernels.jit import helper, kernel
from echelon.core.inventory.kernels.layout import (
    BACKORDERS,
    BLOCK,
    COVERED,
    CUSTOMERS,
    CUSTOMERS_OWED,
    CYCLES,
    DEMAND,
    LEFT,
    ON_HAND,
    OPEN,
    ORDERS,
    ORDERS_UNMET,
    OWED,
    READY,
    SHARE,
    SLOPE,
    STOCK,
    STOCKOUTS,
    T_NET,
    UNMET,
)

_0 = np.float32(0)
_1 = np.float32(1)


@helper
def sum_orders(node: Floats, sums: Floats, rounding: float) -> None:
    """Orders from downstream and the part not filled at once, old claims first. Run before `_fill`."""
    for r in range(BLOCK):
        left = node[LEFT * BLOCK + r]
        ordered = max(node[OWED * BLOCK + r] - left, _0)
        served = min(max(node[STOCK * BLOCK + r] - left, _0), ordered)
        sums[ORDERS * BLOCK + r] += ordered
        sums[ORDERS_UNMET * BLOCK + r] += ordered - served
        node[OPEN * BLOCK + r] = max(node[OPEN * BLOCK + r], _1 if ordered > served + rounding else _0)


@helper
def sum_service(tape: Floats, demand: Floats, sums: Floats, rounding: float) -> None:
    """Unmet demand, and the periods in which one unit more would have been used."""
    for r in range(BLOCK):
        net = tape[T_NET * BLOCK + r]
        before = net + demand[r]
        sums[UNMET * BLOCK + r] += max(demand[r] - max(before, _0), _0)
        sums[SLOPE * BLOCK + r] += _1 if (net < -rounding) & (before >= -rounding) else _0


@helper
def sum_service_inner(node: Floats, tape: Floats, demand: Floats, sums: Floats, rounding: float) -> None:
    """The same where there are children: one unit more reaches the customers only once all claims are filled."""
    for r in range(BLOCK):
        net = tape[T_NET * BLOCK + r]
        sums[UNMET * BLOCK + r] += max(demand[r] - max(net + demand[r], _0), _0)
        sums[SLOPE * BLOCK + r] += _1 if (net < -rounding) & (node[SHARE * BLOCK + r] >= _1) else _0


@helper
def sum_owed(node: Floats, sums: Floats) -> None:
    """Customers' backorders, at whichever kind of node."""
    for r in range(BLOCK):
        sums[CUSTOMERS_OWED * BLOCK + r] += max(-node[STOCK * BLOCK + r], _0) + node[CUSTOMERS * BLOCK + r]


@helper
def sum_stock(node: Floats, sums: Floats, rounding: float) -> None:
    """Stock on hand, and the periods in which one unit more would have been left over."""
    for r in range(BLOCK):
        sums[ON_HAND * BLOCK + r] += max(node[STOCK * BLOCK + r], _0)
        sums[COVERED * BLOCK + r] += _1 if node[STOCK * BLOCK + r] >= -rounding else _0


@helper
def sum_customers(node: Floats, tape: Floats, demand: Floats, sums: Floats, rounding: float) -> None:
    """Demand and stock-outs of customers."""
    for r in range(BLOCK):
        short = (tape[T_NET * BLOCK + r] < -rounding) & (demand[r] > _0)
        sums[DEMAND * BLOCK + r] += demand[r]
        sums[STOCKOUTS * BLOCK + r] += _1 if short else _0
        node[OPEN * BLOCK + r] = max(node[OPEN * BLOCK + r], _1 if short else _0)


@helper
def sum_end(node: Floats, sums: Floats, rounding: float) -> None:
    """Backorders and readiness on the end state."""
    for r in range(BLOCK):
        backorders = max(-node[STOCK * BLOCK + r], _0) + node[OWED * BLOCK + r]
        sums[BACKORDERS * BLOCK + r] += backorders
        sums[READY * BLOCK + r] += _1 if backorders <= rounding else _0
        node[LEFT * BLOCK + r] = node[OWED * BLOCK + r]


@helper
def close_cycle(node: Floats, sums: Floats, counts: bool) -> None:
    """A review cycle ends: it counts as good when nothing was short in it."""
    for r in range(BLOCK):
        if counts:
            sums[CYCLES * BLOCK + r] += _1 - node[OPEN * BLOCK + r]
        node[OPEN * BLOCK + r] = _0


@helper
def remember(node: Floats) -> None:
    """Claims left over at the end of a period that is not measured."""
    for r in range(BLOCK):
        node[LEFT * BLOCK + r] = node[OWED * BLOCK + r]


@kernel
def add_demand(demand: Floats, warm_up: int, out: Doubles) -> None:
    """Add demand (blocks, periods, rows, BLOCK) after the warm-up to out (rows, BLOCK)."""
    for b in range(demand.shape[0]):
        for t in range(warm_up, demand.shape[1]):
            for row in range(demand.shape[2]):
                demanded, total = demand[b, t, row], out[row]
                for r in range(BLOCK):
                    total[r] += demanded[r]
