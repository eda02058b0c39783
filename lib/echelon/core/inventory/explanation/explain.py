"""Stock explained: what each cause makes a plan hold, by switching off one after the other on the same random numbers.

What causes do together (a long lead time matters because demand varies) is shared by switching off in one order and in
the reverse order and taking the mean: the Shapley value where causes act together in pairs, estimated by one permutation
and its antithetic one (Mitchell, Cooper, Frank & Holmes, JMLR 23(43), 2022), and it adds up in any case.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from echelon.core.arrays import Doubles
from echelon.core.inventory.explanation.cause_names import CAUSES, ORDER, SHORTAGE
from echelon.core.inventory.explanation.causes import Evidence, same, same_demand, without
from echelon.core.inventory.kernels.drawing.paths import Paths, PathSource, paths_of
from echelon.core.inventory.kernels.simulators import simulator_for
from echelon.core.inventory.model.lead_time import LeadTime
from echelon.core.inventory.model.supply_network import Point, SupplyNetwork
from echelon.core.inventory.optimisation.service.shadow_prices import ShadowPrices
from echelon.core.inventory.planning.best_levels import counted_prices, levels_near
from echelon.core.inventory.planning.lead_time_demand import lead_time_demand, review_periods
from echelon.core.inventory.planning.warm_up import measured_periods, warm_up_periods


@dataclass(frozen=True)
class Explanation:
    """What each of CAUSES makes the nodes hold, (causes, nodes) units; negative where it saves stock.

    safety_stock adds up to base-stock level - lead-time demand, lead_time_demand to the lead-time demand (mean demand over
    lead time and review period). The remainder is what is left without any cause, and what the plan's levels have beyond
    the best ones of equal service on the paths used here.
    """

    safety_stock: Doubles
    lead_time_demand: Doubles


@dataclass(frozen=True)
class _Ground:
    """What all worlds share: what is known of the nodes, length of a step upstream (units), by how much the plan
    serves more of the demand than asked (paths are few, and levels whole), (nodes,), and the targets' last shadow prices."""

    evidence: Sequence[Evidence]
    spread: Doubles
    surplus: Doubles
    prices: ShadowPrices

    def without(self, network: SupplyNetwork, off: Set[str]) -> SupplyNetwork:
        """The network without some causes, with the service of the plan."""
        nodes = [without(node, known, off) for node, known in zip(network.nodes, self.evidence, strict=True)]
        return replace(network, nodes=tuple(map(_served_more, nodes, self.surplus)))


@dataclass(frozen=True)
class _World:
    """A network without some causes, its paths, its best levels and its lead-time demand, (nodes,) units."""

    network: SupplyNetwork
    paths: Paths
    levels: Doubles
    demand: Doubles

    @property
    def held(self) -> Doubles:
        """Safety stock and lead-time demand, (2, nodes)."""
        return np.stack([self.levels - self.demand, self.demand])


def explain_stock(
    network: SupplyNetwork, levels: Doubles, evidence: Sequence[Evidence], periods: int = 120, replications: int = 128
) -> Explanation:
    """Optimise the levels (nodes,) of a distribution tree's plan again without causes; evidence: one per node.

    Each search starts from the levels before, so that an explanation does not jump between plans of equal cost; worlds
    that do not differ are not simulated again. Without upstream shortage a node with children would have no purpose: its
    causes are switched off in one order only, and upstream shortage is none of them. Costs about
    twice `plan_network` for ten nodes and 1.5 times it for forty. Raises ProblemError as that does.
    """
    paths = PathSource(network, measured_periods(network, periods), warm_up_periods(network)).draw("explain", replications)
    ground = _ground(network, paths, levels, evidence)
    whole = _best(ground.without(network, frozenset()), paths, ground, levels)
    together = _switched_off(whole, ORDER[:-1], network, ground)
    apart = _switched_off(whole, ORDER[::-1], network, ground)
    one_way = np.stack([*_steps(together), np.zeros_like(whole.held)])
    there = np.stack([*_steps(together), together[-1] - apart[-1]])
    back = np.stack(_steps(apart)[::-1])
    by_cause = np.where(network.inner, one_way, (there + back) / 2)[::-1]
    # an outside supplier is never short: what two searches for the same levels differ by is no cause
    by_cause[CAUSES.index(SHORTAGE)] *= np.array(network.parents) >= 0
    left = np.stack([levels - whole.demand, whole.demand]) - by_cause.sum(axis=0)
    safety, demand = np.concatenate([by_cause, left[None]]).transpose(1, 0, 2)
    return Explanation(safety, demand)


def _ground(network: SupplyNetwork, paths: Paths, levels: Doubles, evidence: Sequence[Evidence]) -> _Ground:
    simulator = simulator_for(network, paths).expecting()
    served = 1 - simulator.totals(levels).unmet / np.where(simulator.demand > 0, simulator.demand, np.nan)
    asked = np.array([np.nan if node.target_fill_rate is None else node.target_fill_rate for node in network.nodes])
    return _Ground(evidence, lead_time_demand(network).sd, np.nan_to_num(served - asked), counted_prices(network))


def _served_more(point: Point, surplus: float) -> Point:
    target = point.target_fill_rate
    return point if target is None else replace(point, target_fill_rate=float(np.clip(target + surplus, 0, 1)))


def _steps(held: Sequence[Doubles]) -> list[Doubles]:
    """What each cause's end saves, (2, nodes) each."""
    return [before - after for before, after in pairwise(held)]


def _switched_off(whole: _World, order: Sequence[str], network: SupplyNetwork, ground: _Ground) -> list[Doubles]:
    """What is held in the whole, and in what is left of it after each cause, (2, nodes) each."""
    world, held = whole, [whole.held]
    for end in range(1, len(order) + 1):
        world = _next(world, ground.without(network, frozenset(order[:end])), ground)
        held.append(world.held)
    return held


def _next(before: _World, network: SupplyNetwork, ground: _Ground) -> _World:
    """The best levels of a network, searched for from those of another one."""
    if all(map(same, network.nodes, before.network.nodes)):
        return before
    longer = _mean_demand(network) - before.demand
    return _best(network, _paths(network, before), ground, np.maximum(before.levels + longer, 0.0))


def _best(network: SupplyNetwork, paths: Paths, ground: _Ground, start: Doubles) -> _World:
    return _World(network, paths, levels_near(network, paths, start, ground.spread, ground.prices), _mean_demand(network))


def _mean_demand(network: SupplyNetwork) -> Doubles:
    """Mean demand over lead time and review period: that of `lead_time_demand`, without its variance."""
    return network.rates * (np.array([point.mean_lead for point in network.nodes]) + review_periods(network))


def _paths(network: SupplyNetwork, before: _World) -> Paths:
    """Paths by the same random numbers; only what differs from the world before is drawn."""
    pairs, paths = list(zip(network.nodes, before.network.nodes, strict=True)), before.paths
    if not all(same_demand(new.demand, old.demand) for new, old in pairs):
        return PathSource(network, paths.measured, paths.warm_up).draw("explain", paths.replications)
    if all(_lead_times(new) == _lead_times(old) for new, old in pairs):
        return paths
    return replace(paths_of(network, "explain", paths.demand, paths.warm_up), law=paths.law)


def _lead_times(point: Point) -> list[LeadTime]:
    return [link.lead_time for link in point.links]
