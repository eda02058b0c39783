"""A slow, readable event loop for one replication of any network: the literal reading of docs/network-model.md.

It shares no code with the kernels, which must agree with it.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from echelon.core.arrays import Doubles
from echelon.core.inventory.model.supply_network import Point, SupplyNetwork

from support.inventory.network_state import OUTSIDE, LinkState, PointState

Measures = dict[str, float]
Waiting = tuple[list[float], LinkState | None]  # a line [period, quantity], and the link that claims it


class NetworkOracle:
    """One replication. Links are numbered over the whole network: by point, then in the order of the point's links.

    demand[t][point], lead[t][link], processing[t][point] (periods), up[t][link]. `trace[t][point]` holds the measures of
    every period after `run`, warm-up included.
    """

    def __init__(
        self,
        network: SupplyNetwork,
        levels: Sequence[float] | Doubles,
        demand: list[list[float]],
        lead: list[list[int]],
        processing: list[list[int]],
        up: list[list[int]],
        warm_up: int,
        beyond: Sequence[float] | None = None,
    ) -> None:
        """beyond[point]: stock at the start beyond that of a full point."""
        self.demand, self.processing, self.warm_up = demand, processing, warm_up
        whole = all(point.demand.counts for point in network.nodes if point.demand is not None)
        specs = [with_single_units(point) if whole else point for point in network.nodes]
        self.points = [PointState(n, spec, float(levels[n]), beyond[n] if beyond else None) for n, spec in enumerate(specs)]
        self.links: list[LinkState] = []
        for point in self.points:
            for link in point.spec.links:
                number = len(self.links)
                state = LinkState(number, link, [row[number] for row in lead], [row[number] for row in up])
                self.links.append(state)
                point.links.append(state)
                if link.source != OUTSIDE:
                    self.points[link.source].outlets.append(state)
        self.trace: list[list[Measures]] = []

    def run(self) -> list[defaultdict[str, float]]:
        """Sums of the measures over the measured periods: one dict per point."""
        for t in range(len(self.demand)):
            self.step(t)
        sums: list[defaultdict[str, float]] = [defaultdict(float) for _ in self.points]
        for period in self.trace[self.warm_up :]:
            for total, measures in zip(sums, period, strict=True):
                for name, value in measures.items():
                    total[name] += value
        return sums

    def step(self, t: int) -> None:
        measures: list[Measures] = [{} for _ in self.points]
        for point in reversed(self.points):
            measures[point.index] |= order(point, t)
        for point in self.points:
            receive(point, t, self.processing[t][point.index])
            measures[point.index] |= fill(point, t)
        for point in self.points:
            measures[point.index] |= serve(point, t, self.demand[t][point.index])
        for point in self.points:
            measures[point.index] |= close(point)
        self.trace.append(measures)


def with_single_units(point: Point) -> Point:
    """Where all demand is counted, lots and MOQs of a unit restrict nothing."""
    lot, moq = (0.0 if quantity <= 1 else quantity for quantity in (point.policy.lot_size, point.policy.moq))
    return replace(point, policy=replace(point.policy, lot_size=lot, moq=moq))


# 1. orders


def order(point: PointState, t: int) -> Measures:
    calendar = point.spec.policy.calendar
    given = 0.0
    if calendar[t % len(calendar)]:
        quantity = cut(point, wanted(point, t))
        if quantity > 0:
            given = {"shares": by_shares, "priority": by_priority, "assembly": to_all}[point.spec.sourcing](point, quantity, t)
    return {"ordered": given, "order_count": float(given > point.rounding)}


def wanted(point: PointState, t: int) -> float:
    policy, rounding = point.spec.policy, point.rounding
    need = point.target(t) - point.position
    if policy.kind == "RQ":
        multiple = math.floor((need + rounding) / policy.gap) + 1 if need >= -rounding else 0
        return multiple * policy.gap
    # where something is rounded up, rounding errors must not order it
    least = rounding if policy.moq or policy.lot_size else 0.0
    if need <= least or (policy.kind == "sS" and need < policy.gap - rounding):
        return 0.0
    quantity = max(need, policy.moq)
    if policy.lot_size:
        quantity = math.ceil((quantity - rounding) / policy.lot_size) * policy.lot_size
    return quantity


def cut(point: PointState, quantity: float) -> float:
    """The order within the capacities, in whole lots; none if that leaves less than the MOQ."""
    policy, rounding = point.spec.policy, point.rounding
    room = policy.storage_capacity - (point.stock.total + point.in_processing + point.on_order)
    quantity = min(quantity, policy.order_capacity, room)
    lot, moq = (policy.gap, 0.0) if policy.kind == "RQ" else (policy.lot_size, policy.moq)
    if lot:
        quantity = math.floor((quantity + rounding) / lot) * lot
    return quantity if quantity >= moq - rounding else 0.0


def by_shares(point: PointState, quantity: float, t: int) -> float:
    """The whole order to the link that is furthest behind its share."""
    total = sum(link.ordered for link in point.links) + quantity

    def behind(link: LinkState) -> float:
        return link.link.share * total - link.ordered

    chosen = point.links[0]
    for link in point.links[1:]:
        if behind(link) > behind(chosen) + point.rounding:
            chosen = link
    return claim(chosen, min(quantity, chosen.link.capacity), t)


def by_priority(point: PointState, quantity: float, t: int) -> float:
    """To the links that are up, in turn, each up to its capacity."""
    ranked = sorted(point.links, key=lambda link: link.link.priority)
    in_use = [link for link in ranked if link.up[t]] or ranked[:1]
    left = quantity
    for link in in_use:
        if left > 0:
            left -= claim(link, min(left, link.link.capacity), t)
    return quantity - left


def to_all(point: PointState, quantity: float, t: int) -> float:
    """Assembly: the same number of units on every link."""
    quantity = min([quantity] + [link.link.capacity for link in point.links])
    for link in point.links:
        claim(link, quantity, t)
    return quantity


def claim(link: LinkState, quantity: float, t: int) -> float:
    link.ordered += quantity
    link.claims.append([t, quantity * link.link.quantity])
    return quantity


# 2. receipts and shipments


def receive(point: PointState, t: int, processing: int) -> None:
    for link in point.links:
        if link.link.source == OUTSIDE and link.up[t]:
            link.ship(link.claimed, t)
            link.claims = []
        link.components += link.shipments.pop(t, 0.0)
    point.processing[t + processing] += assemble(point.links) if point.spec.sourcing == "assembly" else unload(point.links)
    point.stock.add(point.processing.pop(t, 0.0) + point.pipeline.pop(t, 0.0))


def unload(links: list[LinkState]) -> float:
    """Units that arrived, whatever their supplier."""
    units = sum(link.components / link.link.quantity for link in links)
    for link in links:
        link.components = 0.0
    return units


def assemble(links: list[LinkState]) -> float:
    """Units for which all components are there."""
    units = min(link.components / link.link.quantity for link in links)
    for link in links:
        link.components -= units * link.link.quantity
    return units


def fill(point: PointState, t: int) -> Measures:
    """Grant what is waiting out of stock: lines of a claim or backorder ([period, quantity]) and its link, if it has one."""
    stock = point.stock.total
    waiting: list[Waiting] = [(line, link) for link in point.outlets if link.up[t] for line in link.claims]
    waiting += [(line, None) for line in point.backorders]
    measures = new_claims(point, t, stock, sum(line[1] for line, _ in waiting if line[0] < t))
    groups: defaultdict[tuple[float, bool], list[Waiting]] = defaultdict(list)
    for line, link in waiting:
        groups[place_in_queue(point.spec, line, link)].append((line, link))
    for place in sorted(groups):
        grant(point, groups[place], t)
    for holder in point.outlets:
        holder.claims = [line for line in holder.claims if line[1] > 0]
    return measures


def place_in_queue(spec: Point, line: list[float], link: LinkState | None) -> tuple[float, bool]:
    if spec.allocation == "priority":
        return (link.link.rank if link else spec.customer_rank, False)
    if spec.allocation == "fcfs":
        return (line[0], link is None)  # claims of a period come before its backorders
    return (0, False)


def grant(point: PointState, group: list[Waiting], t: int) -> None:
    """Serve a group from stock; when it does not suffice everyone gets the same share."""
    asked, stock = sum(line[1] for line, _ in group), point.stock.total
    share = 1.0 if stock >= asked else stock / asked
    for line, link in group:
        if link:
            link.ship(line[1] * share, t)
        line[1] *= 1.0 - share
    point.stock.take(asked * share)


def new_claims(point: PointState, t: int, stock: float, older: float) -> Measures:
    """Claims placed on this point in period t, and those that its stock cannot fill at once."""

    def placed(up: bool) -> float:
        return sum(line[1] for link in point.outlets if bool(link.up[t]) == up for line in link.claims if line[0] == t)

    served = min(max(stock - older, 0.0), placed(True))
    orders = placed(True) + placed(False)
    return {"orders": orders, "orders_unmet": orders - served}


# 3. and 4.: demand, end of the period


def serve(point: PointState, t: int, demand: float) -> Measures:
    served = min(point.stock.total, demand)
    point.stock.take(served)
    unmet = demand - served
    waits = unmet * point.spec.backorder_share
    point.backorders = [line for line in point.backorders if line[1] > 0] + [[t, waits]]
    return {"demand": demand, "unmet": unmet, "lost": unmet - waits, "stock_outs": float(unmet > point.rounding)}


def close(point: PointState) -> Measures:
    return {
        "waste": point.stock.grow_older(),
        "on_hand": point.stock.total,
        "backorders": point.owed,
        "customers_owed": point.customers_owed,
        "ready": float(point.owed <= point.rounding),
        "pipeline": point.units_underway,
    }
