"""From table rows to one SKU's planning problem."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from echelon.core.demand.periods import PERIOD_DAYS
from echelon.core.forecast.distributions.shape import SHAPE_COLUMNS
from echelon.core.inventory.model.problem import Demand, LeadTime, Node, Problem, Shape
from echelon.core.inventory.model.supply_network import OUTSIDE, SupplyNetwork
from echelon.core.inventory.model.trees import as_point
from echelon.core.network.topology import Lane, Network, build_network
from echelon.stages.shared.context import Context
from echelon.stages.shared.network import lanes_of, names_of
from echelon.stages.stock.long_lead_times import lead_time
from echelon.stages.stock.points import Supply, asks_for_more, supplied_point

_DISTRIBUTION = ("mean", *SHAPE_COLUMNS, "level_cv", "level_correlation", "counts")


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


def make_problem(sku: str, rows: pd.DataFrame, lanes: Lanes) -> Problem | SupplyNetwork:
    """One SKU's problem: a distribution tree of the preferred lanes where that says all, else a network of any shape.

    rows: one per location with customers: location, _DISTRIBUTION, fill_rate (target), unit_cost, shelf_life_days (null:
    none); any order.
    """
    by_location = {str(row["location"]): row for row in rows.to_dict("records")}
    network = lanes.network(list(by_location))
    unit_cost = float(rows["unit_cost"].iloc[0])
    nodes = tuple(
        _node(name, source, parent, by_location.get(name), unit_cost, lanes)
        for name, source, parent in zip(network.nodes, network.sources, network.parents, strict=True)
    )
    supplies, life = _supplies(network, lanes), _shelf_life(rows, lanes.period_days)
    if life == 0 and not any(map(asks_for_more, supplies)):
        return Problem(sku, nodes, lanes.seed)
    counts = all(node.demand.counts for node in nodes if node.demand is not None)
    points = [
        supplied_point(as_point(node, counts), some, lanes.period_days, life)
        for node, some in zip(nodes, supplies, strict=True)
    ]
    return SupplyNetwork(sku, tuple(points), lanes.seed)


def _supplies(network: Network, lanes: Lanes) -> list[list[Supply]]:
    """The lanes of every node with all that is known of them."""
    index = {name: i for i, name in enumerate(network.nodes)}

    def supply(lane: Lane) -> Supply:
        ends = (lane.source, lane.destination)
        return Supply(lane, lanes.terms[ends], lanes.lead_times[ends], index.get(lane.source, OUTSIDE))

    return [[supply(lane) for lane in some] for some in network.supplies]


def _shelf_life(rows: pd.DataFrame, period_days: float) -> int:
    """Whole periods in which a unit can be used, at least one; 0: any time."""
    days = rows["shelf_life_days"].iloc[0]
    return 0 if pd.isna(days) else max(1, int(days / period_days))


def _node(name: str, source: str, parent: int, row: Any, unit_cost: float, lanes: Lanes) -> Node:
    terms = lanes.terms[(source, name)]
    return Node(
        name=name,
        source=source,
        parent=parent,
        lead_time=lanes.lead_times[(source, name)],
        holding_cost=unit_cost * lanes.holding_rates[name],
        demand=None if row is None else _demand(row),
        target_fill_rate=None if row is None else row["fill_rate"],
        review_period=max(1, round(terms["review_period_days"] / lanes.period_days)),
        lot_size=terms["lot_size"],
        moq=terms["moq"],
        lost_sales=lanes.lost_sales and row is not None,
    )


def _demand(row: Any) -> Demand:
    return Demand(
        np.asarray(row["mean"]),
        row["dispersion"],
        row["level_cv"],
        row["counts"],
        Shape(*(row[field.name] for field in fields(Shape))),
        row["level_correlation"],
    )


def with_targets(series: DataFrame, targets: DataFrame) -> DataFrame:
    """Add `fill_rate`: the target of the most exact row: of SKU and location, of the SKU, of the location, of all."""
    found = series
    ranks = [("sku", "location"), ("sku",), ("location",), ()]
    for number, named in enumerate(ranks):
        stars = [F.col(key) == "*" if key not in named else F.col(key) != "*" for key in ("sku", "location")]
        some = targets.where(stars[0] & stars[1]).select(*named, F.col("fill_rate").alias(f"_target{number}"))
        found = found.join(F.broadcast(some), list(named), "left") if named else found.crossJoin(F.broadcast(some))
    chosen = F.coalesce(*(f"_target{number}" for number in range(len(ranks))))
    return found.withColumn("fill_rate", chosen).drop(*(f"_target{number}" for number in range(len(ranks))))


def planning_rows(context: Context, distributions: DataFrame) -> DataFrame:
    """The rows that `make_problem` takes, for all SKUs."""
    costs = context.lake.read("items").select("sku", "unit_cost", "shelf_life_days")
    wanted = distributions.select("sku", "location", *_DISTRIBUTION)
    return with_targets(wanted, context.lake.read("targets")).join(costs, "sku")
