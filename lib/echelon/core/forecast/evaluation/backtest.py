"""Walk-forward backtest: forecast from past cutoffs with what was known then, and score against what happened."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from echelon.core.arrays import Matrix, Vector
from echelon.core.demand.periods import start_date
from echelon.core.forecast.base.candidate import Candidate
from echelon.core.forecast.distributions.shape import SHAPE_COLUMNS, Profiles, Shapes, learn_profiles, shapes_for
from echelon.core.forecast.distributions.underdispersion import underdispersed
from echelon.core.forecast.evaluation import scores
from echelon.core.forecast.evaluation.inventory_cost import CoverErrors, Terms, inventory_cost, over_cover, sum_dispersion
from echelon.core.forecast.evaluation.refit import Fitted
from echelon.core.forecast.panel import KEYS, Panel, whole_units
from echelon.core.probability.crps import ranked_scores
from echelon.core.probability.mixture import Mixture, mixture_of, mixture_quantiles

COVERAGE = (0.5, 0.8, 0.9, 0.95)
COVERAGE_COLUMNS = [f"coverage_{round(probability * 100)}" for probability in COVERAGE]
SCORE_COLUMNS = [
    *KEYS, "model", "cutoff", "status", "rmsse", "bias", "pinball", "forecast", "actual", *SHAPE_COLUMNS, "history_ratio",
    "underdispersed", "absolute_error", "crps", *COVERAGE_COLUMNS, "periods_in_stock", "inventory_cost",
]  # fmt: skip


def cutoffs(end: int, horizon: int, windows: int, step: int | None = None, gap: int = 0) -> list[int]:
    """First unseen period of each window, oldest first. `end` is the first period after the history, with which the last
    window ends; cutoffs lie `step` periods apart (default: the horizon, so that windows do not overlap), and a window
    starts `gap` periods after its cutoff."""
    last = end - horizon - gap
    return [last - k * (step or horizon) for k in range(windows - 1, -1, -1)]


def backtest(
    panel: Panel, candidates: Sequence[Candidate], cutoff_periods: Sequence[int], horizon: int,
    probabilities: Sequence[float], least_periods: int, *, gap: int = 0, refit: int = 1, terms: Terms | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Rows of `backtest_scores` (SCORE_COLUMNS), ordered by cutoff, model order, sku, location.

    A series joins a window if it has at least `least_periods` periods before the cutoff, whatever the candidate, so all
    candidates cover the same series. gap: periods between the last known one and the first that is scored. refit: a pooled
    candidate that can be fitted apart learns anew at every so many cutoffs; the others at each. terms: of the inventory
    cost, per series of the panel; default `Terms.plain`. Scores that have no scale (constant or zero training part) are NaN.
    """
    given = terms or Terms.plain(len(panel.values), horizon)
    fitted = [(Fitted(candidate, refit), CoverErrors(len(panel.values), gap + horizon)) for candidate in candidates]
    frames = [
        _scored(window, candidate, errors, probabilities)
        for window in _windows(panel, cutoff_periods, horizon, least_periods, gap, given)
        for candidate, errors in fitted
    ]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=SCORE_COLUMNS)


@dataclass(frozen=True)
class _Window:
    """What all candidates share at a cutoff. joins: of the panel's series; training: those; actual: (n, h) units; scale: mean
    demand, naive: mean squared naive error, underdispersed: narrower than Poisson, counts: negative binomial, else gamma,
    profiles: of single periods, cover_dispersion: of sums by history alone, all of the training part."""

    joins: npt.NDArray[np.bool_]
    training: Panel
    actual: Matrix
    gap: int
    terms: Terms
    underdispersed: npt.NDArray[np.bool_]
    counts: npt.NDArray[np.bool_]
    scale: Vector
    naive: Vector
    profiles: Profiles
    cover_dispersion: Vector


def _windows(
    panel: Panel, cutoff_periods: Sequence[int], horizon: int, least_periods: int, gap: int, terms: Terms
) -> Iterator[_Window]:
    """One at a time, as each holds a copy of its history."""
    for cutoff in cutoff_periods:
        known = panel.before(cutoff)
        joins = known.lengths >= max(least_periods, 1)
        if joins.any():
            start = known.values.shape[1] + gap
            yield _window(joins, known.select(joins), panel.values[joins, start : start + horizon], gap, terms.select(joins))


def _window(joins: npt.NDArray[np.bool_], training: Panel, actual: Matrix, gap: int, terms: Terms) -> _Window:
    narrow = underdispersed(training)
    counts = whole_units(training.values) & ~narrow
    return _Window(
        joins,
        training,
        actual,
        gap,
        terms,
        narrow,
        counts,
        np.nanmean(training.values, axis=1),
        scores.naive_mse(training.values),
        learn_profiles(training, counts),
        sum_dispersion(training.values, terms.cover, counts),
    )


def _scored(window: _Window, candidate: Fitted, errors: CoverErrors, probabilities: Sequence[float]) -> pd.DataFrame:
    training, actual = window.training, window.actual
    means = candidate.forecast(training, window.gap + actual.shape[1])
    mean = means.mean[:, window.gap :]
    shapes = shapes_for(window.profiles, mean)
    return pd.DataFrame(
        {
            **{key: training.keys[key].to_numpy() for key in KEYS},
            "model": candidate.name,
            "cutoff": start_date(training.end, training.freq),
            "status": means.status,
            "rmsse": scores.rmsse(actual, mean, window.naive),
            "bias": scores.bias(actual, mean),
            "forecast": list(mean),
            "actual": list(actual),
            **shapes.columns(),
            "history_ratio": shapes.history_ratio,
            "underdispersed": window.underdispersed,
            "absolute_error": scores.absolute_error(actual, mean),
            "periods_in_stock": scores.periods_in_stock(actual, mean),
            "inventory_cost": _inventory_cost(window, mean, errors),
            **_distribution_scores(window, mean, shapes, probabilities),
        }
    )[SCORE_COLUMNS]


def _inventory_cost(window: _Window, mean: Matrix, errors: CoverErrors) -> Vector:
    """With the dispersion that the candidate's own errors in the windows before tell."""
    demand, expected = (over_cover(values, window.terms.cover) for values in (window.actual, mean))
    history = window.cover_dispersion, window.counts
    dispersion = errors.own(window.training.end, window.joins, expected, *history)
    errors.learn(window.training.end, window.joins, demand, expected, *history)
    return inventory_cost(window.actual, mean, dispersion, window.counts, window.terms)


def _distribution_scores(window: _Window, mean: Matrix, shapes: Shapes, probabilities: Sequence[float]) -> dict[str, Vector]:
    """Scores of the distribution around the means, negative binomials and gammas apart."""
    n, horizon = mean.shape
    mixture = mixture_of(*(np.repeat(column, horizon) for column in shapes.columns().values()))
    whole = np.repeat(window.counts, horizon)
    quantiles = mixture_quantiles(mean.ravel(), mixture, whole, probabilities).reshape(n, horizon, len(probabilities))
    ranked = np.empty((3, n * horizon))
    for kind in (True, False):
        rows = whole == kind
        if rows.any():
            part = Mixture(*(column[rows] for column in mixture))
            ranked[:, rows] = ranked_scores(mean.ravel()[rows], *part, window.actual.ravel()[rows], kind)
    score, below, upto = ranked.reshape(3, n, horizon)
    covered = scores.coverage(below, upto, COVERAGE)
    return {
        "pinball": scores.pinball(window.actual, quantiles, probabilities, window.scale),
        "crps": scores.scaled(score.mean(axis=1), window.scale),
        **dict(zip(COVERAGE_COLUMNS, covered.T, strict=True)),
    }
