"""Service of an order-up-to policy at one location in closed form: periodic review, backorders, independent demand.

An order placed at a review brings the position to the level and arrives after the lead time L; until the next order
arrives, demand of up to L + R periods must be met from it. With B(t) = E[(D_t - level)+], D_t the demand of t periods:

    fill rate = 1 - (B(L + R) - B(L)) / (mean R).

Source: Silver, Pyke & Thomas, Inventory and Production Management in Supply Chains, 4th ed., section 7.11; Snyder &
Shen, Fundamentals of Supply Chain Theory, 2nd ed., chapter 4.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from echelon.core.probability.normal_loss import normal_loss
from echelon.textbook import checks
from echelon.textbook.demand_laws import expected_shortage, poisson_pmf, sum_pmf


@dataclass(frozen=True)
class Service:
    """cycle_service_level: P(no stock-out in a replenishment cycle); fill_rate: share of demand served at once;
    ready_rate: share of periods that end without backorders; backorders: mean at the end of a cycle, units."""

    cycle_service_level: float
    fill_rate: float
    ready_rate: float
    backorders: float


def service_normal(level: float, mean: float, sd: float, lead_time: int, review_period: int = 1) -> Service:
    """Normal demand per period; whole lead time and review period. sd = 0 is certainty."""
    checks.positive(mean=mean)
    checks.not_negative(sd=sd)

    def at(periods: int) -> tuple[float, float]:
        spread, left = sd * np.sqrt(periods), level - mean * periods
        if spread == 0:
            return float(left >= 0), max(-left, 0.0)
        return float(stats.norm.cdf(left / spread)), float(spread * normal_loss(left / spread))

    return _service(at, mean, lead_time, review_period)


def service_poisson(level: float, mean: float, lead_time: int, review_period: int = 1) -> Service:
    """Poisson demand per period; whole lead time and review period."""
    checks.positive(mean=mean)
    return _service(lambda periods: _met_and_short(poisson_pmf(mean * periods), level), mean, lead_time, review_period)


def service_discrete(level: float, pmf: npt.ArrayLike, lead_time: int, review_period: int = 1) -> Service:
    """Demand per period 0, 1, 2, ... with probabilities pmf; whole lead time and review period."""
    law = checks.probabilities("pmf", pmf)
    mean = float(law @ np.arange(len(law)))
    checks.positive(**{"mean of pmf": mean})
    return _service(lambda periods: _met_and_short(sum_pmf(law, periods), level), mean, lead_time, review_period)


def _met_and_short(law: npt.NDArray[np.float64], level: float) -> tuple[float, float]:
    """P(D <= level) and E[(D - level)+]."""
    return float(law[: max(int(np.floor(level)) + 1, 0)].sum()), float(expected_shortage(law, level))


def _service(at: Callable[[int], tuple[float, float]], mean: float, lead_time: int, review_period: int) -> Service:
    """All measures from P(D_t <= level) and B(t)."""
    checks.whole(lead_time=lead_time, review_period=review_period)
    checks.positive(review_period=review_period)
    ready = [at(lead_time + period)[0] for period in range(1, review_period + 1)]
    end, before = at(lead_time + review_period)[1], at(lead_time)[1]
    fill = 1 - (end - before) / (mean * review_period)
    return Service(ready[-1], fill, float(np.mean(ready)), end)
