"""Newsvendor and base-stock policies at one location: optimal levels, and service measures in closed form.

Sources: Snyder & Shen, Fundamentals of Supply Chain Theory, 2nd ed., chapter 4; Silver, Pyke & Thomas, Inventory and
Production Management in Supply Chains, 4th ed., chapter 7.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from echelon.core.inventory.simulation.layout import Doubles


@dataclass(frozen=True)
class Level:
    """A base-stock level and its expected holding and stock-out cost per period."""

    level: float
    cost: float


def normal_loss(z: float) -> float:
    """E[(Z - z)+] of a standard normal Z."""
    return float(stats.norm.pdf(z) - z * stats.norm.sf(z))


def newsvendor_normal(holding_cost: float, stockout_cost: float, mean: float, sd: float) -> Level:
    """Optimal level for one period of normal demand (equations 4.21-4.24)."""
    z = float(stats.norm.ppf(stockout_cost / (stockout_cost + holding_cost)))
    return Level(mean + z * sd, (holding_cost + stockout_cost) * float(stats.norm.pdf(z)) * sd)


def newsvendor_discrete(holding_cost: float, stockout_cost: float, pmf: Doubles) -> Level:
    """Optimal level for one period of demand 0, 1, 2, ... with probabilities pmf (section 4.3.2.8)."""
    level = int(np.searchsorted(np.cumsum(pmf), stockout_cost / (stockout_cost + holding_cost) - 1e-12))
    left = level - np.arange(len(pmf))
    cost = holding_cost * np.maximum(left, 0) + stockout_cost * np.maximum(-left, 0)
    return Level(float(level), float(cost @ pmf))


def base_stock_normal(
    holding_cost: float, stockout_cost: float, mean: float, sd: float, lead_time: float, review_period: float = 1.0
) -> Level:
    """Optimal base-stock level when lead time + review period of demand are at risk (section 4.3.4).

    mean, sd: demand per period. The cost counts the end of the period at risk.
    """
    cover = lead_time + review_period
    return newsvendor_normal(holding_cost, stockout_cost, mean * cover, sd * np.sqrt(cover))


@dataclass(frozen=True)
class Service:
    """cycle_service_level: P(no stock-out in a replenishment cycle); fill_rate: share of demand served at once;
    ready_rate: share of periods that end without backorders; backorders: mean at the end of a cycle, units."""

    cycle_service_level: float
    fill_rate: float
    ready_rate: float
    backorders: float


def service_normal(level: float, mean: float, sd: float, lead_time: int, review_period: int = 1) -> Service:
    """Service of an order-up-to policy with normal demand per period, backorders, whole lead time and review period.

    fill rate = 1 - (B(L+R) - B(L)) / (mean R) with B(t) = E[(D_t - level)+] (Silver, Pyke & Thomas, section 7.11).
    """

    def backorders(periods: int) -> float:
        spread = sd * np.sqrt(periods)
        return float(spread * normal_loss((level - mean * periods) / spread)) if periods else max(-level, 0.0)

    at_risk = lead_time + np.arange(1, review_period + 1)
    ready = stats.norm.cdf((level - mean * at_risk) / (sd * np.sqrt(at_risk)))
    end = backorders(lead_time + review_period)
    fill = 1 - (end - backorders(lead_time)) / (mean * review_period)
    return Service(float(ready[-1]), fill, float(ready.mean()), end)
