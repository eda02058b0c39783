"""Random numbers for the paths, from a counter: the same key and counter give the same number anywhere.

The generator is SplitMix64's finaliser (Steele, Lea & Flood, OOPSLA 2014) of key + counter x golden ratio. Discrete
distributions are drawn by Walker's alias method (`count_tables.py`), gamma variates by Marsaglia & Tsang (ACM TOMS 26(3),
2000).
"""

import math
from typing import NamedTuple

import numpy as np

from echelon.core.arrays import Bytes, Cells, Doubles, Flags, Floats, Ints, Words
from echelon.core.inventory.kernels.jit import helper, kernel
from echelon.core.inventory.kernels.layout import BLOCK, LOW_12, LOW_32, S12, S32
from echelon.core.probability.splitmix64 import GOLDEN, mix

_STEP = np.uint64(0xD1B54A32D192ED03)
_S11 = np.uint64(11)
_LOW_16 = np.uint64(0xFFFF)
_ONE = np.uint64(1)
_NEXT = np.uint64((0x9E3779B97F4A7C15 << 32) % (1 << 64))  # from one replication to the next
_UNIT_16 = 1.0 / 65536.0
_UNIT_53 = 1.0 / 9007199254740992.0

LEAD_CELLS = 4096
_FEW_STEPS = 24  # of a table; with more, looking up is faster


_mix = helper(mix)


@helper
def _bits(key: np.uint64, replication: int, step: int) -> np.uint64:
    """64 random bits of one replication and step (period or horizon)."""
    counter = (np.uint64(replication) << S32) + np.uint64(step)
    return _mix(key + counter * GOLDEN)


@helper
def _uniform(bits: np.uint64) -> float:
    """A number inside (0, 1) from 64 random bits."""
    return (float(bits >> _S11) + 0.5) * _UNIT_53


@helper
def _unit_gamma(shape: float, bits: np.uint64) -> float:
    """A gamma variate with the given shape and scale 1; further bits follow from the first."""
    boost = 1.0
    d = shape - 1.0 / 3.0
    if shape < 1.0:
        boost = _uniform(_mix(bits + GOLDEN)) ** (1.0 / shape)
        d = shape + 2.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    while True:
        bits += _STEP
        u = _uniform(_mix(bits))
        bits += _STEP
        angle = 2.0 * math.pi * _uniform(_mix(bits))
        x = math.sqrt(-2.0 * math.log(u)) * math.cos(angle)
        v = (1.0 + c * x) ** 3
        bits += _STEP
        if v > 0.0 and math.log(_uniform(_mix(bits))) < 0.5 * x * x + d - d * v + d * math.log(v):
            return boost * d * v


@helper
def _column(number: np.uint64, place: np.uint64, table: Words) -> np.uint64:
    """Column drawn from an alias table by a number of 32 random bits: its product with the size holds the column and,
    below, the place inside it. place: first cell and size of the table (`packed_cells`)."""
    product = number * (place & LOW_12)
    column = product >> S32
    entry = table[((place & LOW_32) >> S12) + column]
    return column if (product & LOW_32) < (entry >> S32) else entry & LOW_32


@helper
def between_tables(place: float, last: float, spacing: float) -> tuple[int, float]:
    """The table below a place on a logarithmic grid of means, and the probability of the one above."""
    place = min(max(place, 0.0), last)
    below = int(place)
    share = place - float(below)
    # (e^(s x) - 1) / (e^s - 1) for small s: how far the mean lies between its neighbours
    return below, share * (1.0 - 0.5 * spacing * (1.0 - share))


@helper
def _table(place: float, last: float, spacing: float, unit: float) -> np.uint64:
    """The table at or next to a place on a logarithmic grid of means, at random so that the mean is kept."""
    below, share = between_tables(place, last, spacing)
    return np.uint64(below) + _ONE if unit < share else np.uint64(below)


@helper
def _choose(
    base: np.uint64, place: float, level_factor: Doubles, last: float, spacing: float, chosen: Words, number: Words
) -> None:
    """Table and 32 random bits for every replication of a block. On its own, so that it becomes vector code."""
    for r in range(BLOCK):
        bits = _mix(base + np.uint64(r) * _NEXT)
        chosen[r] = _table(place + level_factor[r], last, spacing, float(bits & _LOW_16) * _UNIT_16)
        number[r] = bits >> S32


class CountRows(NamedTuple):
    """What the counts of several nodes are drawn from, one after the other: place (nodes, periods) between the tables, row
    of the level's factor (nodes, periods), and of each node the spacing of its tables, whether some cell holds several
    counts, and where its tables begin among all; cells: least count, first cell and size of each table (`packed_cells`);
    edges: counts of each cell, where needed."""

    place: Doubles
    horizon: Ints
    spacing: Doubles
    wide: Flags
    cells_at: Ints
    table_at: Ints
    cells: Words
    table: Words
    edges: Words


@kernel
def draw_counts(out: Floats, first: int, rows: Ints, keys: Words, count: CountRows, factor: Doubles, scratch: Words) -> None:
    """Fill out[:, :, rows] of (blocks, periods, customers' nodes, BLOCK) with the counts of the blocks from `first` on, block
    by block: as much as the cache holds.

    Table 0 is no demand; table g >= 1 has a mean proportional to exp(spacing x g). place + factor (nodes, horizons,
    replications) is the place between the tables; keys (nodes,); scratch: memory (2, BLOCK).
    """
    for b in range(out.shape[0]):
        for i in range(len(rows)):
            _draw_row(out[b], rows[i], keys[i], (first + b) * BLOCK, factor[i], i, count, scratch)


@helper
def _draw_row(
    out: Floats, row: int, key: np.uint64, first: int, factor: Doubles, i: int, count: CountRows, scratch: Words
) -> None:
    """Counts of one node in the block that begins with replication `first`, to out[:, row]."""
    cells = count.cells[count.cells_at[i] : count.cells_at[i + 1]]
    table = count.table[count.table_at[i] : count.table_at[i + 1]]
    last, spacing = len(cells) - 1.0, count.spacing[i]
    chosen, number = scratch[0], scratch[1]
    for t in range(out.shape[0]):
        target, base = out[t, row], key + ((np.uint64(first) << S32) + np.uint64(t)) * GOLDEN
        level_factor = factor[count.horizon[i, t], first : first + BLOCK]
        _choose(base, count.place[i, t], level_factor, last, spacing, chosen, number)
        if count.wide[i]:
            _draw_wide(base, chosen, number, cells, table, count.edges[count.table_at[i] :], target)
        else:
            _draw_narrow(chosen, number, cells, table, target)


@helper
def _draw_narrow(chosen: Words, number: Words, cells: Words, table: Words, target: Floats) -> None:
    """Counts where each cell holds one."""
    for r in range(BLOCK):
        place = cells[chosen[r]]
        target[r] = np.float32((place >> S32) + _column(number[r], place, table))


@helper
def _draw_wide(base: np.uint64, chosen: Words, number: Words, cells: Words, table: Words, edges: Words, target: Floats) -> None:
    """Counts of one block where a cell may hold several: all of them equally likely."""
    for r in range(BLOCK):
        place = cells[chosen[r]]
        edge = edges[((place & LOW_32) >> S12) + _column(number[r], place, table)]
        within = _uniform(_mix(base + np.uint64(r) * _NEXT + _STEP)) * float(edge & LOW_32)
        target[r] = np.float32(float(edge >> S32) + np.floor(within))


@kernel
def draw_amounts(
    out: Floats, first: int, row: int, key: np.uint64, mean: Doubles, factor: Doubles, horizon: Ints, components: Doubles
) -> None:
    """Fill out[:, :, row] with mixtures of gamma variates of mean mean[t] x factor, blocks from `first` on; components:
    (components, 3) share, factor of the mean and dispersion (0: the mean itself)."""
    for b in range(out.shape[0]):
        for t in range(out.shape[1]):
            for r in range(BLOCK):
                i = (first + b) * BLOCK + r
                bits = _bits(key, i, t)
                out[b, t, row, r] = mean[t] * factor[horizon[t], i] * _amount(components, bits)


@helper
def _amount(components: Doubles, bits: np.uint64) -> float:
    """A mixture of gamma variates of mean 1 x their factors; nothing where the shares leave something over."""
    component = 0
    if len(components) > 1 or components[0, 0] < 1.0:
        left = _uniform(_mix(bits ^ GOLDEN))
        while component < len(components) and left >= components[component, 0]:
            left -= components[component, 0]
            component += 1
        if component == len(components):
            return 0.0
    if components[component, 2] <= 0.0:
        return components[component, 1]
    shape = 1.0 / components[component, 2]
    return components[component, 1] * _unit_gamma(shape, bits) / shape


@helper
def _words(base: np.uint64, words: Words) -> None:
    """64 random bits for every replication of a block."""
    for r in range(BLOCK):
        words[r] = _mix(base + np.uint64(r) * _NEXT)


@helper
def _step_up(target: Bytes, cell: Cells, least: int, steps: Cells, rises: Bytes) -> None:
    """What an ascending table holds in the cells, told from where it rises: as vector code, where look-ups are not."""
    for r in range(BLOCK):
        target[r] = least
    for k in range(len(steps)):
        step, rise = steps[k], rises[k]
        for r in range(BLOCK):
            target[r] += rise if cell[r] >= step else np.uint8(0)


class LeadRows(NamedTuple):
    """What lead times of several nodes are drawn from: ascending tables (nodes, LEAD_CELLS) of equally likely ones, and where
    each rises and by how much, one after the other from steps_at (nodes + 1,) on."""

    table: Bytes
    steps_at: Ints
    steps: Cells
    rises: Bytes


@kernel
def draw_lead(out: Bytes, first: int, rows: Ints, keys: Words, lead: LeadRows, words: Words, cell: Cells) -> None:
    """Fill out[:, :, rows] of (blocks, periods, nodes, BLOCK) with the lead times of the blocks from `first` on, block by
    block; keys (nodes,); words, cell: memory (BLOCK,)."""
    for b in range(out.shape[0]):
        for i in range(len(rows)):
            _draw_lead_row(out[b], rows[i], keys[i], (first + b) * BLOCK, i, lead, words, cell)


@helper
def _draw_lead_row(out: Bytes, row: int, key: np.uint64, first: int, i: int, lead: LeadRows, words: Words, cell: Cells) -> None:
    """Lead times of one node in the block that begins with replication `first`; 64 random bits serve five periods."""
    table = lead.table[i]
    steps, rises = lead.steps[lead.steps_at[i] : lead.steps_at[i + 1]], lead.rises[lead.steps_at[i] : lead.steps_at[i + 1]]
    for t in range(out.shape[0]):
        if t % 5 == 0:
            _words(key + ((np.uint64(first) << S32) + np.uint64(t // 5)) * GOLDEN, words)
        target, shift = out[t, row], np.uint64(12 * (t % 5))
        for r in range(BLOCK):
            cell[r] = np.uint16((words[r] >> shift) & LOW_12)
        if len(steps) <= _FEW_STEPS:
            _step_up(target, cell, table[0], steps, rises)
        else:
            for r in range(BLOCK):
                target[r] = table[cell[r]]


@helper
def _swap(values: Doubles, place: int, start: int, step: int, bits: np.uint64) -> None:
    """Exchange element `place` of values[start::step] with a random one of those up to it."""
    other = int(((bits >> S32) * np.uint64(place + 1)) >> S32)
    at, with_ = start + step * place, start + step * other
    values[at], values[with_] = values[with_], values[at]


@kernel
def deal_strata(strata: Doubles, key: np.uint64, out: Doubles) -> None:
    """Random orders of ascending strata (replications,) to out (horizons, replications).

    Every block of BLOCK replications gets one of each run of as many neighbouring strata as there are blocks, so that
    it covers the whole range as all of them do: a sliced Latin hypercube (Qian, JASA 107(497), 2012).
    """
    blocks = len(strata) // BLOCK
    for h in range(out.shape[0]):
        order = out[h]
        for run in range(BLOCK):
            for b in range(blocks):
                order[b * BLOCK + run] = strata[run * blocks + b]
        for run in range(BLOCK):
            for place in range(blocks - 1, 0, -1):
                _swap(order, place, run, BLOCK, _bits(key, h, run * blocks + place))
        for b in range(blocks):
            for place in range(BLOCK - 1, 0, -1):
                _swap(order, place, b * BLOCK, 1, _bits(key, h, (blocks + b) * BLOCK + place))
