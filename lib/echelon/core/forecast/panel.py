"""Many series of demand side by side, as every candidate reads them."""

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from echelon.core.arrays import Matrix, Vector
from echelon.core.demand.anomalies import without_spikes
from echelon.core.demand.periods import Frequency, period_index

KEYS = ["sku", "location"]


@dataclass(frozen=True)
class Covariate:
    """A signal beside demand: values (n, T + ahead) per series and period, NaN where unknown.

    ahead: for how many periods after the last of demand it is known (prices that are set, holidays); negative: it is
    published that much late, so that its last periods are not known yet. late: by how many periods less than that it is known
    of each series (n,), and was at any time before; None: of none.
    """

    name: str
    values: Matrix
    ahead: int
    late: npt.NDArray[np.int64] | None = None

    def ahead_of(self, series: npt.NDArray[np.int64]) -> npt.NDArray[np.int64] | int:
        """For how many periods it is known of some series."""
        return self.ahead if self.late is None else self.ahead - self.late[series]

    def before(self, columns: int) -> "Covariate":
        """As it was known when demand had so many columns."""
        values = self.values[:, : max(columns + self.ahead, 0)]
        if self.late is not None:
            known = np.arange(values.shape[1]) < columns + self.ahead - self.late[:, None]
            values = np.where(known, values, np.nan)
        return replace(self, values=values)

    def select(self, mask: npt.NDArray[np.bool_]) -> "Covariate":
        """The series where `mask` is true."""
        return replace(self, values=_rows(self.values, mask), late=None if self.late is None else self.late[mask])


@dataclass(frozen=True)
class Panel:
    """n series over T periods that end together.

    keys: sku and location per series, sorted. values: (n, T) units, NaN before the first sale of a series.
    end: number of the first period after the last column (`periods.period_index`). freq: D, W or M.
    covariates: signals whose first column is that of `values`. attributes: one row per series, a column of names per
    attribute that does not change (category, region); None: there are none.
    """

    keys: pd.DataFrame
    values: Matrix
    end: int
    freq: Frequency
    covariates: tuple[Covariate, ...] = ()
    attributes: pd.DataFrame | None = None

    @cached_property
    def first(self) -> npt.NDArray[np.int64]:
        """Column of the first period of each series; T for a series that has none."""
        return np.isnan(self.values).sum(axis=1)

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Periods of history per series."""
        return self.values.shape[1] - self.first

    @cached_property
    def limited(self) -> "Panel":
        """The same with spikes cut down to their limit (`core.demand.anomalies`)."""
        return replace(self, values=without_spikes(self.values))

    def history(self, series: int) -> Vector:
        """Demand of one series from its first period."""
        return self.values[series, self.first[series] :]

    def before(self, cutoff: int) -> "Panel":
        """The panel as it was known at the start of period `cutoff`."""
        columns = max(self.values.shape[1] - (self.end - cutoff), 0)
        known = tuple(signal.before(columns) for signal in self.covariates)
        return replace(self, values=self.values[:, :columns], end=cutoff, covariates=known)

    def since(self, period: int) -> "Panel":
        """The same from an earlier period on, with nothing known before; it has no covariates yet."""
        more = self.end - self.values.shape[1] - period
        return replace(self, values=np.pad(self.values, ((0, 0), (max(more, 0), 0)), constant_values=np.nan))

    def select(self, mask: npt.NDArray[np.bool_]) -> "Panel":
        """The series where `mask` is true."""
        chosen = tuple(signal.select(mask) for signal in self.covariates)
        keys, values = self.keys[mask].reset_index(drop=True), self.values[mask]
        attributes = None if self.attributes is None else self.attributes[mask].reset_index(drop=True)
        return replace(self, keys=keys, values=values, covariates=chosen, attributes=attributes)


def _rows(values: Matrix, mask: npt.NDArray[np.bool_]) -> Matrix:
    """Some rows; what is the same for all series stays in memory once."""
    return values[: mask.sum()] if values.strides[0] == 0 else values[mask]


def make_panel(demand: pd.DataFrame, freq: Frequency) -> Panel:
    """A panel from rows sku, location, date, demand in any order.

    Raises ValueError if the table `demand` breaks its promise: a period is missing or twice, or series end apart.
    """
    period = period_index(demand["date"], freq)
    grouped = demand.groupby(KEYS, sort=True)
    series = grouped.ngroup().to_numpy()
    keys = grouped.size().reset_index()[KEYS]
    start, end = int(period.min()), int(period.max()) + 1
    values = np.full((len(keys), end - start), np.nan)
    values[series, period - start] = demand["demand"].to_numpy(np.float64)
    panel = Panel(keys, values, end, freq)
    _check_complete(panel, len(demand))
    return panel


def _check_complete(panel: Panel, rows: int) -> None:
    known = ~np.isnan(panel.values)
    gap = known[:, :-1] & ~known[:, 1:]
    if gap.any() or not known[:, -1].all():
        sku, location = panel.keys.iloc[int(np.argmax(gap.any(axis=1) | ~known[:, -1]))]
        raise ValueError(f"demand of {sku} at {location} has a missing period: the calendar must be complete")
    if known.sum() != rows:
        raise ValueError("demand has the same sku, location and period more than once")


def whole_units(values: Matrix) -> npt.NDArray[np.bool_]:
    """Per series, whether all known demand is in whole units."""
    known = np.nan_to_num(values)
    return np.asarray((known == np.round(known)).all(axis=1))


def series_hash(keys: pd.DataFrame) -> npt.NDArray[np.uint64]:
    """A number per series that depends on its sku and location only (BLAKE2b), the same on any machine."""
    names = [f"{sku}\x1f{location}".encode() for sku, location in zip(keys["sku"], keys["location"], strict=True)]
    return np.array([int.from_bytes(hashlib.blake2b(n, digest_size=8).digest(), "little") for n in names], np.uint64)
