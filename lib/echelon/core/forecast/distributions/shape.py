"""The shape of a series' demand in single periods, learned from its recent history.

Lumpy demand is mostly nothing, then something of a typical size, now and then something huge. One negative binomial for
all of it, fitted by moments, lets the one huge order decide the dispersion: its tail then goes on falling where the
largest order ever seen is already passed. So a period is one of three:

- idle, with no demand at all;
- active (`active_share` of the periods): negative binomial, gamma where units are not whole;
- large (`large_share`): the same with mean `large_factor` x the mean of all periods and dispersion `large_dispersion`.

The moments of the mixture are those of the history, so `dispersion` (variance = mean + dispersion x mean^2) means what it
means without a shape. Idle periods are as many as reproduce the share of periods without demand (method of moments and
zero frequency; Johnson, Kemp and Kotz, Univariate Discrete Distributions, 3rd ed., section 8.2.4).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from echelon.core.arrays import Matrix, Vector
from echelon.core.compiled.jit import compiled
from echelon.core.demand.periods import Frequency
from echelon.core.forecast.panel import Panel
from echelon.core.probability.mixture import Mixture, dispersion_of

SHAPE_COLUMNS = ["dispersion", "active_share", "large_share", "large_factor", "large_dispersion"]
# Periods of history that a shape is learned from: what sold in bits years ago may sell by the pallet today.
RECENT: dict[Frequency, int] = {"D": 364, "W": 104, "M": 36}
# An order is large when it is more than this many times the mean of the smaller ones: of a hundred exponential sizes
# the largest is in three cases of a hundred.
LARGE = 8.0
# Dispersion of large orders as if it had been measured on so many of them.
LARGE_DISPERSION, LARGE_PRIOR_WEIGHT = 0.1, 4.0
# Where the forecast is above the recent mean, orders come more often rather than larger: frequency ~ mean^0.75.
FREQUENCY_POWER = 0.75
_FURTHEST = 100.0
_HALVINGS = 40


@dataclass(frozen=True)
class Shapes:
    """Per series (n,): the columns SHAPE_COLUMNS, and history_ratio: mean of the recent periods / mean of the forecast, from
    1/100 to 100, 1 where nothing was sold."""

    dispersion: Vector
    active_share: Vector
    large_share: Vector
    large_factor: Vector
    large_dispersion: Vector
    history_ratio: Vector

    def columns(self) -> dict[str, Vector]:
        """SHAPE_COLUMNS by name."""
        return {name: getattr(self, name) for name in SHAPE_COLUMNS}


def learn_shapes(training: Panel, mean: Matrix, counts: npt.NDArray[np.bool_]) -> Shapes:
    """Shapes of the series of a panel for forecasts `mean` (n, horizon) units; counts: series in whole units (n,).

    A series without demand in its recent periods gets no dispersion. Nothing depends on the other series.
    """
    return shapes_for(learn_profiles(training, counts), mean)


@dataclass(frozen=True)
class Profiles:
    """What the history of n series says of their shapes, whatever is forecast. components: (n, 6) share, factor and dispersion
    of active periods, then of large ones; past: (n,) mean of the recent periods."""

    components: Matrix
    past: Vector


def learn_profiles(training: Panel, counts: npt.NDArray[np.bool_]) -> Profiles:
    """From the recent periods of a panel; counts: series in whole units (n,)."""
    recent = training.values[:, -RECENT[training.freq] :]
    past = np.nanmean(recent, axis=1) if recent.shape[1] else np.zeros(len(recent))
    return Profiles(_profiles(recent, counts), past)


def shapes_for(profiles: Profiles, mean: Matrix) -> Shapes:
    """Shapes for forecasts `mean` (n, horizon) units."""
    past = profiles.past
    return _at_level(profiles.components, np.divide(mean.mean(axis=1), past, out=np.ones(len(past)), where=past > 0))


def _at_level(profile: Matrix, ratio: Vector) -> Shapes:
    """Shapes when demand is `ratio` times that of the history."""
    near = np.clip(ratio, 1.0 / _FURTHEST, _FURTHEST)
    share = profile[:, [0, 3]] * near[:, None] ** FREQUENCY_POWER
    share /= np.maximum(share.sum(axis=1, keepdims=True), 1.0)
    factor = profile[:, [1, 4]] / (share * profile[:, [1, 4]]).sum(axis=1, keepdims=True)
    mixture = Mixture(share, factor, profile[:, [2, 5]])
    return Shapes(dispersion_of(mixture), share[:, 0], share[:, 1], factor[:, 1], profile[:, 5], 1.0 / near)


@compiled
def _profiles(values: Matrix, counts: npt.NDArray[np.bool_]) -> Matrix:
    """Per series: share, factor and dispersion of active periods, then of large ones."""
    out = np.zeros((len(values), 6))
    for i in range(len(values)):
        own = values[i][~np.isnan(values[i])]
        _profile(np.sort(own), counts[i], out[i])
    return out


@compiled
def _profile(sizes: Vector, counts: bool, out: Vector) -> None:
    """sizes: demand of all periods, ascending."""
    out[0], out[1] = 1.0, 1.0
    periods, total = len(sizes), sizes.sum()
    if periods == 0 or total <= 0.0:
        return
    large = _large_orders(sizes)
    usual, mean = sizes[: periods - large], total / periods
    usual_mean = usual.mean()
    share, dispersion = idle_fit(usual_mean, usual.var(), np.mean(usual == 0.0), counts)
    out[0] = share * len(usual) / periods
    out[1], out[2] = usual_mean / share / mean, dispersion
    if large > 0:
        top = sizes[periods - large :]
        spread = ((top / top.mean() - 1.0) ** 2).sum()
        out[3], out[4] = large / periods, top.mean() / mean
        out[5] = (spread + LARGE_PRIOR_WEIGHT * LARGE_DISPERSION) / (large - 1 + LARGE_PRIOR_WEIGHT)


@compiled
def _large_orders(sizes: Vector) -> int:
    """How many of the ascending sizes are large."""
    rest, many, large = sizes.sum(), int((sizes > 0).sum()), 0
    while many - large > 2:
        top = sizes[len(sizes) - 1 - large]
        if top <= LARGE * (rest - top) / (many - large - 1):
            break
        rest -= top
        large += 1
    return large


@compiled
def idle_fit(mean: float, variance: float, zeros: float, counts: bool) -> tuple[float, float]:
    """Share of active periods and the dispersion in them that give mean, variance and share of zeros; no idle periods
    where the negative binomial has enough zeros by itself."""
    excess = max(variance - (mean if counts else 0.0), 0.0)
    if mean < 1e-100 or excess <= 0.0:
        return 1.0, 0.0
    spread = excess / mean**2
    low, high = 1.0 / (1.0 + spread), 1.0
    if not counts:
        share = min(max(1.0 - zeros, low), 1.0)
        return share, max(share * (1.0 + spread) - 1.0, 0.0)
    if _zero(mean, spread) >= zeros:
        return 1.0, spread
    for _ in range(_HALVINGS):
        share = 0.5 * (low + high)
        own = max(share * (1.0 + spread) - 1.0, 0.0)
        if 1.0 - share + share * _zero(mean / share, own) > zeros:
            low = share
        else:
            high = share
    return high, max(high * (1.0 + spread) - 1.0, 0.0)


@compiled
def _zero(mean: float, dispersion: float) -> float:
    """P(D = 0) of the negative binomial."""
    if dispersion * mean < 1e-9:
        return float(np.exp(-mean))
    return float(np.exp(-np.log1p(dispersion * mean) / dispersion))
