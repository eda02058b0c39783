"""What the slow event loop of docs/network-model.md remembers of links, stock and points, in plain lists and dictionaries."""

import math
from collections import defaultdict
from itertools import accumulate, pairwise

from echelon.core.inventory.model.supply_network import Link, Point

OUTSIDE = -1
INITIAL = -1  # the "period" in which initial backorders were claimed


class LinkState:
    """One link. Claims, shipments and components in units of the source's item, `ordered` in the destination's."""

    def __init__(self, number: int, link: Link, lead: list[int], up: list[int]) -> None:
        self.number, self.link, self.up = number, link, up
        self.claims: list[list[float]] = []  # [period placed, quantity]
        self.shipments: defaultdict[int, float] = defaultdict(float)  # period of arrival -> quantity
        self.components = 0.0
        self.ordered = 0.0
        due = [t + periods for t, periods in enumerate(lead)]
        self.due = due if link.crossing else list(accumulate(due, max))

    @property
    def claimed(self) -> float:
        return sum(quantity for _, quantity in self.claims)

    @property
    def shipped(self) -> float:
        return sum(self.shipments.values())

    @property
    def on_order(self) -> float:
        """Units of the destination's item that were ordered on the link and did not go to processing yet."""
        return (self.claimed + self.shipped + self.components) / self.link.quantity

    def ship(self, quantity: float, t: int) -> None:
        self.shipments[self.due[t]] += quantity


class Stock:
    """Batches [age in periods, quantity], oldest first."""

    def __init__(self, quantity: float, shelf_life: int, issue: str, of_all_ages: bool = False) -> None:
        self.batches: list[list[float]] = [[0, quantity]]
        self.shelf_life, self.issue = shelf_life, issue
        if of_all_ages and shelf_life:
            up_to = [quantity * (i + 1) / shelf_life for i in range(shelf_life)]
            whole = [math.floor(units + 1e-9) for units in up_to] if quantity == math.floor(quantity) else up_to
            parts = [after - before for before, after in pairwise([0.0, *whole])]
            self.batches = [[age, part] for age, part in reversed(list(enumerate(parts)))]

    @property
    def total(self) -> float:
        return sum(quantity for _, quantity in self.batches)

    def add(self, quantity: float) -> None:
        self.batches.append([0, quantity])

    def take(self, quantity: float) -> None:
        for batch in self.batches if self.issue == "FIFO" else reversed(self.batches):
            taken = min(batch[1], quantity)
            batch[1] -= taken
            quantity -= taken
        self.batches = [batch for batch in self.batches if batch[1] > 0]

    def grow_older(self) -> float:
        """End of the period: returns what has to be thrown away."""
        self.batches = [[age + 1, quantity] for age, quantity in self.batches]
        if not self.shelf_life:
            return 0.0
        waste = sum(quantity for age, quantity in self.batches if age >= self.shelf_life)
        self.batches = [batch for batch in self.batches if batch[0] < self.shelf_life]
        return waste


class PointState:
    """One point with its supplies (`links`) and the links that it supplies (`outlets`)."""

    def __init__(self, index: int, spec: Point, level: float, beyond: float | None) -> None:
        self.index, self.spec, self.level, self.beyond = index, spec, level, beyond
        self.rounding = 1e-5 * max(level, 1.0)
        self.links: list[LinkState] = []
        self.outlets: list[LinkState] = []
        self.processing: defaultdict[int, float] = defaultdict(float)  # period in which units are ready -> quantity
        self.pipeline: defaultdict[int, float] = defaultdict(float)  # the initial one: period of arrival in stock -> quantity
        for period, quantity in spec.start.pipeline:
            self.pipeline[period] += quantity
        self.backorders: list[list[float]] = [[INITIAL, spec.start.backorders]]
        self.stock = Stock(self.initial_stock(), spec.shelf_life, spec.issue, beyond is not None)

    def initial_stock(self) -> float:
        if self.spec.start.stock is not None:
            return self.spec.start.stock
        start = self.target(0) + (self.spec.policy.gap if self.spec.policy.kind == "RQ" else 0.0) + (self.beyond or 0.0)
        return max(start - sum(self.pipeline.values()) + self.customers_owed, 0.0)

    def target(self, t: int) -> float:
        profile = self.spec.policy.profile
        return self.level * profile[t % len(profile)]

    @property
    def customers_owed(self) -> float:
        return sum(quantity for _, quantity in self.backorders)

    @property
    def owed(self) -> float:
        return self.customers_owed + sum(link.claimed for link in self.outlets)

    @property
    def in_processing(self) -> float:
        return sum(self.processing.values())

    @property
    def on_order(self) -> float:
        per_link = [link.on_order for link in self.links]
        # an assembly waits for one and the same number of units on all its links
        ordered = per_link[0] if self.spec.sourcing == "assembly" else sum(per_link)
        return ordered + sum(self.pipeline.values())

    @property
    def position(self) -> float:
        return self.stock.total + self.in_processing + self.on_order - self.owed

    @property
    def units_underway(self) -> float:
        """Left the sources, not yet in stock: units of this point's item."""
        on_links = sum((link.shipped + link.components) / link.link.quantity for link in self.links)
        if self.spec.sourcing == "assembly":
            on_links /= len(self.links)
        return on_links + self.in_processing + sum(self.pipeline.values())
