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

from echelon.core.demand.periods import Frequency, period_index
from echelon.core.forecast.candidate import OK, Candidate, Means, naive_means
from echelon.core.forecast.names import members
from echelon.core.forecast.panel import KEYS, Matrix, Panel

Cube = npt.NDArray[np.float64]
MEMBER_COLUMNS = [*KEYS, "model", "cutoff", "status", "forecast", "rmsse"]
OVERALL_COLUMNS = ["model", "cutoff", "known", "rmsse"]
# How sharply weights follow past errors, and how many windows it counts for, beside a series' own, how each member did on all.
POWER = 8.0
PRIOR_WINDOWS = 3.0
# Sums over all series differ in their last digits with the order in which they are added up.
_DIGITS = 6


def median(forecasts: Cube, _errors: Matrix) -> Matrix:
    """Median over members, per series and period; (members, n, h), NaN where a member failed."""
    return np.asarray(np.nanmedian(forecasts, axis=0))


def weighted(forecasts: Cube, errors: Matrix) -> Matrix:
    """Mean over members, weighted by errors (members, n) to the power of -8: mean squared scaled errors of earlier windows.
    Bates and Granger (1969), OR Quarterly 20, whose weights have the power -1."""
    relative = errors / np.maximum(errors.min(axis=0), 1e-12)
    weight = np.where(np.isnan(forecasts[:, :, 0]), 0.0, np.maximum(relative, 1.0) ** -POWER)
    share = weight / weight.sum(axis=0)
    return np.asarray((np.nan_to_num(forecasts) * share[:, :, None]).sum(axis=0))


COMBINE: dict[str, Callable[[Cube, Matrix], Matrix]] = {"median": median, "weighted": weighted}


def overall_errors(rows: pd.DataFrame) -> pd.DataFrame:
    """How members did on all series: model, cutoff, known (series that it forecast well enough to be scored) and the sum of
    their rmsse. rows: MEMBER_COLUMNS."""
    well = rows[(rows["status"] == OK) & rows["rmsse"].notna()]
    return well.groupby(["model", "cutoff"], sort=True)["rmsse"].agg(known="count", rmsse="sum").reset_index()


def combinations(
    rows: pd.DataFrame, names: Sequence[str], freq: Frequency, overall: pd.DataFrame | None = None
) -> list[Candidate]:
    """The combinations among the names of the candidates that compete, as candidates.

    rows (MEMBER_COLUMNS): what members forecast, at every cutoff that is asked for, and how they did before. overall:
    `overall_errors` of all series, if rows are only some of them.
    """
    errors = overall_errors(rows) if overall is None else overall
    return [
        Candidate(name, partial(_combine, _Members.of(rows, members(name, names), freq, errors), COMBINE[name]))
        for name in COMBINE
        if name in names
    ]


def _combine(known: "_Members", function: Callable[[Cube, Matrix], Matrix], panel: Panel, horizon: int) -> Means:
    """The seasonal naive stands in where no member went well."""
    found = naive_means(panel, horizon, "no member of the combination went well")
    forecasts, errors = known.at(panel, horizon)
    well = ~np.isnan(forecasts[:, :, 0]).all(axis=0)
    if well.any():
        found.mean[well] = function(forecasts[:, well], errors[:, well])
        found.status[well] = OK
    return found


@dataclass(frozen=True)
class _Members:
    """Forecasts (rows, h) and mean squared scaled errors (rows,) in no order; NaN where a member failed. Where they belong:
    number of the member, of the series in `keys`, and of the cutoff's period."""

    count: int
    keys: pd.MultiIndex
    member: npt.NDArray[np.int64]
    series: npt.NDArray[np.int64]
    cutoff: npt.NDArray[np.int64]
    forecasts: Matrix
    squares: npt.NDArray[np.float64]
    overall: pd.DataFrame

    @staticmethod
    def of(rows: pd.DataFrame, names: Sequence[str], freq: Frequency, overall: pd.DataFrame) -> "_Members":
        mine = rows[rows["model"].isin(names)]
        well = (mine["status"] == OK).to_numpy()
        keys = pd.MultiIndex.from_frame(mine[KEYS].drop_duplicates())
        return _Members(
            len(names),
            keys,
            pd.Index(names).get_indexer(pd.Index(mine["model"])),
            keys.get_indexer(pd.MultiIndex.from_frame(mine[KEYS])),
            period_index(mine["cutoff"], freq),
            np.where(well[:, None], np.stack(mine["forecast"].to_list()) if len(mine) else np.empty((0, 1)), np.nan),
            np.where(well, mine["rmsse"].to_numpy(np.float64) ** 2, np.nan),
            overall.assign(
                cutoff=period_index(overall["cutoff"], freq), member=pd.Index(names).get_indexer(pd.Index(overall["model"]))
            ),
        )

    def at(self, panel: Panel, horizon: int) -> tuple[Cube, Matrix]:
        """Forecasts (members, n, horizon) from the panel's end, and errors (members, n) of the windows that had ended then.
        A forecast that starts later than the panel's end (after a gap) is filled in front with its first period."""
        place = self.keys.get_indexer(pd.MultiIndex.from_frame(panel.keys))
        now = self.cutoff == panel.end
        length = self.forecasts.shape[1]
        cube = np.full((self.count, len(self.keys) + 1, horizon), np.nan)
        period = np.maximum(np.arange(horizon) - (horizon - length), 0)
        cube[self.member[now], self.series[now]] = self.forecasts[now][:, period]
        return cube[:, place], self._errors(panel.end - horizon)[:, place]

    def _errors(self, latest: int) -> Matrix:
        """Mean squared scaled errors at cutoffs up to `latest`, drawn to what they would be if each member did on this
        series, as against the others, as it did on all; 1 if unknown."""
        shape = (self.count, len(self.keys) + 1)
        past = (self.cutoff <= latest) & ~np.isnan(self.squares)
        total, windows = np.zeros(shape), np.zeros(shape)
        order = np.flatnonzero(past)
        order = order[np.argsort(self.cutoff[order], kind="stable")]  # one order of adding, whatever the order of rows
        np.add.at(total, (self.member[order], self.series[order]), self.squares[order])
        np.add.at(windows, (self.member[order], self.series[order]), 1.0)
        seen = windows.sum(axis=0)
        mean = np.divide(total.sum(axis=0), seen, out=np.ones(shape[1]), where=seen > 0)
        prior = mean * self._relative(latest)[:, None]
        return (total + PRIOR_WINDOWS * prior) / (windows + PRIOR_WINDOWS)

    def _relative(self, latest: int) -> npt.NDArray[np.float64]:
        """Square of the mean error of each member (members,) on all series so far, as a share of the mean of members."""
        past = self.overall[(self.overall["cutoff"] <= latest) & (self.overall["member"] >= 0)]
        added = past.groupby("member")[["known", "rmsse"]].sum().reindex(range(self.count))
        square = (added["rmsse"] / added["known"]).round(_DIGITS).to_numpy(np.float64) ** 2
        known = ~np.isnan(square)
        average = square[known].mean() if known.any() else 0.0
        return np.where(known, square / average, 1.0) if average > 0 else np.ones(self.count)
