"""Stage `forecast`: the champions' forecasts with quantiles, and the distributions that simulation draws from."""

from functools import partial

import numpy as np
import pandas as pd

from echelon.core.demand.periods import Frequency, period_index, period_start
from echelon.core.forecast.candidate import Candidate
from echelon.core.forecast.distribution import quantiles
from echelon.core.forecast.live import FORECAST_COLUMNS, forecast
from echelon.core.forecast.mixture import mixture_of
from echelon.core.forecast.panel import KEYS, make_panel
from echelon.core.forecast.shape import SHAPE_COLUMNS
from echelon.engine.buckets import apply_to_rows
from echelon.lake.contracts import TABLES
from echelon.lake.contracts.forecast import QUANTILES, quantile_name
from echelon.stages.candidates import FAILED, with_candidates
from echelon.stages.context import Context
from echelon.stages.distributions import coverage, distributions, with_champions
from echelon.stages.failures import count_failures
from echelon.stages.history import SERIES, windows_of
from echelon.stages.windows import WORD, Windows

_LIVE = (
    "sku string, location string, model string, status string, start_date date, counts boolean, mean array<double>, "
    + ", ".join(f"{name} double" for name in SHAPE_COLUMNS)
)


def run(context: Context) -> str:
    """Publish `demand_distributions`, `forecasts` and `coverage`."""
    lake, windows = context.lake, windows_of(context)
    chosen = lake.keep("chosen", with_champions(lake.read("segments"), lake.read("champions"), "plan"))
    demand = lake.read("demand").join(chosen, list(SERIES)).select(*SERIES, "date", "demand", "model")
    live = with_candidates(context, "live", demand, partial(_champions_only, windows=windows), _LIVE)
    failed = count_failures(context, live, "forecasts", FAILED)
    scores = lake.keep("scores", lake.read("backtest_scores").join(chosen, [*SERIES, "model"]))
    known = distributions(context, live.join(chosen.drop("model"), list(SERIES)), scores)
    found = lake.keep("distributions", known)
    table = apply_to_rows(
        found.select(*SERIES, "model", "start_date", "counts", "mean", *SHAPE_COLUMNS, "level_cv"),
        partial(_quantile_rows, freq=windows.freq),
        TABLES["forecasts"].ddl,
    )
    honest = coverage(context, scores)
    published = lake.publish({"demand_distributions": found, "forecasts": table, "coverage": honest})
    models = found.select("model").distinct().count()
    return (
        f"{published['demand_distributions']:,} series x {windows.horizon} {WORD[windows.freq]} by {models} champion models, "
        f"{failed:,} fallbacks"
    )


def _champions_only(rows: pd.DataFrame, chosen: list[Candidate], windows: Windows) -> pd.DataFrame:
    """Forecast each series by its champion. A pooled model learns from all series, whoever their champion is."""
    model_of = rows.drop_duplicates(KEYS).sort_values(KEYS)["model"].to_numpy()
    panel = make_panel(rows, windows.freq)
    parts = []
    for candidate in chosen:
        mine = model_of == candidate.name
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
    mixture = mixture_of(*(np.asarray(getattr(row, name)) for name in SHAPE_COLUMNS))
    found = quantiles(mean, mixture, row.level_cv, row.counts, QUANTILES)
    first = int(period_index(row.start_date, freq))
    dates = period_start(np.arange(first, first + len(mean)), freq).astype("datetime64[s]")
    named = {quantile_name(level): found[:, i] for i, level in enumerate(QUANTILES)}
    return pd.DataFrame({"sku": row.sku, "location": row.location, "date": dates, "model": row.model, "mean": mean} | named)
