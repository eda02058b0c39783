"""What the pooled model would forecast without signals and events: it learns a second time without them, for the newest window
of the backtest alone."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from echelon.config import Configuration
from echelon.core.demand.periods import start_date
from echelon.core.forecast.base.candidate import OK, Candidate, guarded
from echelon.core.forecast.features.covariates import Signals
from echelon.core.forecast.features.promotions import Kind, promoted
from echelon.core.forecast.selection.candidates import candidates
from echelon.stages.backtest.candidates import demand_rows, names
from echelon.stages.backtest.pooled import SHARED_OUT, Origins, learned, rhythm_of
from echelon.stages.shared.context import Context
from echelon.stages.shared.history import SERIES, life_cycle_of
from echelon.stages.shared.resumable import split
from echelon.stages.shared.windows import Windows

_SCHEMA = "sku string, location string, cutoff date, status string, without array<double>, promoted array<string>"


def promotions(settings: Configuration) -> list[tuple[Kind, str]]:
    """Kind and name of the signals that say of promotions (0 where they have no row) and of prices."""
    found: list[tuple[Kind, str]] = []
    for name, signal in sorted(settings.signals.items()):
        if signal.source == "signals" and signal.missing == 0:
            found.append(("promotion", name))
        elif signal.source == "sales" or "price" in name.lower():
            found.append(("price_cut", name))
    return found


def without_drivers(context: Context, demand: DataFrame, signals: Signals, windows: Windows) -> DataFrame | None:
    """sku, location, cutoff, actual, `with` and `without` (forecasts of the pooled model with and without signals and events),
    promoted (what is on in each period, see `_promoted`): a row per series of the newest window that
    both forecast.

    demand, signals: as `with_signals` makes them. None where the run has no signals and events, or no model that reads them.
    """
    freq, care = windows.freq, life_cycle_of(context.settings)
    pooled = [candidate for candidate in candidates(freq, names(context), care=care) if candidate.name in SHARED_OUT][:1]
    if not signals.chosen or not pooled:
        return None
    buckets = split(context, "without_drivers", demand, SERIES, demand_rows(context))
    bare = replace(signals, chosen=(), shared={})
    (taught,) = learned(context, "without_drivers", buckets, _newest(context, windows, bare), pooled)
    kinds = promotions(context.settings)
    function = partial(_newest_window, candidate=taught, windows=windows, bare=bare, signals=signals, kinds=kinds)
    rows = context.lake.keep_parts("without_drivers", buckets.parts(function, _SCHEMA))
    ours = context.lake.read("backtest_scores").where((F.col("model") == taught.name) & (F.col("status") == OK))
    known = ours.select(*SERIES, "cutoff", F.col("forecast").alias("with"), "actual")
    return rows.where(F.col("status") == OK).drop("status").join(known, [*SERIES, "cutoff"])


def _newest(context: Context, windows: Windows, signals: Signals) -> Origins:
    """The newest cutoff, and those before it by whose model it is forecast."""
    every = context.settings.backtest.refit
    first = (windows.windows - 1) // every * every
    return Origins(windows.cutoffs[first:], windows.gap + windows.horizon, signals, every, rhythm_of(context))


def _newest_window(
    rows: pd.DataFrame,
    candidate: Candidate,
    windows: Windows,
    bare: Signals,
    signals: Signals,
    kinds: Sequence[tuple[Kind, str]],
) -> pd.DataFrame:
    """Rows (_SCHEMA) of the series of a bucket that take part in the newest window."""
    cutoff = windows.cutoffs[-1]
    panel = bare.panel(rows).before(cutoff)
    joins = panel.lengths >= max(windows.least_periods, 1)
    if not joins.any():
        return pd.DataFrame(columns=[column.split()[0] for column in _SCHEMA.split(", ")])
    means = guarded(candidate, panel.select(joins), windows.gap + windows.horizon)
    return pd.DataFrame(
        {
            **{key: panel.keys.loc[joins, key].to_numpy() for key in SERIES},
            "cutoff": start_date(cutoff, windows.freq),
            "status": means.status,
            "without": list(means.mean[:, windows.gap :]),
            "promoted": _promoted(rows, signals, windows, kinds)[joins].tolist(),
        }
    )


def _promoted(rows: pd.DataFrame, signals: Signals, windows: Windows, kinds: Sequence[tuple[Kind, str]]) -> np.ndarray:
    """(n, horizon) names of what is on in each period of the newest window, "flyer + price cut"; empty: nothing."""
    panel = signals.panel(rows)
    covariates = {signal.name: values for signal, values in zip(signals.chosen, panel.covariates, strict=True)}
    start = panel.values.shape[1] - (panel.end - windows.cutoffs[-1]) + windows.gap
    names = np.full((len(panel.keys), windows.horizon), "", dtype=object)
    for kind, signal in kinds:
        name = signal if kind == "promotion" else f"{signal} cut"
        on = promoted(covariates[signal], kind, start, windows.horizon, windows.freq)
        names = np.where(on, np.where(names == "", name, names + f" + {name}"), names)
    return names
