"""Probability mass functions of lead times on whole days: smoothed observations, and a gamma where there are none."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincc, gammainccinv

Floats = NDArray[np.float64]

TAIL = 1e-6
"""Probability beyond the support of a gamma; small against what simulation can see."""


def learned_pmf(
    days: NDArray[np.int64] | Floats,
    smoothing: float,
    weights: Floats | None = None,
    counts: NDArray[np.int64] | None = None,
) -> Floats:
    """Probability of 0, 1, 2, ... days: the observed frequencies mixed with a gamma of the same mean and variance.

    days: observed lead times >= 0 (days); a part of a day is shared between the days beside it.
    weights: how much a delivery of these days counts (default: 1). counts: how many such deliveries there are (default: one).

    The frequencies of n deliveries weigh n / (n + smoothing). The mixture keeps the sample's mean, and its variance as
    far as whole days allow; the gamma fills the gaps between few observations and gives them a tail.
    """
    weights = np.ones(days.size) if weights is None else weights
    counts = np.ones(days.size, dtype=np.int64) if counts is None else counts
    total = float(weights @ counts)
    smooth = gamma_pmf(*_mean_and_sd(days, weights, counts))
    observed = _on_whole_days(days, weights * counts / total)
    pmf = np.zeros(max(observed.size, smooth.size))
    share = total / (total + smoothing)
    pmf[: smooth.size] = (1 - share) * smooth
    pmf[: observed.size] += share * observed
    return pmf


def _mean_and_sd(days: NDArray[np.int64] | Floats, weights: Floats, counts: NDArray[np.int64]) -> tuple[float, float]:
    """Weighted mean, and the standard deviation freed of its bias by the effective number of observations (Kish 1965)."""
    total = weights @ counts
    mean = float((weights * counts) @ days / total)
    effective = total**2 / (weights**2 @ counts)
    if effective <= 1 + 1e-9:
        return mean, 0.0
    variance = (weights * counts) @ (days - mean) ** 2 / total * effective / (effective - 1)
    return mean, float(np.sqrt(variance))


def _on_whole_days(days: NDArray[np.int64] | Floats, weights: Floats) -> Floats:
    """Weight per whole day, each observation shared between the days below and above it so that the mean stays exact."""
    below = np.floor(days).astype(np.int64)
    part = days - below
    pmf = np.bincount(np.concatenate([below, below + 1]), np.concatenate([weights * (1 - part), weights * part]))
    return np.trim_zeros(pmf.astype(np.float64), "b")


def gamma_pmf(mean: float, sd: float) -> Floats:
    """Probability of 0, 1, 2, ... days of a gamma variable spread over whole days so that the mean stays exact.

    Each value is shared between the whole days below and above it, nearer ones more: local moment matching of order 1
    (Gerber 1982; Klugman, Panjer and Willmot, Loss Models, section 9.6.5). That adds 1/6 to the variance on average,
    which is taken off beforehand, as far as there is any. Without spread: the mean, between the days beside it.
    """
    if mean <= 0:
        return np.ones(1)
    variance = max(sd**2 - 1 / 6, 0.0)
    longest = mean if variance == 0 else variance / mean * gammainccinv(mean**2 / variance, TAIL)
    last = int(np.ceil(longest)) + 1
    excess = _expected_excess(mean, variance, np.arange(-1.0, last + 2))
    pmf = np.maximum(excess[:-2] - 2 * excess[1:-1] + excess[2:], 0.0)
    return np.trim_zeros(pmf / pmf.sum(), "b")


def _expected_excess(mean: float, variance: float, x: Floats) -> Floats:
    """E[(X - x)+] of a gamma X with this mean and variance (X = mean where the variance is 0)."""
    if variance == 0:
        return np.maximum(mean - x, 0.0)
    shape, scale = mean**2 / variance, variance / mean
    above = np.maximum(x, 0.0)
    excess = mean * gammaincc(shape + 1, above / scale) - above * gammaincc(shape, above / scale)
    return np.asarray(excess + np.maximum(-x, 0.0), dtype=np.float64)


def quantile(days: NDArray[np.int64], pmf: Floats, probability: float) -> float:
    """The smallest of the ascending `days` by which at least `probability` of the lead times have ended."""
    return float(days[np.searchsorted(np.cumsum(pmf), probability - 1e-12)])
