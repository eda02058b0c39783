"""From table rows to one SKU's supply network."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from echelon.core.demand.periods import PERIOD_DAYS
from echelon.core.forecast.distributions.level_variance import rounded_cv
from echelon.core.forecast.distributions.shape import SHAPE_COLUMNS
from echelon.core.inventory.model.demand import Demand, Shape
from echelon.core.inventory.model.lead_time import LeadTime
from echelon.core.inventory.model.supply_network import (
    NO_LIMIT,
    OUTSIDE,
    Disruption,
    Link,
    Point,
    Policy,
    SupplyNetwork,
    UnitCosts,
    every,
)
from echelon.core.network.order_terms import capacity_of_an_order, periods_between_orders
from echelon.core.network.topology import Lane, Network, build_network
from echelon.stages.shared.context import Context
from echelon.stages.shared.network import lanes_of, names_of
from echelon.stages.stock.long_lead_times import lead_time

_DISTRIBUTION = (
    "mean", *SHAPE_COLUMNS, "level_cv", "level_correlation", "level_persistence", "level_growth", "horizon", "counts",
    "underdispersed",
)  # fmt: skip
# Of a horizon: what means of lead times stray by.
_ROUNDING = 1e-6


@dataclass(frozen=True)
class Lanes:
    """The network that all SKUs share, small enough to travel with the code to every worker."""

    lanes: tuple[Lane, ...]
    suppliers: tuple[str, ...]
    locations: tuple[str, ...]
    terms: dict[tuple[str, str], dict[str, Any]]
    lead_times: dict[tuple[str, str], LeadTime]
    promised: dict[tuple[str, str], float | None]  # periods; None where no deliveries tell how a promise is kept
    holding_rates: dict[str, float]
    period_days: float
    lost_sales: bool
    seed: int

    @property
    def periods_per_year(self) -> float:
        """Planning periods in a year."""
        return 365.0 / self.period_days

    def network(self, customers: list[str]) -> Network:
        """The network upstream of some customers' locations."""
        return build_network(self.lanes, customers, self.suppliers, self.locations)


def shared_lanes(context: Context, lead_times: DataFrame) -> Lanes:
    """Lanes, lead times and holding rates of a run.

    Raises InputRefused when lead times are longer than the simulation can hold.
    """
    settings, read = context.settings, context.lake.read
    terms = {(row["source"], row["destination"]): row.asDict() for row in read("lanes").collect()}
    period_days = PERIOD_DAYS[settings.run.frequency]
    learned = [row.asDict() for row in lead_times.collect()]
    return Lanes(
        tuple(lanes_of(read("lanes"))),
        tuple(names_of(read("locations"), "supplier")),
        tuple(names_of(read("locations"))),
        terms,
        {(row["source"], row["destination"]): lead_time(context, row, period_days) for row in learned},
        {(row["source"], row["destination"]): _promised(row, terms, period_days) for row in learned},
        {row["location"]: row["holding_rate"] for row in read("locations").collect()},
        period_days,
        settings.stock.unmet_demand == "lost",
        settings.run.seed,
    )


def _promised(row: dict[str, Any], terms: dict[tuple[str, str], dict[str, Any]], period_days: float) -> float | None:
    """Promised lead time, periods: as the deliveries had it, else as the lane has it; None where nothing was learned."""
    if row["basis"] == "promise":
        return None
    lane = terms[(row["source"], row["destination"])]
    days: float = lane["lead_time_days"] if row["promised_days"] is None else row["promised_days"]
    return days / period_days


@dataclass(frozen=True)
class _Supply:
    """A lane that a point orders on. terms: its row of the table `lanes`; source: index of a point, or OUTSIDE."""

    lane: Lane
    terms: Mapping[str, Any]
    lead_time: LeadTime
    source: int


def make_network(sku: str, rows: pd.DataFrame, lanes: Lanes) -> SupplyNetwork:
    """One SKU's network upstream of its customers.

    rows: one per location with customers: location, _DISTRIBUTION, fill_rate (target), unit_cost, shelf_life_days (null:
    none); any order.
    """
    by_location = {str(row["location"]): row for row in rows.to_dict("records")}
    network = lanes.network(list(by_location))
    unit_cost, life = float(rows["unit_cost"].iloc[0]), _shelf_life(rows, lanes.period_days)
    supplies = _supplies(network, lanes)
    ahead = _periods_ahead(supplies, lanes.period_days)
    reached = dict(zip(network.nodes, ahead, strict=True))
    demands = {name: demand_of(row, reached[name], max(ahead)) for name, row in by_location.items()}
    points = [
        _point(name, own, by_location.get(name), unit_cost, life, lanes, demands.get(name))
        for name, own in zip(network.nodes, supplies, strict=True)
    ]
    return SupplyNetwork(sku, tuple(points), lanes.seed)


def _supplies(network: Network, lanes: Lanes) -> list[list[_Supply]]:
    """The lanes of every node with all that is known of them."""
    index = {name: i for i, name in enumerate(network.nodes)}

    def supply(lane: Lane) -> _Supply:
        ends = (lane.source, lane.destination)
        return _Supply(lane, lanes.terms[ends], lanes.lead_times[ends], index.get(lane.source, OUTSIDE))

    return [[supply(lane) for lane in some] for some in network.supplies]


def _shelf_life(rows: pd.DataFrame, period_days: float) -> int:
    """Whole periods in which a unit can be used, at least one; 0: any time."""
    days = rows["shelf_life_days"].iloc[0]
    return 0 if pd.isna(days) else max(1, int(days / period_days))


def _periods_ahead(supplies: Sequence[Sequence[_Supply]], period_days: float) -> list[float]:
    """How far ahead what is ordered for each point's customers must last: the longest mean lead time and review period on the
    way to it, periods."""
    ahead: list[float] = []
    for own in supplies:
        lead = max(supply.lead_time.mean for supply in own)
        review = periods_between_orders(own[0].terms["review_period_days"], period_days)
        ahead.append(max([lead + review, *(ahead[supply.source] for supply in own if supply.source != OUTSIDE)]))
    return ahead


def _point(
    name: str,
    supplies: Sequence[_Supply],
    row: Any,
    unit_cost: float,
    shelf_life: int,
    lanes: Lanes,
    demand: Demand | None,
) -> Point:
    """The point with all the lanes that it orders on, the preferred one first, whose order terms are its own.

    row, demand: of its customers, None without any; shelf_life: periods. An order cost makes its policy (s,S), with the order
    quantity to be found.
    """
    terms, cost, period = supplies[0].terms, _order_cost(supplies), lanes.period_days
    review = terms["review_period_days"]
    return Point(
        name=name,
        links=tuple(_link(supply, review, period) for supply in supplies),
        sourcing="priority" if len(supplies) > 1 and supplies[0].lane.share is None else "shares",
        policy=Policy(
            kind="sS" if cost > 0 else "base_stock",
            calendar=every(periods_between_orders(review, period)),
            lot_size=terms["lot_size"],
            moq=terms["moq"],
        ),
        shelf_life=shelf_life,
        demand=demand,
        backorder_share=0.0 if lanes.lost_sales and row is not None else 1.0,
        holding_cost=unit_cost * lanes.holding_rates[name],
        costs=UnitCosts(order=cost),
        target_fill_rate=None if row is None else row["fill_rate"],
    )


def _order_cost(supplies: Sequence[_Supply]) -> float:
    """Currency per order: the mean over lanes that share the orders, else that of the preferred lane."""
    costs = [supply.terms["order_cost"] or 0.0 for supply in supplies]
    shares = [supply.lane.share for supply in supplies]
    return sum(cost * (share or 0.0) for cost, share in zip(costs, shares, strict=True)) if shares[0] else costs[0]


def _link(supply: _Supply, review_period_days: float, period_days: float) -> Link:
    """The lane as a link. What its capacity lets through between two reviews is ordered at once."""
    lane, capacity = supply.lane, supply.terms["capacity"]
    return Link(
        supply.source,
        supply.lead_time,
        share=1.0 if lane.share is None else lane.share,
        priority=lane.priority,
        capacity=NO_LIMIT if capacity is None else capacity_of_an_order(capacity, review_period_days, period_days),
        disruption=_disruption(supply.terms, period_days),
        supplier=lane.source,
    )


def _disruption(terms: Mapping[str, Any], period_days: float) -> Disruption | None:
    """Times up and down in periods. Neither can be shorter than one; then both are as much longer, so that the lane is
    down for the same share of the time."""
    if terms["days_down"] is None:
        return None
    up, down = terms["days_up"] / period_days, terms["days_down"] / period_days
    longer = max(1.0, 1 / min(up, down))
    return Disruption(max(up * longer, 1.0), max(down * longer, 1.0))


def demand_of(row: Any, periods_ahead: float = 0.0, path: float = 0.0) -> Demand:
    """The demand that simulation draws, from a row with the columns _DISTRIBUTION. The longer the way, the further the level
    may have strayed from the forecast.

    path: periods from now on that a level must last for; the whole horizons that they reach into are repeated as the long
    run, so that a level meets the seasons that its orders are for.
    """
    horizon = int(_known(row["horizon"])) or len(row["mean"])
    further = max(periods_ahead / horizon - 1.0, 0.0)
    variance = row["level_cv"] ** 2 + further * _known(row["level_growth"])
    return Demand(
        np.asarray(row["mean"])[: horizon * max(math.ceil(path / horizon - _ROUNDING), 1)],
        row["dispersion"],
        rounded_cv(variance),
        row["counts"] and not row["underdispersed"],
        Shape(*(row[field.name] for field in fields(Shape))),
        row["level_correlation"],
        bool(row["underdispersed"]),
        _known(row["level_persistence"]),
        horizon,
    )


def _known(value: float | None) -> float:
    """0 in rows of releases that did not know it."""
    return 0.0 if value is None or pd.isna(value) else value


def with_targets(series: DataFrame, targets: DataFrame) -> DataFrame:
    """Add `fill_rate`: the target of the most exact row: of SKU and location, of the SKU, of the location, of all."""
    joined = series
    ranks = [("sku", "location"), ("sku",), ("location",), ()]
    for number, named in enumerate(ranks):
        stars = [F.col(key) == "*" if key not in named else F.col(key) != "*" for key in ("sku", "location")]
        some = targets.where(stars[0] & stars[1]).select(*named, F.col("fill_rate").alias(f"_target{number}"))
        joined = joined.join(F.broadcast(some), list(named), "left") if named else joined.crossJoin(F.broadcast(some))
    chosen = F.coalesce(*(f"_target{number}" for number in range(len(ranks))))
    return joined.withColumn("fill_rate", chosen).drop(*(f"_target{number}" for number in range(len(ranks))))


def planning_rows(context: Context, distributions: DataFrame) -> DataFrame:
    """The rows that `make_network` takes, for all SKUs."""
    costs = context.lake.read("items").select("sku", "unit_cost", "shelf_life_days")
    wanted = distributions.select("sku", "location", *_DISTRIBUTION)
    return with_targets(wanted, context.lake.read("targets")).join(costs, "sku")
