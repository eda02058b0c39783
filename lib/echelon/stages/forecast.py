"""Stage `forecast`: the champions' forecasts with quantiles, and the distributions that simulation draws from."""

from functools import partial

import numpy as np
import pandas as pd

from echelon.core.demand.periods import Frequency, period_index, period_start
from echelon.core.forecast.candidate import Candidate
from echelon.core.forecast.covariates import Signals
from echelon.core.forecast.distribution import quantiles
from echelon.core.forecast.live import forecast
from echelon.core.forecast.panel import KEYS
from echelon.engine.buckets import apply_to_rows
from echelon.lake.contracts import TABLES
from echelon.lake.contracts.forecast import QUANTILES, quantile_name
from echelon.stages.candidates import FAILED, with_candidates
from echelon.stages.context import Context
from echelon.stages.distributions import distributions, with_champions
from echelon.stages.failures import count_failures
from echelon.stages.history import SERIES, windows_of
from echelon.stages.insight import INSIGHT, Explained, explained_skus, explanations_table, features_table, insight
from echelon.stages.signals import with_signals
from echelon.stages.windows import WORD, Windows

_LIVE = (
    "sku string, location string, model string, status string, start_date date, counts boolean, mean array<double>, "
    "dispersion double"
)
_COLUMNS = [column.split()[0] for column in f"{_LIVE}, {INSIGHT}".split(", ")]


def run(context: Context) -> str:
    """Publish `demand_distributions`, `forecasts`, `features` and `forecast_explanations`."""
    lake, windows = context.lake, windows_of(context)
    chosen = lake.keep("chosen", with_champions(lake.read("segments"), lake.read("champions"), "plan"))
    demand, signals = with_signals(context, lake.read("demand").select(*SERIES, "date", "demand"), windows)
    known = demand.join(chosen.select(*SERIES, "model"), list(SERIES))
    function = partial(_champions_only, windows=windows, signals=signals, explained=explained_skus(context))
    everything = with_candidates(context, "live", known, function, f"{_LIVE}, {INSIGHT}")
    live, seen = everything.where("features IS NULL"), everything.where("features IS NOT NULL")
    failed = count_failures(context, live, "forecasts", FAILED)
    scores = lake.read("backtest_scores").join(chosen, [*SERIES, "model"])
    foretold = distributions(context, live.join(chosen.drop("model"), list(SERIES)), scores)
    found = lake.keep("distributions", foretold)
    table = apply_to_rows(
        found.select(*SERIES, "model", "start_date", "counts", "mean", "dispersion", "level_cv"),
        partial(_quantile_rows, freq=windows.freq),
        TABLES["forecasts"].ddl,
    )
    told = {"features": features_table(seen), "forecast_explanations": explanations_table(context, seen, found)}
    published = lake.publish({"demand_distributions": found, "forecasts": table} | told)
    models = found.select("model").distinct().count()
    return (
        f"{published['demand_distributions']:,} series x {windows.horizon} {WORD[windows.freq]} by {models} champion models, "
        f"{failed:,} fallbacks"
    )


def _champions_only(
    rows: pd.DataFrame, chosen: list[Candidate], windows: Windows, signals: Signals, explained: Explained
) -> pd.DataFrame:
    """Forecast each series by its champion. A pooled model learns from all series, whoever their champion is, and says in
    rows of their own what it sees of each."""
    model_of = rows.drop_duplicates(KEYS).sort_values(KEYS)["model"].to_numpy()
    panel = signals.panel(rows)
    parts = insight(panel, chosen, windows.horizon, explained)
    for candidate in chosen:
        mine = model_of == candidate.name
        if not mine.any():
            continue
        found = forecast(panel if candidate.pooled else panel.select(mine), candidate, windows.horizon)
        parts.append(found[mine] if candidate.pooled else found)
    empty = pd.DataFrame(columns=_COLUMNS, dtype=object)
    table = pd.concat([empty, *(part.reindex(columns=_COLUMNS).astype(object) for part in parts)])
    return table.where(table.notna(), None)


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
