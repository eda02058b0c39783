"""What the slow event loop of docs/network-model.md remembers of links, stock and points, in plain lists and dictionaries."""

from collections import defaultdict
from itertools import accumulate

OUTSIDE = -1
INITIAL = -1  # the "period" in which initial backorders were claimed


class LinkState:
    """One link. Claims, shipments and components in units of the source's item, `ordered` in the destination's."""

    def __init__(self, number, link, lead, up):
        self.number, self.link, self.up = number, link, up
        self.claims = []  # [period placed, quantity]
        self.shipments = defaultdict(float)  # period of arrival -> quantity
        self.components = 0.0
        self.ordered = 0.0
        due = [t + periods for t, periods in enumerate(lead)]
        self.due = due if link.crossing else list(accumulate(due, max))

    @property
    def claimed(self):
        return sum(quantity for _, quantity in self.claims)

    @property
    def shipped(self):
        return sum(self.shipments.values())

    @property
    def on_order(self):
        """Units of the destination's item that were ordered on the link and did not go to processing yet."""
        return (self.claimed + self.shipped + self.components) / self.link.quantity

    def ship(self, quantity, t):
        self.shipments[self.due[t]] += quantity


class Stock:
    """Batches [age in periods, quantity], oldest first."""

    def __init__(self, quantity, shelf_life, issue):
        self.batches, self.shelf_life, self.issue = [[0, quantity]], shelf_life, issue

    @property
    def total(self):
        return sum(quantity for _, quantity in self.batches)

    def add(self, quantity):
        self.batches.append([0, quantity])

    def take(self, quantity):
        for batch in self.batches if self.issue == "FIFO" else reversed(self.batches):
            taken = min(batch[1], quantity)
            batch[1] -= taken
            quantity -= taken
        self.batches = [batch for batch in self.batches if batch[1] > 0]

    def grow_older(self):
        """End of the period: returns what has to be thrown away."""
        self.batches = [[age + 1, quantity] for age, quantity in self.batches]
        if not self.shelf_life:
            return 0.0
        waste = sum(quantity for age, quantity in self.batches if age >= self.shelf_life)
        self.batches = [batch for batch in self.batches if batch[0] < self.shelf_life]
        return waste


class PointState:
    """One point with its supplies (`links`) and the links that it supplies (`outlets`)."""

    def __init__(self, index, spec, level):
        self.index, self.spec, self.level = index, spec, level
        self.rounding = 1e-5 * max(level, 1.0)
        self.links, self.outlets = [], []
        self.processing = defaultdict(float)  # period in which units are ready -> quantity
        self.pipeline = defaultdict(float)  # the initial one: period of arrival in stock -> quantity
        for period, quantity in spec.start.pipeline:
            self.pipeline[period] += quantity
        self.backorders = [[INITIAL, spec.start.backorders]]
        self.stock = Stock(self.initial_stock(), spec.shelf_life, spec.issue)

    def initial_stock(self):
        if self.spec.start.stock is not None:
            return self.spec.start.stock
        start = self.target(0) + (self.spec.policy.gap if self.spec.policy.kind == "RQ" else 0.0)
        return max(start - sum(self.pipeline.values()) + self.customers_owed, 0.0)

    def target(self, t):
        profile = self.spec.policy.profile
        return self.level * profile[t % len(profile)]

    @property
    def customers_owed(self):
        return sum(quantity for _, quantity in self.backorders)

    @property
    def owed(self):
        return self.customers_owed + sum(link.claimed for link in self.outlets)

    @property
    def in_processing(self):
        return sum(self.processing.values())

    @property
    def on_order(self):
        per_link = [link.on_order for link in self.links]
        # an assembly waits for one and the same number of units on all its links
        ordered = per_link[0] if self.spec.sourcing == "assembly" else sum(per_link)
        return ordered + sum(self.pipeline.values())

    @property
    def position(self):
        return self.stock.total + self.in_processing + self.on_order - self.owed

    @property
    def units_underway(self):
        """Left the sources, not yet in stock: units of this point's item."""
        on_links = sum((link.shipped + link.components) / link.link.quantity for link in self.links)
        if self.spec.sourcing == "assembly":
            on_links /= len(self.links)
        return on_links + self.in_processing + sum(self.pipeline.values())
