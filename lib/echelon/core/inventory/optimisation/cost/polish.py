"""Whole levels of least cost, near levels that need not be whole.

A node that supplies no other follows: given the levels upstream its own level moves its own cost alone, so that all
followers are settled together. The cost that is left, in the leaders' levels, is jagged (each follower jumps by whole
units); it is searched by steps of falling length, by moving a leader against its followers, and in linked pairs.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from echelon.core.arrays import Doubles, Flags
from echelon.core.inventory.kernels.measures import Totals
from echelon.core.inventory.optimisation.cost.costs import Costs
from echelon.core.inventory.optimisation.system import System

_MOST_SETTLING = 60


@dataclass(frozen=True)
class Whole:
    """Whole levels (nodes,) and their cost on the optimiser's paths, added up."""

    levels: Doubles
    cost: float


class Plans:
    """Levels and totals of every plan of a system that was simulated so far: each is simulated once."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._seen: dict[bytes, tuple[Doubles, Totals]] = {}

    def totals(self, levels: Doubles) -> Totals:
        """Of a plan."""
        key = levels.tobytes()
        if key not in self._seen:
            self._seen[key] = levels, self._system.totals(levels)
        return self._seen[key][1]

    def all(self) -> list[tuple[Doubles, Totals]]:
        """Every plan."""
        return list(self._seen.values())


class Polish:
    """The search. links: (source, destination) inside the network; free: (nodes,) whose level may move."""

    def __init__(self, plans: Plans, costs: Costs, links: Sequence[tuple[int, int]], free: Flags) -> None:
        self._plans, self._costs, self._links = plans, costs, links
        supplies = np.isin(np.arange(len(free)), [source for source, _ in links])
        self._followers, self._leaders = free & ~supplies, [int(i) for i in np.flatnonzero(free & supplies)]

    def best(self, levels: Doubles, step: int = 1) -> Whole:
        """The best whole levels found from the given ones; step: first step of the leaders, units."""
        best = self._settled(np.rint(np.maximum(levels, 0)))
        while True:
            before = best.cost
            for leader in self._leaders:
                best = self._along(best, self._unit(leader), step, self._settled)
            for leader in self._leaders:
                best = self._against_followers(best, leader, step)
            for source, destination in self._links:
                if source in self._leaders and destination in self._leaders:
                    best = self._pair(best, source, destination)
            if not best.cost < before:
                return best
            step = 1

    def _unit(self, node: int) -> Doubles:
        return (np.arange(len(self._followers)) == node).astype(float)

    def _by_node(self, levels: Doubles) -> Doubles:
        return self._costs.by_node(self._plans.totals(levels))

    def _fixed(self, levels: Doubles) -> Whole:
        return Whole(levels, float(self._by_node(levels).sum()))

    def _settled(self, levels: Doubles) -> Whole:
        """The followers' best levels: each goes on while a unit more, or else less, lowers its own cost."""
        best = self._fixed(levels)
        for direction in (1.0, -1.0):
            moving = self._followers.copy()
            for _ in range(_MOST_SETTLING):
                moving &= best.levels + direction >= 0
                trial = best.levels + direction * moving
                moving &= self._by_node(trial) < self._by_node(best.levels)
                chosen = self._fixed(best.levels + direction * moving)
                if not chosen.cost < best.cost:
                    break
                best = chosen
        return best

    def _along(self, best: Whole, direction: Doubles, step: int, follow: Callable[[Doubles], Whole]) -> Whole:
        """Steps along a direction and back, halved when neither helps."""
        while step >= 1:
            moves = [best.levels + sign * step * direction for sign in (1, -1)]
            trials = [follow(move) for move in moves if move.min() >= 0]
            cheapest = min(trials, key=lambda trial: trial.cost, default=best)
            if cheapest.cost < best.cost:
                best = cheapest
            else:
                step //= 2
        return best

    def _against_followers(self, best: Whole, leader: int, step: int) -> Whole:
        """All followers of a leader moved by one unit, the leader to where it is then best: the next valley."""
        own = self._followers.copy()
        own[[i for i in range(len(own)) if (leader, i) not in self._links]] = False
        for shift in (1.0, -1.0):
            start = np.maximum(best.levels + shift * own, 0)
            moved = self._along(self._fixed(start), self._unit(leader), step, self._fixed)
            best = min(best, self._settled(moved.levels), key=lambda plan: plan.cost)
        return best

    def _pair(self, best: Whole, source: int, destination: int) -> Whole:
        """Two leaders moved by one unit each, in the same and in opposite directions."""
        for sign in (1, -1):
            best = self._along(best, self._unit(source) + sign * self._unit(destination), 1, self._settled)
        return best


def least_cost_whole_levels(
    system: System, costs: Costs, levels: Doubles, links: Sequence[tuple[int, int]], free: Flags, step: int = 1
) -> Doubles:
    """Whole levels (nodes,) of least cost on the system's paths, searched from `levels` (as of `least_cost_levels`)."""
    return Polish(Plans(system), costs, links, free).best(levels, step).levels
