"""What chance brings: demand, lead times, times that links are down. Drawn by numpy, not as the library draws."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from echelon.api import Demand, Disruption, LeadTime, SupplyNetwork
from scipy import stats

from support.long_run.packed import every_link

Array = npt.NDArray[Any]


class Chance(NamedTuple):
    """demand, processing: (points, periods); lead, up: (links, periods)."""

    demand: Array
    processing: Array
    lead: Array
    up: Array


def drawn(network: SupplyNetwork, periods: int, rng: np.random.Generator) -> Chance:
    """All that chance brings in so many periods."""
    common = rng.normal(size=periods)  # one for each horizon would do; points may have horizons of several lengths
    links = every_link(network)
    return Chance(
        np.stack([_demand(node.demand, periods, common, rng) for node in network.nodes]),
        np.stack([_times(node.processing, periods, rng) for node in network.nodes]),
        np.stack([_times(link.lead_time, periods, rng) for link in links]),
        np.stack([_up(link.disruption, periods, rng) for link in links]),
    )


def _times(time: LeadTime, periods: int, rng: np.random.Generator) -> Array:
    weights = np.array(time.probability) / sum(time.probability)
    return rng.choice(np.array(time.periods), size=periods, p=weights)


def _up(disruption: Disruption | None, periods: int, rng: np.random.Generator) -> Array:
    """Times up and down take turns, each geometric; up at first with the long-run share."""
    up = np.ones(periods, bool)
    if disruption is None:
        return up
    now = rng.random() < disruption.mean_up / (disruption.mean_up + disruption.mean_down)
    t = 0
    while t < periods:
        length = int(rng.geometric(1 / (disruption.mean_up if now else disruption.mean_down)))
        up[t : t + length] = now
        t, now = t + length, not now
    return up


def _demand(demand: Demand | None, periods: int, common: Array, rng: np.random.Generator) -> Array:
    if demand is None:
        return np.zeros(periods)
    mean = np.resize(np.asarray(demand.mean, float), periods) * _level_factor(demand, periods, common, rng)
    share, factor, dispersion = _kinds_of_period(demand)
    kind = rng.choice(4, size=periods, p=share)
    return _amounts(demand.counts, mean * factor[kind], dispersion[kind], rng)


def _level_factor(demand: Demand, periods: int, common: Array, rng: np.random.Generator) -> Array:
    """Gamma with mean 1, one for each horizon; its normal score has a part that is common to the SKU's points, and goes on from
    horizon to horizon as an autoregression of order 1."""
    if demand.level_cv == 0:
        return np.ones(periods)
    horizon = demand.horizon or len(demand.mean)
    horizons = -(-periods // horizon)
    score = np.sqrt(demand.level_correlation) * common[:horizons]
    score = score + np.sqrt(1 - demand.level_correlation) * rng.normal(size=horizons)
    for h in range(1, horizons):
        score[h] = demand.level_persistence * score[h - 1] + np.sqrt(1 - demand.level_persistence**2) * score[h]
    shape = demand.level_cv**-2
    return np.repeat(stats.gamma.ppf(stats.norm.cdf(score), shape, scale=1 / shape), horizon)[:periods]


def _kinds_of_period(demand: Demand) -> tuple[Array, Array, Array]:
    """Share, factor of the mean and dispersion of usual, large and idle periods (and a fourth kind that never is): mean and
    dispersion of all together are the demand's, which says what they are in usual ones."""
    shape = demand.shape
    usual = (1 - shape.large_share * shape.large_factor) / shape.active_share
    square = 1 + demand.dispersion - shape.large_share * shape.large_factor**2 * (1 + shape.large_dispersion)
    dispersion = square / (shape.active_share * usual**2) - 1
    share = np.array([shape.active_share, shape.large_share, 1 - shape.active_share - shape.large_share, 0.0])
    share = np.maximum(share, 0)
    factor = np.array([usual, shape.large_factor, 0, 0])
    return share / share.sum(), factor, np.array([max(dispersion, 0), shape.large_dispersion, 0, 0])


def _amounts(counts: bool, mean: Array, dispersion: Array, rng: np.random.Generator) -> Array:
    """Negative binomial (Poisson without dispersion), as a Poisson of gamma means; or gamma (its mean without)."""
    varies = (dispersion > 1e-12) & (mean > 0)
    spread = np.where(varies, dispersion, 1.0)
    amounts = np.where(varies, rng.gamma(1 / spread, np.where(varies, mean, 1.0) * spread), mean)
    return rng.poisson(amounts).astype(float) if counts else amounts
