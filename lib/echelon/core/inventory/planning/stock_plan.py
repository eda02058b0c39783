"""What a plan of one SKU says, and the targets it has to meet."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from echelon.core.arrays import Doubles, Flags
from echelon.core.inventory.kernels.measures import Measures
from echelon.core.inventory.model.supply_network import SupplyNetwork
from echelon.core.inventory.optimisation.service.targets import Targets
from echelon.core.inventory.optimisation.system import System
from echelon.core.inventory.planning.lead_time_demand import LeadTimeDemand


@dataclass(frozen=True)
class SimulationSize:
    """periods: measured per replication, after a warm-up that is added; replications: to optimise and to certify."""

    periods: int = 120
    replications: int = 256
    certification_replications: int = 1024


DEFAULT_SIZE = SimulationSize()


@dataclass(frozen=True)
class StockPlan:
    """The policy of every node (nodes,), in the order of the network; columns as in the table `stock_levels`.

    Safety stocks may be negative. ready_rate is that of `Measures.served_periods`.
    Shares are nan where nothing was observed; an analytic plan has nan where only a simulation could tell.
    """

    names: tuple[str, ...]
    method: Literal["simulation", "analytic"]
    status: str
    base_stock_level: Doubles
    reorder_point: Doubles
    safety_stock: Doubles
    echelon_base_stock_level: Doubles
    echelon_safety_stock: Doubles
    lead_time_demand: Doubles
    lead_time_demand_sd: Doubles
    target_fill_rate: Doubles
    fill_rate: Doubles
    fill_rate_se: Doubles
    customer_fill_rate: Doubles
    customer_fill_rate_se: Doubles
    cycle_service_level: Doubles
    ready_rate: Doubles
    on_hand: Doubles
    backorders: Doubles
    holding_cost: Doubles


def holding_costs(network: SupplyNetwork) -> Doubles:
    """Holding cost per unit and year (nodes,)."""
    return np.array([node.holding_cost for node in network.nodes])


def targets_of(network: SupplyNetwork, rate: Doubles) -> Targets:
    """Targets of nodes whose customers ask for anything."""
    wanted = [np.nan if node.target_fill_rate is None else node.target_fill_rate for node in network.nodes]
    asked = np.array([node.demand is not None and node.demand.rate > 0 for node in network.nodes])
    # a cost of zero would leave the levels upstream undecided
    hold = np.maximum(holding_costs(network), 1e-9 + 1e-6 * holding_costs(network).max())
    return Targets(np.where(asked & (rate > 0), wanted, np.nan), hold, network.whole_units)


def observed(targets: Targets, simulator: System) -> Targets:
    """A target binds only where the paths show demand."""
    return replace(targets, fill_rate=np.where(simulator.demand > 0, targets.fill_rate, np.nan))


def shortfall(network: SupplyNetwork, service: Doubles, short: Flags, reasons: Mapping[int, str]) -> str:
    """Targets that were not reached, in words. service: fill rates (points,); reasons: by point, where one is known."""
    missed = [
        f"{network.nodes[i].name}: fill rate {service[i]:.4f} certified, {network.nodes[i].target_fill_rate:.4f} asked"
        + (f" ({reasons[i]})" if i in reasons else "")
        for i in np.flatnonzero(short).tolist()
    ]
    return "target not reached at " + "; ".join(missed)


def with_safety_stock(plan: StockPlan, gap: Doubles, network: SupplyNetwork) -> StockPlan:
    """The plan with its safety stocks. gap: S - s of (s,S), Q of (R,Q), else 0 (nodes,).

    Installation: what is left on average when an order comes in, S - gap - demand over lead time and review period (Silver,
    Pyke & Thomas, 4th ed., ch. 6). Echelon: the same of a node and everything downstream together. Its echelon base-stock
    level is the sum of their levels (Snyder & Shen, Fundamentals of Supply Chain Theory, 2nd ed., ch. 6), and the demand that
    it has to cover is that of all customers downstream over all lead times and review periods on the way to them, so that
    echelon safety stocks are sums of installation ones. Neither is cut at 0.
    """
    safety = plan.base_stock_level - np.minimum(gap, plan.base_stock_level) - plan.lead_time_demand
    return replace(
        plan,
        safety_stock=safety + 0.0,  # no negative zero
        echelon_base_stock_level=network.echelon_sum(plan.base_stock_level),
        echelon_safety_stock=network.echelon_sum(safety) + 0.0,
    )


def describe(network: SupplyNetwork, levels: Doubles, ltd: LeadTimeDemand, measures: Measures | None, status: str) -> StockPlan:
    """Every number of the plan but its safety stocks (`with_safety_stock`)."""
    unknown, zero = np.full(len(levels), np.nan), np.zeros(len(levels))
    known = measures is not None
    on_hand = measures.on_hand.mean if measures else zero
    unit = 1.0 if network.whole_units else 0.0
    target = [np.nan if node.target_fill_rate is None else node.target_fill_rate for node in network.nodes]
    return StockPlan(
        names=tuple(node.name for node in network.nodes),
        method="simulation",
        status=status,
        base_stock_level=levels + 0.0,  # no negative zero
        reorder_point=np.maximum(levels - unit, 0.0),
        safety_stock=unknown,
        echelon_base_stock_level=unknown,
        echelon_safety_stock=unknown,
        lead_time_demand=ltd.mean,
        lead_time_demand_sd=ltd.sd,
        target_fill_rate=np.array(target),
        fill_rate=measures.fill_rate.mean if measures else unknown,
        fill_rate_se=measures.fill_rate.se if measures else unknown,
        customer_fill_rate=measures.customer_fill_rate.mean if measures else unknown,
        customer_fill_rate_se=measures.customer_fill_rate.se if measures else unknown,
        cycle_service_level=measures.cycle_service_level.mean if measures else unknown,
        ready_rate=measures.served_periods if measures else unknown,
        on_hand=on_hand,
        backorders=measures.backorders.mean if known and measures else zero,
        holding_cost=on_hand * holding_costs(network),
    )
