"""Periodic review (s, S): when the inventory position is at or below s, order up to S. Exact for discrete demand.

Costs count at the end of a period; an order placed at the start of period t is there for the demand of period
t + lead_time; what is short waits. Sources: Zheng & Federgruen, Operations Research 39(4), 1991, 654-665; Snyder & Shen,
Fundamentals of Supply Chain Theory, 2nd ed., section 4.4; Ehrhardt & Mosier, Management Science 30(5), 1984, 618-622.
All raise ValueError, naming the parameter, where a cost is not above 0 (the fixed cost may be 0) or there is no demand.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from echelon.core.arrays import Doubles
from echelon.textbook import checks
from echelon.textbook.demand_laws import (
    PositionCost,
    best_position,
    normal_pmf,
    poisson_pmf,
    position_cost,
    sum_pmf,
)


@dataclass(frozen=True)
class OrderUpToPolicy:
    """Reorder point s, order-up-to level S, average cost per period."""

    reorder_point: int
    order_up_to_level: int
    cost: float


def ss_poisson(
    holding_cost: float, stockout_cost: float, fixed_cost: float, mean: float, lead_time: float = 0
) -> OrderUpToPolicy:
    """The optimal (s, S) for Poisson demand per period; lead_time in periods, fractions too.

    >>> policy = ss_poisson(holding_cost=1, stockout_cost=4, fixed_cost=5, mean=6)
    >>> policy.reorder_point, policy.order_up_to_level, round(policy.cost, 3)
    (4, 10, 8.034)
    """
    checks.positive(mean=mean)
    checks.not_negative(lead_time=lead_time)
    at_risk = poisson_pmf(mean * (lead_time + 1))
    return _optimal(holding_cost, stockout_cost, fixed_cost, poisson_pmf(mean), at_risk)


def ss_normal(
    holding_cost: float, stockout_cost: float, fixed_cost: float, mean: float, sd: float, lead_time: int = 0
) -> OrderUpToPolicy:
    """The optimal (s, S) for normal demand per period rounded to whole units, below 0 counted as 0."""
    return ss_discrete(holding_cost, stockout_cost, fixed_cost, normal_pmf(mean, sd), lead_time)


def ss_discrete(
    holding_cost: float, stockout_cost: float, fixed_cost: float, pmf: npt.ArrayLike, lead_time: int = 0
) -> OrderUpToPolicy:
    """The optimal (s, S) for independent demands per period 0, 1, 2, ... with probabilities pmf; whole lead_time."""
    checks.whole(lead_time=lead_time)
    law = checks.probabilities("pmf", pmf)
    return _optimal(holding_cost, stockout_cost, fixed_cost, law, sum_pmf(law, lead_time + 1))


def ss_cost(
    policy: tuple[int, int],
    holding_cost: float,
    stockout_cost: float,
    fixed_cost: float,
    pmf: npt.ArrayLike,
    lead_time: int = 0,
) -> float:
    """Average cost per period of a given (s, S), s < S (Zheng & Federgruen, equation 3)."""
    checks.positive(holding_cost=holding_cost, stockout_cost=stockout_cost, **{"S - s": policy[1] - policy[0]})
    checks.not_negative(fixed_cost=fixed_cost)
    law = checks.probabilities("pmf", pmf)
    g = position_cost(holding_cost, stockout_cost, sum_pmf(law, lead_time + 1))
    return _Costs(g, fixed_cost, law).average(*policy)


def _optimal(holding_cost: float, stockout_cost: float, fixed_cost: float, pmf: Doubles, at_risk: Doubles) -> OrderUpToPolicy:
    checks.positive(holding_cost=holding_cost, stockout_cost=stockout_cost)
    best = best_position(holding_cost, stockout_cost, at_risk)
    return zheng_federgruen(position_cost(holding_cost, stockout_cost, at_risk), best, fixed_cost, pmf)


class _Costs:
    """Average cost of (s, S) policies (Zheng & Federgruen, equation 3), by m(j) and M(j) of the demand per period: expected
    periods spent j below the level, and in less than j."""

    def __init__(self, position_cost: PositionCost, fixed_cost: float, pmf: Doubles) -> None:
        if pmf[0] >= 1:
            raise ValueError("pmf must leave some chance of demand")
        self._position_cost, self._fixed_cost, self._pmf = position_cost, fixed_cost, pmf
        self._visits: Doubles = np.array([1 / (1 - pmf[0])])
        self._low, self._known = 0, position_cost(np.arange(1))

    def at(self, position: int) -> float:
        """g(position)."""
        return float(self._between(position, position)[0])

    def average(self, s: int, level: int) -> float:
        """Cost per period of ordering from s or below up to the level."""
        gap = level - s
        while len(self._visits) < gap:
            self._extend()
        visits = self._visits[:gap]
        return float((self._fixed_cost + visits @ self._between(s + 1, level)[::-1]) / visits.sum())

    def _extend(self) -> None:
        """Twice as many m(j): m(j) (1 - p_0) = sum of p_k m(j - k)."""
        known = len(self._visits)
        visits = np.concatenate([self._visits, np.zeros(known)])
        for j in range(known, 2 * known):
            terms = min(j, len(self._pmf) - 1)
            visits[j] = self._pmf[1 : terms + 1] @ visits[j - terms : j][::-1] * visits[0]
        self._visits = visits

    def _between(self, first: int, last: int) -> Doubles:
        """g(first) ... g(last), each computed once; the range known grows at least by its own size."""
        if first < self._low or last >= self._low + len(self._known):
            size = len(self._known)
            low = min(self._low, first - size) if first < self._low else self._low
            high = max(self._low + size, last + size)
            self._low, self._known = low, self._position_cost(np.arange(low, high + 1))
        return self._known[first - self._low : last - self._low + 1]


def zheng_federgruen(position_cost: PositionCost, best: int, fixed_cost: float, pmf: Doubles) -> OrderUpToPolicy:
    """The optimal (s, S) for a cost per period g(positions), convex with its minimum at `best`, and demand 0, 1, ... with
    probabilities pmf."""
    checks.not_negative(fixed_cost=fixed_cost)
    costs = _Costs(position_cost, fixed_cost, pmf)
    level, s = best, best - 1
    while costs.average(s, level) > costs.at(s):
        s -= 1
    least, trial = costs.average(s, level), level + 1
    while costs.at(trial) <= least:
        if costs.average(s, trial) < least:
            level = trial
            while costs.average(s, level) <= costs.at(s + 1):
                s += 1
            least = costs.average(s, level)
        trial += 1
    return OrderUpToPolicy(s, level, least)


@dataclass(frozen=True)
class PowerPolicy:
    """Reorder point and order-up-to level of the power approximation, in units, not rounded."""

    reorder_point: float
    order_up_to_level: float


def ss_power_approximation(
    holding_cost: float, stockout_cost: float, fixed_cost: float, mean: float, sd: float, lead_time: float = 0
) -> PowerPolicy:
    """The power approximation of the optimal (s, S): regressions on the moments of demand per period.

    Q = 1.30 mu^0.494 (K / h)^0.506 (1 + sigma_L^2 / mu^2)^0.116; z = sqrt(Q / sigma_L h / p);
    s = 0.973 mu_L + sigma_L (0.183 / z + 1.063 - 2.192 z), S = s + Q, with mu_L and sigma_L of the demand of
    lead_time + 1 periods (Ehrhardt & Mosier 1984; Snyder & Shen, chapter 4). As in the textbook: the paper also cuts both
    at the base-stock level where Q / mu is below 1.5.
    """
    checks.positive(holding_cost=holding_cost, stockout_cost=stockout_cost, fixed_cost=fixed_cost, mean=mean, sd=sd)
    checks.not_negative(lead_time=lead_time)
    at_risk, spread = mean * (lead_time + 1), sd * np.sqrt(lead_time + 1)
    lot = 1.30 * mean**0.494 * (fixed_cost / holding_cost) ** 0.506 * (1 + spread**2 / mean**2) ** 0.116
    z = np.sqrt(lot / spread * holding_cost / stockout_cost)
    s = 0.973 * at_risk + spread * (0.183 / z + 1.063 - 2.192 * z)
    return PowerPolicy(float(s), float(s + lot))
