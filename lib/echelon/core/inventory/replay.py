"""Replay what happened: the demand that was, under given levels, with lead times drawn again and again."""

from dataclasses import dataclass

import numpy as np

from echelon.core.arrays import Doubles, Floats
from echelon.core.inventory.kernels import layout
from echelon.core.inventory.kernels.drawing.paths import Paths, draw_leads
from echelon.core.inventory.kernels.layout import BLOCK
from echelon.core.inventory.kernels.network.paths import NetworkPathSource
from echelon.core.inventory.kernels.network.simulator import NetworkSimulator
from echelon.core.inventory.kernels.tree.simulator import Measures, Simulator, warm_up_periods
from echelon.core.inventory.model.problem import Problem
from echelon.core.inventory.model.supply_network import SupplyNetwork
from echelon.core.inventory.planning.stock_plan import Planned, holding_costs

_DAYS_PER_YEAR = 365.0


@dataclass(frozen=True)
class Replay:
    """Per node (nodes,): what the customers of the replayed periods would have seen, and what it would have cost.

    demand, served: units over all replayed periods (served: at once, mean over replications); served_by_replication:
    (nodes, replications), so that sums over SKUs get honest standard errors; demand_periods: periods with customers' demand,
    stock_out_periods: those in which some of it was not served; on_hand, backorders: mean units at the end of a period;
    holding_cost: currency over the replayed periods. Replications differ in their lead times only.
    """

    names: tuple[str, ...]
    periods: int
    demand: Doubles
    served: Doubles
    served_se: Doubles
    served_by_replication: Doubles
    fill_rate: Doubles
    fill_rate_se: Doubles
    demand_periods: Doubles
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
    same = _same_demand(problem, _with_history(problem, history, demand, warm_up), replications)
    lead = draw_leads(problem, "replay", same.shape[0], same.shape[1])
    simulator = Simulator(problem, Paths(same, lead, warm_up))
    return _describe(problem, simulator.measure(np.asarray(levels, float)), period_days)


def replay_network(
    network: SupplyNetwork,
    levels: Doubles,
    history: Doubles,
    demand: Doubles,
    warm_up: int,
    period_days: float = 1.0,
    replications: int = 256,
) -> Replay:
    """`replay` on a network of any shape; interruptions and processing times are drawn as lead times are. warm_up: periods
    of history before the replayed ones (see `moments.warm_up`); policies that are replayed on the same points and links with
    the same number meet the same lead times and interruptions."""
    same = _same_demand(network, _with_history(network, history, demand, warm_up), replications)
    drawn = NetworkPathSource(network, len(demand), warm_up).draw("replay", replications)
    simulator = NetworkSimulator(network, drawn._replace(demand=same), warm_up)
    return _describe(network, simulator.measure(np.asarray(levels, float)), period_days)


def _with_history(problem: Planned, history: Doubles, demand: Doubles, warm_up: int) -> Doubles:
    """Demand of the warm-up and of the replayed periods (periods, nodes)."""
    before = np.asarray(history, float)
    if before.ndim != 2 or len(before) == 0 or before.shape[1] != len(problem.nodes):
        raise ValueError("replay needs at least one period of history, with one column per node")
    return np.vstack([before[np.arange(-warm_up, 0) % len(before)], demand])


def _same_demand(problem: Planned, demand: Doubles, replications: int) -> Floats:
    """(blocks, periods, customers' nodes, BLOCK): the same demand in every replication."""
    customers = [i for i, node in enumerate(problem.nodes) if node.demand is not None]
    blocks = -(-replications // BLOCK)
    columns = demand[:, customers] if customers else np.zeros((len(demand), 1))
    return np.broadcast_to(columns[None, :, :, None], (blocks, *columns.shape, BLOCK)).astype(np.float32)


def _describe(problem: Planned, measures: Measures, period_days: float) -> Replay:
    asked = measures.sums[layout.DEMAND]
    served = asked - measures.sums[layout.UNMET]
    periods = measures.periods
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
        demand_periods=measures.asked / asked.shape[1],
        stock_out_periods=measures.stock_out_share.mean * periods,
        on_hand=stock.mean,
        on_hand_se=stock.se,
        backorders=measures.backorders.mean,
        holding_cost=stock.mean * holding_costs(problem) * years,
    )
