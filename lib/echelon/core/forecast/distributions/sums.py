"""The distribution of demand over several periods, from that of single periods."""

import numpy as np
import numpy.typing as npt

from echelon.core.arrays import Matrix, Vector
from echelon.core.compiled.jit import compiled
from echelon.core.forecast.distributions.shape import idle_fit
from echelon.core.probability.mixture import Mixture


def sum_mixture(means: Matrix, mixture: Mixture, counts: npt.NDArray[np.bool_]) -> tuple[Vector, Mixture]:
    """Mean (n,) units and mixture (n, 3) of the sums of periods with the given means (n, periods), mixture (n, 2), given
    the level factor.

    The components are sums with no large order, with one, and with more; each is the negative binomial (gamma) with its mean
    and variance, the first beside the probability that nothing is sold at all. Where more than one large order is to be
    expected they are nothing special, and count among the active periods.
    """
    periods = means.shape[1]
    rare = mixture.share[:, 1] * periods <= 1.0
    large = np.where(rare, mixture.share[:, 1], 0.0)
    usual = _usual(means, mixture, counts, rare)
    size = mixture.factor[:, 1] * means.mean(axis=1)
    chance, orders, variance = _large_orders(large, periods)
    mean = usual[:, :1] * (1.0 - orders / periods) + orders * size[:, None]
    square = mixture.factor[:, 1] ** 2 * (1.0 + mixture.dispersion[:, 1]) * (means**2).mean(axis=1)
    own = np.where(counts, size, 0.0) + square - size**2
    spread = usual[:, 1:2] * (1.0 - orders / periods) + orders * own[:, None] + variance * size[:, None] ** 2
    poisson = np.where(counts[:, None], mean, 0.0)
    dispersion = np.maximum(spread - poisson, 0.0) / np.maximum(mean, 1e-12) ** 2
    share, dispersion[:, 0] = _with_nothing(usual, counts)
    mean[:, 0] /= share
    chance[:, 0] *= share
    total = means.sum(axis=1)
    return total, Mixture(chance, mean / np.maximum(total, 1e-12)[:, None], dispersion)


def _usual(means: Matrix, mixture: Mixture, counts: npt.NDArray[np.bool_], rare: npt.NDArray[np.bool_]) -> Matrix:
    """Of the sum without large orders, unless they are not rare (n, 3): mean, variance, probability of nothing."""
    large = np.where(rare, 0.0, mixture.share[:, 1])
    share = np.stack([mixture.share[:, 0], large], axis=1) / np.where(rare, 1.0 - mixture.share[:, 1], 1.0)[:, None]
    first = (share * mixture.factor).sum(axis=1)
    second = (share * mixture.factor**2 * (1.0 + mixture.dispersion)).sum(axis=1)
    mean = first * means.sum(axis=1)
    variance = np.where(counts, mean, 0.0) + (second - first**2) * (means**2).sum(axis=1)
    return np.stack([mean, variance, _nothing(means, share, mixture, counts)], axis=1)


def _nothing(means: Matrix, share: Matrix, mixture: Mixture, counts: npt.NDArray[np.bool_]) -> Vector:
    """Probability that nothing is sold in any of the periods."""
    zero = np.repeat(1.0 - share.sum(axis=1, keepdims=True), means.shape[1], axis=1)
    for component in range(2):
        spread = np.maximum(mixture.dispersion[:, component], 1e-9)[:, None]
        none = np.exp(-np.log1p(spread * means * mixture.factor[:, component, None]) / spread)
        zero += share[:, component, None] * np.where(counts[:, None], none, 0.0)
    return np.asarray(np.clip(zero, 0.0, 1.0).prod(axis=1))


def _large_orders(share: Vector, periods: int) -> tuple[Matrix, Matrix, Matrix]:
    """Chance of no, one and more large orders in so many periods, and mean and variance of their number in each case."""
    none = (1.0 - share) ** periods
    one = periods * share * (1.0 - share) ** (periods - 1)
    more = np.maximum(1.0 - none - one, 0.0)
    first = periods * share - one
    second = periods * share * (1.0 - share) + (periods * share) ** 2 - one
    known = more > 1e-12
    mean = np.divide(first, more, out=np.full(len(share), 2.0), where=known)
    square = np.divide(second, more, out=np.full(len(share), 4.0), where=known)
    zero = np.zeros(len(share))
    return (
        np.stack([none, one, more], 1),
        np.stack([zero, zero + 1.0, mean], 1),
        np.stack([zero, zero, np.maximum(square - mean**2, 0.0)], 1),
    )


@compiled
def _with_nothing(usual: Matrix, counts: npt.NDArray[np.bool_]) -> tuple[Vector, Vector]:
    """Share of sums that are not nothing for sure, and the dispersion of those."""
    share, dispersion = np.ones(len(usual)), np.zeros(len(usual))
    for i in range(len(usual)):
        share[i], dispersion[i] = idle_fit(usual[i, 0], usual[i, 1], usual[i, 2], counts[i])
    return share, dispersion
