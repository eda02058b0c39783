"""A network of any shape: stocking points, the links that supply them, and their policies (docs/network-model.md)."""

from dataclasses import dataclass, field
from typing import Literal

from echelon.core.inventory.model.problem import Demand, LeadTime

Sourcing = Literal["shares", "priority", "assembly"]
PolicyKind = Literal["base_stock", "sS", "RQ"]
Allocation = Literal["proportional", "priority", "fcfs"]
NO_LIMIT = float("inf")
OUTSIDE = -1


@dataclass(frozen=True)
class Disruption:
    """Times that a link is up and down: geometric with these means, periods (at least 1)."""

    mean_up: float
    mean_down: float


@dataclass(frozen=True)
class Link:
    """A supply of a point. source: index of a point, OUTSIDE for an outside supplier (whose name is `supplier`); quantities
    per period."""

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
    """One stocking point. holding_cost: currency per unit and year, as in `problem.Node`; shelf_life: periods, 0: any."""

    name: str
    links: tuple[Link, ...]
    sourcing: Sourcing = "shares"
    policy: Policy = Policy()
    processing: LeadTime = field(default_factory=lambda: LeadTime.fixed(0))
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


@dataclass(frozen=True)
class SupplyNetwork:
    """One SKU's points, sources before destinations. `run_seed` and `sku` decide all random numbers."""

    sku: str
    nodes: tuple[Point, ...]
    run_seed: int = 0

    @property
    def counts(self) -> bool:
        """Whether all demand is in whole units, so that levels are too."""
        return all(point.demand.counts for point in self.nodes if point.demand is not None)
