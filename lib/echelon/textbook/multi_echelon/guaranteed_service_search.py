"""A placement improved one stage at a time: good placements of networks that are too large to be proved optimal."""

import time

import numpy as np

from echelon.core.arrays import Doubles
from echelon.textbook.multi_echelon.service_network import Placement, ServiceNetwork, Whole, placement


def cheapest_inbound(network: ServiceNetwork, out: Whole, bound: float = 0.0) -> Placement:
    """The placement with these promises and the best inbound times that they leave."""
    inbound = []
    for i, (stage, suppliers) in enumerate(zip(network.stages, network.suppliers, strict=True)):
        least = max([stage.inbound_time, *(int(out[supplier]) for supplier in suppliers)])
        possible = np.arange(least, network.longest[0][i] + 1)
        inbound.append(int(possible[np.argmin(network.cost(i, possible - out[i]))]))
    return placement(network, [int(time) for time in out], inbound, bound)


class Descent:
    """Each stage in turn gets the promise that is best while all others stay, until none changes."""

    def __init__(self, network: ServiceNetwork) -> None:
        self.network = network
        self.customers: list[list[int]] = [[] for _ in network.stages]
        for supplier, customer in network.links:
            self.customers[supplier].append(customer)
        into, out = network.longest
        costs = (network.cost(i, np.arange(-out[i], into[i] + 1)) for i in range(len(network.stages)))
        self.at_least = [np.minimum.accumulate(cost[::-1])[::-1] for cost in costs]  # an inbound time may be raised

    def cost(self, stage: int, least_in: Whole | int, out: Whole | int) -> Doubles:
        """Least cost of a stage whose inbound time is at least `least_in`."""
        return np.asarray(self.at_least[stage][np.asarray(least_in) - out + self.network.longest[1][stage]])

    def least_in(self, stage: int, out: Whole, without: int = -1) -> int:
        """Inbound time that the suppliers' promises allow, one supplier left out."""
        promises = (int(out[i]) for i in self.network.suppliers[stage] if i != without)
        return max([self.network.stages[stage].inbound_time, *promises])

    def best_promise(self, stage: int, out: Whole) -> int:
        """The promise of one stage at which it and its customers cost least together; of equal ones the shortest."""
        possible = np.arange(self.network.longest[1][stage] + 1)
        total = self.cost(stage, self.least_in(stage, out), possible)
        for customer in self.customers[stage]:
            total = total + self.cost(customer, np.maximum(possible, self.least_in(customer, out, stage)), int(out[customer]))
        best = int(np.argmin(total))
        return best if total[best] < total[out[stage]] * (1 - 1e-12) else int(out[stage])

    def improved(self, start: Whole, deadline: float) -> Whole:
        """The promises where no stage's change helps any more, or where time.monotonic() passed the deadline."""
        out = start.copy()
        orders = [range(len(out)), range(len(out) - 1, -1, -1)]
        for turn in range(100):
            before = out.copy()
            for stage in orders[turn % 2]:
                if time.monotonic() > deadline:
                    return out
                out[stage] = self.best_promise(stage, out)
            if (out == before).all():
                break
        return out
