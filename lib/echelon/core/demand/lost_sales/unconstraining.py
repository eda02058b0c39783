"""Demand of periods in which a location was empty: what was sold is then a lower bound, not demand.

Two steps, for the locations of one SKU together:

1. The mean of every period is level x weekday profile. The level is what was sold near in time, before and after,
   divided by the time in which there was something to sell: total time on test, the maximum-likelihood estimate for
   exponential demand of which a part is cut off (Nahmias 1994, Demand estimation in lost sales inventory systems, Naval
   Research Logistics 41, compares it with the normal's). It has no iteration that could run away. To it comes, with the
   weight of `LIKE_DAYS`, the level of the SKU's other locations at that time, scaled to this one: it decides where few
   neighbours were seen. An only location has its own mean in that place, with the weight of `OWN_DAYS`.
2. One factor and one dispersion per series are fitted by expectation-maximisation, known as unconstraining in revenue
   management (Talluri and van Ryzin 2004, The Theory and Practice of Revenue Management, ch. 9.4): periods that ended
   empty count with E[D | D >= sold] (`censored.py`), the dispersion is the likeliest at that mean (ECME: Liu and Rubin
   1994, Biometrika 81). A period that was empty for a part had what was sold and that part of its mean.

A period that ended empty and sold nothing says nothing (D >= 0), so a long stock-out is filled by the level before and
after it. Taking such sales for demand, or leaving all cut periods out, is what makes estimates low (Sachs and Minner
2014, The data-driven newsvendor with censored demand observations, International Journal of Production Economics 149).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

from echelon.core.arrays import Matrix, Vector
from echelon.core.demand.lost_sales.censored import expected_above, likely_dispersion
from echelon.core.demand.periods import PERIOD_DAYS, Frequency

Mask = npt.NDArray[np.bool_]

# Days after which a neighbour in time counts 1/e, and the days that the other locations (the own mean) weigh as much as;
# at least so many periods. Chosen on SKUs that no test asserts.
MEMORY_DAYS, LEAST_MEMORY = 21.0, 4.0
LIKE_DAYS, OWN_DAYS, LEAST_LIKE = 14.0, 7.0, 1.0
# Below this many periods that were not cut, nothing is restored: there is no level to restore to.
FEWEST_PERIODS: dict[Frequency, int] = {"D": 14, "W": 4, "M": 3}
# Sales that were not cut for each that was; below it, a fitted tail would be a guess about what was never seen.
FEWEST_SALES_PER_CUT = 4.0
# A mean above what was sold per period in which something could be sold, or was, by more than this: the days that are said to
# have ended empty did not, as sales went on.
MOST_RESTORED = 3.0
_PROFILE_PERIODS = 1.0
_PROFILE_ROUNDS = 5
_ROUNDS = 40
_DISPERSION_ROUNDS = (0, 2, 5, 10)
_PRECISION = 1e-3
_GRAINS = 100.0


@dataclass(frozen=True)
class Sold:
    """What n locations sold of a SKU in T periods, and how much of it was cut off.

    units: (n, T). known: (n, T), False before a series begins. empty: (n, T), share of the period that ended with the
    location empty. season: (T,) position in the week, all 0 where a period is longer than a day. freq: of the periods.
    """

    units: Matrix
    known: Mask
    empty: Matrix
    season: npt.NDArray[np.int64]
    freq: Frequency

    @property
    def open(self) -> Matrix:
        """(n, T) share of the period in which there was something to sell."""
        return np.where(self.known, 1.0 - self.empty, 0.0)


def expected_demand(sold: Sold) -> Matrix:
    """(n, T) expected demand given what was sold: `units` where the location was not empty, never less elsewhere.

    A series with fewer than FEWEST_PERIODS periods that were not cut keeps its units, and so does one that would have sold
    MOST_RESTORED times as much; and what lies before the first sale: nothing shows that anybody asked.
    """
    mean, restored = _means(sold), sold.units.copy()
    asked = sold.known & (np.cumsum(sold.units, axis=1) > 0)
    enough = (sold.known & (sold.empty < 1)).sum(axis=1) >= FEWEST_PERIODS[sold.freq]
    grain = _grain(sold.units)
    for series in np.flatnonzero(enough & ((sold.empty > 0) & asked).any(axis=1)):
        here = sold.known[series]
        units, empty = sold.units[series, here], sold.empty[series, here]
        filled = _filled(units / grain, empty, mean[series, here] / grain) * grain
        if filled.mean() <= MOST_RESTORED * units.sum() / ((empty < 1) | (units > 0)).sum():
            restored[series, here] = np.where(asked[series, here], filled, units)
    return np.maximum(restored, sold.units)


def _grain(units: Matrix) -> float:
    """The unit in which demand is counted: 1, or a hundredth of a mean sale where units are not whole."""
    if np.array_equal(units, np.round(units)):
        return 1.0
    return float(units[units > 0].mean()) / _GRAINS


def _filled(units: Vector, empty: Vector, mean: Vector) -> Vector:
    """Demand of one series; all (T,). By the fitted distribution where enough sales were not cut; else what was sold and
    the mean of the time that was empty, as if demand were exponential (which has no memory of what was sold)."""
    cut_sales, sales = int(((empty >= 1) & (units > 0)).sum()), int(((empty < 1) & (units > 0)).sum())
    if sales >= FEWEST_SALES_PER_CUT * cut_sales:
        return _fit(units, empty, mean)
    return units + empty * mean


def _fit(units: Vector, empty: Vector, shape: Vector) -> Vector:
    """Filled demand of one series whose mean is `shape` up to a factor; all (T,)."""
    cut, part = empty >= 1, np.where(empty < 1, empty, 0.0)
    telling = ~cut | (units > 0)
    factor, dispersion, filled = 1.0, 1.0, units
    for number in range(_ROUNDS):
        mean = factor * shape
        if number in _DISPERSION_ROUNDS:
            dispersion = likely_dispersion(units[telling], ((1.0 - part) * mean)[telling], cut[telling])
        filled = units + part * mean
        filled[cut] = expected_above(units[cut], mean[cut], np.full(int(cut.sum()), dispersion))
        before, factor = factor, float(filled[telling].sum() / shape[telling].sum())
        if abs(factor - before) <= _PRECISION * factor and number > _DISPERSION_ROUNDS[-1]:
            break
    return filled


def _means(sold: Sold) -> Matrix:
    """(n, T) mean demand, up to a factor per series: level x weekday profile."""
    profile = np.ones(7)
    for _ in range(_PROFILE_ROUNDS):
        level = _levels(sold, profile[sold.season])
        profile = _profile(sold, level)
    return np.asarray(np.maximum(level * profile[sold.season], 1e-9 * max(float(sold.units.max()), 1e-9)))


def _levels(sold: Sold, profile: Vector) -> Matrix:
    """Level of every location and period: near in time, and the others' at that time."""
    memory = max(MEMORY_DAYS / PERIOD_DAYS[sold.freq], LEAST_MEMORY)
    like, own = (max(days / PERIOD_DAYS[sold.freq], LEAST_LIKE) for days in (LIKE_DAYS, OWN_DAYS))
    near, time = _nearby(sold.units, memory), _nearby(sold.open * profile, memory)
    alone = (near + own * _scaled(sold, profile, np.ones_like(near))) / (time + own)
    others = alone.sum(axis=0) - alone
    if not (others > 1e-9 * alone.max()).all():
        return np.asarray(alone)
    return np.asarray((near + like * _scaled(sold, profile, others)) / (time + like))


def _scaled(sold: Sold, profile: Vector, shape: Matrix) -> Matrix:
    """`shape` times what makes its total over the open time of each series that series' sales."""
    total = (sold.open * profile * shape).sum(axis=1, keepdims=True)
    return shape * np.divide(sold.units.sum(axis=1, keepdims=True), total, out=np.zeros_like(total), where=total > 0)


def _profile(sold: Sold, level: Matrix) -> Vector:
    """(7,) sales of each weekday relative to the level, all locations together, a little pulled to 1."""
    sales = np.bincount(sold.season, sold.units.sum(axis=0), minlength=7)
    time = np.bincount(sold.season, (sold.open * level).sum(axis=0), minlength=7)
    pull = max(_PROFILE_PERIODS * float(level.sum(axis=0).mean()), 1e-12)
    return np.asarray((sales + pull) / (time + pull), dtype=np.float64)


def _nearby(values: Matrix, memory: float) -> Matrix:
    """Sum over time with weights exp(-distance / memory)."""
    a = [1.0, -float(np.exp(-1.0 / memory))]
    before = lfilter([1.0], a, values, axis=1)
    after = lfilter([1.0], a, values[:, ::-1], axis=1)[:, ::-1]
    return np.asarray(before + after - values, dtype=np.float64)
