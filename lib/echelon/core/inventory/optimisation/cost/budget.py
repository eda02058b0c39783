"""The most service for one SKU within a budget, and the exchange curve of spending and service.

One multiplier, the price of a unit that is not served at once, makes the budget a cost: for each price the levels of least
spending + price x unmet demand are a point of the curve (Everett, Operations Research 11(3), 1963: such a point is the
best for what it spends). Spending is stock on hand x a value per unit: its holding cost, or its stock value.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from echelon.core.arrays import Doubles
from echelon.core.inventory.kernels.measures import Totals
from echelon.core.inventory.optimisation.cost.costs import Costs
from echelon.core.inventory.optimisation.cost.penalty import least_cost_levels
from echelon.core.inventory.optimisation.cost.polish import Plans, Polish
from echelon.core.inventory.optimisation.system import System

_WIDER = 8.0  # factor by which prices move until the budget lies between two points
_CLOSE = 1.3  # ratio of the prices of two points whose levels may be mixed
_MOST_WIDER = 7
_MOST_PRICES = 20
_PRICES_NEARBY = (0.7, 0.85, 1.0, 1.2, 1.4)
_MIXTURES = 12


@dataclass(frozen=True)
class CurvePoint:
    """price: per unit not served (the budget's shadow price is its reciprocal); spent: mean value of stock on hand;
    fill_rate: share of all customers' demand served at once."""

    price: float
    levels: Doubles
    spent: float
    fill_rate: float


class Curve:
    """The exchange curve of one system. value: per unit on hand (nodes,); start: levels with fair service."""

    def __init__(self, system: System, value: Doubles, start: Doubles) -> None:
        self._system, self._value, self._start = system, value, start

    def costs(self, price: float) -> Costs:
        """Spending, and the price of what is not served."""
        none = np.zeros(len(self._value))
        return Costs(self._value, none, np.where(self._system.demand > 0, price, 0.0))

    def at(self, price: float, near: Doubles) -> CurvePoint:
        """The point of a price, searched from levels near it, and from the start where that leaves customers without any
        service: there one unit more serves nobody, so that no search leaves such levels again."""
        demand, costs = self._system.demand, self.costs(price)
        levels = least_cost_levels(self._system, costs, near)
        totals = self._system.totals(levels)
        if np.any((demand > 0) & (totals.unmet >= demand)):
            other = least_cost_levels(self._system, costs, self._start)
            levels = min(levels, other, key=lambda candidate: float(costs.by_node(self._system.totals(candidate)).sum()))
        return self.of(levels, price)

    def of(self, levels: Doubles, price: float) -> CurvePoint:
        """What levels spend and reach."""
        return self.point(levels, self._system.totals(levels), price)

    def point(self, levels: Doubles, totals: Totals, price: float) -> CurvePoint:
        """The same for totals that are known."""
        spent = float(self._value @ totals.on_hand) / self._system.scale
        return CurvePoint(price, levels, spent, 1 - float(totals.unmet.sum() / self._system.demand.sum()))

    def gain(self, levels: Doubles) -> Doubles:
        """Units more served per unit of value spent more, by a unit more of each level (nodes,)."""
        none = np.zeros(len(self._value))
        _, unmet = self._system.gradient(levels, none, np.ones(len(none)))
        _, spent = self._system.gradient(levels, self._value, none)
        return -unmet / np.maximum(spent, 1e-9 * self._system.scale * self._value.max())


def exchange_curve(system: System, value: Doubles, prices: Iterable[float], start: Doubles) -> tuple[CurvePoint, ...]:
    """One point per price, in their order; start: levels with fair service."""
    curve, near, points = Curve(system, value, start), start, []
    for price in prices:
        points.append(curve.at(price, near))
        near = points[-1].levels
    return tuple(points)


def most_service(system: System, value: Doubles, budget: float, start: Doubles) -> CurvePoint:
    """Levels that serve the most within a budget of mean value on hand, on the system's paths; start: levels with fair
    service, such as those of an earlier plan. Between two points that lie close their levels are mixed."""
    curve = Curve(system, value, start)
    low, high = _around(curve, value, budget, start)
    for _ in range(_MOST_PRICES):
        if low.price <= 0 or high.price <= _CLOSE * low.price or high.spent <= budget:
            break
        middle = curve.at(float(np.sqrt(low.price * high.price)), low.levels)
        low, high = (middle, high) if middle.spent <= budget else (low, middle)
    return high if high.spent <= budget else _mixed(curve, low, high, budget)


def most_service_whole(
    system: System, value: Doubles, budget: float, start: Doubles, links: Sequence[tuple[int, int]]
) -> CurvePoint:
    """The same in whole levels: the best within the budget of all plans that the polish looks at for a few prices
    nearby, with what is left spent unit by unit. links: (source, destination) inside the network."""
    near = most_service(system, value, budget, start)
    curve, tried = Curve(system, value, start), Plans(system)
    for factor in _PRICES_NEARBY:
        costs = curve.costs(factor * near.price)
        Polish(tried, costs, links, np.ones(len(value), bool)).best(near.levels)
    plans = [curve.point(levels, totals, near.price) for levels, totals in tried.all()]
    plans += [curve.of(levels, near.price) for levels in (np.floor(near.levels + 1e-6), np.zeros(len(value)))]
    affordable = [plan for plan in plans if plan.spent <= budget]
    return _filled_up(curve, max(affordable, key=lambda plan: plan.fill_rate), budget)


def _around(curve: Curve, value: Doubles, budget: float, start: Doubles) -> tuple[CurvePoint, CurvePoint]:
    """Neighbouring prices whose points spend at most and more than the budget; at the ends no stock, or all it takes."""
    point = other = curve.at(10 * float(value.max()), start)
    factor = _WIDER if point.spent <= budget else 1 / _WIDER
    for _ in range(_MOST_WIDER):
        other = curve.at(point.price * factor, point.levels)
        if (other.spent <= budget) != (factor > 1):
            return (point, other) if factor > 1 else (other, point)
        point = other
    return (point, other) if factor > 1 else (curve.of(np.zeros(len(value)), 0.0), point)


def _mixed(curve: Curve, low: CurvePoint, high: CurvePoint, budget: float) -> CurvePoint:
    """The mixture of two points' levels that spends the budget (not more)."""
    least, most, best = 0.0, 1.0, low
    for _ in range(_MIXTURES):
        share = (least + most) / 2
        point = curve.of((1 - share) * low.levels + share * high.levels, low.price)
        least, most = (share, most) if point.spent <= budget else (least, share)
        best = point if point.spent <= budget else best
    return best


def _filled_up(curve: Curve, best: CurvePoint, budget: float) -> CurvePoint:
    """A unit more where it serves most for its money, while the budget lasts."""
    gain = curve.gain(best.levels)
    while np.any(gain > 0):
        node = int(np.argmax(gain))
        trial = curve.of(best.levels + (np.arange(len(gain)) == node), best.price)
        if trial.spent <= budget and trial.fill_rate >= best.fill_rate:
            best, gain = trial, curve.gain(trial.levels)
        else:
            gain[node] = 0.0
    return best
