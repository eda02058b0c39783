"""Replay what happened: the demand that was, under given levels, with lead times drawn again and again."""

from dataclasses import dataclass

import numpy as np

from echelon.core.inventory.problem import Problem
from echelon.core.inventory.simulation import layout
from echelon.core.inventory.simulation.layout import BLOCK, Doubles
from echelon.core.inventory.simulation.paths import Paths, draw_leads
from echelon.core.inventory.simulation.simulator import Simulator, warm_up_periods

_DAYS_PER_YEAR = 365.0


@dataclass(frozen=True)
class Replay:
    """Per node (nodes,): what the customers of the replayed periods would have seen, and what it would have cost.

    demand, served: units over all replayed periods (served: at once, mean over replications); served_by_replication:
    (nodes, replications), so that sums over SKUs get honest standard errors; stock_out_periods: periods in which some
    customers' demand was not served; on_hand, backorders: mean units at the end of a period; holding_cost: currency
    over the replayed periods. Replications differ in their lead times only.
    """

    names: tuple[str, ...]
    periods: int
    demand: Doubles
    served: Doubles
    served_se: Doubles
    served_by_replication: Doubles
    fill_rate: Doubles
    fill_rate_se: Doubles
    stock_out_periods: Doubles
    on_hand: Doubles
    on_hand_se: Doubles
    backorders: Doubles
    holding_cost: Doubles


def replay(
    problem: Problem,
    levels: Doubles,
    history: Doubles,
    demand: Doubles,
    period_days: float = 1.0,
    replications: int = 256,
) -> Replay:
    """Simulate the actual demand (periods, nodes) under base-stock levels (nodes,).

    history: (earlier periods, nodes) demand right before, at least one row: it brings the network from full stock to
    the state it would have been in; repeated when it is shorter than the longest way through the network. Every plan
    replayed with the same problem meets the same lead times.
    """
    warm_up = warm_up_periods(problem)
    before = np.asarray(history, float)
    if before.ndim != 2 or len(before) == 0 or before.shape[1] != len(problem.nodes):
        raise ValueError("replay needs at least one period of history, with one column per node")
    rows = np.arange(-warm_up, 0) % len(before)
    simulator = Simulator(problem, _paths(problem, np.vstack([before[rows], demand]), warm_up, replications))
    return _describe(problem, simulator, np.asarray(levels, float), period_days)


def _paths(problem: Problem, demand: Doubles, warm_up: int, replications: int) -> Paths:
    """The same demand in every replication; lead times drawn."""
    customers = [i for i, node in enumerate(problem.nodes) if node.demand is not None]
    blocks = -(-replications // BLOCK)
    columns = demand[:, customers] if customers else np.zeros((len(demand), 1))
    same = np.broadcast_to(columns[None, :, :, None], (blocks, *columns.shape, BLOCK)).astype(np.float32)
    return Paths(same, draw_leads(problem, "replay", blocks, len(demand)), warm_up)


def _describe(problem: Problem, simulator: Simulator, levels: Doubles, period_days: float) -> Replay:
    measures = simulator.measure(levels)
    asked = measures.sums[layout.DEMAND]
    served = asked - measures.sums[layout.UNMET]
    periods = simulator.paths.measured
    years = periods * period_days / _DAYS_PER_YEAR
    service, stock = measures.customer_fill_rate, measures.on_hand
    return Replay(
        names=tuple(node.name for node in problem.nodes),
        periods=periods,
        demand=asked.mean(axis=1),
        served=served.mean(axis=1),
        served_se=served.std(axis=1, ddof=1) / np.sqrt(served.shape[1]),
        served_by_replication=served,
        fill_rate=service.mean,
        fill_rate_se=service.se,
        stock_out_periods=measures.stock_out_share.mean * periods,
        on_hand=stock.mean,
        on_hand_se=stock.se,
        backorders=measures.backorders.mean,
        holding_cost=stock.mean * np.array([node.holding_cost for node in problem.nodes]) * years,
    )
