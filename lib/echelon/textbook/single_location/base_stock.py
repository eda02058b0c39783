"""Newsvendor and base-stock policies at one location: optimal levels and their expected cost.

Sources: Snyder & Shen, Fundamentals of Supply Chain Theory, 2nd ed., chapters 4 (sections and equations below) and 9;
Silver, Pyke & Thomas, Inventory and Production Management in Supply Chains, 4th ed., chapter 7. Everywhere holding_cost
h > 0 is per unit left at the end of a period, stockout_cost p > 0 per unit short, and ValueError names a parameter for
which there is no answer.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from echelon.textbook import checks
from echelon.textbook.demand_laws import best_position, poisson_pmf, position_cost, sum_pmf

if TYPE_CHECKING:
    from scipy.stats._distn_infrastructure import rv_continuous_frozen


@dataclass(frozen=True)
class Level:
    """A base-stock level and its expected holding and stock-out cost per period."""

    level: float
    cost: float


@dataclass(frozen=True)
class Purchase:
    """The quantity to buy for one selling season and its expected profit."""

    quantity: float
    profit: float


def newsvendor_normal(holding_cost: float, stockout_cost: float, mean: float, sd: float) -> Level:
    """Optimal level for one period of normal demand: F(S) = p / (p + h) (equations 4.21-4.24); sd = 0 is certainty.

    >>> best = newsvendor_normal(holding_cost=0.18, stockout_cost=0.70, mean=50, sd=8)
    >>> round(best.level, 1), round(best.cost, 4)
    (56.6, 1.9976)
    """
    checks.positive(holding_cost=holding_cost, stockout_cost=stockout_cost)
    checks.not_negative(mean=mean, sd=sd)
    z = float(stats.norm.ppf(stockout_cost / (stockout_cost + holding_cost)))
    return Level(mean + z * sd, (holding_cost + stockout_cost) * float(stats.norm.pdf(z)) * sd)


def newsvendor_discrete(holding_cost: float, stockout_cost: float, pmf: npt.ArrayLike) -> Level:
    """Optimal level for one period of demand 0, 1, 2, ... with probabilities pmf: the least S with
    F(S) >= p / (p + h) (section 4.3.2.8)."""
    checks.positive(holding_cost=holding_cost, stockout_cost=stockout_cost)
    law = checks.probabilities("pmf", pmf)
    level = best_position(holding_cost, stockout_cost, law)
    cost = position_cost(holding_cost, stockout_cost, law)
    return Level(float(level), float(cost(np.array([level]))[0]))


def newsvendor_poisson(holding_cost: float, stockout_cost: float, mean: float) -> Level:
    """Optimal level for one period of Poisson demand."""
    return newsvendor_discrete(holding_cost, stockout_cost, poisson_pmf(mean))


def newsvendor_continuous(holding_cost: float, stockout_cost: float, demand: "rv_continuous_frozen[Any, float]") -> Level:
    """Optimal level for one period of any continuous demand, a frozen scipy distribution (chapter 4).

    The cost is h (S - E[D]) + (h + p) E[(D - S)+], the last term as the integral of P(D > x) above S.
    """
    checks.positive(holding_cost=holding_cost, stockout_cost=stockout_cost)
    ratio = stockout_cost / (stockout_cost + holding_cost)
    level = float(demand.ppf(ratio))
    short = float(demand.expect(lambda x: x - level, lb=level))
    return Level(level, holding_cost * (level - float(demand.mean())) + (holding_cost + stockout_cost) * short)


def newsvendor_explicit(
    revenue: float, purchase_cost: float, salvage_value: float, pmf: npt.ArrayLike, stockout_penalty: float = 0.0
) -> Purchase:
    """Buy once, sell demand 0, 1, 2, ... with probabilities pmf at the revenue per unit, the rest at its salvage value.

    It is the newsvendor with h = cost - salvage and p = revenue + penalty - cost; the profit is
    (revenue - cost) E[D] less its cost. Raises ValueError unless salvage < purchase cost < revenue + penalty.
    """
    checks.positive(
        **{
            "purchase_cost less salvage_value": purchase_cost - salvage_value,
            "revenue and stockout_penalty less purchase_cost": revenue + stockout_penalty - purchase_cost,
        }
    )
    best = newsvendor_discrete(purchase_cost - salvage_value, revenue + stockout_penalty - purchase_cost, pmf)
    mean = float(np.asarray(pmf, float) @ np.arange(np.size(pmf)))
    return Purchase(best.level, (revenue - purchase_cost) * mean - best.cost)


def newsvendor_explicit_normal(
    revenue: float, purchase_cost: float, salvage_value: float, mean: float, sd: float, stockout_penalty: float = 0.0
) -> Purchase:
    """The same for normal demand."""
    checks.positive(
        **{
            "purchase_cost less salvage_value": purchase_cost - salvage_value,
            "revenue and stockout_penalty less purchase_cost": revenue + stockout_penalty - purchase_cost,
        }
    )
    best = newsvendor_normal(purchase_cost - salvage_value, revenue + stockout_penalty - purchase_cost, mean, sd)
    return Purchase(best.level, (revenue - purchase_cost) * mean - best.cost)


def base_stock_normal(
    holding_cost: float, stockout_cost: float, mean: float, sd: float, lead_time: float, review_period: float = 1.0
) -> Level:
    """Optimal base-stock level when lead time + review period of demand are at risk (section 4.3.4).

    mean, sd: demand per period. The cost counts the end of the period at risk.
    """
    checks.not_negative(lead_time=lead_time, mean=mean, sd=sd)
    checks.positive(review_period=review_period)
    cover = lead_time + review_period
    return newsvendor_normal(holding_cost, stockout_cost, mean * cover, sd * np.sqrt(cover))


def base_stock_poisson(
    holding_cost: float, stockout_cost: float, mean: float, lead_time: float, review_period: float = 1.0
) -> Level:
    """The same for Poisson demand of the given mean per period; review_period 0 is continuous review."""
    checks.not_negative(lead_time=lead_time, mean=mean, review_period=review_period)
    return newsvendor_poisson(holding_cost, stockout_cost, mean * (lead_time + review_period))


def base_stock_discrete(
    holding_cost: float, stockout_cost: float, pmf: npt.ArrayLike, lead_time: int, review_period: int = 1
) -> Level:
    """The same for independent demands per period of any law on 0, 1, 2, ...; lead time in whole periods."""
    checks.whole(lead_time=lead_time, review_period=review_period)
    return newsvendor_discrete(holding_cost, stockout_cost, sum_pmf(pmf, lead_time + review_period))


def base_stock_disruptions(
    holding_cost: float, stockout_cost: float, demand: float, disruption_probability: float, recovery_probability: float
) -> Level:
    """Optimal base-stock level for a certain demand per period when the supplier fails with probability alpha in a period
    that it is up, and recovers with probability beta in one that it is down (chapter 9; Tomlin, Management Science
    52(5), 2006, 639-657).

    After n periods down the stock must have covered n + 1 periods of demand:
    F(n) = 1 - alpha (1 - beta)^n / (alpha + beta), and S = (n + 1) d for the least n with F(n) >= p / (p + h).
    """
    checks.positive(holding_cost=holding_cost, stockout_cost=stockout_cost, demand=demand)
    checks.probability(disruption_probability=disruption_probability)
    checks.positive(recovery_probability=recovery_probability)
    if recovery_probability > 1:
        raise ValueError(f"recovery_probability must be at most 1, not {recovery_probability}")
    down = disruption_probability / (disruption_probability + recovery_probability)
    stay = 1 - recovery_probability
    n, short = 0, down  # share of periods beyond n periods down
    while short > holding_cost / (stockout_cost + holding_cost) + 1e-15:
        n, short = n + 1, short * stay
    later = short / recovery_probability  # E[(N - n)+], N the periods down: a geometric tail
    mean = down / recovery_probability
    cost = holding_cost * (n - mean + later) + stockout_cost * later
    return Level((n + 1) * demand, cost * demand)
