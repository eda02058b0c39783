"""What a simulation tells of a network: service and stock per point, with standard errors."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from echelon.core.arrays import Doubles
from echelon.core.inventory.kernels import layout


@dataclass(frozen=True)
class Totals:
    """Sums over measured periods and replications per node, as an optimiser reads them.

    `owed` are the customers' backorders; `slope` counts periods in which one unit more of base stock would have served
    one unit more, `covered` those in which it would be left over.
    """

    unmet: Doubles
    owed: Doubles
    on_hand: Doubles
    slope: Doubles
    covered: Doubles


@dataclass(frozen=True)
class Estimate:
    """Means per node with their standard errors over replications; nan where nothing was observed."""

    mean: Doubles
    se: Doubles


@dataclass(frozen=True)
class Measures:
    """Service and stock per node. sums: (kinds, nodes, replications) over `periods` measured periods; asked: those in which
    customers ask for anything, over all replications (nodes,)."""

    sums: Doubles
    periods: int
    cycles: Doubles
    asked: Doubles

    def per_period(self, kind: int) -> Estimate:
        """Mean per period of a sum of `layout` (ON_HAND, BACKORDERS, READY, ...)."""
        return _mean(self.sums[kind] / self.periods)

    @cached_property
    def on_hand(self) -> Estimate:
        """Mean stock on hand at the end of a period, units."""
        return self.per_period(layout.ON_HAND)

    @property
    def backorders(self) -> Estimate:
        """Mean units owed to customers and nodes downstream at the end of a period."""
        return self.per_period(layout.BACKORDERS)

    @property
    def demand(self) -> Estimate:
        """Mean demand per period of customers and nodes downstream, units."""
        return _mean((self.sums[layout.DEMAND] + self.sums[layout.ORDERS]) / self.periods)

    @cached_property
    def fill_rate(self) -> Estimate:
        """Share of the demand of customers and nodes downstream served at once from stock on hand (beta)."""
        unmet = self.sums[layout.UNMET] + self.sums[layout.ORDERS_UNMET]
        return _ratio(unmet, self.sums[layout.DEMAND] + self.sums[layout.ORDERS], self.sums[layout.EXCESS])

    @cached_property
    def customer_fill_rate(self) -> Estimate:
        """The same for customers alone."""
        return _ratio(self.sums[layout.UNMET], self.sums[layout.DEMAND], self.sums[layout.EXCESS])

    @property
    def cycle_service_level(self) -> Estimate:
        """Share of review cycles without a stock-out (alpha)."""
        cycles = np.where(self.cycles > 0, self.cycles, np.nan)
        return _mean(self.sums[layout.CYCLES] / cycles[:, None])

    @property
    def ready_rate(self) -> Estimate:
        """Share of periods that end without backorders."""
        return self.per_period(layout.READY)

    @property
    def stock_out_share(self) -> Estimate:
        """Share of periods in which some demand of customers was not served."""
        return self.per_period(layout.STOCKOUTS)

    @property
    def served_periods(self) -> Doubles:
        """Share of the periods with customers' demand in which all of it was served (nodes,); nan without any."""
        asked = np.where(self.asked > 0, self.asked, np.nan)
        return np.asarray(1 - self.sums[layout.STOCKOUTS].sum(axis=1) / asked)


def _mean(values: Doubles) -> Estimate:
    """Mean and standard error over replications (last axis)."""
    return Estimate(values.mean(axis=1), values.std(axis=1, ddof=1) / np.sqrt(values.shape[1]))


def _ratio(missed: Doubles, total: Doubles, excess: Doubles) -> Estimate:
    """1 - sum(missed) / sum(total) with the standard error of a ratio estimator (Cochran, Sampling, eq. 6.13).

    excess: has mean 0, and is the control variate: what replications with more demand than expected missed beyond others is
    taken off (Asmussen & Glynn, Stochastic Simulation, 2007, ch. V.2). All (nodes, replications)."""
    base = total.sum(axis=1)
    safe = np.where(base > 0, base, np.nan)
    rate = missed.sum(axis=1) / safe
    residual, away = missed - rate[:, None] * total, excess - excess.mean(axis=1)[:, None]
    spread = np.square(away).sum(axis=1)
    weight = (residual * away).sum(axis=1) / np.where(spread > 0, spread, 1.0)
    residual = residual - weight[:, None] * away
    replications = total.shape[1]
    se = np.sqrt(np.square(residual).sum(axis=1) * replications / (replications - 1)) / safe
    return Estimate(1 - rate + weight * excess.sum(axis=1) / safe, se)
