"""A SKU's supply network: stocking points, the links that supply them, and their policies (docs/network-model.md)."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from echelon.core.arrays import Doubles, Flags
from echelon.core.inventory.model.demand import Demand
from echelon.core.inventory.model.lead_time import LeadTime

Sourcing = Literal["shares", "priority", "assembly"]
PolicyKind = Literal["base_stock", "sS", "RQ"]
Allocation = Literal["proportional", "priority", "fcfs"]
NO_LIMIT = float("inf")
OUTSIDE = -1
AT_ONCE = LeadTime.fixed(0)


@dataclass(frozen=True)
class Disruption:
    """Times that a link is up and down: geometric with these means, periods (at least 1)."""

    mean_up: float
    mean_down: float


@dataclass(frozen=True)
class Link:
    """A supply of a point. source: index of a point, OUTSIDE for an outside supplier; supplier: name of the source;
    quantities per period."""

    source: int
    lead_time: LeadTime
    quantity: float = 1.0
    share: float = 1.0
    priority: int = 1
    capacity: float = NO_LIMIT
    crossing: bool = True
    rank: int = 1
    disruption: Disruption | None = None
    supplier: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether it is always there, for any quantity, and its shipments may overtake each other."""
        return self == Link(self.source, self.lead_time, priority=self.priority, rank=self.rank, supplier=self.supplier)


@dataclass(frozen=True)
class Policy:
    """How a point orders. The level itself (order-up-to level S, for RQ the reorder point R) is what is optimised; gap is
    S - s for sS and Q for RQ. profile: factors of the level, calendar: whether orders may be placed, both per period and
    repeated when they end."""

    kind: PolicyKind = "base_stock"
    gap: float = 0.0
    profile: tuple[float, ...] = (1.0,)
    calendar: tuple[bool, ...] = (True,)
    lot_size: float = 0.0
    moq: float = 0.0
    order_capacity: float = NO_LIMIT
    storage_capacity: float = NO_LIMIT

    @cached_property
    def review_period(self) -> float:
        """Mean periods between chances to order."""
        return len(self.calendar) / sum(self.calendar)

    @property
    def is_regular(self) -> bool:
        """Whether orders may be placed in the first period and then in each that a review period later."""
        return self.calendar == every(len(self.calendar))

    @property
    def is_order_up_to(self) -> bool:
        """Whether it orders up to one and the same level at every regular review, whatever quantity in whole lots."""
        return self.is_regular and self == Policy(calendar=self.calendar, lot_size=self.lot_size, moq=self.moq)


def every(periods: int) -> tuple[bool, ...]:
    """The calendar of a review period."""
    return (True,) + (False,) * (periods - 1)


@dataclass(frozen=True)
class Start:
    """State before the first period. stock: None for a full one; pipeline: (period, quantity) pairs."""

    stock: float | None = None
    pipeline: tuple[tuple[int, float], ...] = ()
    backorders: float = 0.0


@dataclass(frozen=True)
class UnitCosts:
    """Costs beside stock on hand. pipeline, backorder: currency per unit and year; lost_sale, waste: per unit; order: per
    order."""

    pipeline: float = 0.0
    backorder: float = 0.0
    lost_sale: float = 0.0
    waste: float = 0.0
    order: float = 0.0


@dataclass(frozen=True)
class Point:
    """One stocking point. holding_cost: currency per unit and year; target_fill_rate: share of the customers' demand to serve
    at once, None where there are no customers or no target; shelf_life: periods, 0: any."""

    name: str
    links: tuple[Link, ...]
    sourcing: Sourcing = "shares"
    policy: Policy = Policy()
    processing: LeadTime = AT_ONCE
    shelf_life: int = 0
    issue: Literal["FIFO", "LIFO"] = "FIFO"
    allocation: Allocation = "proportional"
    demand: Demand | None = None
    backorder_share: float = 1.0
    customer_rank: int = 0
    start: Start = Start()
    holding_cost: float = 0.0
    costs: UnitCosts = UnitCosts()
    target_fill_rate: float | None = None

    @property
    def preferred(self) -> Link:
        """The link that is asked first."""
        return self.links[self._preferred]

    @property
    def _preferred(self) -> int:
        places = range(len(self.links))
        return min(places, key=lambda k: self.links[k].priority) if self.sourcing == "priority" else 0

    @property
    def planned_shares(self) -> list[float]:
        """Share of the orders that each link is planned to get: all of them under assembly, with priorities the preferred
        link alone."""
        if self.sourcing == "shares":
            return [link.share for link in self.links]
        return [float(self.sourcing == "assembly" or k == self._preferred) for k in range(len(self.links))]

    @property
    def mean_lead(self) -> float:
        """Mean periods from an order to stock: the slowest link under assembly, else by planned shares."""
        means = [link.lead_time.mean for link in self.links]
        return (max(means) if self.sourcing == "assembly" else self._on_average(means)) + self.processing.mean

    @property
    def lead_variance(self) -> float:
        """Variance of the time from order to stock, over links by their planned shares."""
        means = [link.lead_time.mean for link in self.links]
        mean = self._on_average(means)
        between = self._on_average([(one - mean) ** 2 for one in means])
        return self._on_average([link.lead_time.variance for link in self.links]) + between + self.processing.variance

    def _on_average(self, values: Sequence[float]) -> float:
        """Mean over links by their planned shares."""
        shares = self.planned_shares
        return sum(share * value for share, value in zip(shares, values, strict=True)) / sum(shares)

    @property
    def is_order_up_to(self) -> bool:
        """Whether a single plain link and an order-up-to level say all about it but lots, target, demand and costs."""
        plain = Point(
            self.name,
            self.links,
            self.sourcing,
            self.policy,
            issue=self.issue,
            demand=self.demand,
            backorder_share=self.backorder_share,
            customer_rank=self.customer_rank,
            holding_cost=self.holding_cost,
            costs=self.costs,
            target_fill_rate=self.target_fill_rate,
        )
        one = len(self.links) == 1 and self.links[0].is_plain and self.policy.is_order_up_to
        return one and self.backorder_share in (0, 1) and self == plain


@dataclass(frozen=True)
class SupplyNetwork:
    """One SKU's points, sources before destinations. `run_seed` and `sku` decide all random numbers."""

    sku: str
    nodes: tuple[Point, ...]
    run_seed: int = 0

    @cached_property
    def is_order_up_to_tree(self) -> bool:
        """Whether every point orders up to a level from one source, so that the fast simulator says all about it."""
        return all(point.is_order_up_to for point in self.nodes)

    @cached_property
    def counts(self) -> bool:
        """Whether all demand is negative binomial."""
        return all(point.demand.counts for point in self.nodes if point.demand is not None)

    @cached_property
    def whole_units(self) -> bool:
        """Whether all demand is in whole units, so that levels are too."""
        demands = [point.demand for point in self.nodes if point.demand is not None]
        return all(demand.counts or demand.underdispersed for demand in demands)

    def restriction(self, quantity: float) -> float:
        """A lot or MOQ as orders feel it: single units are no restriction where demand is counted."""
        return 0.0 if self.whole_units and quantity <= 1 else quantity

    @property
    def parents(self) -> list[int]:
        """Index of each point's preferred source."""
        return [point.preferred.source for point in self.nodes]

    def echelon_sum(self, amounts: Doubles) -> Doubles:
        """Of amounts (points, ...): at each point and everywhere downstream of it, in units of the point's own item; of a
        point with several sources each echelon has its planned share."""
        total = np.array(amounts, float)
        for n in range(len(self.nodes) - 1, -1, -1):
            for link, share in zip(self.nodes[n].links, self.nodes[n].planned_shares, strict=True):
                if link.source >= 0:
                    total[link.source] += link.quantity * share * total[n]
        return total

    @cached_property
    def rates(self) -> Doubles:
        """Mean demand per period that each point serves on average, downstream included, units."""
        return self.echelon_sum(np.array([0.0 if point.demand is None else point.demand.rate for point in self.nodes]))

    @property
    def usage(self) -> Doubles:
        """(points, points): units of point i's item that one unit of customers' demand at point j takes, on average."""
        return self.echelon_sum(np.eye(len(self.nodes)))

    @cached_property
    def inner(self) -> Flags:
        """Points that supply others (points,)."""
        sources = [link.source for point in self.nodes for link in point.links]
        return np.isin(np.arange(len(self.nodes)), sources)


def tree_point(
    name: str,
    supplier: str,
    source: int,
    lead_time: LeadTime,
    holding_cost: float,
    demand: Demand | None = None,
    target_fill_rate: float | None = None,
    review_period: int = 1,
    lot_size: float = 0.0,
    moq: float = 0.0,
    lost_sales: bool = False,
) -> Point:
    """A point of a distribution tree: one source, orders up to a level every review period, unmet demand waits or is lost."""
    return Point(
        name,
        (Link(source, lead_time, supplier=supplier),),
        policy=Policy(calendar=every(review_period), lot_size=lot_size, moq=moq),
        demand=demand,
        backorder_share=0.0 if lost_sales else 1.0,
        holding_cost=holding_cost,
        target_fill_rate=target_fill_rate,
    )
