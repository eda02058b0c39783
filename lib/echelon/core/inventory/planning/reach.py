"""Targets that no level reaches: of points that capacities keep short for ever, and of demand without an upper limit."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from echelon.core.arrays import Doubles, Flags
from echelon.core.inventory.kernels import layout
from echelon.core.inventory.kernels.measures import Measures
from echelon.core.inventory.model.demand import Demand
from echelon.core.inventory.model.supply_network import SupplyNetwork
from echelon.core.inventory.optimisation.service.targets import Targets
from echelon.core.inventory.planning.capacity import Flows, most_ordered, supplied_shares

_NEARLY_ALL = 0.9999  # what is planned for where all is asked
_OF_THE_SUPPLY = (
    0.99  # what is planned for where the supply is less than the demand: the last hundredth would take endless stock
)


@dataclass(frozen=True)
class Reach:
    """What a network can serve in the long run."""

    network: SupplyNetwork

    @cached_property
    def _flows(self) -> Flows:
        return Flows.of(self.network)

    @cached_property
    def _supplied(self) -> Doubles:
        return supplied_shares(self.network)

    @cached_property
    def endless(self) -> Flags:
        """Points behind which a queue grows without end (points,): capacities on their way are not above the demand of
        customers who wait. In the long run they have no stock, and serve nothing at once. Where all sales are lost, the queue
        ends: less is asked for."""
        nodes = self.network.nodes
        waits = np.array([point.demand is not None and point.demand.rate > 0 and point.backorder_share > 0 for point in nodes])
        endless = (self._supplied < 1) & (self.network.usage @ waits > 0)
        for n, point in enumerate(nodes):
            used = zip(point.links, self._flows.orders[n], strict=True)
            endless[n] |= any(link.source >= 0 and share > 0 and endless[link.source] for link, share in used)
        return endless

    @cached_property
    def _without_limit(self) -> Flags:
        """Points that are asked for all of a demand without an upper limit."""
        return np.array([_asks_for_all(point.target_fill_rate, point.demand) for point in self.network.nodes])

    def planned(self, targets: Targets) -> Targets:
        """Targets that levels can be chosen for: none where a queue has no end, and about what is supplied where capacities let
        less through than is demanded."""
        wanted = np.where(self._without_limit, _NEARLY_ALL, targets.fill_rate)
        wanted = np.where(self._supplied < 1, np.minimum(wanted, _OF_THE_SUPPLY * self._supplied), wanted)
        return replace(targets, fill_rate=np.where(self.endless, np.nan, wanted))

    def missed(self, targets: Targets) -> Flags:
        """Points with targets (points,) that no level reaches."""
        return targets.bound & ~(self.planned(targets).fill_rate >= targets.fill_rate)

    def reasons(self) -> dict[int, str]:
        """Why, by point."""
        rate, most = self._flows.total, most_ordered(self.network)
        reasons = {int(n): "demand has no upper limit" for n in np.flatnonzero(self._without_limit)}
        for n, point in enumerate(self.network.nodes):
            used = zip(point.links, self._flows.orders[n], strict=True)
            sources = [link.source for link, share in used if link.source >= 0 and share > 0 and link.source in reasons]
            if rate[n] > 0 and most[n] <= rate[n]:
                reasons[n] = f"{point.name} can order {most[n]:.4g} a period in the long run, and {rate[n]:.4g} are demanded"
            elif sources and self._supplied[n] < 1:
                reasons[n] = reasons[sources[0]]
        return reasons

    def in_the_end(self, measures: Measures) -> Measures:
        """What was measured, but of points whose queue has no end as the long run has it: the simulated periods still saw the
        stock of the start. Their backorders stay those of the simulated periods."""
        if not self.endless.any():
            return measures
        sums = measures.sums.copy()
        for kind in (layout.ON_HAND, layout.READY, layout.COVERED, layout.CYCLES, layout.EXCESS):
            sums[kind, self.endless] = 0.0
        for missed, asked in ((layout.UNMET, layout.DEMAND), (layout.ORDERS_UNMET, layout.ORDERS)):
            sums[missed, self.endless] = sums[asked, self.endless]
        sums[layout.STOCKOUTS, self.endless] = (measures.asked[self.endless] / sums.shape[2])[:, None]
        return replace(measures, sums=sums)


def _asks_for_all(target: float | None, demand: Demand | None) -> bool:
    if target is None or target < 1 or demand is None:
        return False
    return demand.counts or max(demand.dispersion, demand.level_cv, demand.shape.large_dispersion) > 0
