"""Lead and processing times, drawn in blocks of replications."""

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np

from echelon.core.arrays import Bytes, Cells
from echelon.core.inventory.kernels.drawing import draw
from echelon.core.inventory.kernels.drawing.demand_source import stream_key
from echelon.core.inventory.kernels.layout import BLOCK
from echelon.core.inventory.model.lead_time import LeadTime
from echelon.core.inventory.model.supply_network import SupplyNetwork


class TimeDrawing:
    """Times of several links or points, of each the distribution and (a function of its number gives it) the key."""

    def __init__(self, times: Sequence[LeadTime], key: Callable[[int], np.uint64]) -> None:
        self._times = times
        varied = [row for row, time in enumerate(times) if len(time.periods) > 1]
        self._rows, self._keys = np.array(varied), np.array([key(row) for row in varied])
        self._table = _joined([times[row] for row in varied]) if varied else None

    def memory(self, blocks: int, periods: int) -> Bytes:
        """(blocks, periods, links or points, BLOCK): what never varies, and room for the rest."""
        out = np.zeros((blocks, periods, len(self._times), BLOCK), np.uint8)
        for row, time in enumerate(self._times):
            if time.periods[0] > 0 and len(time.periods) == 1:
                out[:, :, row] = time.periods[0]
        return out

    def fill(self, out: Bytes, first: int) -> None:
        """Draw what varies to such memory, which begins with block `first` of all."""
        if self._table is not None:
            words, cell = np.empty(BLOCK, np.uint64), np.empty(BLOCK, np.uint16)
            draw.draw_lead(out, first, self._rows, self._keys, self._table, words, cell)

    def drawn(self, blocks: int, periods: int) -> Bytes:
        """All times of so many blocks."""
        out = self.memory(blocks, periods)
        self.fill(out, 0)
        return out


def lead_drawing(network: SupplyNetwork, purpose: str) -> TimeDrawing:
    """Lead time of every shipment, by link in the order of the points."""
    links = [(point.name, k, link.lead_time) for point in network.nodes for k, link in enumerate(point.links)]

    def key(row: int) -> np.uint64:
        name, k, _ = links[row]
        return stream_key(network.run_seed, network.sku, name, purpose, f"link {k}" if k else "lead")

    return TimeDrawing([time for _, _, time in links], key)


def processing_drawing(network: SupplyNetwork, purpose: str) -> TimeDrawing:
    """Processing time at every point."""

    def key(row: int) -> np.uint64:
        return stream_key(network.run_seed, network.sku, network.nodes[row].name, purpose, "processing")

    return TimeDrawing([point.processing for point in network.nodes], key)


def _joined(times: Sequence[LeadTime]) -> draw.LeadRows:
    """What several are drawn from, for one call."""
    steps = [_lead_steps(time) for time in times]
    return draw.LeadRows(
        np.stack([lead_table(time) for time in times]),
        np.concatenate([[0], np.cumsum([len(places) for places, _ in steps])]),
        np.concatenate([places for places, _ in steps]),
        np.concatenate([rises for _, rises in steps]),
    )


@lru_cache(maxsize=1024)  # lanes are shared by all SKUs
def lead_table(lead_time: LeadTime) -> Bytes:
    """LEAD_CELLS lead times at equally spaced quantiles: what is drawn from. Rarer ones than that never occur."""
    quantile = (np.arange(draw.LEAD_CELLS) + 0.5) / draw.LEAD_CELLS
    place = np.searchsorted(np.cumsum(lead_time.probability), quantile)
    return np.array(lead_time.periods, np.uint8)[np.minimum(place, len(lead_time.periods) - 1)]


@lru_cache(maxsize=1024)
def _lead_steps(lead_time: LeadTime) -> tuple[Cells, Bytes]:
    """Where the table rises, and by how many periods."""
    rises = np.diff(lead_table(lead_time))
    steps = np.flatnonzero(rises)
    return (steps + 1).astype(np.uint16), rises[steps]
