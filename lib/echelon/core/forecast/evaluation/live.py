"""The forecast that is used: one candidate over series whose history ends now."""

import pandas as pd

from echelon.core.demand.periods import start_date
from echelon.core.forecast.base.candidate import Candidate, guarded
from echelon.core.forecast.distributions.shape import SHAPE_COLUMNS, learn_shapes
from echelon.core.forecast.distributions.underdispersion import underdispersed
from echelon.core.forecast.panel import KEYS, Panel, whole_units

FORECAST_COLUMNS = [
    *KEYS, "model", "status", "start_date", "counts", "underdispersed", "mean", *SHAPE_COLUMNS, "history_ratio", "horizon",
]  # fmt: skip


def forecast(panel: Panel, candidate: Candidate, horizon: int) -> pd.DataFrame:
    """One row per series: sku, location, model, status (ok, or why the seasonal naive stands in), start_date (first day
    after the history), counts (whole units), underdispersed, mean (array of `horizon` units), SHAPE_COLUMNS, history_ratio
    (of the history, the level of the forecast still in them: see `forecast_error.py`) and horizon. A pooled candidate learns
    from every series of the panel."""
    counts, narrow = whole_units(panel.values), underdispersed(panel)
    means = guarded(candidate, panel, horizon)
    shapes = learn_shapes(panel, means.mean, counts & ~narrow)
    return pd.DataFrame(
        {
            **{key: panel.keys[key].to_numpy() for key in KEYS},
            "model": candidate.name,
            "status": means.status,
            "start_date": start_date(panel.end, panel.freq),
            "counts": counts,
            "underdispersed": narrow,
            "mean": list(means.mean),
            **shapes.columns(),
            "history_ratio": shapes.history_ratio,
            "horizon": horizon,
        }
    )[FORECAST_COLUMNS]
