"""Service times in bins: what a programme of guaranteed service chooses among.

A bin is a run of whole service times. With one time in each bin the programme is exact. With wider bins a pair of an
inbound and an outbound bin costs what the cheapest pair of times within them costs, and a promise counts as kept where
some times of two bins keep it, so that the least cost is a lower bound of that of single times.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from echelon.core.arrays import Doubles
from echelon.textbook.multi_echelon.service_network import ServiceNetwork, Whole

_PARTS = 4  # of a bin that is split


@dataclass(frozen=True)
class Bins:
    """First times of the bins of every stage's inbound (`into`) and outbound (`out`) time, ascending, and at the end of each
    array the time after its last bin."""

    into: tuple[Whole, ...]
    out: tuple[Whole, ...]

    def pairs(self, network: ServiceNetwork) -> int:
        """Number of pairs of an inbound and an outbound bin in all stages, without those that are pointless."""
        latest = (into[1:] - 1 + stage.rounded_up() for into, stage in zip(self.into, network.stages, strict=True))
        return sum(int(np.searchsorted(out[:-1], due, "right").sum()) for out, due in zip(self.out, latest, strict=True))


def first_bins(network: ServiceNetwork, at_once: int, coarse: int) -> Bins:
    """Single times where these are at most `at_once` pairs, else bins so wide that there are about `coarse` pairs."""
    single = _even_bins(network, 1)
    if single.pairs(network) <= at_once:
        return single
    width, longest = 2, max(max(times) for times in network.longest)
    while _even_bins(network, width).pairs(network) > coarse and width <= longest:
        width *= 2
    return _even_bins(network, width)


def _even_bins(network: ServiceNetwork, width: int) -> Bins:
    into, out = network.longest
    earliest = (stage.inbound_time for stage in network.stages)
    return Bins(
        tuple(_even(low, most, width) for low, most in zip(earliest, into, strict=True)),
        tuple(_even(0, most, width) for most in out),
    )


def _even(low: int, most: int, width: int) -> Whole:
    """Bins that begin at the multiples of a width; the shortest time is one of its own, as most promises are 0."""
    multiples = np.arange((low // width + 1) * width, most + 1, width)
    return np.unique(np.concatenate([[low, low + 1], multiples, [most + 1]]).astype(int))


def split(edges: Whole, used: Whole, single: int) -> Whole:
    """The bins with those that are used in parts, and one time as a bin of its own."""
    parts = [np.linspace(edges[k], edges[k + 1], _PARTS + 1)[:-1].astype(int) for k in used]
    return np.unique(np.concatenate([edges, [single, single + 1], *parts]))


def single_times(edges: Sequence[Whole], used: Sequence[Whole]) -> bool:
    """Whether every bin that is used holds one time."""
    return all(bool((mine[bins + 1] - mine[bins] == 1).all()) for mine, bins in zip(edges, used, strict=True))


def bin_of(edges: Whole, times: Whole) -> Whole:
    """The bin that each time is in; -1 before the first."""
    return np.asarray(np.searchsorted(edges[:-1], times, side="right") - 1)


def least_costs(network: ServiceNetwork, bins: Bins, stage: int) -> Doubles:
    """Least cost of a stage over the times of every (inbound bin, outbound bin); infinite where all are pointless."""
    into, out = (longest[stage] for longest in network.longest)
    inbound, outbound = bins.into[stage][:, None], bins.out[stage][None, :]
    lowest, highest = inbound[:-1] - outbound[:, 1:] + 1, inbound[1:] - 1 - outbound[:, :-1]
    return _range_minimum(network.cost(stage, np.arange(-out, into + 1)), lowest + out, highest + out)


def _range_minimum(values: Doubles, first: Whole, last: Whole) -> Doubles:
    """min of values[first..last], both ends included: of two overlapping runs whose length is a power of two."""
    power = np.floor(np.log2(last - first + 1)).astype(int)
    least, run = np.empty(first.shape), values
    for k in range(int(power.max()) + 1):
        if k:
            run = np.minimum(run[: -(2 ** (k - 1))], run[2 ** (k - 1) :])
        mine = power == k
        least[mine] = np.minimum(run[first[mine]], run[last[mine] - 2**k + 1])
    return least
