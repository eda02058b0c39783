"""Lead times of one lane, and what is wrong with a network that cannot be simulated."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

MOST_PERIODS = 255


class ProblemError(ValueError):
    """The network cannot be simulated. The message names the point or link and what is wrong."""


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

    @cached_property
    def mean(self) -> float:
        """Mean, periods."""
        return float(np.dot(self.periods, self.probability))

    @cached_property
    def variance(self) -> float:
        """Variance, periods squared."""
        return float(np.dot(np.square(self.periods), self.probability) - self.mean**2)

    def quantile(self, probability: float) -> int:
        """Least number of periods that is not exceeded with the given probability."""
        place = int(np.searchsorted(np.cumsum(self.probability), probability - 1e-9))
        return self.periods[min(place, len(self.periods) - 1)]
