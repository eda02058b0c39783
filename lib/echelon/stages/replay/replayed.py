"""One SKU's demand of the held-back weeks under its plan and under the classical one."""

from dataclasses import dataclass, replace

from echelon.core.arrays import Doubles
from echelon.core.inventory.model.problem import Problem
from echelon.core.inventory.model.supply_network import SupplyNetwork
from echelon.core.inventory.planning.classical import classical_levels
from echelon.core.inventory.planning.moments import warm_up
from echelon.core.inventory.planning.network_analytic import classical_network_levels
from echelon.core.inventory.planning.order_quantities import as_planned
from echelon.core.inventory.planning.stock_plan import StockPlan
from echelon.core.inventory.replay import Replay, replay, replay_network


@dataclass(frozen=True)
class Replayed:
    """history, held_back: (periods, nodes) demand; window: periods of the classical plan's moving average."""

    history: Doubles
    held_back: Doubles
    window: int
    period_days: float
    replications: int

    def on_tree(self, problem: Problem, plan: StockPlan) -> dict[str, Replay]:
        """By policy, on a distribution tree."""
        policies = {
            "echelon": plan.base_stock_level,
            "classical": classical_levels(problem, self.history, self.window),
        }
        return {
            policy: replay(problem, levels, self.history, self.held_back, self.period_days, self.replications)
            for policy, levels in policies.items()
        }

    def on_network(self, network: SupplyNetwork, plan: StockPlan) -> dict[str, Replay]:
        """By policy, on a network of any shape: the plan with its order quantities, the classical one up to its levels."""
        planned = as_planned(network, plan)
        levels = classical_network_levels(network, self.history, self.window)
        policies = {"echelon": (planned, plan.base_stock_level), "classical": (_order_up_to(network), levels)}
        # a large order quantity of a slow mover lasts for years; more than the history tells nothing new
        before = max(warm_up(network), min(warm_up(planned), len(self.history)))
        return {
            policy: replay_network(one, at, self.history, self.held_back, before, self.period_days, self.replications)
            for policy, (one, at) in policies.items()
        }


def _order_up_to(network: SupplyNetwork) -> SupplyNetwork:
    """The same network, ordering up to its levels at every review."""
    nodes = [replace(point, policy=replace(point.policy, kind="base_stock", gap=0.0)) for point in network.nodes]
    return replace(network, nodes=tuple(nodes))
