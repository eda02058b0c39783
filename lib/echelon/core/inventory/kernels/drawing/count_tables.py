"""The tables that counts are drawn from: the cells of a mixture of negative binomials, by Walker's alias method (Vose, IEEE
Trans. Software Eng. 17(9), 1991).

A cell holds one count or, where there are more counts than cells, several that are taken as equally likely.
"""

import math

import numpy as np

from echelon.core.arrays import Doubles, Ints, Words
from echelon.core.inventory.kernels.jit import helper, kernel
from echelon.core.inventory.kernels.layout import LOW_32, S32
from echelon.core.probability.negative_binomial import log_probability_of

_log_pmf = helper(log_probability_of)


@helper
def _bounds(mean: float, dispersion: float) -> tuple[float, float]:
    """Least and greatest count worth keeping: less than about 1e-8 of the probability lies outside."""
    mode = np.floor(max(mean - dispersion * mean, 0.0))
    low, limit = 0.0, math.log(1e-10)
    if _log_pmf(0.0, mean, dispersion) < limit:
        high = mode
        while high - low > 1.0:
            middle = np.floor(0.5 * (low + high))
            if _log_pmf(middle, mean, dispersion) < limit:
                low = middle
            else:
                high = middle
    below, above = mode, mode + 1.0
    while not _is_tail(above, mean, dispersion):
        below, above = above, 2.0 * above - mode
    while above - below > 1.0:
        middle = np.floor(0.5 * (below + above))
        if _is_tail(middle, mean, dispersion):
            above = middle
        else:
            below = middle
    return low, above


@helper
def _is_tail(j: float, mean: float, dispersion: float) -> bool:
    """Whether hardly any probability lies at and above j."""
    ratio = (1.0 + dispersion * j) * mean / ((j + 1.0) * (1.0 + dispersion * mean))
    return ratio < 1.0 and _log_pmf(j, mean, dispersion) - math.log(1.0 - ratio) < math.log(1e-8)


@helper
def _component_bounds(mean: float, components: Doubles, component: int) -> tuple[float, float]:
    """Counts worth keeping of one component of a mixture; none where it has no mean or no share."""
    own = mean * components[component, 1]
    if own <= 0.0 or components[component, 0] <= 0.0:
        return 0.0, 0.0
    return _bounds(own, components[component, 2])


@kernel
def count_bounds(means: Doubles, components: Doubles, most: int, out: Ints) -> None:
    """For each mean: least count, number of cells (at most `most`) and counts per cell, to out (means, 3).

    components: (components, 3) share, factor of the mean and dispersion; what the shares leave is no demand. 0 counts per
    cell: the first half of the cells hold one count each, the others ever more of them (`_cell_start`), as is needed where both
    nothing and a great lot are likely."""
    for i in range(len(means)):
        out[i, 0], out[i, 1], out[i, 2] = 0, 1, 1
        if means[i] > 0.0:
            low, high = _component_bounds(means[i], components, 0)
            for component in range(1, len(components)):
                least, greatest = _component_bounds(means[i], components, component)
                low, high = min(low, least), max(high, greatest)
            if components[:, 0].sum() < 1.0 - 1e-9:
                low = 0.0
            width = int(high - low) + 1
            stride = (width + most - 1) // most
            out[i, 0], out[i, 1], out[i, 2] = int(low), (width + stride - 1) // stride, stride
            if stride > 1 and low < most // 2:
                out[i, 0], out[i, 1], out[i, 2] = 0, most, 0


@helper
def _cell_start(cell: int, cells: int, last: float) -> float:
    """Least count of a cell, when the second half of the cells grow to reach `last`."""
    half = cells // 2
    if cell <= half:
        return float(cell)
    return np.floor(half * (last / half) ** ((cell - half) / float(cells - half)) + (cell - half))


@kernel
def count_edges(means: Doubles, components: Doubles, bounds: Ints, start: Ints, edges: Words) -> None:
    """Least count and, in the lower half, number of counts of every cell of all tables."""
    for i in range(len(means)):
        low, cells, stride = bounds[i, 0], bounds[i, 1], bounds[i, 2]
        last = 0.0
        for component in range(len(components) if stride == 0 else 0):
            last = max(last, _component_bounds(means[i], components, component)[1])
        for c in range(cells):
            first, width = float(low + stride * c), float(stride)
            if stride == 0:
                first = _cell_start(c, cells, last)
                width = _cell_start(c + 1, cells, last) - first
            edges[start[i] + c] = (np.uint64(first) << S32) + np.uint64(width)


@helper
def _add_weights(mean: float, dispersion: float, share: float, low: float, edges: Words, out: Doubles) -> None:
    """Adds the probabilities of one component of a mixture to those of the cells, by the recursion of neighbouring counts."""
    known, weight = -1.0, 0.0
    for i in range(len(out)):
        j, width = float(edges[i] >> S32), float(edges[i] & LOW_32)
        if width == 1.0:
            if j < low:
                continue
            if known == j - 1.0 and weight > 0.0:
                weight *= (1.0 + dispersion * (j - 1.0)) * mean / (j * (1.0 + dispersion * mean))
            else:
                weight = share * math.exp(_log_pmf(j, mean, dispersion))
            known = j
            out[i] += weight
        else:
            out[i] += share * width * math.exp(_log_pmf(j + 0.5 * (width - 1.0), mean, dispersion))


@helper
def count_weights(mean: float, components: Doubles, edges: Words, out: Doubles) -> None:
    """Probabilities of the cells of one mean, up to a factor."""
    out[:] = 0.0
    idle = 1.0
    for component in range(len(components)):
        own = mean * components[component, 1]
        if own > 0.0 and components[component, 0] > 0.0:
            idle -= components[component, 0]
            low = float(edges[0] >> S32)
            if len(components) > 1 or components[component, 0] < 1.0:  # else it is that of the only component
                low, _ = _bounds(own, components[component, 2])
            _add_weights(own, components[component, 2], components[component, 0], low, edges, out)
    if idle > 1e-9 or mean <= 0.0:
        out[0] += idle


@helper
def _alias_table(weights: Doubles, table: Words, scratch: Ints) -> None:
    """Vose's alias table of the weights: column i is kept when 32 random bits are below the upper half of table[i],
    else the lower half is drawn. The weights are overwritten; scratch: (2, at least as many)."""
    size = len(weights)
    scaled, small, large = weights, scratch[0], scratch[1]
    total = 0.0
    for i in range(size):
        total += weights[i]
    for i in range(size):
        scaled[i] *= size / total
    smalls, larges = 0, 0
    for i in range(size):
        table[i] = np.uint64(i)
        if scaled[i] < 1.0:
            small[smalls] = i
            smalls += 1
        else:
            large[larges] = i
            larges += 1
    while smalls > 0 and larges > 0:
        smalls -= 1
        i, j = small[smalls], large[larges - 1]
        table[i] = (np.uint64(max(scaled[i], 0.0) * 4294967295.0) << S32) + np.uint64(j)
        scaled[j] -= 1.0 - scaled[i]
        if scaled[j] < 1.0:
            larges -= 1
            small[smalls] = j
            smalls += 1


@kernel
def count_tables(
    means: Doubles,
    components: Doubles,
    bounds: Ints,
    start: Ints,
    edges: Words,
    table: Words,
    weights: Doubles,
    scratch: Ints,
) -> None:
    """Alias tables of all means, one after the other; bounds as from `count_bounds`, edges as from `count_edges`; weights
    and scratch are memory."""
    for i in range(len(means)):
        own = weights[: bounds[i, 1]]
        count_weights(means[i], components, edges[start[i] : start[i + 1]], own)
        _alias_table(own, table[start[i] : start[i + 1]], scratch)


def packed_cells(bounds: Ints, start: Ints) -> Words:
    """Least count (upper half), first cell (20 bits) and number of cells (12 bits) of every table in one word each."""
    low, cells = bounds[:, 0].astype(np.uint64), bounds[:, 1].astype(np.uint64)
    return np.asarray((low << S32) | (start[:-1].astype(np.uint64) << np.uint64(12)) | cells)
