"""A candidate on its way through the cutoffs of a backtest: fitted at each, or only now and then."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from echelon.core.forecast.base.candidate import Candidate, Fit, Means, guarded
from echelon.core.forecast.panel import Panel


class Fitted:
    """Forecasts from one cutoff after the other, oldest first; a candidate that can be fitted apart (`Candidate.fit`)
    learns anew at the first of every `every` cutoffs and in between forecasts by what it learned last."""

    def __init__(self, candidate: Candidate, every: int) -> None:
        self.name = candidate.name
        self._candidate = candidate
        self._every = every
        self._cutoffs = 0
        self._learned: Callable[[Panel], Means] | None = None

    def forecast(self, training: Panel, horizon: int) -> Means:
        """As `guarded`: means of every series, with the seasonal naive where it fails."""
        fit = self._candidate.fit
        if self._cutoffs % self._every == 0:
            self._learned = None
        self._cutoffs += 1
        if fit is None or self._every == 1:
            return guarded(self._candidate, training, horizon)
        return guarded(replace(self._candidate, forecast=partial(self._by_fit, fit)), training, horizon)

    def _by_fit(self, fit: Fit, panel: Panel, horizon: int) -> Means:
        """A fit that fails is tried again at the next cutoff."""
        if self._learned is None:
            self._learned = fit(panel, horizon)
        return self._learned(panel)
