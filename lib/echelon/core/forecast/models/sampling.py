"""Which past periods a pooled model learns from where there are more than it needs: the sampling design.

Every period of every series is drawn on its own (Poisson sampling: Saerndal, Swensson and Wretman 1992, Model Assisted
Survey Sampling, section 3.5) by a hash of series and date, so what is drawn depends neither on other series nor on the order
or place of rows, and a day more of history changes little. Half the chance is alike for all; half goes with the root of
the mean of the series and halves with age: recent and heavy series more often. A row weighs the inverse of its chance
(Horvitz and Thompson 1952, JASA 47), so sums are those of all rows; the half that is alike bounds these weights (defensive
mixture: Hesterberg 1995, Technometrics 37).
"""

from dataclasses import dataclass

import numpy as np

from echelon.core.arrays import Vector, Words
from echelon.core.demand.periods import PERIODS_PER_YEAR, Frequency
from echelon.core.forecast.features.history import Index
from echelon.core.forecast.panel import Panel

# Rows that a model learns from, about.
ENOUGH_ROWS = 240_000
HALVED_AFTER_YEARS = 2.0
ALIKE = 0.5
# Median squared coefficient of variation, less the Poisson part, above which single orders are most of demand.
ERRATIC_DISPERSION = 4.0
_TO_UNIT_INTERVAL = 2.0**-53


@dataclass(frozen=True)
class PoolFacts:
    """Sums over series: rows (past periods), size (`row_size` of them), sold (series with demand) and erratic (those of
    them with a squared coefficient of variation, less the Poisson part, above 4)."""

    rows: float
    size: float
    sold: int
    erratic: int

    @staticmethod
    def of(panel: Panel) -> "PoolFacts":
        """Of all series of a panel."""
        known = panel.select(panel.lengths > 0)
        mean, variance = np.nanmean(known.values, axis=1), np.nanvar(known.values, axis=1)
        size, erratic = series_size(mean, known.lengths, panel.freq), is_erratic(mean, variance)
        return PoolFacts(float(known.lengths.sum()), float(size.sum()), int((mean > 0).sum()), int(erratic.sum()))

    @property
    def single_orders(self) -> bool:
        """Whether most series with demand are erratic."""
        return 2 * self.erratic > self.sold

    def chance(self, size: Vector) -> Vector:
        """That a row of such a size is drawn."""
        each = ALIKE / self.rows + (1.0 - ALIKE) * size / self.size if self.size > 0 else np.full(len(size), 1.0 / self.rows)
        return np.asarray(np.minimum(ENOUGH_ROWS * each, 1.0), dtype=np.float64)


def row_size(mean: Vector, age: Index, freq: Frequency) -> Vector:
    """Size of rows: mean demand of the series so far, units; age: periods before the end of history, 0 for the last one."""
    return np.sqrt(mean) * _per_period(freq) ** age


def series_size(mean: Vector, lengths: Index, freq: Frequency) -> Vector:
    """The sum of `row_size` over all periods of series of such lengths."""
    ratio = _per_period(freq)
    return np.asarray(np.sqrt(mean) * (1.0 - ratio**lengths) / (1.0 - ratio), dtype=np.float64)


def is_erratic(mean: Vector, variance: Vector) -> Vector:
    """1 where single orders are most of a series' demand, else 0."""
    return np.asarray((mean > 0) & (variance - mean > ERRATIC_DISPERSION * mean**2), dtype=np.float64)


def drawn(bits: Words, chance: Vector) -> Index:
    """Rows that are drawn, by evenly spread bits of each."""
    return np.flatnonzero((bits >> np.uint64(11)).astype(np.float64) * _TO_UNIT_INTERVAL < chance)


def _per_period(freq: Frequency) -> float:
    return float(0.5 ** (1.0 / (HALVED_AFTER_YEARS * PERIODS_PER_YEAR[freq])))
