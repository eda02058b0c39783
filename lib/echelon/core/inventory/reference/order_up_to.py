"""Periodic review (s, S): when the inventory position is at or below s, order up to S. Exact for discrete demand.

Source: Zheng & Federgruen, Operations Research 39(4), 1991, 654-665; Snyder & Shen, Fundamentals of Supply Chain
Theory, 2nd ed., section 4.4.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import stats

from echelon.core.inventory.simulation.layout import Doubles


@dataclass(frozen=True)
class OrderUpToPolicy:
    """Reorder point s, order-up-to level S, average cost per period."""

    reorder_point: int
    order_up_to_level: int
    cost: float


class _Renewal:
    """m(j) and M(j) of the demand per period: expected periods spent j below the level, and in less than j."""

    def __init__(self, pmf: Doubles) -> None:
        self._pmf = pmf
        self.visits = [1 / (1 - pmf[0])]
        self.periods = [0.0]

    def reach(self, gap: int) -> None:
        """Extend both to j = gap."""
        while len(self.periods) <= gap:
            j = len(self.visits)
            known = self._pmf[1 : j + 1]
            self.visits.append(float(known @ self.visits[j - len(known) : j][::-1]) / (1 - self._pmf[0]))
            self.periods.append(self.periods[-1] + self.visits[j - 1])


def ss_poisson(
    holding_cost: float, stockout_cost: float, fixed_cost: float, mean: float, lead_time: int = 0
) -> OrderUpToPolicy:
    """The optimal (s, S) for Poisson demand per period; costs at the end of a period, lead_time whole periods."""
    at_risk = mean * (lead_time + 1)

    def g(position: int) -> float:
        shortage = at_risk * stats.poisson.sf(position - 2, at_risk) - position * stats.poisson.sf(position - 1, at_risk)
        return float(holding_cost * (position - at_risk + shortage) + stockout_cost * shortage)

    best = int(stats.poisson.ppf(stockout_cost / (stockout_cost + holding_cost), at_risk))
    pmf = stats.poisson.pmf(np.arange(int(mean + 12 * np.sqrt(mean) + 20)), mean)
    return zheng_federgruen(g, best, fixed_cost, pmf)


class _Costs:
    """Average cost of (s, S) policies (Zheng & Federgruen, equation 3)."""

    def __init__(self, position_cost: Callable[[int], float], fixed_cost: float, pmf: Doubles) -> None:
        self._position_cost, self._fixed_cost, self._renewal = position_cost, fixed_cost, _Renewal(pmf)
        self._known: dict[int, float] = {}

    def at(self, position: int) -> float:
        """g(position), each computed once."""
        if position not in self._known:
            self._known[position] = self._position_cost(position)
        return self._known[position]

    def average(self, s: int, level: int) -> float:
        """Cost per period of ordering from s or below up to the level."""
        self._renewal.reach(level - s)
        spent = sum(self._renewal.visits[j] * self.at(level - j) for j in range(level - s))
        return (self._fixed_cost + spent) / self._renewal.periods[level - s]


def zheng_federgruen(position_cost: Callable[[int], float], best: int, fixed_cost: float, pmf: Doubles) -> OrderUpToPolicy:
    """The optimal (s, S) for a convex cost per period g(position) with minimum at `best`, and demand 0, 1, ... with
    probabilities pmf."""
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
