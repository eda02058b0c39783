"""Life cycle of a series: new, mature, ending or dead, from its demand alone."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import bdtr

from echelon.core.arrays import Matrix, Vector
from echelon.core.demand.periods import PERIOD_DAYS, Frequency

Mask = npt.NDArray[np.bool_]

STAGES = ("new", "mature", "ending", "dead")
# A fall of the share of periods with demand that chance brings less often than this is a fall.
CHANCE = 0.05
# Days are counted in weeks, as those of one week are not independent of each other.
BLOCK: dict[Frequency, int] = {"D": 7, "W": 1, "M": 1}


@dataclass(frozen=True)
class LifeCycle:
    """Where the stages begin and end.

    new_weeks: a shorter history is new. dead_weeks, dead_probability: dead is what had no demand for so many weeks and would,
    alive, be silent for so long with less than this probability. ending_share: ending is what sold, in its last 13 weeks,
    at most this share of the year before them.
    """

    new_weeks: int = 26
    dead_weeks: int = 13
    dead_probability: float = 0.01
    ending_share: float = 0.33


DEFAULT = LifeCycle()


def dead(values: Matrix, freq: Frequency, rule: LifeCycle) -> Mask:
    """Which series (n, T; units, NaN before their first period) are dead after their last period.

    Demand comes as a Poisson process of unknown rate (prior 1 / rate): with k periods of demand within a span, the rate is
    gamma (k, span), so a silence as long as `gap` has the probability (span / (span + gap))^k. So an item that sells once a
    year is not buried after a quarter, and one that sold a single time never. A series that never had demand is not dead.
    """
    known = np.nan_to_num(_blocks(values, BLOCK[freq])) > 0
    length = known.shape[1]
    if length == 0:
        return np.zeros(len(values), dtype=np.bool_)
    demands = known.sum(axis=1)
    gap = np.argmax(known[:, ::-1], axis=1)
    span = length - gap - np.argmax(known, axis=1)
    long = gap * BLOCK[freq] * PERIOD_DAYS[freq] >= 7 * rule.dead_weeks
    return np.asarray((demands > 0) & long & ((span / (span + gap)) ** demands < rule.dead_probability))


def life_cycle(y: Vector, freq: Frequency, rule: LifeCycle) -> str:
    """The stage of one series from its demand (T,) since its first period."""
    if dead(y[None, :], freq, rule)[0]:
        return "dead"
    if len(y) * PERIOD_DAYS[freq] < 7 * rule.new_weeks:
        return "new"
    return "ending" if _ending(y, _periods(13, freq), _periods(52, freq), rule.ending_share) else "mature"


def _periods(weeks: int, freq: Frequency) -> int:
    return round(7 * weeks / PERIOD_DAYS[freq])


def _ending(y: Vector, quarter: int, year: int, share: float) -> bool:
    """Whether the last quarter fell, and neither by chance nor by the season: the same quarter of last year was higher."""
    recent, before = y[-quarter:], y[-quarter - year : -quarter]
    fell = len(before) > 0 and recent.mean() <= share * before.mean() and before.mean() > 0
    if fell and len(y) >= quarter + year:
        fell = recent.mean() <= share * before[:quarter].mean()
    if not fell:
        return False
    usual = float((before > 0).mean())
    return usual == 1.0 or bool(bdtr(int((recent > 0).sum()), len(recent), usual) < CHANCE)


def _blocks(values: Matrix, size: int) -> Matrix:
    """Sums of so many periods, counted back from the last; an incomplete first block is left out."""
    n, length = values.shape
    whole = length // size
    if size == 1:
        return values
    known = np.nan_to_num(values[:, length - whole * size :])
    return np.asarray(known.reshape(n, whole, size).sum(axis=2))
