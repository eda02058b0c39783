"""One SKU's planning problem: its nodes, lead times, demand and targets, as plain frozen values."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from echelon.core.probability.mixture import mixture_of

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
class Shape:
    """What a period of demand is: idle (no demand), active (negative binomial or gamma) with probability active_share, or
    large with probability large_share, then of large_factor x the mean and of its own dispersion
    (`core.forecast.distributions.shape`)."""

    active_share: float = 1.0
    large_share: float = 0.0
    large_factor: float = 1.0
    large_dispersion: float = 0.0


@dataclass(frozen=True)
class Demand:
    """Customers' demand per period: negative binomial (gamma if not `counts`) with mean mean[t] x F, or a mixture of them.

    F is gamma with mean 1 and coefficient of variation level_cv, constant over one horizon of len(mean) periods.
    Given F the variance is m + dispersion x m^2 for counts and dispersion x m^2 otherwise, m = mean[t] x F, whatever the
    shape. level_correlation: of F with that of the SKU's other nodes (of their normal scores).
    """

    mean: npt.NDArray[np.float64]
    dispersion: float = 0.0
    level_cv: float = 0.0
    counts: bool = True
    shape: Shape = Shape()
    level_correlation: float = 0.0

    @cached_property
    def parts(self) -> npt.NDArray[np.float64]:
        """(parts, 3): share, factor of the mean and dispersion of each part of the mixture."""
        if self.shape == Shape():
            return np.array([[1.0, 1.0, self.dispersion]])
        found = mixture_of(self.dispersion, *astuple(self.shape))
        return np.stack(found, axis=-1)[: 1 + (self.shape.large_share > 0)]

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
        return periods * noise + (self.level_cv * self.rate) ** 2 * self._level_weight(periods)

    def covariance_of_sum(self, other: "Demand", periods: float) -> float:
        """Covariance with the demand of another node of the SKU, of the same number of periods: by their levels alone."""
        together = np.sqrt(self.level_correlation * other.level_correlation)
        level = self.level_cv * self.rate * other.level_cv * other.rate
        return float(together * level * self._level_weight(periods))

    def _level_weight(self, periods: float) -> float:
        """Sum over horizons of their squared numbers of periods."""
        full, rest = divmod(periods, len(self.mean))
        return full * len(self.mean) ** 2 + rest**2


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
    numbers = np.array([*demand.mean, demand.dispersion, demand.level_cv, *vars(demand.shape).values()], float)
    if len(demand.mean) == 0 or not np.all(np.isfinite(numbers)) or numbers.min() < 0:
        raise ProblemError(f"node {name}: mean demand, dispersion, level_cv and shape must be finite and not negative")
    if demand.shape.active_share + demand.shape.large_share > 1 + 1e-9 or not 0 <= demand.level_correlation <= 1:
        raise ProblemError(f"node {name}: shares of active and large periods, and level_correlation, must be at most 1")
