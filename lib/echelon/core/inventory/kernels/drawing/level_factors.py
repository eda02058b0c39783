"""The random level of a node's demand per horizon: stratified factors with mean 1."""

from functools import lru_cache

import numpy as np
from scipy import special

from echelon.core.arrays import Doubles
from echelon.core.inventory.kernels.drawing import draw

_SCORES = np.linspace(-4.75, 4.75, 77)  # normal scores between which quantiles of the level are interpolated
_PER_STRATUM = 4  # quantiles whose mean stands for a stratum


def stratified_level_factors(level_cv: float, key: np.uint64, shape: tuple[int, int]) -> Doubles:
    """Gamma factors with mean 1, (horizons, replications): the means of as many equally likely strata as there are
    replications (whole blocks), in random order (Latin hypercube sampling; McKay, Beckman & Conover, Technometrics 21(2),
    1979), such that each block of replications covers the range too.

    The level moves the demand of a whole horizon, so it is the dimension in which stratifying pays most. Quantiles are
    interpolated on the cube root, which is nearly linear in the normal score (Wilson & Hilferty, PNAS 17, 1931).
    """
    out = np.empty(shape)
    draw.deal_strata(strata(level_cv, shape[1]), key, out)
    return out


def common_level_factors(
    level_cv: float, correlation: float, persistence: float, keys: tuple[np.uint64, np.uint64], shape: tuple[int, int]
) -> Doubles:
    """As `stratified_level_factors`, with normal scores that are correlated with those of all nodes of the SKU (keys of the
    common and of the node's own stream) and, by `persistence`, with those of the horizon before. Each horizon has the same
    strata, in the order of the scores (Iman and Conover, Communications in Statistics B 11(3), 1982), so that every node and
    horizon alone is as well covered as without correlation."""
    both = np.empty((2, *shape))
    for key, one in zip(keys, both, strict=True):
        draw.deal_strata(_scores(shape[1]), key, one)
    scores = np.sqrt(correlation) * both[0] + np.sqrt(1.0 - correlation) * both[1]
    for horizon in range(1, shape[0] if persistence > 0 else 0):
        scores[horizon] = persistence * scores[horizon - 1] + np.sqrt(1.0 - persistence**2) * scores[horizon]
    order = np.argsort(scores, axis=1, kind="stable")
    out = np.empty(shape)
    np.put_along_axis(out, order, np.broadcast_to(strata(level_cv, shape[1]), shape), axis=1)
    return out


@lru_cache(maxsize=16)
def _scores(size: int) -> Doubles:
    """Normal scores of equally likely strata."""
    return np.asarray(special.ndtri((np.arange(size) + 0.5) / size))


@lru_cache(maxsize=512)  # nodes share their level_cv, which has two decimals (`core.forecast.distributions.forecast_error`)
def strata(level_cv: float, size: int) -> Doubles:
    """Mean factor of each of `size` equally likely strata, from a few equally spaced quantiles in it."""
    root = np.cbrt(special.gammaincinv(level_cv**-2, special.ndtr(_SCORES)) * level_cv**2)
    fine = size * _PER_STRATUM
    scores = special.ndtri((np.arange(fine) + 0.5) / fine)
    within = np.interp(scores, _SCORES, root) ** 3
    return np.asarray(within.reshape(size, _PER_STRATUM).mean(axis=1))


@lru_cache(maxsize=512)
def log_strata(level_cv: float, size: int) -> Doubles:
    return np.log(strata(level_cv, size))


def largest_factor(level_cv: float) -> float:
    """The largest level factor that is ever drawn."""
    return float(special.gammainccinv(level_cv**-2, special.ndtr(-_SCORES[-1])) * level_cv**2) if level_cv > 0 else 1.0
