"""Guaranteed service on any acyclic network: where to place safety stock, with a proof of how good the placement is.

A mixed integer programme over bins of service times gives a lower bound of the least cost; small networks have one time
in each bin and are solved at once. In larger ones the bins that a solution uses are split until it uses single times
only, which is the optimum, or until time or memory end: then the best placement found is returned with its bound. A
programme of n pairs of inbound and outbound bins takes about 1.2 kB and at most 5e-5 s a pair (measured on the chains of
Willems, Manufacturing & Service Operations Management 10(1), 2008, 19-23), so that MOST_PAIRS are a gigabyte and a minute.
"""

import time
from dataclasses import replace

import numpy as np

from echelon.textbook import checks
from echelon.textbook.multi_echelon.guaranteed_service_programme import Answer, Programme
from echelon.textbook.multi_echelon.guaranteed_service_search import Descent, cheapest_inbound
from echelon.textbook.multi_echelon.service_network import Placement, ServiceNetwork, Stage, Whole, base_stock_levels
from echelon.textbook.multi_echelon.service_time_bins import Bins, first_bins, split

__all__ = ["Placement", "ServiceNetwork", "Stage", "base_stock_levels", "place_safety_stock"]

MOST_PAIRS = 800_000
_AT_ONCE = 200_000  # pairs up to which all times are bins of their own from the start
_COARSE = 20_000  # pairs to start with otherwise
_KILOBYTES = 1.2  # for a pair


def place_safety_stock(network: ServiceNetwork, seconds: float = 60.0, most_pairs: int = MOST_PAIRS) -> Placement:
    """Service times of least cost of any acyclic network, or the best that are found with these limits.

    seconds: time after which no further programme is begun and a running one is stopped; most_pairs: pairs of an inbound
    and an outbound bin that one programme may have (1.2 kB each). The result's `optimal` says whether nothing cheaper is
    possible in whole periods, `bound` what the least cost is not below, and `proof` both in words. With
    `service_time_grid` it is so in parts of a period, or for all real times.

    A dear part of 0.4 periods promises 1, so that its cheap customer covers 5 periods instead of 4 and it needs no stock:

    >>> part, shop = Stage("part", 0.4, 9.0, 1.0), Stage("shop", 4.0, 1.0, 1.0, demand_sd=1.0, outbound_time=0)
    >>> placed = place_safety_stock(ServiceNetwork((part, shop), ((0, 1),)))
    >>> placed.service_times, round(placed.cost, 3), placed.proof
    ((1, 0), 2.236, 'proved optimal')
    """
    checks.positive(seconds=seconds, most_pairs=most_pairs)
    search = _Bracket(network, time.monotonic() + seconds)
    bins = first_bins(network, min(_AT_ONCE, most_pairs), min(_COARSE, most_pairs))
    while not search.closed():
        pairs = bins.pairs(network)
        if pairs > most_pairs:
            return search.result(f"the next step needs {pairs:,} pairs of times, about {pairs * _KILOBYTES / 1e6:.1f} GB")
        answer = search.step(bins)
        if answer is None or not answer.proved:
            return search.result(f"{seconds:g} seconds were over" if search.late() else "the solver failed")
        if answer.finest(bins):
            return search.result("the solver is no more exact")
        bins = _finer(bins, answer, search.best)
    return search.result()


def _finer(bins: Bins, answer: Answer, best: Placement) -> Bins:
    """The bins that the answer uses are split, and the best placement's times become bins of their own."""
    return Bins(
        tuple(map(split, bins.into, answer.into, best.inbound_times)),
        tuple(map(split, bins.out, answer.out, best.service_times)),
    )


class _Bracket:
    """The best placement so far and the best bound so far."""

    def __init__(self, network: ServiceNetwork, deadline: float) -> None:
        self.network, self.deadline, self.bound, self.whole = network, deadline, 0.0, False
        self.descent = Descent(network)
        starts = (np.zeros(len(network.stages), int), np.array(network.longest[1]))
        self.best = min((self._improved(start) for start in starts), key=lambda placed: placed.cost)

    def _improved(self, out: Whole) -> Placement:
        return cheapest_inbound(self.network, self.descent.improved(out, self.deadline))

    def closed(self) -> bool:
        """Whether placement and bound have met, as far as the solver is exact."""
        return self.best.cost <= self.bound * (1 + 1e-9)

    def late(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() >= self.deadline

    def result(self, stopped: str = "") -> Placement:
        """The best placement with the best bound."""
        found = replace(self.best, bound=min(self.bound, self.best.cost))
        return found if found.optimal else replace(found, stopped=stopped)

    def step(self, bins: Bins) -> Answer | None:
        """Solve over these bins: as a relaxation, and from where that mixes single times on as whole choices; None where
        nothing was found in time."""
        programme = Programme(self.network, bins, self.best.cost)
        answer = None if self.whole else programme.solve(False, self._left())
        if self.whole or (answer is not None and answer.mixed() and answer.finest(bins)):
            self.whole = True
            answer = programme.solve(True, self._left()) or (answer and replace(answer, proved=False))
        if answer is not None:
            self._learn(bins, answer)
        return answer

    def _learn(self, bins: Bins, answer: Answer) -> None:
        """The answer's bound, and what becomes of the first and of the last times that it uses."""
        self.bound = max(self.bound, answer.bound)
        for place in (0, -1):
            start = np.array([edges[used[place]] for edges, used in zip(bins.out, answer.out, strict=True)])
            self.best = min(self.best, self._improved(start), key=lambda placed: placed.cost)

    def _left(self) -> float:
        return max(self.deadline - time.monotonic(), 1e-3)
