"""Why the pooled model forecasts what it does: each forecast as a sum of plain drivers, in units.

The model multiplies: forecast = unit x exp(b + sum of c), with the contribution c of each feature on the logarithm (SHAP
values of trees, Lundberg et al. 2020, Nature Machine Intelligence 2, section "TreeExplainer"; exact, they add up). Held
against the plain forecast f0 = scale x exp(b), each driver k has d[k], the sum of its features' c, and
log(f / f0) = sum of d. With the logarithmic mean L = (f - f0) / log(f / f0), d[k] L is the driver's part of f - f0 in units:
no driver comes first, and nothing is left over (Ang 2004, Energy Policy 32, the logarithmic mean Divisia index).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from echelon.core.arrays import Vector
from echelon.core.forecast.features.history import Index, scale
from echelon.core.forecast.features.season import year_index
from echelon.core.forecast.models.lightgbm_direct import PooledModel
from echelon.core.forecast.panel import Covariate

# level: what the series sells as a rule. trend: how the last weeks differ from that. other: late signals, steps ahead.
DRIVERS = ("level", "trend", "season", "price", "promotion_event", "other")
_SEASON = ("same_phase_", "weekday", "month_day", "year_day", "year_index")
_LEVEL = ("sd_", "zero_share_", "log_scale", "attribute_", "since_demand", "age")
Contributions = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ExplainedForecast:
    """keys: sku and location of the n series explained, sorted. units: (n, horizon, DRIVERS) units per period, whose sum
    over the drivers is the forecast. `level` is what is forecast without any other driver; the others may be negative."""

    keys: pd.DataFrame
    units: Contributions


def explain_forecast(models: Sequence[PooledModel], chosen: Index | None = None) -> ExplainedForecast:
    """Drivers of the forecasts of the chosen series (all if None) of the panel that the models forecast: one model, or one for
    each block of the horizon, nearest first. The sums are their forecasts."""
    keys = models[0].history.panel.keys
    series = np.arange(len(keys)) if chosen is None else chosen
    units = [_units(model, series) for model in models]
    return ExplainedForecast(keys.iloc[series].reset_index(drop=True), np.concatenate(units, axis=1))


def _units(model: PooledModel, series: Index) -> Contributions:
    """(series, steps, DRIVERS) of one model."""
    rows, origin, step = model.ahead(series)
    raw = np.asarray(model.booster.predict(model.inputs(series), num_threads=1, pred_contrib=True))
    plain = scale(model.history, rows, origin) * np.exp(raw[:, -1])
    logs = _by_driver(raw[:, :-1], driver_of_features(model))
    logs[:, DRIVERS.index("season")] += np.log(year_index(model.history, rows, origin, step))
    return in_units(plain, logs).reshape(len(series), len(model.steps), len(DRIVERS))


def in_units(plain: Vector, logs: Contributions) -> Contributions:
    """Units (rows, DRIVERS) that add up to plain x exp(sum of logs), from contributions to the logarithm (rows, DRIVERS).
    What is not changed by a driver is its `level`."""
    total = logs.sum(axis=1)
    mean = plain * np.divide(np.expm1(total), total, out=np.ones(len(total)), where=total != 0)
    units = logs * mean[:, None]
    units[:, DRIVERS.index("level")] += plain
    return np.asarray(units, dtype=np.float64)


def driver_of_features(model: PooledModel) -> list[str]:
    """The driver of each feature of a model, in order."""
    panel = model.history.panel
    signals = {name: _signal_driver(c) for c in panel.covariates for name in (c.name, f"{c.name}_change")}
    return [signals.get(name) or _demand_driver(name, model.longest_mean) for name in model.names]


def segment_drivers(explained: ExplainedForecast, segments: Sequence[str]) -> pd.DataFrame:
    """Rows segment, driver, units (mean per series and period) and effect (mean size, either way, as a share of the mean
    forecast), in the order of DRIVERS. segments: of each series explained."""
    rows = []
    names = np.asarray(segments)
    for segment in sorted(set(segments)):
        units = explained.units[names == segment].reshape(-1, len(DRIVERS))
        forecast = max(float(units.sum(axis=1).mean()), 1e-12)
        means, sizes = units.mean(axis=0), np.abs(units).mean(axis=0)
        rows += [(segment, driver, means[k], sizes[k] / forecast) for k, driver in enumerate(DRIVERS)]
    return pd.DataFrame(rows, columns=["segment", "driver", "units", "effect"])


def _by_driver(contributions: Contributions, driver: list[str]) -> Contributions:
    columns = [contributions[:, [name == d for name in driver]].sum(axis=1) for d in DRIVERS]
    return np.column_stack(columns)


def _signal_driver(signal: Covariate) -> str:
    """Signals that are known ahead and are no price are promotions or events, as nothing else is planned."""
    if "price" in signal.name.lower():
        return "price"
    return "promotion_event" if signal.ahead > 0 else "other"


def _demand_driver(name: str, longest_mean: str) -> str:
    if name == longest_mean or name.startswith(_LEVEL):
        return "level"
    if name.startswith(_SEASON):
        return "season"
    return "trend" if name.startswith(("mean_", "all_mean_")) else "other"
