"""Replay what happened: the demand that was, under given levels, with lead times drawn again and again."""

from dataclasses import dataclass

import numpy as np

from echelon.core.arrays import Doubles, Floats
from echelon.core.inventory.kernels import layout
from echelon.core.inventory.kernels.drawing.paths import paths_of
from echelon.core.inventory.kernels.layout import BLOCK
from echelon.core.inventory.kernels.measures import Measures
from echelon.core.inventory.kernels.simulators import simulator_for
from echelon.core.inventory.model.supply_network import SupplyNetwork
from echelon.core.inventory.planning.stock_plan import holding_costs
from echelon.core.inventory.planning.warm_up import warm_up_periods

_DAYS_PER_YEAR = 365.0


@dataclass(frozen=True)
class Replay:
    """Per point (points,): what the customers of the replayed periods would have seen, and what it would have cost.

    demand, served: units over all replayed periods (served: at once, mean over replications); served_by_replication:
    (points, replications), so that sums over SKUs get honest standard errors; demand_periods: periods with customers' demand,
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
    network: SupplyNetwork,
    levels: Doubles,
    history: Doubles,
    demand: Doubles,
    period_days: float = 1.0,
    replications: int = 256,
    warm_up: int | None = None,
) -> Replay:
    """Simulate the actual demand (periods, points) under levels (points,).

    history: (earlier periods, points) demand right before, at least one row: it brings the network from full stock to
    the state it would have been in; repeated when it is shorter than the warm-up (periods; None: the longest way through
    the network). Policies that are replayed on the same points and links with the same warm-up meet the same lead times,
    processing times and interruptions.
    """
    before = warm_up_periods(network) if warm_up is None else warm_up
    same = _same_demand(network, _with_history(network, history, demand, before), replications)
    simulator = simulator_for(network, paths_of(network, "replay", same, before))
    return _describe(network, simulator.measure(np.asarray(levels, float)), period_days)


def _with_history(network: SupplyNetwork, history: Doubles, demand: Doubles, warm_up: int) -> Doubles:
    """Demand of the warm-up and of the replayed periods (periods, nodes)."""
    before = np.asarray(history, float)
    if before.ndim != 2 or len(before) == 0 or before.shape[1] != len(network.nodes):
        raise ValueError("replay needs at least one period of history, with one column per node")
    return np.vstack([before[np.arange(-warm_up, 0) % len(before)], demand])


def _same_demand(network: SupplyNetwork, demand: Doubles, replications: int) -> Floats:
    """(blocks, periods, customers' nodes, BLOCK): the same demand in every replication."""
    customers = [i for i, node in enumerate(network.nodes) if node.demand is not None]
    blocks = -(-replications // BLOCK)
    columns = demand[:, customers] if customers else np.zeros((len(demand), 1))
    return np.broadcast_to(columns[None, :, :, None], (blocks, *columns.shape, BLOCK)).astype(np.float32)


def _describe(network: SupplyNetwork, measures: Measures, period_days: float) -> Replay:
    asked = measures.sums[layout.DEMAND]
    served = asked - measures.sums[layout.UNMET]
    periods = measures.periods
    years = periods * period_days / _DAYS_PER_YEAR
    service, stock = measures.customer_fill_rate, measures.on_hand
    return Replay(
        names=tuple(node.name for node in network.nodes),
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
        holding_cost=stock.mean * holding_costs(network) * years,
    )
