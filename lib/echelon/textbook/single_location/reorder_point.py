"""Continuous review (r, Q): order Q when the inventory position falls to r. Exact for Poisson and normal demand.

fixed_cost K per order, holding_cost h and stockout_cost p per unit and time (EIL: p per unit short), demand_rate per
time. Sources: Federgruen & Zheng, Operations Research 40(4), 1992, 808-813; Zheng, Management Science 38(1), 1992,
87-103; Hadley & Whitin, Analysis of Inventory Systems, 1963; Snyder & Shen, Fundamentals of Supply Chain Theory, 2nd
ed., chapter 5. All raise ValueError, naming the parameter, where a cost or rate is not above 0 (Poisson: the fixed
cost, all: the lead time and the standard deviation may be 0).
"""

from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats

from echelon.core.probability.normal_loss import normal_loss
from echelon.textbook import checks
from echelon.textbook.demand_laws import PositionCost, best_position, poisson_pmf, position_cost


@dataclass(frozen=True)
class ReorderPolicy:
    """Reorder point, order quantity and average cost per time."""

    reorder_point: float
    quantity: float
    cost: float


def rq_poisson(
    holding_cost: float, stockout_cost: float, fixed_cost: float, demand_rate: float, lead_time: float
) -> ReorderPolicy:
    """The optimal (r, Q) for Poisson demand, backorders.

    The cost of an order is shared by Q positions r+1..r+Q, each with newsvendor cost g: from the best position on, the
    cheapest that is left is added while it costs less than the average; g is convex, so they are neighbours (Federgruen &
    Zheng).
    """
    g, best = _poisson_cost(holding_cost, stockout_cost, fixed_cost, demand_rate, lead_time)
    width = 64
    while True:
        positions = np.arange(best - width, best + width + 1)
        costs = g(positions)
        cheapest = np.argsort(costs, kind="stable")
        averages = (fixed_cost * demand_rate + np.cumsum(costs[cheapest])) / np.arange(1, len(costs) + 1)
        quantity = int(np.argmax(np.append(costs[cheapest][1:] >= averages[:-1], True))) + 1
        if quantity <= width:  # no position beyond these can be cheaper
            return ReorderPolicy(int(positions[cheapest[:quantity]].min()) - 1, quantity, float(averages[quantity - 1]))
        width *= 4


def rq_poisson_cost(
    policy: tuple[int, int],
    holding_cost: float,
    stockout_cost: float,
    fixed_cost: float,
    demand_rate: float,
    lead_time: float,
) -> float:
    """Average cost per time of a given (r, Q) of whole numbers: (K d + sum of g over r + 1 .. r + Q) / Q."""
    g, _ = _poisson_cost(holding_cost, stockout_cost, fixed_cost, demand_rate, lead_time)
    r, quantity = policy
    checks.positive(**{"order quantity": quantity})
    return float(fixed_cost * demand_rate + g(np.arange(r + 1, r + quantity + 1)).sum()) / quantity


def _poisson_cost(
    holding_cost: float, stockout_cost: float, fixed_cost: float, demand_rate: float, lead_time: float
) -> tuple[PositionCost, int]:
    """g(y) = h E[(y - D)+] + p E[(D - y)+] for Poisson lead-time demand D, and the best y."""
    checks.positive(holding_cost=holding_cost, stockout_cost=stockout_cost, demand_rate=demand_rate)
    checks.not_negative(fixed_cost=fixed_cost, lead_time=lead_time)
    law = poisson_pmf(demand_rate * lead_time)
    return position_cost(holding_cost, stockout_cost, law), best_position(holding_cost, stockout_cost, law)


@dataclass(frozen=True)
class NormalSystem:
    """Costs per unit and time (fixed_cost: per order), demand per time, and normal lead-time demand."""

    holding_cost: float
    stockout_cost: float
    fixed_cost: float
    demand_rate: float
    lead_time_mean: float
    lead_time_sd: float

    def __post_init__(self) -> None:
        checks.positive(
            holding_cost=self.holding_cost,
            stockout_cost=self.stockout_cost,
            fixed_cost=self.fixed_cost,
            demand_rate=self.demand_rate,
        )
        checks.not_negative(lead_time_mean=self.lead_time_mean, lead_time_sd=self.lead_time_sd)

    @property
    def economic_quantity(self) -> float:
        """The EOQ, sqrt(2 K d / h)."""
        return float(np.sqrt(2 * self.fixed_cost * self.demand_rate / self.holding_cost))

    def shortage(self, position: float) -> float:
        """n(y) = E[(D - y)+] of the lead-time demand."""
        left = position - self.lead_time_mean
        return self.lead_time_sd * float(normal_loss(left / self.lead_time_sd)) if self.lead_time_sd > 0 else max(-left, 0.0)

    def second_shortage(self, position: float) -> float:
        """n2(y) = E[((D - y)+)^2] / 2, sd^2 ((z^2 + 1) Q(z) - z phi(z)) / 2 with Q the upper tail."""
        left = position - self.lead_time_mean
        if self.lead_time_sd == 0:
            return max(-left, 0.0) ** 2 / 2
        z = left / self.lead_time_sd
        tail = 0.5 * ((z * z + 1) * float(stats.norm.sf(z)) - z * float(stats.norm.pdf(z)))
        return self.lead_time_sd**2 * tail

    def position_cost(self, position: float) -> float:
        """g(y): expected holding and stock-out cost rate one lead time after the position was y."""
        shortage = self.shortage(position)
        return self.holding_cost * (position - self.lead_time_mean + shortage) + self.stockout_cost * shortage

    def cost(self, reorder_point: float, quantity: float) -> float:
        """(K d + integral of g from r to r + Q) / Q (Snyder & Shen, equation 5.10), by the second-order loss."""
        checks.positive(quantity=quantity)
        low, high = (self._integral(y) for y in (reorder_point, reorder_point + quantity))
        return (self.fixed_cost * self.demand_rate + high - low) / quantity

    def _integral(self, position: float) -> float:
        """An antiderivative of g; the one of n is -n2."""
        left = position - self.lead_time_mean
        return self.holding_cost * left**2 / 2 - (self.holding_cost + self.stockout_cost) * self.second_shortage(position)

    def best_reorder_point(self, quantity: float) -> float:
        """The r with g(r) = g(r + Q) (Zheng 1992, lemma 1)."""
        checks.positive(quantity=quantity)
        spread = 10 * self.lead_time_sd + quantity
        bounds = (self.lead_time_mean - spread, self.lead_time_mean + spread)
        balance = optimize.brentq(lambda r: self.position_cost(r) - self.position_cost(r + quantity), *bounds, xtol=1e-10)
        return float(balance)

    def best_policy(self) -> ReorderPolicy:
        """The optimal (r, Q): the cost is convex in Q once r is the best for it (Zheng 1992)."""
        plain = self.economic_quantity
        high = 4 * plain * np.sqrt(1 + self.holding_cost / self.stockout_cost) + 20 * self.lead_time_sd
        optimum = optimize.minimize_scalar(
            lambda q: self.cost(self.best_reorder_point(q), q),
            bounds=(1e-3 * plain, high),
            method="bounded",
            options={"xatol": 1e-9 * high},
        )
        return ReorderPolicy(self.best_reorder_point(optimum.x), float(optimum.x), float(optimum.fun))
