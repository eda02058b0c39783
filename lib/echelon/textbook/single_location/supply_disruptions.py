"""The economic order quantity when the supplier fails now and then: exact cost, optimal quantity and an approximation.

Demand is d per time without pause. The supplier works for an exponential time of rate lambda, then is down for one of rate
mu. When the stock is used up an order of Q is placed for the fixed cost K; it arrives at once, or when the supplier has
recovered, and the demand until then is lost at p a unit. With psi(Q) = lambda / (lambda + mu) (1 - exp(-(lambda + mu) Q / d)),
the probability that the supplier is down when the stock ends, the cost per time is

    g(Q) = (K + h Q^2 / (2 d) + p d psi(Q) / mu) / (Q / d + psi(Q) / mu).

Sources: Parlar & Berkin, Naval Research Logistics 38(1), 1991, 107-121; Berk & Arreola-Risa, Naval Research Logistics
41(1), 1994, 129-132 (the cost above, corrected); Snyder, International Journal of Production Economics 155, 2014, 91-108
(approximation); Snyder & Shen, Fundamentals of Supply Chain Theory, 2nd ed., section 9.2, equation 9.5.
"""

import math
from dataclasses import asdict, dataclass

from scipy import optimize

from echelon.textbook import checks
from echelon.textbook.eoq import Lot


@dataclass(frozen=True)
class DisruptedSupply:
    """fixed_cost K per order, holding_cost h per unit and time, stockout_cost p per unit lost, demand_rate d per time,
    disruption_rate lambda of a supplier that works and recovery_rate mu of one that is down, per time.

    Raises ValueError, naming the parameter, unless all are above 0. Example 9.1 of Snyder & Shen:

    >>> supply = DisruptedSupply(8, 0.225, 5, 1300, disruption_rate=1.5, recovery_rate=14)
    >>> round(supply.cost(700), 2)
    174.79
    >>> best = supply.best()
    >>> round(best.quantity, 2), round(best.cost, 2)
    (772.81, 173.95)
    """

    fixed_cost: float
    holding_cost: float
    stockout_cost: float
    demand_rate: float
    disruption_rate: float
    recovery_rate: float

    def __post_init__(self) -> None:
        checks.positive(**asdict(self))

    def chance_down(self, quantity: float) -> float:
        """psi(Q): the supplier, working when the last order came, is down when its quantity is used up."""
        both = self.disruption_rate + self.recovery_rate
        return -self.disruption_rate / both * math.expm1(-both * quantity / self.demand_rate)

    def cost(self, quantity: float) -> float:
        """g(Q), the exact cost per time (equation 9.5)."""
        checks.positive(quantity=quantity)
        return self._cost(quantity, self.chance_down(quantity))

    def _cost(self, quantity: float, down: float) -> float:
        waiting = down / self.recovery_rate
        held = self.holding_cost * quantity**2 / (2 * self.demand_rate)
        spent = self.fixed_cost + held + self.stockout_cost * self.demand_rate * waiting
        return spent / (quantity / self.demand_rate + waiting)

    def approximation(self) -> Lot:
        """Snyder's quantity and cost, psi taken as lambda / (lambda + mu) whatever the quantity; the cost is then h Q.

        >>> lot = DisruptedSupply(8, 0.225, 5, 1300, disruption_rate=1.5, recovery_rate=14).approximation()
        >>> round(lot.quantity, 2), round(lot.cost, 2)
        (773.14, 173.96)
        """
        share = self.disruption_rate / (self.disruption_rate + self.recovery_rate)
        shift = share * self.demand_rate / self.recovery_rate
        penalties = 2 * self.stockout_cost * self.demand_rate * shift / self.holding_cost
        ordering = 2 * self.fixed_cost * self.demand_rate / self.holding_cost
        quantity = (ordering + penalties) / (math.sqrt(shift**2 + ordering + penalties) + shift)
        return Lot(quantity, self.holding_cost * quantity)

    def best(self) -> Lot:
        """Optimal quantity and its cost. (Where it is above p d, not to order at all would cost less.)

        For a cost c per time not below the least one, the cost of a cycle less c times its length has one local minimum
        at a Q > 0, and there it is at most 0, while it is K for Q = 0. Its quantity has a cost of at most c, the next c,
        until none is lower (Dinkelbach, Management Science 13(7), 1967, 492-498).
        """
        quantity = self.approximation().quantity
        cost = self.cost(quantity)
        while (lower := self.cost(better := self._quantity_for(cost))) < cost:
            quantity, cost = better, lower
        return Lot(quantity, cost)

    def _quantity_for(self, cost: float) -> float:
        """The greatest root of h Q - c + (p d - c) (lambda / mu) exp(-(lambda + mu) Q / d), which is convex if p d > c and
        rises otherwise: the derivative of cycle cost less c times cycle length, times d."""
        decay = (self.disruption_rate + self.recovery_rate) / self.demand_rate
        lost = (self.stockout_cost * self.demand_rate - cost) * self.disruption_rate / self.recovery_rate
        turning = math.log(max(decay * lost / self.holding_cost, 1.0)) / decay  # where it begins to rise
        above = (cost + max(-lost, 0.0)) / self.holding_cost * (1 + 1e-9)
        return float(
            optimize.brentq(lambda q: self.holding_cost * q - cost + lost * math.exp(-decay * q), turning, above, xtol=1e-14)
        )
