"""Customers' demand at one stocking point, per period."""

from dataclasses import astuple, dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from echelon.core.probability.mixture import mixture_of
from echelon.core.probability.persistence import level_weight


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

    mean is a path that begins now and is repeated. F is gamma with mean 1 and coefficient of variation level_cv, constant over
    one horizon (periods; None: the whole path).
    Given F the variance is m + dispersion x m^2 for counts and dispersion x m^2 otherwise, m = mean[t] x F, whatever the
    shape. level_correlation: of F with that of the SKU's other points, level_persistence: with that of the horizon before (both
    of their normal scores). underdispersed: in whole units but narrower than Poisson, and so not `counts`; stock levels are
    whole units all the same.
    """

    mean: npt.NDArray[np.float64]
    dispersion: float = 0.0
    level_cv: float = 0.0
    counts: bool = True
    shape: Shape = Shape()
    level_correlation: float = 0.0
    underdispersed: bool = False
    level_persistence: float = 0.0
    horizon: int | None = None

    @property
    def level_periods(self) -> int:
        """Periods over which F is constant."""
        return len(self.mean) if self.horizon is None else self.horizon

    @cached_property
    def components(self) -> npt.NDArray[np.float64]:
        """(components, 3): share, factor of the mean and dispersion of each component."""
        if self.shape == Shape():
            return np.array([[1.0, 1.0, self.dispersion]])
        mixture = mixture_of(self.dispersion, *astuple(self.shape))
        return np.stack(mixture, axis=-1)[: 1 + (self.shape.large_share > 0)]

    @cached_property
    def rate(self) -> float:
        """Mean demand per period over the path, units."""
        return float(np.mean(self.mean))

    @cached_property
    def _mean_square(self) -> float:
        return float(np.mean(np.square(self.mean)))

    def variance_of_sum(self, periods: float) -> float:
        """Variance of the demand of a number of consecutive periods, whole or not, starting with a horizon."""
        noise = (self.rate if self.counts else 0.0) + self.dispersion * (1 + self.level_cv**2) * self._mean_square
        return periods * noise + (self.level_cv * self.rate) ** 2 * self._level_weight(periods, self.level_persistence)

    def covariance_of_sum(self, other: "Demand", periods: float) -> float:
        """Covariance with the demand of another point of the SKU, of the same number of periods: by their levels alone."""
        together = np.sqrt(self.level_correlation * other.level_correlation)
        persistence = np.sqrt(self.level_persistence * other.level_persistence)
        level = self.level_cv * self.rate * other.level_cv * other.rate
        return float(together * level * self._level_weight(periods, float(persistence)))

    def _level_weight(self, periods: float, persistence: float) -> float:
        return level_weight(periods, self.level_periods, persistence)
