"""What happens to the links themselves: times when nothing is shipped, and shipments that must not overtake."""

import numpy as np

from echelon.core.arrays import Bytes, Flags
from echelon.core.inventory.kernels.drawing.demand_source import stream_key
from echelon.core.inventory.kernels.layout import BLOCK
from echelon.core.inventory.model.supply_network import Disruption, SupplyNetwork


def times_up(network: SupplyNetwork, purpose: str, blocks: int, periods: int) -> Flags | None:
    """(blocks, periods, links, BLOCK): whether a link is up; None where all of them always are."""
    links = [(point.name, k, link) for point in network.nodes for k, link in enumerate(point.links)]
    if all(link.disruption is None for _, _, link in links):
        return None
    up = np.ones((blocks, periods, len(links), BLOCK), np.bool_)
    for row, (name, k, link) in enumerate(links):
        if link.disruption is not None:
            key = stream_key(network.run_seed, network.sku, name, purpose, f"up {k}")
            up[:, :, row] = _times_up(link.disruption, key, (blocks, periods))
    return up


def _times_up(disruption: Disruption, key: np.uint64, shape: tuple[int, int]) -> Flags:
    """(blocks, periods, BLOCK): whether the link is up, a two-state Markov chain from its steady state."""
    blocks, periods = shape
    rng = np.random.Generator(np.random.Philox(key=int(key)))
    chance = rng.random((periods, blocks, BLOCK))
    up = np.empty(chance.shape, np.bool_)
    up[0] = chance[0] < disruption.mean_up / (disruption.mean_up + disruption.mean_down)
    for t in range(1, periods):
        up[t] = np.where(up[t - 1], chance[t] >= 1 / disruption.mean_up, chance[t] < 1 / disruption.mean_down)
    return up.transpose(1, 0, 2)


def forbid_crossing(network: SupplyNetwork, lead: Bytes) -> None:
    """No shipment arrives before that of the period before where links forbid it. lead: (blocks, periods, links, BLOCK),
    changed."""
    rows = [row for row, link in enumerate(link for point in network.nodes for link in point.links) if not link.crossing]
    for t in range(1, lead.shape[1] if rows else 0):
        lead[:, t, rows] = np.maximum(lead[:, t, rows], np.maximum(lead[:, t - 1, rows], 1) - 1)
