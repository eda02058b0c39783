"""Correct the sums of forecasts from above: categories at locations, locations, the total
(`core.forecast.reconciliation.hierarchy`).

Only sums over groups leave Spark; what comes back is one factor per group and period, which scales the means of its series.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from echelon.core.arrays import Matrix
from echelon.core.demand.periods import Frequency, period_index, start_date
from echelon.core.forecast.distributions.lasting_errors import HORIZONS
from echelon.core.forecast.evaluation.wrmsse import Codes, groupings
from echelon.core.forecast.features.covariates import ATTRIBUTES, LOCATION, Signals
from echelon.core.forecast.panel import KEYS, Panel
from echelon.core.forecast.reconciliation.hierarchy import (
    FEWEST_WINDOWS,
    SumForecast,
    Window,
    added,
    factors,
    held_out_factors,
    learn_weights,
    make_windows,
)
from echelon.core.forecast.reconciliation.level_errors import SERIES as SERIES_LEVEL
from echelon.core.forecast.reconciliation.level_errors import SKU, SUM_COLUMNS, bottom_errors, group_errors, level_scores
from echelon.core.forecast.reconciliation.pooled_sums import pooled_sum_forecasts
from echelon.core.forecast.reconciliation.seasonal_course import continued, seasonal_factors
from echelon.engine.decimal_sums import exact_sum
from echelon.engine.grouped.buckets import apply_in_buckets, apply_to_rows
from echelon.lake.contracts import TABLES
from echelon.stages.prepare.signals import run_signals
from echelon.stages.shared.context import Context
from echelon.stages.shared.history import SERIES
from echelon.stages.shared.windows import Windows

GROUP = ("category", "place", "region")
_FACTOR = "_factor"
# A finer grouping than this is given up: its sums would not be small beside the series.
MOST_GROUPS = 1_000
_LEVELS = {"total": (), "region": ("region",), "location": ("place",), "category": ("category",),
           "category x location": ("category", "place")}  # fmt: skip
_CHAIN = ("total", "location", "category x location")
_BOTTOM = ", ".join(f"{name} {'string' if name == 'level' else 'double'}" for name in (*SUM_COLUMNS, "nodes"))


@dataclass(frozen=True)
class Hierarchy:
    """series: sku, location, GROUP, joined (number of the first origin with enough history of it). groups: one row per
    group (GROUP). origins: first periods that are forecast. windows: one per origin, the last of which is the future;
    corrections: factors (groups, h) of each; seasons: `seasonal_factors` of each (groups, periods beyond the horizon), of past
    ones those of which later demand is known."""

    series: DataFrame
    groups: pd.DataFrame
    levels: dict[str, Codes]
    chain: dict[str, Codes]
    origins: list[int]
    windows: list[Window]
    corrections: list[np.ndarray]
    seasons: list[np.ndarray]


def hierarchy(
    context: Context, live: DataFrame, past: DataFrame, demand: DataFrame, windows: Windows, origin: int, reach: int
) -> Hierarchy:
    """What corrects the forecasts `live` (start_date, mean) from the period `origin` on, and goes on with them to `reach`.

    past: the champions' rows of `backtest_scores` of windows that were over at `origin`; demand: rows before it.
    """
    origins = [*_over(windows, origin), origin]
    named = context.lake.keep("series_groups", _series(context, demand, origins, windows))
    series, groups = _not_too_many(named)
    levels = _distinct(groupings(groups, list(_LEVELS.values())))
    chain = {level: levels[level] for level in _CHAIN if level in levels}
    cohorts = _cohorts(demand.join(series, list(SERIES)), groups, origins, windows)
    sums = _forecast_sums(live, past, series, groups, origins, windows)
    reach = max(reach, max(HORIZONS) * windows.horizon)
    sum_forecast = partial(_sum_forecast, groups=groups, signals=run_signals(context, windows, windows.gap + reach))
    made = make_windows(cohorts, sums, origins, levels, list(chain), windows.freq, windows.gap, sum_forecast)
    *over, future = made
    last = factors(future, learn_weights(over, chain), chain)
    seasons = _seasons(cohorts, origins, chain, windows, reach, sum_forecast)
    return Hierarchy(series, groups, levels, chain, origins, made, [*held_out_factors(over, chain), last], seasons)


def _seasons(
    cohorts: Matrix, origins: Sequence[int], chain: dict[str, Codes], windows: Windows, reach: int, sum_forecast: SumForecast
) -> list[Matrix]:
    """Factors (groups, reach - h) of each origin, 1 at one after which the horizon alone is known."""
    found = []
    for number, origin in enumerate(origins):
        gap = windows.gap if origin < origins[-1] else 0
        if origin < origins[-1] < origin + 2 * windows.horizon:
            found.append(np.ones((cohorts.shape[1], reach - windows.horizon)))
            continue
        known = added(cohorts[: number + 1])[:, : origin - gap - windows.first]
        found.append(seasonal_factors(known, chain, windows.freq, origin - gap, windows.horizon, reach, gap, sum_forecast))
    return found


def _sum_forecast(demand: Matrix, end: int, horizon: int, groups: pd.DataFrame, signals: Signals) -> Matrix | None:
    """Forecasts of the sums of the groups by a pooled model of their own (`pooled_sums.py`)."""
    names = groups.rename(columns={"place": "location"}).assign(sku=groups["category"])
    telling = [name for name in (*ATTRIBUTES, LOCATION) if name in names and names[name].nunique() > 1]
    attributes = names[telling].astype("category") if telling else None
    calendar = signals.calendar
    whole = np.pad(demand, ((0, 0), (0, calendar.end - end)), constant_values=0.0)
    panel = signals.of_sums(Panel(names[KEYS], whole, calendar.end, calendar.freq, (), attributes))
    return pooled_sum_forecasts(panel.before(end), horizon)


def _over(windows: Windows, origin: int) -> list[int]:
    """First periods of the backtest windows that were over at a period."""
    return [cutoff + windows.gap for cutoff in windows.cutoffs if cutoff + windows.gap + windows.horizon <= origin]


def _known_until(origins: Sequence[int], windows: Windows) -> list[date]:
    """The days that rows call these origins: cutoffs of past windows, the start of the future."""
    return [start_date(period - windows.gap, windows.freq) for period in origins[:-1]] + [start_date(origins[-1], windows.freq)]


def corrected(context: Context, hierarchy: Hierarchy, rows: DataFrame, origin: str, mean: str, windows: Windows) -> DataFrame:
    """`rows` with their forecasts `mean` from the day in column `origin` scaled; zeros stay zeros."""
    joined = _with_factors(context, hierarchy, rows, origin, hierarchy.corrections, windows)
    return joined.withColumn(mean, F.zip_with(mean, _FACTOR, lambda m, f: m * f)).drop(_FACTOR)


def beyond(
    context: Context, hierarchy: Hierarchy, rows: DataFrame, origin: str, mean: str, path: str, periods: int, windows: Windows
) -> DataFrame:
    """`rows` with the column `path` of so many periods: their forecasts `mean` from the day in column `origin`, and beyond the
    horizon their level by the season of their group (`core.forecast.reconciliation.seasonal_course`)."""
    seasons = [matrix[:, : periods - windows.horizon] for matrix in hierarchy.seasons]
    joined = _with_factors(context, hierarchy, rows, origin, seasons, windows)
    known = joined if path in joined.columns else joined.withColumn(path, F.col(mean))
    schema = ", ".join(f"{field.name} {field.dataType.simpleString()}" for field in known.schema.fields)
    return apply_to_rows(known, partial(_continued, mean=mean, path=path, freq=windows.freq), schema).drop(_FACTOR)


def _continued(rows: pd.DataFrame, mean: str, path: str, freq: Frequency) -> pd.DataFrame:
    if rows.empty:
        return rows
    whole = continued(np.stack(rows[mean].to_list()), np.stack(rows[_FACTOR].to_list()), freq)
    return rows.assign(**{path: pd.Series(list(whole), rows.index)})


def _with_factors(
    context: Context, hierarchy: Hierarchy, rows: DataFrame, origin: str, factors: Sequence[Matrix], windows: Windows
) -> DataFrame:
    """With the column _FACTOR: of the group of each row and of the origin that it forecasts from."""
    table = [
        (*group, day, factor.tolist())
        for day, matrix in zip(_known_until(hierarchy.origins, windows), factors, strict=True)
        for group, factor in zip(hierarchy.groups.itertuples(index=False, name=None), matrix, strict=True)
    ]
    names = ", ".join(f"{name} string" for name in GROUP)
    known = context.spark.createDataFrame(table, f"{names}, {origin} date, {_FACTOR} array<double>")
    joined = rows.join(hierarchy.series.drop("joined"), list(SERIES))
    return joined.join(F.broadcast(known), [*GROUP, origin]).drop(*GROUP)


def level_table(context: Context, hierarchy: Hierarchy, past: DataFrame, windows: Windows) -> DataFrame:
    """The table `level_scores`, from windows whose correction could be learned from earlier ones; all if there are none."""
    first = FEWEST_WINDOWS if len(hierarchy.origins) > FEWEST_WINDOWS + 1 else 0
    judged = past.where(F.col("cutoff") >= F.lit(_known_until(hierarchy.origins, windows)[first]))
    scaled = corrected(context, hierarchy, judged.withColumn("corrected", F.col("forecast")), "cutoff", "corrected", windows)
    columns = (*SERIES, "cutoff", "rmsse", "forecast", "corrected", "actual")
    by_sku = apply_in_buckets(scaled.select(*columns), ["sku"], bottom_errors, _BOTTOM, context.settings.spark.buckets)
    sums = [exact_sum(F.col(name)).alias(name) for name in (*SUM_COLUMNS[1:], "nodes")]
    bottom = by_sku.groupBy("level").agg(*sums).toPandas()
    upper = group_errors(hierarchy.windows[first:-1], hierarchy.corrections[first:-1], hierarchy.levels)
    counts = {level: int(codes.max()) + 1 for level, codes in hierarchy.levels.items()}
    nodes = dict(zip(bottom["level"], bottom["nodes"].astype(int), strict=True))
    counts |= {level: nodes.get(level, 0) for level in (SKU, SERIES_LEVEL)}
    scores = level_scores(pd.concat([upper, bottom[SUM_COLUMNS]]), counts, len(hierarchy.origins) - 1 - first)
    weights = {w.level: w.weight for w in learn_weights(hierarchy.windows[:-1], hierarchy.chain) if w.weight > 0}
    table = TABLES["level_scores"]
    rows = scores.assign(anchor_weight=scores["level"].map(weights))[table.column_names].astype(object)
    return context.spark.createDataFrame(rows.where(rows.notna(), None).values.tolist(), table.ddl)


def _series(context: Context, demand: DataFrame, origins: Sequence[int], windows: Windows) -> DataFrame:
    limits = [start_date(origin - windows.least_periods, windows.freq) for origin in origins]
    joined = sum(((F.col("_first") > F.lit(limit)).cast("int") for limit in limits), F.lit(0))
    places = context.lake.read("locations")
    region = F.coalesce("region", F.lit("")) if "region" in places.columns else F.lit("")
    category = F.coalesce("category", F.lit(""))
    first = demand.groupBy(*SERIES).agg(F.min("date").alias("_first"))
    items = context.lake.read("items").select("sku", category.alias("category"))
    known = places.select("location", region.alias("region"))
    return first.join(items, "sku").join(known, "location").select(
        *SERIES, "category", F.col("location").alias("place"), "region", joined.alias("joined")
    )  # fmt: skip


def _not_too_many(series: DataFrame) -> tuple[DataFrame, pd.DataFrame]:
    """Series and groups, without categories, or in one group, where there would be more than MOST_GROUPS."""
    for dropped in ((), ("category",), GROUP):
        coarse = series.withColumns({name: F.lit("") for name in dropped})
        groups = coarse.select(*GROUP).distinct().limit(MOST_GROUPS + 1).toPandas()
        if len(groups) <= MOST_GROUPS:
            break
    return coarse, groups.sort_values(list(GROUP), ignore_index=True)


def _distinct(levels: dict[str, Codes]) -> dict[str, Codes]:
    """By name; without those that add up the same as one before (one region, no categories)."""
    first_of: dict[bytes, tuple[str, Codes]] = {}
    for name, codes in zip(_LEVELS, levels.values(), strict=True):
        first_of.setdefault(np.unique(codes, return_index=True)[1][codes].tobytes(), (name, codes))
    return dict(first_of.values())


def _cohorts(demand: DataFrame, groups: pd.DataFrame, origins: Sequence[int], windows: Windows) -> np.ndarray:
    """(origins, groups, periods) demand of the series that join at each origin; NaN where they have not begun."""
    by_date = demand.where(F.col("joined") < len(origins)).groupBy(*GROUP, "joined", "date")
    dated = by_date.agg(F.struct("date", exact_sum(F.col("demand")).alias("units")).alias("_dated"))
    packed = dated.groupBy(*GROUP, "joined").agg(F.collect_list("_dated").alias("_rows"))
    rows = packed.select(*GROUP, "joined", F.transform("_rows", lambda r: F.unix_date(r["date"])).alias("days"), "_rows.units")
    by_group = rows.toPandas().merge(groups.reset_index(names="group"), on=list(GROUP))
    result = np.full((len(origins), len(groups), origins[-1] - windows.first), np.nan)
    for joined, group, days, units in by_group[["joined", "group", "days", "units"]].to_numpy(object):
        period = period_index(np.asarray(days, dtype="datetime64[D]"), windows.freq)
        result[joined, group, period - windows.first] = units
    return result


def _forecast_sums(
    live: DataFrame, past: DataFrame, series: DataFrame, groups: pd.DataFrame, origins: Sequence[int], windows: Windows
) -> np.ndarray:
    """(origins, groups, h) sums of the forecasts of the series that had joined."""
    forecasts = past.select(*SERIES, "cutoff", "forecast").unionByName(
        live.select(*SERIES, F.col("start_date").alias("cutoff"), F.col("mean").alias("forecast"))
    )
    joined = forecasts.join(series.where(F.col("joined") < len(origins)), list(SERIES))
    sums = [exact_sum(F.get("forecast", F.lit(step))) for step in range(windows.horizon)]
    rows = joined.groupBy(*GROUP, "cutoff").agg(F.array(*sums).alias("forecast")).toPandas()
    by_group = rows.merge(groups.reset_index(names="group"), on=list(GROUP))
    number = {day: index for index, day in enumerate(_known_until(origins, windows))}
    result = np.zeros((len(origins), len(groups), windows.horizon))
    for cutoff, group, forecast in by_group[["cutoff", "group", "forecast"]].to_numpy(object):
        result[number[cutoff], group] = forecast
    return result
