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
from echelon.core.inventory.explanation import causes
from echelon.core.inventory.explanation.causes import Evidence, same, same_demand, without
from echelon.core.inventory.kernels.drawing.paths import Paths, PathSource, draw_leads
from echelon.core.inventory.kernels.tree.simulator import Simulator, warm_up_periods
from echelon.core.inventory.model.problem import Node, Problem
from echelon.core.inventory.optimisation.service.shadow_prices import ShadowPrices
from echelon.core.inventory.planning.lead_time_demand import lead_time_demand
from echelon.core.inventory.planning.plan import counted_prices, levels_near

# From what can be changed soonest to what has to be taken as it is.
_ORDER = (
    causes.TARGET,
    causes.LOTS,
    causes.REVIEW,
    causes.UNRELIABILITY,
    causes.VARIATION,
    causes.LENGTH,
    causes.BIAS,
    causes.ERROR,
    causes.NOISE,
    causes.SHORTAGE,
)
REMAINDER = "remainder"
CAUSES = (*reversed(_ORDER), REMAINDER)


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

    def without(self, problem: Problem, off: Set[str]) -> Problem:
        """The problem without some causes, with the service of the plan."""
        nodes = [without(node, known, off) for node, known in zip(problem.nodes, self.evidence, strict=True)]
        return replace(problem, nodes=tuple(map(_served_more, nodes, self.surplus)))


@dataclass(frozen=True)
class _World:
    """A problem without some causes, its paths, its best levels and its lead-time demand, (nodes,) units."""

    problem: Problem
    paths: Paths
    levels: Doubles
    demand: Doubles

    @property
    def held(self) -> Doubles:
        """Safety stock and lead-time demand, (2, nodes)."""
        return np.stack([self.levels - self.demand, self.demand])


def explain_stock(
    problem: Problem, levels: Doubles, evidence: Sequence[Evidence], periods: int = 120, replications: int = 128
) -> Explanation:
    """Optimise the levels (nodes,) of a plan again without causes; evidence: one per node.

    Each search starts from the levels before, so that an explanation does not jump between plans of equal cost; worlds
    that do not differ are not simulated again. Without upstream shortage a node with children would have no purpose: its
    causes are switched off in one order only, and upstream shortage is none of them. Costs about
    twice `plan_sku` for ten nodes and 1.5 times it for forty. Raises ProblemError as that does.
    """
    paths = PathSource(problem, periods, warm_up_periods(problem)).draw("explain", replications)
    ground = _ground(problem, paths, levels, evidence)
    whole = _best(ground.without(problem, frozenset()), paths, ground, levels)
    together = _switched_off(whole, _ORDER[:-1], problem, ground)
    apart = _switched_off(whole, _ORDER[::-1], problem, ground)
    one_way = np.stack([*_steps(together), np.zeros_like(whole.held)])
    there = np.stack([*_steps(together), together[-1] - apart[-1]])
    back = np.stack(_steps(apart)[::-1])
    inner = np.isin(np.arange(len(levels)), [node.parent for node in problem.nodes])
    parts = np.where(inner, one_way, (there + back) / 2)[::-1]
    # an outside supplier is never short: what two searches for the same levels differ by is no cause
    parts[CAUSES.index(causes.SHORTAGE)] *= np.array([node.parent >= 0 for node in problem.nodes])
    left = np.stack([levels - whole.demand, whole.demand]) - parts.sum(axis=0)
    safety, demand = np.concatenate([parts, left[None]]).transpose(1, 0, 2)
    return Explanation(safety, demand)


def _ground(problem: Problem, paths: Paths, levels: Doubles, evidence: Sequence[Evidence]) -> _Ground:
    simulator = Simulator(problem, paths)
    served = 1 - simulator.totals(levels).unmet / np.where(simulator.demand > 0, simulator.demand, np.nan)
    asked = np.array([np.nan if node.target_fill_rate is None else node.target_fill_rate for node in problem.nodes])
    return _Ground(evidence, lead_time_demand(problem).sd, np.nan_to_num(served - asked), counted_prices(problem))


def _served_more(node: Node, surplus: float) -> Node:
    target = node.target_fill_rate
    return node if target is None else replace(node, target_fill_rate=float(np.clip(target + surplus, 0, 1)))


def _steps(held: Sequence[Doubles]) -> list[Doubles]:
    """What each cause's end saves, (2, nodes) each."""
    return [before - after for before, after in pairwise(held)]


def _switched_off(whole: _World, order: Sequence[str], problem: Problem, ground: _Ground) -> list[Doubles]:
    """What is held in the whole, and in what is left of it after each cause, (2, nodes) each."""
    world, held = whole, [whole.held]
    for end in range(1, len(order) + 1):
        world = _next(world, ground.without(problem, frozenset(order[:end])), ground)
        held.append(world.held)
    return held


def _next(before: _World, problem: Problem, ground: _Ground) -> _World:
    """The best levels of a problem, searched for from those of another one."""
    if all(map(same, problem.nodes, before.problem.nodes)):
        return before
    longer = _mean_demand(problem) - before.demand
    return _best(problem, _paths(problem, before), ground, np.maximum(before.levels + longer, 0.0))


def _best(problem: Problem, paths: Paths, ground: _Ground, start: Doubles) -> _World:
    return _World(problem, paths, levels_near(problem, paths, start, ground.spread, ground.prices), _mean_demand(problem))


def _mean_demand(problem: Problem) -> Doubles:
    """Mean demand over lead time and review period: that of `lead_time_demand`, without its variance."""
    return problem.rates * np.array([node.lead_time.mean + node.review_period for node in problem.nodes])


def _paths(problem: Problem, before: _World) -> Paths:
    """Paths by the same random numbers; only what differs from the world before is drawn."""
    pairs, paths = list(zip(problem.nodes, before.problem.nodes, strict=True)), before.paths
    if not all(same_demand(new.demand, old.demand) for new, old in pairs):
        return PathSource(problem, paths.measured, paths.warm_up).draw("explain", paths.replications)
    if all(new.lead_time == old.lead_time for new, old in pairs):
        return paths
    return replace(paths, lead=draw_leads(problem, "explain", *paths.lead.shape[:2]))
