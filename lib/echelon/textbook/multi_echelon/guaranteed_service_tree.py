"""Guaranteed service on trees: the dynamic programme of Graves and Willems, exact and fast.

Source: Graves & Willems, Manufacturing & Service Operations Management 2(1), 2000, 68-83; Snyder & Shen, Fundamentals
of Supply Chain Theory, 2nd ed., section 6.3.6.
"""

import numpy as np

from echelon.core.arrays import Doubles
from echelon.textbook.multi_echelon.service_network import Placement, ServiceNetwork, Whole, placement


class _Programme:
    """Costs of subtrees as functions of one service time, made from the leaves to the last stage."""

    def __init__(self, network: ServiceNetwork) -> None:
        self.network = network
        size = len(network.stages)
        self.neighbours: list[list[int]] = [[] for _ in range(size)]
        for a, b in network.links:
            self.neighbours[a].append(b)
            self.neighbours[b].append(a)
        self.order, self.towards = self._leaves_first()
        self.table: dict[int, Doubles] = {}

    def _leaves_first(self) -> tuple[list[int], dict[int, int]]:
        """An order in which all neighbours of a stage but one come before it, and that one."""
        order, towards, stack = [], {0: -1}, [0]
        while stack:
            stage = stack.pop()
            order.append(stage)
            for other in self.neighbours[stage]:
                if other not in towards:
                    towards[other] = stage
                    stack.append(other)
        if len(order) != len(self.neighbours) or len(self.network.links) != len(order) - 1:
            raise ValueError("the stages do not form one tree")
        return order[::-1], towards

    def costs(self, stage: int) -> Doubles:
        """Least cost of the subtree for each (outbound S, inbound SI); infinite where impossible."""
        most_in, most_out = (longest[stage] for longest in self.network.longest)
        out, into = np.arange(most_out + 1)[:, None], np.arange(most_in + 1)[None, :]
        cost: Doubles = np.where(into < self.network.stages[stage].inbound_time, np.inf, self.network.cost(stage, into - out))
        for other in self.neighbours[stage]:
            if other != self.towards[stage]:
                cost = cost + (self.supplied(other, into) if other < stage else self.supplying(other, out))
        return cost

    def supplied(self, supplier: int, into: Whole) -> Doubles:
        """Least cost of a supplier's subtree when it may promise at most `into`."""
        least: Doubles = np.minimum.accumulate(self.table[supplier])
        return least[np.minimum(into, len(least) - 1)]

    def supplying(self, customer: int, out: Whole) -> Doubles:
        """Least cost of a customer's subtree when its inbound time is at least `out`."""
        least: Doubles = np.minimum.accumulate(self.table[customer][::-1])[::-1]
        return np.asarray(np.where(out < len(least), least[np.minimum(out, len(least) - 1)], np.inf), float)

    def solve(self) -> float:
        """Fill the tables; the least cost of the whole tree."""
        for stage in self.order:
            cost = self.costs(stage)
            if self.towards[stage] < 0:
                return float(cost.min())
            # a supplier's subtree is asked for its promise, a customer's for its inbound time
            self.table[stage] = cost.min(axis=1) if self.towards[stage] > stage else cost.min(axis=0)
        raise AssertionError("the last stage has no neighbour left")

    def recover(self) -> list[tuple[int, int]]:
        """(S, SI) of every stage, from the last stage back to the leaves."""
        chosen: dict[int, tuple[int, int]] = {}
        for stage in self.order[::-1]:
            cost = self.costs(stage)
            towards = self.towards[stage]
            if towards > stage:  # our promise may not exceed the customer's inbound time
                cost[chosen[towards][1] + 1 :, :] = np.inf
            elif towards >= 0:  # our inbound time may not be below the supplier's promise
                cost[:, : chosen[towards][0]] = np.inf
            out, into = np.unravel_index(int(np.argmin(cost)), cost.shape)
            chosen[stage] = (int(out), int(into))
        return [chosen[stage] for stage in range(len(chosen))]


def place_on_tree(network: ServiceNetwork) -> Placement:
    """Optimal service times of a network whose links form a tree. Raises ValueError if they do not."""
    programme = _Programme(network)
    cost = programme.solve()
    times = programme.recover()
    return placement(network, [out for out, _ in times], [into for _, into in times], cost)
