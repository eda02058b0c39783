"""One SKU's demand of the held-back weeks under its plan and under the classical one."""

from dataclasses import dataclass

from echelon.core.arrays import Doubles
from echelon.core.inventory.model.supply_network import SupplyNetwork
from echelon.core.inventory.planning.classical import classical_levels
from echelon.core.inventory.planning.order_quantities import as_planned, up_to_levels
from echelon.core.inventory.planning.stock_plan import StockPlan
from echelon.core.inventory.planning.warm_up import warm_up_periods
from echelon.core.inventory.replay import Replay, replay


@dataclass(frozen=True)
class Replayed:
    """history, held_back: (periods, nodes) demand; window: periods of the classical plan's moving average."""

    history: Doubles
    held_back: Doubles
    window: int
    period_days: float
    replications: int

    def policies(self, network: SupplyNetwork, plan: StockPlan) -> dict[str, Replay]:
        """By policy: the plan with its order quantities, the classical one up to its levels."""
        planned, plain = as_planned(network, plan), up_to_levels(network)
        # a large order quantity of a slow mover lasts for years; more than the history tells nothing new
        before = max(warm_up_periods(network), min(warm_up_periods(planned), len(self.history)))
        ours, theirs = plan.base_stock_level, classical_levels(network, self.history, self.window)
        return {
            policy: replay(one, levels, self.history, self.held_back, self.period_days, self.replications, before)
            for policy, one, levels in (("echelon", planned, ours), ("classical", plain, theirs))
        }
