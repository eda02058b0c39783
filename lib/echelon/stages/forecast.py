"""Stage `forecast`: the champions' forecasts with quantiles, and the distributions that simulation draws from."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from echelon.core.demand.periods import Frequency, period_index, period_start
from echelon.core.forecast.candidate import Candidate
from echelon.core.forecast.combination import MEMBER_COLUMNS
from echelon.core.forecast.distribution import quantiles
from echelon.core.forecast.live import FORECAST_COLUMNS, forecast
from echelon.core.forecast.names import COMBINATIONS, needed_for
from echelon.core.forecast.panel import KEYS, make_panel
from echelon.engine.buckets import apply_to_rows
from echelon.lake.contracts import TABLES
from echelon.lake.contracts.forecast import QUANTILES, quantile_name
from echelon.stages.candidates import FAILED, CandidateFunction, names, with_candidates
from echelon.stages.combinations import with_combinations
from echelon.stages.context import Context
from echelon.stages.distributions import distributions, with_champions
from echelon.stages.failures import count_failures
from echelon.stages.history import SERIES, windows_of
from echelon.stages.windows import WORD, Windows

_LIVE = (
    "sku string, location string, model string, status string, start_date date, counts boolean, mean array<double>, "
    "dispersion double"
)


def run(context: Context) -> str:
    """Publish `demand_distributions` and `forecasts`."""
    lake, windows = context.lake, windows_of(context)
    chosen = lake.keep("chosen", with_champions(lake.read("segments"), lake.read("champions"), "plan"))
    demand = lake.read("demand").join(chosen, list(SERIES)).select(*SERIES, "date", "demand", "model")
    live = _live(context, demand, chosen, partial(_champions_only, windows=windows, names=names(context)))
    failed = count_failures(context, live, "forecasts", FAILED)
    scores = lake.read("backtest_scores").join(chosen, [*SERIES, "model"])
    known = distributions(context, live, scores)
    found = lake.keep("distributions", known)
    table = apply_to_rows(
        found.select(*SERIES, "model", "start_date", "counts", "mean", "dispersion", "level_cv"),
        partial(_quantile_rows, freq=windows.freq),
        TABLES["forecasts"].ddl,
    )
    published = lake.publish({"demand_distributions": found, "forecasts": table})
    models = found.select("model").distinct().count()
    return (
        f"{published['demand_distributions']:,} series x {windows.horizon} {WORD[windows.freq]} by {models} champion models, "
        f"{failed:,} fallbacks"
    )


def _live(context: Context, demand: DataFrame, chosen: DataFrame, function: CandidateFunction) -> DataFrame:
    """One row per series, of its champion: columns `_LIVE` and segment."""
    single = with_candidates(context, "live", demand, function, _LIVE)
    is_combination = F.col("model").isin(*COMBINATIONS)
    champions = context.lake.read("champions").where("purpose = 'plan'").where(is_combination)
    if champions.isEmpty():
        return single.join(chosen, [*SERIES, "model"])
    mine = chosen.where(is_combination).select(*SERIES)
    now = {"cutoff": F.col("start_date"), "forecast": F.col("mean"), "rmsse": F.lit(None).cast("double")}
    past = context.lake.read("backtest_scores").join(mine, list(SERIES), "semi")
    members = single.withColumns(now).select(MEMBER_COLUMNS).unionByName(past.select(MEMBER_COLUMNS))
    combined = with_combinations(context, "live_combined", demand.where(is_combination), members, function, _LIVE)
    return single.unionByName(combined).join(chosen, [*SERIES, "model"])


def _champions_only(rows: pd.DataFrame, chosen: list[Candidate], windows: Windows, names: Sequence[str]) -> pd.DataFrame:
    """Forecast each series by its champion, and by the members of one that is a combination. A pooled model learns from all
    series, whoever their champion is."""
    model_of = rows.drop_duplicates(KEYS).sort_values(KEYS)["model"].to_numpy()
    panel = make_panel(rows, windows.freq)
    parts = []
    for candidate in chosen:
        mine = np.array([candidate.name in needed_for(model, names) for model in model_of])
        if not mine.any():
            continue
        found = forecast(panel if candidate.pooled else panel.select(mine), candidate, windows.horizon)
        parts.append(found[mine] if candidate.pooled else found)
    return pd.concat(parts) if parts else pd.DataFrame(columns=FORECAST_COLUMNS)


def _quantile_rows(rows: pd.DataFrame, freq: Frequency) -> pd.DataFrame:
    """One row per series and period."""
    return pd.concat([_series_rows(row, freq) for row in rows.itertuples(index=False)])


def _series_rows(row, freq: Frequency) -> pd.DataFrame:  # type: ignore[no-untyped-def]
    mean = np.asarray(row.mean)
    found = quantiles(mean, row.dispersion, row.level_cv, row.counts, QUANTILES)
    first = int(period_index(row.start_date, freq))
    dates = period_start(np.arange(first, first + len(mean)), freq).astype("datetime64[s]")
    named = {quantile_name(level): found[:, i] for i, level in enumerate(QUANTILES)}
    return pd.DataFrame({"sku": row.sku, "location": row.location, "date": dates, "model": row.model, "mean": mean} | named)
