"""Measures that only general networks have, and what they cost by kind."""

from dataclasses import dataclass

import numpy as np

from echelon.core.arrays import Doubles
from echelon.core.inventory.kernels import layout
from echelon.core.inventory.kernels.measures import Estimate, Measures
from echelon.core.inventory.kernels.network import measures
from echelon.core.inventory.model.supply_network import SupplyNetwork


class NetworkMeasures(Measures):
    """The measures of any network: those of the fast simulator and these."""

    @property
    def lost_sales(self) -> Estimate:
        """Customers' demand per period that is lost, units."""
        return self.per_period(measures.LOST)

    @property
    def pipeline(self) -> Estimate:
        """Mean units on the way to a point, in processing and waiting as components."""
        return self.per_period(measures.PIPELINE)

    @property
    def ordered(self) -> Estimate:
        """Units ordered per period."""
        return self.per_period(measures.ORDERED)

    @property
    def orders(self) -> Estimate:
        """Orders per period."""
        return self.per_period(measures.ORDER_COUNT)

    @property
    def waste(self) -> Estimate:
        """Units per period whose shelf life ended in stock."""
        return self.per_period(measures.WASTE)

    def turns(self, periods_per_year: float) -> Doubles:
        """(points,) units that leave a point in a year per unit of mean stock on hand; nan without stock."""
        left = self.ordered.mean - self.waste.mean
        return periods_per_year * left / np.where(self.on_hand.mean > 0, self.on_hand.mean, np.nan)


@dataclass(frozen=True)
class Cost:
    """Currency per year of one kind: at each point (points,), and in the whole network."""

    points: Estimate
    network: Estimate


def yearly_costs(simulated: NetworkMeasures, network: SupplyNetwork, periods_per_year: float) -> dict[str, Cost]:
    """Cost by kind: holding, pipeline, backorder, lost_sale, waste, order, and total."""
    nodes = network.nodes
    a_year = periods_per_year / simulated.periods
    rates = {
        "holding": (layout.ON_HAND, [point.holding_cost / periods_per_year for point in nodes]),
        "pipeline": (measures.PIPELINE, [point.costs.pipeline / periods_per_year for point in nodes]),
        "backorder": (layout.CUSTOMERS_OWED, [point.costs.backorder / periods_per_year for point in nodes]),
        "lost_sale": (measures.LOST, [point.costs.lost_sale for point in nodes]),
        "waste": (measures.WASTE, [point.costs.waste for point in nodes]),
        "order": (measures.ORDER_COUNT, [point.costs.order for point in nodes]),
    }
    paid = {kind: a_year * np.array(rate)[:, None] * simulated.sums[row] for kind, (row, rate) in rates.items()}
    paid["total"] = np.sum(list(paid.values()), axis=0)
    return {kind: Cost(_estimate(values), _estimate(values.sum(axis=0))) for kind, values in paid.items()}


def _estimate(values: Doubles) -> Estimate:
    """Mean and standard error over replications (last axis)."""
    return Estimate(values.mean(axis=-1), values.std(axis=-1, ddof=1) / np.sqrt(values.shape[-1]))
