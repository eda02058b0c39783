"""A slow, readable event loop for one replication: the kernels must agree with it. It shares no code with them."""

import math
from collections import defaultdict
from collections.abc import Sequence

from echelon.core.arrays import Doubles
from echelon.core.inventory.model.supply_network import SupplyNetwork


class Oracle:
    """Stocking points with stock, claims and shipments in plain dictionaries; all quantities per replication."""

    def __init__(
        self,
        problem: SupplyNetwork,
        levels: Sequence[float] | Doubles,
        demand: list[list[float]],
        lead: list[list[int]],
        warm_up: int,
        beyond: Sequence[float] | None = None,
    ) -> None:
        """demand[t][node], lead[t][node]; beyond[node]: stock at the start beyond the level."""
        self.problem, self.demand, self.lead, self.warm_up = problem, demand, lead, warm_up
        self.levels = [float(level) for level in levels]
        count = len(problem.nodes)
        self.stock = [level + more for level, more in zip(self.levels, beyond or [0.0] * count, strict=True)]
        self.customers = [0.0] * count
        self.claims = [0.0] * count  # what each node's source owes it
        self.shipments: list[defaultdict[int, float]] = [defaultdict(float) for _ in range(count)]  # arrival period -> quantity
        self.share: dict[int, float] = {}  # of what a node owes that it could fill in this period
        self.children = [[c for c in range(count) if problem.parents[c] == n] for n in range(count)]
        self.sums: list[defaultdict[str, float]] = [defaultdict(float) for _ in range(count)]

    def run(self) -> list[defaultdict[str, float]]:
        for t in range(len(self.demand)):
            owed_before = [self.owed(n) for n in range(len(self.stock))]
            for n in reversed(range(len(self.stock))):
                self.order(n, t)
            for n in range(len(self.stock)):
                self.receive_fill_serve(n, t, owed_before[n])
        return self.sums

    def owed(self, n: int) -> float:
        return self.customers[n] + sum(self.claims[c] for c in self.children[n])

    def order(self, n: int, t: int) -> None:
        node = self.problem.nodes[n]
        if not node.policy.calendar[t % len(node.policy.calendar)]:
            return
        on_order = self.claims[n] + sum(q for due, q in self.shipments[n].items() if due >= t)
        need = self.levels[n] - (self.stock[n] + on_order - self.owed(n))
        if need <= 1e-4:
            return
        quantity = max(need, node.policy.moq if node.policy.moq > 1 else 0.0)  # single units are no restriction
        if node.policy.lot_size > 1:
            quantity = math.ceil(quantity / node.policy.lot_size - 1e-4) * node.policy.lot_size
        self.claims[n] += quantity

    def receive_fill_serve(self, n: int, t: int, owed_before: float) -> None:
        node, parent = self.problem.nodes[n], self.problem.parents[n]
        share = 1.0 if parent < 0 else self.share[parent]
        shipped = self.claims[n] * share
        self.claims[n] -= shipped
        self.shipments[n][t + self.lead[t][n]] += shipped
        self.stock[n] += self.shipments[n].pop(t, 0.0)
        # fill what is owed, everyone in proportion
        owed, stock = self.owed(n), self.stock[n]
        if n == 0:
            self.share.clear()
        self.share[n] = 1.0 if stock >= owed else stock / owed
        ordered = owed - owed_before
        served = min(max(stock - owed_before, 0.0), ordered)
        self.customers[n] *= 1 - self.share[n]
        self.stock[n] = max(stock - owed, 0.0)
        # customers
        asked = self.demand[t][n]
        given = min(self.stock[n], asked)
        self.stock[n] -= given
        if node.backorder_share:
            self.customers[n] += asked - given
        if t >= self.warm_up:
            self.measure(n, asked, given, ordered if self.children[n] else 0.0, served)

    def measure(self, n: int, asked: float, given: float, ordered: float, served: float) -> None:
        sums = self.sums[n]
        # what the children still claim: their claims shrink by the share when their turn comes
        left = self.customers[n] + sum(self.claims[c] * (1 - self.share[n]) for c in self.children[n])
        sums["demand"] += asked
        sums["unmet"] += asked - given
        sums["orders"] += ordered
        sums["orders_unmet"] += ordered - served if ordered else 0.0
        sums["on_hand"] += self.stock[n]
        sums["backorders"] += left
        sums["customers_owed"] += self.customers[n]
        sums["ready"] += left <= 1e-6
        sums["stock_outs"] += asked - given > 1e-6
