"""Unmet demand of a period as it is expected given the stock before it and the level factor: for conditional Monte Carlo.

Where demand is lumpy most of the noise of a simulated fill rate is that of single large demands. Their expectation given all
that happened before has the same mean and far less variance (Asmussen & Glynn, Stochastic Simulation, 2007, ch. V.4).
"""

from typing import Any, NamedTuple

import numpy as np

from echelon.core.arrays import Doubles, Ints, Words
from echelon.core.inventory.kernels.drawing.count_tables import count_weights
from echelon.core.inventory.kernels.drawing.draw import CountRows, between_tables
from echelon.core.inventory.kernels.jit import helper, kernel
from echelon.core.inventory.kernels.layout import LOW_12, LOW_32, S12, S32


class LossRows(NamedTuple):
    """What is expected of the counts of several nodes. row: of each row of the demand paths its place among them, -1: none;
    loss: mean demand beyond the least count of every cell of all tables; factor: (nodes, horizons, replications); mean: (nodes,
    periods), units."""

    row: Ints
    counts: CountRows
    loss: Doubles
    factor: Doubles
    mean: Doubles


@kernel
def count_losses(
    means: Doubles, components: Doubles, bounds: Ints, start: Ints, edges: Words, weights: Doubles, loss: Doubles
) -> None:
    """Mean of the demand beyond the least count of every cell of all tables (arguments as of `count_tables`)."""
    for i in range(len(means)):
        own, cells = weights[: bounds[i, 1]], edges[start[i] : start[i + 1]]
        count_weights(means[i], components, cells, own)
        total = own.sum()
        beyond, tail = 0.0, 0.0  # of the cell above: mean beyond its least count, and probability of no less
        for c in range(len(own) - 1, -1, -1):
            first, width = float(cells[c] >> S32), float(cells[c] & LOW_32)
            above = float(cells[c + 1] >> S32) - first if c + 1 < len(own) else 0.0
            beyond += above * tail + own[c] / total * 0.5 * (width - 1.0)
            tail += own[c] / total
            loss[start[i] + c] = beyond


@helper
def _cell_of(count: float, least: float, at: int, cells: int, edges: Words) -> int:
    """The cell of a table that holds a count, which is not below the first; most cells hold one count."""
    low, high = min(int(count - least), cells - 1), cells
    if float(edges[at + low] >> S32) == count:
        return low
    low = 0
    while high - low > 1:
        middle = (low + high) // 2
        if float(edges[at + middle] >> S32) <= count:
            low = middle
        else:
            high = middle
    return low


@helper
def _beyond(stock: float, least: float, at: Any, cells: Any, law: LossRows, wide: bool) -> tuple[float, float]:
    """Mean demand of a table beyond the stock, and the probability of more than the stock; linear inside a cell."""
    if stock < least:
        return law.loss[at] + least - stock, 1.0
    whole = np.floor(stock)
    c = _cell_of(whole, least, at, cells, law.counts.edges) if wide else int(whole - least)
    if c >= cells:
        return 0.0, 0.0
    first = float(law.counts.edges[at + c] >> S32) if wide else least + c
    width = float(law.counts.edges[at + c] & LOW_32) if wide else 1.0
    if stock >= first + width:
        return 0.0, 0.0
    fall = (law.loss[at + c] - (law.loss[at + c + 1] if c + 1 < cells else 0.0)) / width
    return law.loss[at + c] - fall * (stock - first), fall


@helper
def expected_unmet(i: int, place: float, stock: float, law: LossRows) -> tuple[float, float]:
    """Of node i's demand at a place between its tables: mean beyond the stock, and probability of more than the stock."""
    counts = law.counts
    cells_at, table_at = counts.cells_at[i], counts.table_at[i]
    below, share = between_tables(place, counts.cells_at[i + 1] - cells_at - 1.0, counts.spacing[i])
    unmet, more = 0.0, 0.0
    for step in range(2):
        part = share if step == 1 else 1.0 - share
        if part > 0.0:
            cell = counts.cells[cells_at + below + step]
            at, size = table_at + np.int64((cell & LOW_32) >> S12), np.int64(cell & LOW_12)
            own, probability = _beyond(stock, float(cell >> S32), at, size, law, counts.wide[i])
            unmet += part * own
            more += part * probability
    return unmet, more
