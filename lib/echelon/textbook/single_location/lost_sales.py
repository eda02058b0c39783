"""Periodic review with lost sales: the least average cost of any policy, by value iteration.

At the start of a period an order z is placed that arrives lead_time L periods later, then demand is met from the stock on
hand x_0 and the rest is lost; h per unit left, p per unit lost. The state is (x_0, x_1, ..., x_{L-1}) with x_l what arrives
in l periods. No order-up-to policy costs less. Sources: Zipkin, Operations Research 56(5), 2008, 1256-1263 (the problem
and its test instances); Morton, SIAM Review 11(4), 1969, 572-596 (bounds on the orders).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from echelon.core.arrays import Doubles
from echelon.textbook import checks
from echelon.textbook.demand_laws import expected_shortage
from echelon.textbook.single_location.base_stock import newsvendor_discrete

_STATES = 20_000_000  # most pairs of state and order that are looked at in each step


@dataclass(frozen=True)
class LostSalesOptimum:
    """Bounds on the least average cost per period, and their middle."""

    cost: float
    lower: float
    upper: float


def lost_sales_optimal_cost(
    holding_cost: float, stockout_cost: float, pmf: npt.ArrayLike, lead_time: int, tolerance: float = 1e-6
) -> LostSalesOptimum:
    """Least average cost of any policy for independent demands per period 0, 1, 2, ... with probabilities pmf.

    The bounds on it differ by at most `tolerance` x cost. For small problems: states grow as (order bound)^lead_time.
    Raises ValueError, naming the parameter, for costs that are not above 0, impossible probabilities, a lead time that is
    not whole, and problems that are too large.
    """
    checks.whole(lead_time=lead_time)
    checks.positive(holding_cost=holding_cost, stockout_cost=stockout_cost, tolerance=tolerance)
    law = checks.probabilities("pmf", pmf)
    if lead_time == 0:
        least = newsvendor_discrete(holding_cost, stockout_cost, law).cost
        return LostSalesOptimum(least, least, least)
    return _Programme(holding_cost, stockout_cost, law, lead_time).solve(tolerance)


class _Programme:
    """Relative value iteration on arrays whose axes are x_0, ..., x_{L-1}, and z where there is one more.

    An order need not lift the total of the last periods k, ..., L of arrivals above the newsvendor level of their demand:
    what is surely left over costs h and could be ordered a period later (Morton). So z and all x_l, l > 0, stay within the
    level of one period, and everything together within that of L + 1 periods.
    """

    def __init__(self, holding_cost: float, stockout_cost: float, pmf: Doubles, lead_time: int) -> None:
        bounds, total = [], np.ones(1)
        for _ in range(lead_time + 1):
            total = np.convolve(total, pmf)
            bounds.append(int(newsvendor_discrete(holding_cost, stockout_cost, total / total.sum()).level))
        self.order, self.total, self.stages = bounds[0], bounds[-1], lead_time
        if (self.total + 1) * (self.order + 1) ** lead_time > _STATES:
            raise ValueError(f"lead_time {lead_time} with this pmf has more than {_STATES} states and orders")
        self.after = _left_over(pmf, self.total)
        on_hand = np.arange(self.total + 1)
        short = expected_shortage(pmf, on_hand)
        mean = float(pmf @ np.arange(len(pmf)))
        self.period_cost = holding_cost * (on_hand - mean + short) + stockout_cost * short
        self.possible = self._together(lead_time + 1) <= self.total

    def _together(self, axes: int) -> npt.NDArray[np.int_]:
        """x_0 + x_1 + ... on the first `axes` axes."""
        sizes = [self.total + 1, *[self.order + 1] * (axes - 1)]
        return np.asarray(sum(np.meshgrid(*map(np.arange, sizes), indexing="ij", sparse=True)))

    def step(self, value: Doubles) -> Doubles:
        """Least cost of a period and of `value` after it, for every state; infinite beyond the total."""
        rest = value.shape[1:]
        padded = np.concatenate([value, np.zeros((self.order, *rest))])
        ahead = np.empty((self.total + 1, self.order + 1, *rest))
        for arriving in range(self.order + 1):  # next period's stock on hand is what is left over and x_1
            came = padded[arriving : arriving + self.total + 1]
            ahead[:, arriving] = np.tensordot(self.after, came, axes=1)
        if self.stages == 1:  # x_1 is the order itself
            return np.asarray(self.period_cost + np.where(self.possible, ahead, np.inf).min(axis=1))
        costs = self.period_cost.reshape(-1, *[1] * (self.stages - 1))
        return np.asarray(costs + np.where(self.possible, ahead, np.inf).min(axis=-1))

    def solve(self, tolerance: float) -> LostSalesOptimum:
        """Repeat until the least and the greatest growth over all states are as close as wanted."""
        allowed = self._together(self.stages) <= self.total
        value = np.zeros(allowed.shape)
        for _ in range(100_000):
            growth = np.where(allowed, self.step(value) - value, np.nan)
            low, high = float(np.nanmin(growth)), float(np.nanmax(growth))
            if high - low <= tolerance * high:
                return LostSalesOptimum((low + high) / 2, low, high)
            # a part of each step only: the chain of states then has no period, whatever the demand
            value = np.where(allowed, value + 0.9 * (growth - low), 0.0)
        raise ValueError("tolerance is too small for the value iteration to reach")


def _left_over(pmf: Doubles, most: int) -> Doubles:
    """P((x - D)+ = y) for x and y from 0 to most, (x, y)."""
    padded = np.concatenate([pmf, np.zeros(most + 1)])
    drop = np.arange(most + 1)[:, None] - np.arange(most + 1)[None, :]
    chance: Doubles = np.where(drop >= 0, padded[np.maximum(drop, 0)], 0.0)
    chance[:, 0] = [padded[x:].sum() for x in range(most + 1)]
    return chance
