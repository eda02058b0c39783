"""One SKU's planning problem: its nodes, lead times, demand and targets, as plain frozen values."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

MOST_PERIODS = 255


class ProblemError(ValueError):
    """The problem cannot be simulated. The message names the node and what is wrong."""


@dataclass(frozen=True)
class LeadTime:
    """Distribution of the time from shipment to receipt: probability[i] of periods[i] (ascending, whole periods)."""

    periods: tuple[int, ...]
    probability: tuple[float, ...]

    def __post_init__(self) -> None:
        bad_order = any(b <= a for a, b in zip(self.periods, self.periods[1:], strict=False))
        if not self.periods or len(self.periods) != len(self.probability) or bad_order:
            raise ProblemError("lead time: periods must ascend, with one probability each")
        if self.periods[0] < 0 or self.periods[-1] > MOST_PERIODS:
            raise ProblemError(f"lead time: {self.periods} must lie between 0 and {MOST_PERIODS} periods")
        if min(self.probability) < 0 or abs(sum(self.probability) - 1) > 1e-6:
            raise ProblemError("lead time: probabilities must not be negative and must add up to 1")

    @staticmethod
    def fixed(periods: int) -> "LeadTime":
        """A lead time that never varies."""
        return LeadTime((periods,), (1.0,))

    @staticmethod
    def from_days(days: Sequence[float], probability: Sequence[float], period_days: float) -> "LeadTime":
        """From a distribution in days; between two periods the probability is split so that the mean is kept."""
        exact = np.asarray(days, float) / period_days
        below = np.floor(exact + 1e-9).astype(int)
        above_share = np.clip(exact - below, 0, 1)
        weights = np.zeros(int(below.max()) + 2)
        np.add.at(weights, below, np.asarray(probability, float) * (1 - above_share))
        np.add.at(weights, below + 1, np.asarray(probability, float) * above_share)
        kept = np.flatnonzero(weights > 1e-12)
        weights = weights[kept] / weights[kept].sum()
        return LeadTime(tuple(kept.tolist()), tuple(weights.tolist()))

    @property
    def mean(self) -> float:
        """Mean, periods."""
        return float(np.dot(self.periods, self.probability))

    @property
    def variance(self) -> float:
        """Variance, periods squared."""
        return float(np.dot(np.square(self.periods), self.probability) - self.mean**2)

    def quantile(self, probability: float) -> int:
        """Least number of periods that is not exceeded with the given probability."""
        place = int(np.searchsorted(np.cumsum(self.probability), probability - 1e-9))
        return self.periods[min(place, len(self.periods) - 1)]


@dataclass(frozen=True)
class Demand:
    """Customers' demand per period: negative binomial (gamma if not `counts`) with mean mean[t] x F.

    F is gamma with mean 1 and coefficient of variation level_cv, constant over one horizon of len(mean) periods.
    Given F the variance is m + dispersion x m^2 for counts and dispersion x m^2 otherwise, m = mean[t] x F.
    """

    mean: npt.NDArray[np.float64]
    dispersion: float = 0.0
    level_cv: float = 0.0
    counts: bool = True

    @cached_property
    def rate(self) -> float:
        """Mean demand per period over the horizon, units."""
        return float(np.mean(self.mean))

    @cached_property
    def _mean_square(self) -> float:
        return float(np.mean(np.square(self.mean)))

    def variance_of_sum(self, periods: float) -> float:
        """Variance of the demand of a number of consecutive periods, whole or not, starting with a horizon."""
        noise = (self.rate if self.counts else 0.0) + self.dispersion * (1 + self.level_cv**2) * self._mean_square
        full, rest = divmod(periods, len(self.mean))
        return periods * noise + (self.level_cv * self.rate) ** 2 * (full * len(self.mean) ** 2 + rest**2)


@dataclass(frozen=True)
class Node:
    """One stocking point. `parent` is the index of the node that supplies it, -1 for an outside supplier.

    holding_cost: currency per unit and year. target_fill_rate: share of the customers' demand to serve at once,
    None where there are no customers or no target. lot_size, moq: units, 0 for none.
    """

    name: str
    source: str
    parent: int
    lead_time: LeadTime
    holding_cost: float
    demand: Demand | None = None
    target_fill_rate: float | None = None
    review_period: int = 1
    lot_size: float = 0.0
    moq: float = 0.0
    lost_sales: bool = False


@dataclass(frozen=True)
class Problem:
    """One SKU: nodes with parents before children. `run_seed` and `sku` decide all random numbers."""

    sku: str
    nodes: tuple[Node, ...]
    run_seed: int = 0

    def __post_init__(self) -> None:
        if not self.nodes:
            raise ProblemError(f"SKU {self.sku}: no stocking points")
        for index, node in enumerate(self.nodes):
            _check_node(node, index)

    @property
    def counts(self) -> bool:
        """Whether all demand is in whole units, so that levels are too."""
        return all(node.demand.counts for node in self.nodes if node.demand is not None)

    def subtree_sum(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """For every node the sum over the node and all nodes downstream."""
        total = np.array(values, float)
        for index in range(len(self.nodes) - 1, 0, -1):
            if self.nodes[index].parent >= 0:
                total[self.nodes[index].parent] += total[index]
        return total

    @property
    def rates(self) -> npt.NDArray[np.float64]:
        """Mean demand per period that each node serves, downstream included, units."""
        own = [node.demand.rate if node.demand is not None else 0.0 for node in self.nodes]
        return self.subtree_sum(np.array(own))


def _check_node(node: Node, index: int) -> None:
    """Raise ProblemError for what no simulation can take."""
    if not -1 <= node.parent < index:
        raise ProblemError(f"node {node.name}: its parent must come before it")
    if node.review_period < 1 or node.lot_size < 0 or node.moq < 0:
        raise ProblemError(f"node {node.name}: review period must be at least 1, lot size and MOQ not negative")
    if node.target_fill_rate is not None and not 0 <= node.target_fill_rate <= 1:
        raise ProblemError(f"node {node.name}: the target fill rate must lie between 0 and 1")
    if not np.isfinite(node.holding_cost) or node.holding_cost < 0:
        raise ProblemError(f"node {node.name}: the holding cost must not be negative")
    check_demand(node.name, node.demand)


def check_demand(name: str, demand: Demand | None) -> None:
    """Raise ProblemError for demand that can't be drawn."""
    if demand is None:
        return
    numbers = np.array([*demand.mean, demand.dispersion, demand.level_cv], float)
    if len(demand.mean) == 0 or not np.all(np.isfinite(numbers)) or numbers.min() < 0:
        raise ProblemError(f"node {name}: mean demand, dispersion and level_cv must be finite and not negative")
