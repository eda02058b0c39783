"""Which periods have a promotion, or a price that was cut, by what a signal says of them."""

from typing import Literal

import numpy as np
import numpy.typing as npt

from echelon.core.arrays import Matrix
from echelon.core.demand.periods import Frequency
from echelon.core.forecast.features.history import WINDOWS
from echelon.core.forecast.panel import Covariate

Kind = Literal["promotion", "price_cut"]
# Share of the usual price that one below is at least below it.
CUT = 0.05


def promoted(signal: Covariate, kind: Kind, start: int, horizon: int, freq: Frequency) -> npt.NDArray[np.bool_]:
    """(n, horizon) for the periods from column `start` on. promotion: the signal is known and not 0; price_cut: it is at
    least 5 % below its mean over the 91 days (26 weeks, 12 months) before them."""
    values = signal.values[:, start : start + horizon]
    values = np.pad(values, ((0, 0), (0, horizon - values.shape[1])), constant_values=np.nan)
    if kind == "promotion":
        return np.asarray(~np.isnan(values) & (values != 0))
    usual = _mean(signal.values[:, max(start - WINDOWS[freq][-1], 0) : start])
    return np.asarray(values <= (1.0 - CUT) * usual)


def _mean(values: Matrix) -> Matrix:
    """(n, 1) of what is known; NaN where nothing is."""
    known = ~np.isnan(values)
    total, count = np.where(known, values, 0.0).sum(axis=1, keepdims=True), known.sum(axis=1, keepdims=True)
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
