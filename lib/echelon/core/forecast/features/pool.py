"""What series that learn together are in sum: the part of a pooled model's features that one bucket of them can't tell."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from echelon.core.arrays import Matrix
from echelon.core.demand.anomalies import without_spikes
from echelon.core.forecast.panel import Panel


@dataclass(frozen=True)
class Pool:
    """sums: (1 + locations, T) units per period, of all series (row 0) and of those of each location, 0 before they begin;
    end: number of the first period after the last column. locations: names, sorted; a series of another one has row 0."""

    locations: tuple[str, ...]
    sums: Matrix
    end: int

    @staticmethod
    def of(panel: Panel) -> "Pool":
        """All series of a panel."""
        names, row = np.unique(panel.keys["location"].to_numpy(str), return_inverse=True)
        values = np.nan_to_num(panel.values)
        sums = np.zeros((1 + len(names), values.shape[1]))
        np.add.at(sums, row + 1, values)
        sums[0] = values.sum(axis=0)
        return Pool(tuple(names.tolist()), sums, panel.end)

    def before(self, cutoff: int) -> "Pool":
        """As it was known at the start of period `cutoff`."""
        return replace(self, sums=self.sums[:, : max(self.sums.shape[1] - (self.end - cutoff), 0)], end=cutoff)

    def limited(self, columns: int) -> Matrix:
        """The sums of the last `columns` periods (nothing before the first known one), with spikes cut down."""
        kept = self.sums[:, max(self.sums.shape[1] - columns, 0) :]
        return without_spikes(np.pad(kept, ((0, 0), (columns - kept.shape[1], 0))))

    def rows(self, locations: Iterable[str]) -> npt.NDArray[np.int64]:
        """The row of `sums` of each location."""
        row = {name: number for number, name in enumerate(self.locations, 1)}
        return np.array([row.get(str(name), 0) for name in locations], dtype=np.int64)
