"""Combinations: one forecast from those of several candidates, which is the cheapest gain there is.

Their forecasts come from different Spark tasks and are joined afterwards, so a combination is a candidate that looks up
what its members forecast from the same cutoff.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd

from echelon.core.arrays import Flags, Matrix, Vector
from echelon.core.demand.periods import Frequency, period_index
from echelon.core.forecast.base.candidate import OK, Candidate, Means, naive_means
from echelon.core.forecast.panel import KEYS, Panel
from echelon.core.forecast.selection.names import members
from echelon.core.forecast.selection.stacking import error_products, stacked

Cube = npt.NDArray[np.float64]
Weights = Callable[[], Matrix]  # not every combination needs them
MEMBER_COLUMNS = [*KEYS, "model", "cutoff", "status", "forecast", "rmsse"]
# How sharply weights follow a series' own mean squared errors, and how many windows it counts for, beside them, how each
# member did on all.
POWER = 2.0
PRIOR_WINDOWS = 3.0


def median(forecasts: Cube, _weights: Weights) -> Matrix:
    """Median over members, per series and period; (members, n, h), NaN where a member failed."""
    return np.asarray(np.nanmedian(forecasts, axis=0))


def weighted(forecasts: Cube, weights: Weights) -> Matrix:
    """Mean over members, weighted (members, n): see `_Members.weights`."""
    return np.asarray((np.nan_to_num(forecasts) * weights()[:, :, None]).sum(axis=0))


COMBINE: dict[str, Callable[[Cube, Weights], Matrix]] = {"median": median, "weighted": weighted}


def combinations(
    rows: pd.DataFrame, names: Sequence[str], freq: Frequency, products: pd.DataFrame | None = None
) -> list[Candidate]:
    """The combinations among the names of the candidates that compete, as candidates.

    rows (MEMBER_COLUMNS): what members forecast, at every cutoff that is asked for, and how they did before. products:
    `error_products` of the members of all series; default: of the rows (ERROR_COLUMNS), which then are of all series.
    """
    errors = error_products(rows[rows["model"].isin(members("weighted", names))]) if products is None else products
    return [
        Candidate(name, partial(_combine, _Members.of(rows, members(name, names), freq, errors), COMBINE[name]))
        for name in COMBINE
        if name in names
    ]


def _combine(known: "_Members", function: Callable[[Cube, Weights], Matrix], panel: Panel, horizon: int) -> Means:
    """The seasonal naive stands in where no member went well."""
    combined = naive_means(panel, horizon, "no member of the combination went well")
    forecasts = known.at(panel, horizon)
    members_well = ~np.isnan(forecasts[:, :, 0])
    well = np.asarray(members_well.any(axis=0))
    if well.any():
        weights = partial(known.weights, panel.select(well), members_well[:, well], panel.end - horizon)
        combined.mean[well] = function(forecasts[:, well], weights)
        combined.status[well] = OK
    return combined


@dataclass(frozen=True)
class _Members:
    """Forecasts (rows, h) and mean squared scaled errors (rows,) in no order; NaN where a member failed. Where they belong:
    number of the member, of the series in `keys`, and of the cutoff's period. products: PRODUCT_COLUMNS with periods for
    cutoffs."""

    names: tuple[str, ...]
    keys: pd.MultiIndex
    member: npt.NDArray[np.int64]
    series: npt.NDArray[np.int64]
    cutoff: npt.NDArray[np.int64]
    forecasts: Matrix
    squares: npt.NDArray[np.float64]
    products: pd.DataFrame

    @staticmethod
    def of(rows: pd.DataFrame, names: Sequence[str], freq: Frequency, products: pd.DataFrame) -> "_Members":
        members = rows[rows["model"].isin(names)]
        well = (members["status"] == OK).to_numpy()
        keys = pd.MultiIndex.from_frame(members[KEYS].drop_duplicates())
        return _Members(
            tuple(names),
            keys,
            pd.Index(names).get_indexer(pd.Index(members["model"])),
            keys.get_indexer(pd.MultiIndex.from_frame(members[KEYS])),
            period_index(members["cutoff"], freq),
            np.where(well[:, None], np.stack(members["forecast"].to_list()) if len(members) else np.empty((0, 1)), np.nan),
            np.where(well, members["rmsse"].to_numpy(np.float64) ** 2, np.nan),
            products.assign(cutoff=period_index(products["cutoff"], freq)),
        )

    def at(self, panel: Panel, horizon: int) -> Cube:
        """Forecasts (members, n, horizon) from the panel's end. One that starts later (after a gap) is filled in front with
        its first period."""
        now = self.cutoff == panel.end
        length = self.forecasts.shape[1]
        cube = np.full((len(self.names), len(self.keys) + 1, horizon), np.nan)
        period = np.maximum(np.arange(horizon) - (horizon - length), 0)
        cube[self.member[now], self.series[now]] = self.forecasts[now][:, period]
        return np.asarray(cube[:, self._place(panel)])

    def _place(self, panel: Panel) -> npt.NDArray[np.int64]:
        """Where the panel's series are in `keys`; -1, after all of them, if they are not."""
        return np.asarray(self.keys.get_indexer(pd.MultiIndex.from_frame(panel.keys)))

    def weights(self, panel: Panel, well: Flags, latest: int) -> Matrix:
        """Of the members that go `well` (members, n), adding up to 1, by windows that began at `latest` or before: stacked on
        all series, times what the series' own errors say. A member that never went well before counts like the mean one."""
        past, place = self.products[self.products["cutoff"] <= latest], self._place(panel)
        total, windows = (added[:, place] for added in self._past(latest))
        known = np.isin(self.names, past["first"].to_numpy(str))
        weights = np.zeros(well.shape)
        for pattern in np.unique(well, axis=1).T:
            alike, used = (well == pattern[:, None]).all(axis=0), pattern & known
            weights[np.ix_(pattern, alike)] = 1.0 / pattern.sum()
            if used.any():
                share, expected = stacked(past, [name for name, use in zip(self.names, used, strict=True) if use])
                weight = share[:, None] * _worse(total[:, alike], windows[:, alike], used, expected) ** -POWER
                weights[np.ix_(used, alike)] = weight / weight.sum(axis=0) * used.sum() / pattern.sum()
        return weights

    def _past(self, latest: int) -> tuple[Matrix, Matrix]:
        """Sum of squared scaled errors (members, series) of windows that began at `latest` or before, and their number."""
        shape = (len(self.names), len(self.keys) + 1)
        total, windows = np.zeros(shape), np.zeros(shape)
        order = np.flatnonzero((self.cutoff <= latest) & ~np.isnan(self.squares))
        order = order[np.argsort(self.cutoff[order], kind="stable")]  # one order of adding, whatever the order of rows
        np.add.at(total, (self.member[order], self.series[order]), self.squares[order])
        np.add.at(windows, (self.member[order], self.series[order]), 1.0)
        return total, windows


def _worse(total: Matrix, windows: Matrix, used: Flags, expected: Vector) -> Matrix:
    """How much larger the mean squared error of each member that is used was on each series than `expected` (of these
    members), as shares of their mean, lets one think; drawn to 1, and the least is 1. total, windows: (members, series), all
    members."""
    cases = windows.sum(axis=0)
    mean = np.divide(total.sum(axis=0), cases, out=np.zeros(len(cases)), where=cases > 0)
    usual = mean * expected[:, None]
    drawn = (total[used] + PRIOR_WINDOWS * usual) / (windows[used] + PRIOR_WINDOWS)
    ratio = np.divide(drawn, usual, out=np.ones(usual.shape), where=usual > 0)
    return np.asarray(ratio / ratio.min(axis=0))
