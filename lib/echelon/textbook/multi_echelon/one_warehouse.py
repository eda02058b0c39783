"""One warehouse, several retailers: Poisson demand, one-for-one base stock, continuous review, first come first served.

What is outstanding at a retailer is its part of the warehouse's backorders plus the demand during transport. Exact: with
X Poisson, the demand of all retailers in the warehouse's lead time, (X - S0)+ units are owed and each is retailer i's with
probability lambda_i / lambda (Simon, Operations Research 19, 1971; Graves, Management Science 31(10), 1985; Axsaeter,
Operations Research 38(1), 1990). Two-moment: a negative binomial with the same mean and variance (Graves 1985). METRIC:
Poisson with the same mean (Sherbrooke, Operations Research 16(1), 1968).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from echelon.core.arrays import Doubles
from echelon.textbook import checks
from echelon.textbook.demand_laws import best_position, expected_shortage, poisson_pmf

Law = Callable[[Doubles], Doubles]  # from the exact law of what is outstanding to the one that is used


@dataclass(frozen=True)
class Retailers:
    """Identical retailers: number, demand rate of each, transport time, holding and backorder cost per unit and time.

    Raises ValueError, naming the field, where one is not above 0 (the transport time may be 0)."""

    number: int
    demand_rate: float
    lead_time: float
    holding_cost: float
    backorder_cost: float

    def __post_init__(self) -> None:
        checks.whole(number=self.number)
        checks.positive(number=self.number, demand_rate=self.demand_rate)
        checks.positive(holding_cost=self.holding_cost, backorder_cost=self.backorder_cost)
        checks.not_negative(lead_time=self.lead_time)


@dataclass(frozen=True)
class Warehouse:
    """Replenishment time from outside, holding cost per unit and time; ValueError where one is below 0."""

    lead_time: float
    holding_cost: float

    def __post_init__(self) -> None:
        checks.not_negative(lead_time=self.lead_time, holding_cost=self.holding_cost)


@dataclass(frozen=True)
class RetailerPlan:
    """Base-stock level, fill rate P(outstanding < level), mean stock on hand and backorders of one retailer of a group."""

    level: int
    fill_rate: float
    on_hand: float
    backorders: float


@dataclass(frozen=True)
class WarehousePlan:
    """The warehouse's base-stock level, cost per time of the whole system (pipelines excluded), a plan per group."""

    warehouse_level: int
    cost: float
    groups: tuple[RetailerPlan, ...]


def exact(outstanding: Doubles) -> Doubles:
    """The exact law itself."""
    return outstanding


def two_moment(outstanding: Doubles) -> Doubles:
    """The negative binomial with the same mean and variance (Poisson where the variance is not above the mean)."""
    n = np.arange(len(outstanding))
    mean = float(n @ outstanding)
    excess = float(np.square(n) @ outstanding) - mean**2 - mean
    if excess <= 1e-9 * mean:
        return poisson_pmf(mean)
    most = np.arange(2 * len(outstanding) + 50)
    return np.asarray(stats.nbinom.pmf(most, mean**2 / excess, mean / (mean + excess)))


def metric(outstanding: Doubles) -> Doubles:
    """Poisson with the same mean: Sherbrooke's METRIC, which leaves out that delays are shared by successive orders."""
    return poisson_pmf(float(np.arange(len(outstanding)) @ outstanding))


class Outstanding:
    """Exact laws of what is outstanding at a retailer of each group, for any level of the warehouse."""

    def __init__(self, warehouse: Warehouse, groups: Sequence[Retailers]) -> None:
        if not groups:
            raise ValueError("groups must name at least one group of retailers")
        self.central = poisson_pmf(sum(g.number * g.demand_rate for g in groups) * warehouse.lead_time)
        total = sum(g.number * g.demand_rate for g in groups)
        self._transport = [poisson_pmf(g.demand_rate * g.lead_time) for g in groups]
        self._split = [self._shares(g.demand_rate / total, g.demand_rate * warehouse.lead_time) for g in groups]

    def _shares(self, share: float, most: float) -> Doubles:
        """P(own = k) of b backorders, (b, k); no retailer can be owed more than its demand in the warehouse's lead time."""
        own = np.arange(len(poisson_pmf(most)))
        return np.asarray(stats.binom.pmf(own[None, :], np.arange(len(self.central))[:, None], share))

    def laws(self, level: int) -> list[Doubles]:
        """P(n units outstanding), n = 0, 1, ..., at one retailer of each group."""
        owed = np.append(self.central[: level + 1].sum(), self.central[level + 1 :])
        return [
            np.convolve(owed @ split[: len(owed)], transport)
            for split, transport in zip(self._split, self._transport, strict=True)
        ]


def evaluate(
    warehouse: Warehouse, groups: Sequence[Retailers], level: int, own: Sequence[int], law: Law = exact
) -> WarehousePlan:
    """Cost and service when the warehouse's base-stock level is `level` and the groups' are `own`; whole, 0 or more."""
    checks.whole(level=level)
    for each in own:
        checks.whole(own=each)
    outstanding = Outstanding(warehouse, groups)
    laws = [law(one) for one in outstanding.laws(level)]
    plans = tuple(_retailer(one, each) for one, each in zip(laws, own, strict=True))
    return _plan(warehouse, groups, level, plans, outstanding.central)


def optimal_levels(warehouse: Warehouse, groups: Sequence[Retailers], law: Law = exact) -> WarehousePlan:
    """The levels of least cost: for each warehouse level the retailers face newsvendors, and levels of the warehouse are
    tried until its stock alone costs more than the best plan. With another law the levels are those of the
    approximation and the cost is its estimate.
    """
    outstanding = Outstanding(warehouse, groups)
    best: WarehousePlan | None = None
    for level in range(len(outstanding.central) + 1):
        plans = tuple(_newsvendor(law(one), group) for one, group in zip(outstanding.laws(level), groups, strict=True))
        plan = _plan(warehouse, groups, level, plans, outstanding.central)
        if best is None or plan.cost < best.cost:
            best = plan
        elif warehouse.holding_cost * _on_hand(outstanding.central, level) >= best.cost:
            break
    assert best is not None
    return best


def _newsvendor(outstanding: Doubles, group: Retailers) -> RetailerPlan:
    """The best level against what is outstanding."""
    return _retailer(outstanding, best_position(group.holding_cost, group.backorder_cost, outstanding))


def _retailer(outstanding: Doubles, level: int) -> RetailerPlan:
    backorders = float(expected_shortage(outstanding, level))
    fill_rate = float(outstanding[:level].sum())
    return RetailerPlan(level, fill_rate, _on_hand(outstanding, level), backorders)


def _on_hand(law: Doubles, level: int) -> float:
    """E[(level - N)+] of N with this law."""
    left = np.arange(level, -1, -1)[: len(law)]
    return float(left @ law[: len(left)])


def _plan(
    warehouse: Warehouse, groups: Sequence[Retailers], level: int, plans: tuple[RetailerPlan, ...], central: Doubles
) -> WarehousePlan:
    cost = warehouse.holding_cost * _on_hand(central, level)
    for group, plan in zip(groups, plans, strict=True):
        cost += group.number * (group.holding_cost * plan.on_hand + group.backorder_cost * plan.backorders)
    return WarehousePlan(level, cost, plans)
