"""What a forecast's error costs in stock: the order-up-to level that it implies is charged with the demand that came.

An order at the cutoff must last for the lead time and a review period. The level S that it is ordered up to is the critical
quantile, at ratio a, of the forecast's demand D over those periods; what is left over is held, what is short is missed:

    cost = h (S - D)+ + p (D - S)+,  p = h a / (1 - a)

which is least, expected, at the true a-quantile (newsvendor: Silver, Pyke and Thomas 2017, 4th ed., section 9.2). So it is a
proper score of that quantile, in money. Where the inputs have a fill-rate target and no cost of a shortage, the target is
taken as a, as the classical plan does; p follows.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import gammaincinv
from scipy.stats import nbinom

from echelon.core.arrays import Flags, Matrix, Vector
from echelon.core.probability.negative_binomial import LARGEST_SD

Periods = npt.NDArray[np.int64]
CRITICAL_RATIO = 0.95
# Windows for which a series' history counts, beside a candidate's own errors; and standardised errors beyond this many
# standard deviations count as this many, so that one huge order does not decide for all windows after it.
PRIOR_WINDOWS = 3.0
LARGEST_ERROR = 6.0
_LEAST_DISPERSION = 1e-9
_LEAST_CV = 1e-6


@dataclass(frozen=True)
class Terms:
    """Per series (n,): cover, whole periods that an order must last, 1 to the horizon; ratio, between 0 and 1; holding,
    the cost of a unit left over at their end (currency)."""

    cover: Periods
    ratio: Vector
    holding: Vector

    @classmethod
    def plain(cls, series: int, horizon: int) -> "Terms":
        """An order lasts for the horizon, a unit left over costs 1, a unit short 19."""
        return cls(np.full(series, horizon), np.full(series, CRITICAL_RATIO), np.ones(series))

    def select(self, mask: Flags) -> "Terms":
        """The series where `mask` is true."""
        return Terms(self.cover[mask], self.ratio[mask], self.holding[mask])


def sum_dispersion(values: Matrix, cover: Periods, counts: Flags) -> Vector:
    """Dispersion per series (n,) of demand over `cover` periods, that part of it that can't be foretold: (variance - mean) /
    mean^2, not below 0 (gamma: variance / mean^2); 0 without demand or history.

    values: (n, T) units, NaN before the first period. The variance is that of a sum about the mean of the sums just before
    and after it, over all sums of so many periods in a row within the history (Gasser, Sroka and Jennen-Steinmetz 1986,
    Biometrika 73, equation 3): of demand without pattern it is the variance, of a season or a trend little is left. About
    one mean for all times, a season would count as chance, levels would be far too high, and what forecasts too little would
    cost least. A history shorter than three covers has only that one mean. Periods that are high together show here.
    """
    first = np.isnan(values).sum(axis=1)
    running = np.concatenate([np.zeros((len(values), 1)), np.nancumsum(values, axis=1)], axis=1)
    lengths = np.minimum(cover, values.shape[1] - first)
    dispersion = np.zeros(len(values))
    for length in np.unique(lengths[lengths > 0]):
        rows = lengths == length
        sums = running[rows, length:] - running[rows, : running.shape[1] - length]
        known = np.arange(sums.shape[1]) >= first[rows, None]
        dispersion[rows] = _dispersion(np.where(known, sums, np.nan), int(length), counts[rows])
    return dispersion


def _dispersion(sums: Matrix, length: int, counts: Flags) -> Vector:
    """sums: (n, times), NaN before the first."""
    mean = _mean(sums)
    variance = _mean((sums - mean[:, None]) ** 2)
    if sums.shape[1] > 2 * length:
        around = (sums[:, : -2 * length] + sums[:, 2 * length :]) / 2.0
        squares = (sums[:, length:-length] - around) ** 2 / 1.5
        variance = np.where(np.isnan(squares).all(axis=1), variance, _mean(squares))
    excess = np.maximum(variance - np.where(counts, mean, 0.0), 0.0)
    return np.divide(excess, mean**2, out=np.zeros(len(mean)), where=mean > 0)


def _mean(values: Matrix) -> Vector:
    """Of what is known in each row; 0 if nothing is."""
    return np.asarray(np.nansum(values, axis=1) / np.maximum((~np.isnan(values)).sum(axis=1), 1))


class CoverErrors:
    """How far one candidate's forecasts of the cover strayed in earlier windows, beside what history lets expect: its own
    dispersion. One window of a series says little, so history counts as PRIOR_WINDOWS of them."""

    def __init__(self, series: int, horizon: int) -> None:
        self._series = series
        self._horizon = horizon
        self._windows: list[tuple[int, Flags, Vector]] = []

    def own(self, cutoff: int, joins: Flags, expected: Vector, dispersion: Vector, counts: Flags) -> Vector:
        """Dispersion (n,) of the candidate for the series that join (of all: `series`) at a cutoff, from windows over by then.
        expected: (n,) its forecast over the cover, units; dispersion: from `sum_dispersion`."""
        squares, windows = np.full(self._series, PRIOR_WINDOWS), np.full(self._series, PRIOR_WINDOWS)
        for begun, joined, square in self._windows:
            if begun + self._horizon <= cutoff:
                squares[joined] += square
                windows[joined] += 1.0
        poisson = np.where(counts, expected, 0.0)
        variance = (squares / windows)[joins] * (poisson + dispersion * expected**2)
        excess = np.maximum(variance - poisson, 0.0)
        return np.divide(excess, expected**2, out=np.zeros(len(expected)), where=expected > 0)

    def learn(self, cutoff: int, joins: Flags, demand: Vector, expected: Vector, dispersion: Vector, counts: Flags) -> None:
        """What happened over the cover, (n,) units."""
        variance = np.where(counts, expected, 0.0) + dispersion * expected**2
        square = (demand - expected) ** 2 / np.maximum(variance, _LEAST_DISPERSION)
        self._windows.append((cutoff, joins, np.minimum(square, LARGEST_ERROR**2)))


def over_cover(values: Matrix, cover: Periods) -> Vector:
    """Sum (n,) over the cover of (n, h)."""
    return np.asarray(np.cumsum(values, axis=1)[np.arange(len(values)), cover - 1])


def inventory_cost(actual: Matrix, mean: Matrix, dispersion: Vector, counts: Flags, terms: Terms) -> Vector:
    """Cost per series (n,), currency. actual, mean: (n, h) units; dispersion: (n,) of their sums over the cover; counts: (n,)
    negative binomial, else gamma."""
    demand, expected = over_cover(actual, terms.cover), over_cover(mean, terms.cover)
    level = order_up_to(expected, dispersion, counts, terms.ratio)
    short = terms.holding * terms.ratio / (1.0 - terms.ratio)
    return np.where(level > demand, terms.holding * (level - demand), short * (demand - level))


def order_up_to(mean: Vector, dispersion: Vector, counts: Flags, ratio: Vector) -> Vector:
    """Quantile (n,) of demand over the cover at each series' own ratio, units; whole units for counts."""
    sd = np.sqrt(mean * counts + dispersion * mean**2)
    level = np.zeros(len(mean))
    whole = counts & (mean > 0) & (sd <= LARGEST_SD)
    spread = np.maximum(dispersion[whole], _LEAST_DISPERSION)
    level[whole] = nbinom.ppf(ratio[whole], 1.0 / spread, 1.0 / (1.0 + spread * mean[whole]))
    other = ~whole & (mean > 0)
    relative = sd[other] / mean[other]
    shape = 1.0 / np.maximum(relative, _LEAST_CV) ** 2
    level[other] = np.where(relative > _LEAST_CV, gammaincinv(shape, ratio[other]) / shape, 1.0) * mean[other]
    return np.where(counts, np.ceil(level), level)
