"""Random inputs of a network: customers' demand, lead and processing times, disruptions."""

import numpy as np
import numpy.typing as npt

from echelon.core.arrays import Bytes
from echelon.core.inventory.kernels.drawing.demand_source import DemandSource, stream_key
from echelon.core.inventory.kernels.drawing.paths import LeadDrawing
from echelon.core.inventory.kernels.layout import BLOCK
from echelon.core.inventory.kernels.network.arrays import Draws
from echelon.core.inventory.model.problem import LeadTime
from echelon.core.inventory.model.supply_network import Disruption, SupplyNetwork


class NetworkPathSource:
    """Draws the paths of one network; the purpose decides the numbers."""

    def __init__(self, network: SupplyNetwork, periods: int, warm_up: int) -> None:
        self.network, self.warm_up = network, warm_up
        self._demand = DemandSource(network, periods, warm_up)
        self._links = [(point.name, number, link) for point in network.nodes for number, link in enumerate(point.links)]

    def draw(self, purpose: str, replications: int) -> Draws:
        """So many replications, rounded up to whole blocks."""
        blocks, periods = -(-replications // BLOCK), self._demand.periods
        lead = np.zeros((blocks, periods, len(self._links), BLOCK), np.uint8)
        up = np.ones(lead.shape, np.bool_)
        for k, (name, number, link) in enumerate(self._links):
            self._draw_times(lead, k, link.lead_time, purpose, name, f"link {number}")
            if not link.crossing:
                _forbid_crossing(lead[:, :, k])
            if link.disruption is not None:
                up[:, :, k] = _times_up(link.disruption, self._key(purpose, name, f"up {number}"), (blocks, periods))
        processing = np.zeros((blocks, periods, len(self.network.nodes), BLOCK), np.uint8)
        for n, point in enumerate(self.network.nodes):
            self._draw_times(processing, n, point.processing, purpose, point.name, "processing")
        return Draws(self._demand.draw_demand(purpose, blocks), lead, up, processing)

    def _key(self, purpose: str, name: str, what: str) -> np.uint64:
        return stream_key(self.network.run_seed, self.network.sku, name, purpose, what)

    def _draw_times(self, out: Bytes, row: int, time: LeadTime, purpose: str, name: str, what: str) -> None:
        if len(time.periods) == 1:
            out[:, :, row] = time.periods[0]
        else:
            LeadDrawing.of([row], [self._key(purpose, name, what)], [time]).fill(out, 0)


def _forbid_crossing(lead: Bytes) -> None:
    """No shipment arrives before that of the period before. lead: (blocks, periods, BLOCK), changed."""
    for t in range(1, lead.shape[1]):
        lead[:, t] = np.maximum(lead[:, t], np.maximum(lead[:, t - 1], 1) - 1)


def _times_up(disruption: Disruption, key: np.uint64, shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """(blocks, periods, BLOCK): whether the link is up, a two-state Markov chain from its steady state."""
    blocks, periods = shape
    rng = np.random.Generator(np.random.Philox(key=int(key)))
    chance = rng.random((periods, blocks, BLOCK))
    up = np.empty(chance.shape, np.bool_)
    up[0] = chance[0] < disruption.mean_up / (disruption.mean_up + disruption.mean_down)
    for t in range(1, periods):
        up[t] = np.where(up[t - 1], chance[t] >= 1 / disruption.mean_up, chance[t] < 1 / disruption.mean_down)
    return up.transpose(1, 0, 2)
