"""Pooled models that were learned elsewhere, from rows drawn of all series, and forecast the series of any bucket."""

from collections.abc import Mapping
from dataclasses import dataclass

import lightgbm
import numpy as np

from echelon.core.forecast.base.candidate import Means, all_ok, naive_means
from echelon.core.forecast.features.history import History
from echelon.core.forecast.features.pool import Pool
from echelon.core.forecast.models.lightgbm_direct import PooledModel
from echelon.core.forecast.panel import Panel


@dataclass(frozen=True)
class Lesson:
    """boosters: as text, with the steps that each forecasts, nearest first; reason: why there are none."""

    boosters: tuple[tuple[range, str], ...]
    reason: str = ""


@dataclass(frozen=True)
class LearnedModels:
    """lessons: by the cutoff from which they forecast. Called as a candidate's `forecast`, for any of the cutoffs."""

    pool: Pool
    lessons: Mapping[int, Lesson]

    def __call__(self, panel: Panel, horizon: int) -> Means:
        """Forecasts of the series of a panel that ends at a cutoff; the seasonal naive where nothing was learned."""
        lesson = self.lessons[panel.end]
        if lesson.reason:
            return naive_means(panel, horizon, lesson.reason)
        return all_ok(np.hstack([model.mean() for model in self.models(panel)]))

    def history(self, panel: Panel) -> History:
        """What features of the panel's series are made from."""
        return History.of(panel, self.pool)

    def models(self, panel: Panel) -> list[PooledModel]:
        """The models that forecast a panel, nearest steps first; none where nothing was learned."""
        history, lesson = self.history(panel), self.lessons[panel.end]
        boosters = [(steps, lightgbm.Booster(model_str=text)) for steps, text in lesson.boosters]
        return [PooledModel(booster, history, booster.feature_name(), steps) for steps, booster in boosters]
