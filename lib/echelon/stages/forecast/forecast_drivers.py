"""What forecasts rest on: the tables `features` and `forecast_explanations`."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from echelon.core.demand.periods import Frequency, start_date
from echelon.core.forecast.base.candidate import Candidate
from echelon.core.forecast.explanation.contributions import explain_forecast
from echelon.core.forecast.explanation.forecast_drivers import ALL_DRIVERS, corrected, shape_of
from echelon.core.forecast.features.origin_features import origin_features
from echelon.core.forecast.models.learned_models import LearnedModels
from echelon.core.forecast.panel import Panel
from echelon.engine.grouped.buckets import apply_to_rows
from echelon.lake.contracts import TABLES
from echelon.stages.shared.context import Context
from echelon.stages.shared.history import SERIES
from echelon.stages.stock.explanations import most_valuable

# Beside the columns of forecasts, in rows of their own.
FEATURE_COLUMNS = (
    "date date, features map<string,double>, recent_mean double, explained boolean, drivers array<array<double>>, "
    "drivers_of string"
)


@dataclass(frozen=True)
class Explained:
    """The SKUs whose forecasts are explained; None: all."""

    skus: frozenset[str] | None

    def of(self, panel: Panel) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Per series of a panel, whether it is explained."""
        if self.skus is None:
            return np.ones(len(panel.keys), bool)
        return panel.keys["sku"].isin(self.skus).to_numpy(bool)


def explained_skus(context: Context) -> Explained:
    """Those of the greatest annual value, as many as the settings ask for."""
    most = context.settings.forecast.explain
    if most == "all":
        return Explained(None)
    chosen = most_valuable(context.lake.read("segments"), most).collect() if most else []
    return Explained(frozenset(row["sku"] for row in chosen))


def feature_rows(panel: Panel, chosen: Sequence[Candidate], explained: Explained) -> list[pd.DataFrame]:
    """Rows with the columns FEATURE_COLUMNS of the series of a bucket; none where no candidate is a model of all series. Of
    several the first is explained."""
    found = [(candidate.name, candidate.forecast) for candidate in chosen]
    taught = [(name, forecast) for name, forecast in found if isinstance(forecast, LearnedModels)]
    if not taught:
        return []
    name, models = taught[0]
    is_explained, panel = explained.of(panel), panel.limited  # as candidates see it
    rows = origin_features(models.history(panel)).assign(
        date=start_date(panel.end, panel.freq), explained=is_explained, drivers=None, drivers_of=name
    )
    if is_explained.any():
        rows.loc[is_explained, "drivers"] = _drivers(models, panel, is_explained)
    return [rows]


def _drivers(models: LearnedModels, panel: Panel, is_explained: np.ndarray) -> pd.Series:
    """Per explained series (horizon, DRIVERS) as lists; None where there is too little to learn from."""
    places, trained = np.flatnonzero(is_explained), models.models(panel)
    if not trained:
        return pd.Series(None, index=places, dtype=object)
    units = explain_forecast(trained, places).units
    return pd.Series([list(map(list, one)) for one in units], index=places, dtype=object)


def features_table(features: DataFrame) -> DataFrame:
    """The table `features` from rows of `feature_rows`."""
    return features.select(TABLES["features"].column_names)


def explanations_table(context: Context, features: DataFrame, distributions: DataFrame) -> DataFrame:
    """The table `forecast_explanations`: the drivers of the first horizon of what was published as `demand_distributions`."""
    wanted = features.where("explained").select(*SERIES, "recent_mean", "drivers", "drivers_of")
    first = F.slice("mean", 1, F.col("horizon")).alias("mean")
    rows = distributions.select(*SERIES, "model", "start_date", first).join(wanted, list(SERIES))
    function = partial(_explanations, freq=context.settings.run.frequency)
    return apply_to_rows(rows, function, TABLES["forecast_explanations"].ddl)


def _explanations(rows: pd.DataFrame, freq: Frequency) -> pd.DataFrame:
    frames = [_explanation(row, freq) for row in rows.itertuples(index=False)]
    return pd.concat(frames) if frames else pd.DataFrame(columns=TABLES["forecast_explanations"].column_names)


def _explanation(row, freq: Frequency) -> pd.DataFrame:  # type: ignore[no-untyped-def]
    mean = np.asarray(row.mean, dtype=np.float64)
    if row.model == row.drivers_of and row.drivers is not None:
        by_driver = corrected(np.stack([np.asarray(period, dtype=np.float64) for period in row.drivers]), mean)
    else:
        by_driver = shape_of(mean, row.recent_mean, freq)
    same = {"sku": row.sku, "location": row.location, "model": row.model, "start_date": row.start_date}
    return pd.DataFrame(same | {"driver": ALL_DRIVERS, "total": by_driver.sum(axis=0), "units": list(by_driver.T + 0.0)})
