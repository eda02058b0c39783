"""Run a network for long and say what happened, with standard errors by batch means."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from echelon.api import NetworkPlan, Point, SupplyNetwork

from support.long_run.drawn import drawn
from support.long_run.loop import LONGEST, MEASURES, State, run
from support.long_run.packed import FIRST_COME, R_Q, Points, packed_links, packed_points

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class LongRun:
    """sums: measures of the loop by batch (measures, batches, points); periods: of a batch."""

    names: tuple[str, ...]
    sums: Array
    periods: int

    def total(self, measure: str) -> Array:
        """By batch and point, units times periods for amounts that lie there."""
        return self.sums[MEASURES.index(measure)]

    def mean(self, measure: str) -> Array:
        """Per period (points,)."""
        return self.total(measure).mean(axis=0) / self.periods

    def mean_se(self, measure: str) -> Array:
        """Standard error of the mean per period (points,)."""
        return self.total(measure).std(axis=0, ddof=1) / np.sqrt(len(self.total(measure))) / self.periods

    @property
    def customer_fill_rate(self) -> Array:
        """Share of the customers' demand that was served at once (points,), nan without demand."""
        return 1 - _ratio(self.total("unmet"), self.total("demand"))

    @property
    def customer_fill_rate_se(self) -> Array:
        """Its standard error."""
        return _ratio_se(self.total("unmet"), self.total("demand"))

    @property
    def fill_rate(self) -> Array:
        """The same of customers and links together, as in `stock_levels`."""
        return 1 - _ratio(*self._all_claims)

    @property
    def fill_rate_se(self) -> Array:
        """Its standard error."""
        return _ratio_se(*self._all_claims)

    @property
    def _all_claims(self) -> tuple[Array, Array]:
        unmet = self.total("unmet") + self.total("orders_unmet")
        return unmet, self.total("demand") + self.total("orders")


def _ratio(part: Array, whole: Array) -> Array:
    with np.errstate(invalid="ignore"):
        return part.sum(axis=0) / whole.sum(axis=0)


def _ratio_se(part: Array, whole: Array) -> Array:
    """Of a ratio of sums, from what the batches' parts differ from it."""
    strays = part - _ratio(part, whole) * whole
    with np.errstate(invalid="ignore"):
        return np.sqrt(len(part) / (len(part) - 1) * np.square(strays).sum(axis=0)) / whole.sum(axis=0)


def long_run(
    network: SupplyNetwork,
    levels: npt.ArrayLike,
    periods: int = 40_000,
    warm_up: int = 4_000,
    replications: int = 1,
    batches: int = 40,
    seed: int = 1,
) -> LongRun:
    """levels: what each point orders up to (points,); of (R,Q) the reorder point R. Everything else is the network's.

    Each replication starts full, as docs/network-model.md says, forgets that in the warm-up, and is measured for so many
    periods, in so many batches."""
    points, links = packed_points(network, levels), packed_links(network)
    rng, sums = np.random.default_rng(seed), []
    for _ in range(replications):
        chance = drawn(network, warm_up + periods, rng)
        state = started(network, points, links.source.size, warm_up + periods)
        sums.append(run(points, links, chance, state, warm_up, periods // batches))
    return LongRun(tuple(node.name for node in network.nodes), np.concatenate(sums, axis=1), periods // batches)


def long_run_of_plan(planned: NetworkPlan, **size: int) -> LongRun:
    """What a plan's levels come to as they are published: an (s,S) policy has the reorder point that the plan names."""
    plan, nodes = planned.plan, planned.network.nodes
    gaps = plan.base_stock_level - plan.reorder_point
    stated = [
        replace(node, policy=replace(node.policy, gap=float(gap))) if node.policy.kind != "base_stock" else node
        for node, gap in zip(nodes, gaps, strict=True)
    ]
    levels = [
        reorder if node.policy.kind == "RQ" else level
        for node, level, reorder in zip(nodes, plan.base_stock_level, plan.reorder_point, strict=True)
    ]
    return long_run(replace(planned.network, nodes=tuple(stated)), levels, **size)


def started(network: SupplyNetwork, points: Points, links: int, periods: int) -> State:
    """The state before the first period of so many."""
    number, ages = len(network.nodes), max(1, int(points.shelf_life.max()))
    starting = _initial_pipeline(network)
    backorders = np.array([node.start.backorders for node in network.nodes], float)
    stock = np.zeros((number, ages))
    stock[:, 0] = [_initial_stock(n, node, points, starting, backorders) for n, node in enumerate(network.nodes)]
    columns = periods + 2 if np.any(points.allocation == FIRST_COME) else 2
    queue = np.zeros((links + number, columns))
    queue[links:, 1] = backorders
    of_points, of_links = np.zeros((6, number)), np.zeros((5, links))
    return State(
        stock,
        of_points[0],
        np.zeros((number, LONGEST)),
        of_points[1],
        starting,
        starting.sum(axis=1),
        backorders.copy(),
        backorders.copy(),
        of_links[0],
        of_links[1],
        np.zeros((links, LONGEST)),
        of_links[2],
        of_links[3],
        of_links[4],
        np.zeros(links, np.int64),
        queue,
        np.ones(links + number, np.int64),
    )


def _initial_pipeline(network: SupplyNetwork) -> Array:
    longest = max([1, *(period + 1 for node in network.nodes for period, _ in node.start.pipeline)])
    starting = np.zeros((len(network.nodes), longest))
    for row, node in zip(starting, network.nodes, strict=True):
        for period, quantity in node.start.pipeline:
            row[period] += quantity
    return starting


def _initial_stock(n: int, node: Point, points: Points, starting: Array, backorders: Array) -> float:
    if node.start.stock is not None:
        return node.start.stock
    target = points.level[n] * points.profile[n, 0] + (points.gap[n] if points.kind[n] == R_Q else 0.0)
    return max(target - starting[n].sum() + backorders[n], 0.0)
