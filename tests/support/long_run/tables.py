"""The tables that a user gets, as a network for the long run: what docs/inputs.md and docs/tables.md say of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter
from typing import Any

import numpy as np
import pandas as pd
from echelon.api import Demand, Disruption, LeadTime, Link, Point, Policy, Release, Shape, SupplyNetwork, every

from support.long_run.result import LongRun, long_run

DAYS = {"D": 1.0, "W": 7.0, "M": 365.25 / 12}
NAMES = ("stock_levels", "lanes", "lead_times", "demand_distributions", "items")
SHAPE = ("active_share", "large_share", "large_factor", "large_dispersion")
_LONGEST = 254
Row = dict[str, Any]


@dataclass(frozen=True)
class Published:
    """Tables of a release by name (NAMES), with the two settings that they do not tell: run.frequency and
    stock.unmet_demand."""

    tables: Mapping[str, pd.DataFrame]
    frequency: str = "D"
    unmet_demand: str = "lost"

    @staticmethod
    def of(release: Release, frequency: str = "D", unmet_demand: str = "lost") -> "Published":
        """As a user reads them."""
        return Published({name: release.table(name).to_pandas() for name in NAMES}, frequency, unmet_demand)

    def dearest(self, number: int) -> list[str]:
        """So many SKUs, those of the greatest holding cost."""
        cost = self.tables["stock_levels"].groupby("sku")["holding_cost"].sum()
        return [str(sku) for sku in cost.sort_values(ascending=False).index[:number]]

    def rows(self, name: str, **where: str) -> list[Row]:
        """Rows of a table in which columns have these values; what is null is None."""
        frame = self.tables[name]
        for column, value in where.items():
            frame = frame[frame[column] == value]
        return [{str(key): _known(value) for key, value in row.items()} for row in frame.to_dict("records")]


def _known(value: Any) -> Any:
    """None for what is null."""
    return None if value is None or (isinstance(value, float) and np.isnan(value)) else value


def long_run_of_tables(published: Published, sku: str, **size: int) -> LongRun:
    """What a SKU's published levels come to; `long_run` says what size may be. Points are named as in `stock_levels`."""
    network, levels = network_of_tables(published, sku)
    return long_run(network, levels, **size)


def network_of_tables(published: Published, sku: str) -> tuple[SupplyNetwork, list[float]]:
    """A SKU's network, and what each point orders up to."""
    planned = {row["location"]: row for row in published.rows("stock_levels", sku=sku)}
    lanes = {name: used_lanes(published.rows("lanes", destination=name)) for name in planned}
    sources = {name: {lane["source"] for lane in some} & planned.keys() for name, some in lanes.items()}
    order = list(TopologicalSorter(sources).static_order())
    points: list[Point] = []
    ahead: dict[str, float] = {}
    for name in order:
        point = _point(published, planned[name], lanes[name], order.index)
        own = max(float(np.dot(link.lead_time.periods, link.lead_time.probability)) for link in point.links)
        ahead[name] = max([own + point.policy.review_period, *(ahead[source] for source in sources[name])])
        points.append(point)
    points = [replace(p, demand=_demand(published, p.name, sku, ahead[p.name], max(ahead.values()))) for p in points]
    return SupplyNetwork(sku, tuple(points)), [float(planned[name]["base_stock_level"]) for name in order]


def used_lanes(lanes: list[Row]) -> list[Row]:
    """Those that share the orders, else the preferred one, and where it is limited those that stand in, in their order."""
    ranked = sorted(lanes, key=lambda lane: (lane["priority"], lane["source"]))
    shared = [lane for lane in ranked if lane["priority"] == ranked[0]["priority"] and lane["share"] is not None]
    if shared:
        return sorted((lane for lane in shared if lane["share"] > 0), key=lambda lane: (-lane["share"], lane["source"]))
    limited = ranked[0]["capacity"] is not None or ranked[0]["days_down"] is not None
    return ranked if limited else ranked[:1]


def _point(published: Published, levels: Row, lanes: list[Row], place: Callable[[str], int]) -> Point:
    """Review period, MOQ and lots are those of the preferred lane (of the largest share); an order cost makes it order at or
    below the reorder point."""
    days, first = DAYS[published.frequency], lanes[0]
    review = max(1, round(first["review_period_days"] / days))
    asked = published.rows("demand_distributions", sku=levels["sku"], location=levels["location"])
    life = published.rows("items", sku=levels["sku"])[0]["shelf_life_days"]
    costs = [(lane["order_cost"] or 0.0) * (1.0 if lane["share"] is None else lane["share"]) for lane in lanes]
    ordering = sum(costs) if first["share"] is not None else costs[0]
    return Point(
        levels["location"],
        tuple(_link(published, lane, review, place) for lane in lanes),
        sourcing="shares" if first["share"] is not None or len(lanes) == 1 else "priority",
        policy=Policy(
            kind="sS" if ordering > 0 else "base_stock",
            gap=levels["base_stock_level"] - levels["reorder_point"] if ordering > 0 else 0.0,
            calendar=every(review),
            lot_size=first["lot_size"],
            moq=first["moq"],
        ),
        shelf_life=0 if life is None else max(1, int(life // days)),
        backorder_share=0.0 if asked and published.unmet_demand == "lost" else 1.0,
    )


def _link(published: Published, lane: Row, review: int, place: Callable[[str], int]) -> Link:
    """An order may have the capacity of all days to the next review."""
    days = DAYS[published.frequency]
    learned = published.rows("lead_times", source=lane["source"], destination=lane["destination"])[0]
    inside = lane["source"] in set(published.tables["stock_levels"]["location"])
    return Link(
        place(lane["source"]) if inside else -1,
        _in_periods(learned["days"], learned["probability"], days),
        share=1.0 if lane["share"] is None else lane["share"],
        priority=lane["priority"],
        capacity=np.inf if lane["capacity"] is None else lane["capacity"] * days * review,
        disruption=None if lane["days_down"] is None else _interruptions(lane["days_up"] / days, lane["days_down"] / days),
        supplier=lane["source"],
    )


def _interruptions(up: float, down: float) -> Disruption:
    """Neither is shorter than a period; then both are lengthened alike."""
    longer = max(1.0, 1 / min(up, down))
    return Disruption(max(up * longer, 1.0), max(down * longer, 1.0))


def _in_periods(days: Any, probability: Any, period_days: float) -> LeadTime:
    """A time between two whole periods is one or the other, so that the mean stays."""
    weights = np.zeros(_LONGEST + 2)
    for time, weight in zip(np.asarray(days, float) / period_days, probability, strict=True):
        below = int(min(time, _LONGEST) + 1e-9)
        above = max(min(time, _LONGEST) - below, 0.0)
        weights[below] += weight * (1 - above)
        weights[below + 1] += weight * above
    kept = np.flatnonzero(weights > 1e-12)
    return LeadTime(tuple(kept.tolist()), tuple((weights[kept] / weights[kept].sum()).tolist()))


def _demand(published: Published, location: str, sku: str, ahead: float, longest: float) -> Demand | None:
    """The longest lead time and review period on the way to the point, in periods, says how far the level may stray; that of
    all points of the SKU, how many horizons of the path are met again and again."""
    asked = published.rows("demand_distributions", sku=sku, location=location)
    if not asked:
        return None
    row = asked[0]
    horizon = int(row.get("horizon") or len(row["mean"]))
    mean = np.asarray(row["mean"], float)[: horizon * max(int(np.ceil(round(longest / horizon, 6))), 1)]
    further = max(ahead / horizon - 1, 0) * (row.get("level_growth") or 0.0)
    cv = round(float(np.sqrt(min(row["level_cv"] ** 2 + further, 1.0))), 2)
    shape = Shape() if row["active_share"] is None else Shape(*(row[name] for name in SHAPE))
    narrow = bool(row["underdispersed"])
    counted = bool(row["counts"]) and not narrow
    correlation = row["level_correlation"] or 0.0
    persistence = row.get("level_persistence") or 0.0
    return Demand(mean, row["dispersion"], cv, counted, shape, correlation, narrow, persistence, horizon)
