"""Service times finer than a period: the same network in parts of a period.

With fixed processing times S and SI are bound by single bounds and by differences only (S_i <= SI_j on a link, S_i <= SI_i
+ T_i, as whoever promises more may order later), and the cost is concave in them. So some optimum among all real times is
a vertex, where every time is a sum and difference of processing times and bounds (Simpson, Operations Research 6(6), 1958,
863-873, for series). Where all of these are whole numbers of parts, the optimum in parts is that of all real times; where
they are not, `rounded_down` gives a lower bound for all real times.
"""

import math
from dataclasses import replace

import numpy as np

from echelon.textbook import checks
from echelon.textbook.multi_echelon.service_network import ServiceNetwork, Stage

_FINEST = 10_000


def in_parts(network: ServiceNetwork, parts: int) -> ServiceNetwork:
    """The network with 1/parts of a period as its period: the same costs, service times in whole parts."""
    checks.positive(parts=parts)
    checks.whole(parts=parts)
    return replace(network, stages=tuple(_stage_in_parts(stage, parts) for stage in network.stages))


def _stage_in_parts(stage: Stage, parts: int) -> Stage:
    times, chances = stage.law()
    spread = np.zeros(int(times.max()) * parts + 1) if isinstance(stage.processing_time, tuple) else None
    if spread is not None:
        spread[times.astype(int) * parts] = chances
    return replace(
        stage,
        processing_time=float(np.round(times[0] * parts, 9)) if spread is None else tuple(spread.tolist()),
        demand_sd=stage.demand_sd / np.sqrt(parts),
        demand_mean=stage.demand_mean / parts,
        inbound_time=stage.inbound_time * parts,
        outbound_time=None if stage.outbound_time is None else stage.outbound_time * parts,
    )


def parts_of_all_times(network: ServiceNetwork) -> int | None:
    """The least number of parts of a period in which all processing times are whole, so that the optimum in these parts is
    that of all real times; None where it is above 10,000 or a processing time is random."""
    fixed = [stage.processing_time for stage in network.stages if not isinstance(stage.processing_time, tuple)]
    if len(fixed) < len(network.stages):
        return None
    times = np.array(fixed, float)
    for parts in range(1, _FINEST + 1):
        if np.abs(times * parts - np.round(times * parts)).max() < 1e-7:
            return parts
    return None


def rounded_down(network: ServiceNetwork, parts: int) -> ServiceNetwork:
    """The network with its fixed processing times rounded down to whole parts of a period. No stage covers more time than
    before, so that, where all are fixed, its optimum in parts is a lower bound for all real times of `network`."""

    def floor(stage: Stage) -> Stage:
        if isinstance(stage.processing_time, tuple):
            return stage
        return replace(stage, processing_time=math.floor(stage.processing_time * parts + 1e-9) / parts)

    return replace(network, stages=tuple(map(floor, network.stages)))
