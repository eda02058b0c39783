"""Stage `forecast`: the champions' forecasts with quantiles, and the distributions that simulation draws from."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd

from echelon.core.demand.periods import Frequency, period_index, period_start
from echelon.core.forecast.distributions.distribution import quantiles
from echelon.core.forecast.distributions.level_variance import rounded_cv
from echelon.core.forecast.distributions.shape import SHAPE_COLUMNS
from echelon.core.probability.mixture import mixture_of
from echelon.engine.grouped.buckets import apply_to_rows
from echelon.lake.contracts import TABLES
from echelon.lake.contracts.quantiles import as_published, quantile_name
from echelon.stages.backtest.candidates import FAILED
from echelon.stages.forecast.ahead import ahead_table, with_paths
from echelon.stages.forecast.bias import bias_table
from echelon.stages.forecast.distributions import coverage, distributions, residual_sums, with_champions
from echelon.stages.forecast.forecast_drivers import explanations_table, features_table
from echelon.stages.forecast.live import live_forecasts
from echelon.stages.forecast.new_items import with_new_items
from echelon.stages.forecast.promotion_uplift import uplift_table
from echelon.stages.forecast.reconcile import beyond, corrected, hierarchy, level_table
from echelon.stages.forecast.situations import situation_table
from echelon.stages.forecast.without_drivers import without_drivers
from echelon.stages.prepare.signals import with_signals
from echelon.stages.shared.context import Context
from echelon.stages.shared.failures import count_failures
from echelon.stages.shared.forecast_reach import forecast_reach
from echelon.stages.shared.history import SERIES
from echelon.stages.shared.windows import WORD


def run(context: Context) -> str:
    """Publish `demand_distributions`, `forecasts`, `coverage`, `features`, `forecast_explanations`, `level_scores`,
    `ahead_scores`, `forecast_bias`, `situation_scores` and `promotion_uplift`."""
    lake, windows = context.lake, context.windows
    reach = forecast_reach(context, windows)
    chosen = lake.keep("chosen", with_champions(lake.read("segments"), lake.read("champions"), "plan"))
    demand, signals = with_signals(context, lake.read("demand").select(*SERIES, "date", "demand"), windows)
    live, features = live_forecasts(context, chosen, demand, signals, windows)
    failed = count_failures(context, live, "forecasts", FAILED)
    scores = lake.keep("scores", lake.read("backtest_scores").join(chosen, [*SERIES, "model"]))
    sums = hierarchy(context, live, scores, lake.read("demand"), windows, windows.end, reach)
    scaled = corrected(context, sums, live, "start_date", "mean", windows)
    near = with_new_items(context, scaled, lake.read("demand"), sums, windows)
    means = beyond(context, sums, near, "start_date", "mean", "mean", reach, windows)
    residuals = residual_sums(context, with_paths(context, sums, scores, windows))
    demand_distributions = lake.keep("distributions", distributions(means, residuals))
    probabilities = context.settings.forecast.published_quantiles
    table = apply_to_rows(
        demand_distributions.select(
            *SERIES,
            "model",
            "start_date",
            "counts",
            "underdispersed",
            "mean",
            *SHAPE_COLUMNS,
            "level_cv",
            "level_growth",
            "horizon",
        ),
        partial(_quantile_rows, freq=windows.freq, probabilities=probabilities),
        as_published(TABLES["forecasts"], [*map(quantile_name, probabilities)]).ddl,
    )
    compared = without_drivers(context, demand, signals, windows)
    other_tables = {
        "coverage": coverage(context, scores, residuals),
        "features": features_table(features),
        "forecast_explanations": explanations_table(context, features, demand_distributions),
        "level_scores": level_table(context, sums, scores, windows),
        "ahead_scores": ahead_table(context, sums, scores, windows),
        "forecast_bias": bias_table(context, sums, scores, windows),
        "situation_scores": situation_table(context, chosen, compared, windows),
        "promotion_uplift": uplift_table(context, compared),
    }
    published = lake.publish({"demand_distributions": demand_distributions, "forecasts": table} | other_tables)
    models = demand_distributions.select("model").distinct().count()
    return (
        f"{published['demand_distributions']:,} series x {reach} {WORD[windows.freq]} by {models} champion models, "
        f"{failed:,} fallbacks"
    )


def _quantile_rows(rows: pd.DataFrame, freq: Frequency, probabilities: Sequence[float]) -> pd.DataFrame:
    """One row per series and period."""
    return pd.concat([_series_rows(row, freq, probabilities) for row in rows.itertuples(index=False)])


def _series_rows(row, freq: Frequency, probabilities: Sequence[float]) -> pd.DataFrame:  # type: ignore[no-untyped-def]
    mean = np.asarray(row.mean)
    mixture = mixture_of(*(np.asarray(getattr(row, name)) for name in SHAPE_COLUMNS))
    ahead = np.arange(len(mean)) // row.horizon
    level_cv = np.array([rounded_cv(row.level_cv**2 + further * row.level_growth) for further in range(ahead[-1] + 1)])[ahead]
    values = quantiles(mean, mixture, level_cv, row.counts and not row.underdispersed, probabilities)
    values = np.rint(values) if row.underdispersed else values
    first = int(period_index(row.start_date, freq))
    dates = period_start(np.arange(first, first + len(mean)), freq).astype("datetime64[s]")
    named = {quantile_name(probability): values[:, i] for i, probability in enumerate(probabilities)}
    return pd.DataFrame({"sku": row.sku, "location": row.location, "date": dates, "model": row.model, "mean": mean} | named)
