"""The correction from above on a small lake, against sums made by hand with pandas."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from echelon.core.arrays import Doubles
from echelon.core.forecast.evaluation.scores import naive_mse, rmsse
from echelon.core.forecast.selection.new_items import BORROWED
from echelon.lake.contracts import TABLES
from echelon.stages.forecast.ahead import ahead_table
from echelon.stages.forecast.bias import bias_table
from echelon.stages.forecast.new_items import with_new_items
from echelon.stages.forecast.reconcile import Hierarchy, beyond, corrected, hierarchy, level_table
from echelon.stages.shared.context import Context
from pyspark.sql import SparkSession
from support.cells import at
from support.in_memory import Rows, context

DAYS, HORIZON, WINDOWS, BIAS = 196, 7, 6, 0.8
START = date(2025, 1, 6)
SERIES = [("A", "North", "tea"), ("A", "South", "tea"), ("B", "North", "tea"), ("C", "North", "pots"), ("D", "South", None),
          ("E", "South", "tea")]  # fmt: skip


def made_demand() -> dict[tuple[str, str], np.ndarray]:
    """Weekday pattern x level; series D begins so late that it joins only the last two windows."""
    rng = np.random.default_rng(5)
    week = np.resize([1.4, 1.0, 1.0, 1.2, 1.6, 0.8, 0.0], DAYS)
    return {
        key[:2]: np.round(week * level * rng.uniform(0.8, 1.2, DAYS))
        for key, level in zip(SERIES, (40, 30, 20, 50, 10, 60), strict=True)
    }


LATE = DAYS - 5 * HORIZON  # first day of D
NEW = DAYS - 8  # first day of E: it joins no window, and not even the future
FIRST = {"D": LATE, "E": NEW}
Made = tuple[Context, dict[tuple[str, str], Doubles]]


@pytest.fixture(scope="module")
def made(spark: SparkSession) -> Made:
    demand = made_demand()
    rows, scores = [], []
    for key, values in demand.items():
        first = FIRST.get(key[0], 0)
        for day in range(first, DAYS):
            rows.append((*key, START + timedelta(days=day), float(values[day]), 0.0, float(values[day]), 0.0))
        for window in range(WINDOWS):
            cutoff = DAYS - (WINDOWS - window) * HORIZON
            if cutoff - first >= 2 * HORIZON:
                actual = values[cutoff : cutoff + HORIZON]
                # what a real candidate would say: low by a fifth in every window
                forecast = BIAS * values[cutoff - HORIZON : cutoff]
                scale = naive_mse(values[None, first:cutoff])
                score = float(rmsse(actual[None], forecast[None], scale)[0])
                scores.append(
                    (*key, "m", START + timedelta(days=cutoff), "ok", score, 0.0, 0.0, forecast.tolist(), actual.tolist(), 0.1)
                )
    tables: dict[str, Rows] = {
        "demand": rows,
        "items": [(sku, sku, category, 1.0) for sku, category in {s[0]: s[2] for s in SERIES}.items()],
        "locations": [("North", "store", 0.2), ("South", "store", 0.2)],
        "backtest_scores": scores,
    }
    made_context = context(spark, tables, backtest={"horizon": HORIZON, "windows": WINDOWS}, replay={"weeks": 2})
    return made_context, demand


@pytest.fixture(scope="module")
def found(made: Made, spark: SparkSession) -> Hierarchy:
    work, demand = made
    live = [(*key, START + timedelta(days=DAYS), (BIAS * values[-HORIZON:]).tolist()) for key, values in demand.items()]
    frame = spark.createDataFrame(live, "sku string, location string, start_date date, mean array<double>")
    windows = work.windows
    return hierarchy(
        work, frame, work.lake.read("backtest_scores"), work.lake.read("demand"), windows, windows.end, 5 * HORIZON
    )


def test_sums_are_those_of_the_series_that_had_joined(made: Made, found: Hierarchy) -> None:
    _, demand = made
    assert list(found.levels) == ["total", "location", "category", "category x location"]
    assert list(found.chain) == ["total", "location", "category x location"]
    assert len(found.windows) == WINDOWS + 1 and found.windows[-1].actual is None
    for window in range(WINDOWS):
        cutoff = DAYS - (WINDOWS - window) * HORIZON
        members = [key for key in demand if cutoff - FIRST.get(key[0], 0) >= 2 * HORIZON]
        actual = found.windows[window].actual
        assert actual is not None and actual.sum() == sum(demand[k][cutoff : cutoff + HORIZON].sum() for k in members)
        assert found.windows[window].bottom_up.sum() == pytest.approx(
            BIAS * sum(demand[k][cutoff - HORIZON : cutoff].sum() for k in members)
        )
    assert found.windows[-1].bottom_up.sum() == pytest.approx(
        BIAS * sum(v[-HORIZON:].sum() for k, v in demand.items() if k[0] != "E")
    )


def test_low_forecasts_are_raised_from_the_fourth_window_on(found: Hierarchy) -> None:
    assert all((matrix == 1.0).all() for matrix in found.corrections[:3])
    for matrix in found.corrections[3:]:
        open_days = matrix[:, :6]
        assert 1.1 < open_days.mean() < 1.35


def test_means_are_scaled_by_group_and_zero_stays_zero(made: Made, found: Hierarchy, spark: SparkSession) -> None:
    work, _ = made
    day = START + timedelta(days=DAYS)
    rows = [("A", "North", day, [10.0] * 6 + [0.0]), ("D", "South", day, [1.0] * 7)]
    frame = spark.createDataFrame(rows, "sku string, location string, start_date date, mean array<double>")
    got = {r["sku"]: r["mean"] for r in corrected(work, found, frame, "start_date", "mean", work.windows).collect()}
    groups = {(g.category, g.place): i for i, g in enumerate(found.groups.itertuples())}
    assert got["A"] == pytest.approx([*(10.0 * found.corrections[-1][groups["tea", "North"]][:6]), 0.0])
    assert got["D"] == pytest.approx(found.corrections[-1][groups["", "South"]])


def test_beyond_the_horizon_means_go_on_by_the_season_of_their_group(made: Made, found: Hierarchy, spark: SparkSession) -> None:
    work, _ = made
    assert [matrix.shape for matrix in found.seasons] == [(4, 4 * HORIZON)] * (WINDOWS + 1)
    assert all((matrix == 1.0).all() for matrix in found.seasons), "half a year of history tells no season"
    number = {(g.category, g.place): i for i, g in enumerate(found.groups.itertuples())}
    seasonal = replace(found, seasons=[np.arange(1.0, 5.0)[:, None] * matrix for matrix in found.seasons])
    day = START + timedelta(days=DAYS)
    rows = [("A", "North", day, [*map(float, range(7))], 1), ("D", "South", day, [0.0] * 7, 2)]
    frame = spark.createDataFrame(rows, "sku string, location string, start_date date, mean array<double>, other int")
    far = beyond(work, seasonal, frame, "start_date", "mean", "mean", 3 * HORIZON, work.windows).collect()
    got = {row["sku"]: row for row in far}
    factor = 1.0 + number["tea", "North"]
    assert got["A"]["mean"] == [*range(7), *(factor * np.arange(7.0)), *(factor * np.arange(7.0))]
    assert got["D"]["mean"] == [0.0] * 21 and (got["D"]["other"], got["D"]["start_date"]) == (2, day)
    none = beyond(work, seasonal, frame, "start_date", "mean", "mean", HORIZON, work.windows).collect()
    assert {row["sku"]: row["mean"] for row in none}["A"] == [*range(7)]


def test_errors_by_how_far_ahead_they_lie(made: Made, found: Hierarchy) -> None:
    """Against sums by hand: forecasts as corrected then, times a season of two beyond the horizon."""
    work, demand = made
    doubled = replace(found, seasons=[2.0 * matrix for matrix in found.seasons])
    rows = ahead_table(work, doubled, work.lake.read("backtest_scores"), work.windows).toPandas()
    assert list(rows.columns) == TABLES["ahead_scores"].column_names
    assert set(rows["model"]) == {"champion"}, "no moving average competed"
    table = rows.set_index("ahead").sort_index()
    assert table["windows"].to_dict() == {1: 6, 2: 5, 3: 4, 4: 3}
    group = {(g.category, g.place): i for i, g in enumerate(found.groups.itertuples())}
    category = {key[:2]: key[2] or "" for key in SERIES}
    for ahead in (1, 3):
        errors, sold, count = [], 0.0, 0
        for window in range(WINDOWS + 1 - ahead):
            cutoff = DAYS - (WINDOWS - window) * HORIZON
            for key, values in demand.items():
                if cutoff - FIRST.get(key[0], 0) < 2 * HORIZON:
                    continue
                corrections = found.corrections[window][group[category[key], key[1]]]
                forecast = BIAS * values[cutoff - HORIZON : cutoff] * corrections * (1.0 if ahead == 1 else 2.0)
                actual = values[cutoff + (ahead - 1) * HORIZON : cutoff + ahead * HORIZON]
                errors.append(forecast - actual)
                sold, count = sold + actual.sum(), count + 1
        assert table.loc[ahead, "forecasts"] == count and table.loc[ahead, "demand"] == pytest.approx(sold)
        assert table.loc[ahead, "wape"] == pytest.approx(np.abs(errors).sum() / sold)
        assert table.loc[ahead, "bias"] == pytest.approx(np.sum(errors) / sold)


def test_the_table_of_levels(made: Made, found: Hierarchy) -> None:
    work, demand = made
    table = level_table(work, found, work.lake.read("backtest_scores"), work.windows).toPandas().set_index("level")
    assert list(table.reset_index().columns) == TABLES["level_scores"].column_names
    assert table["groups"].to_dict() == {
        "total": 1, "location": 2, "category": 3, "category x location": 4, "SKU": 4, "SKU x location": 5,
    }  # fmt: skip
    assert (table["windows"] == 3).all()
    members = [(DAYS - back * HORIZON, key) for back in (3, 2, 1) for key in demand
               if DAYS - back * HORIZON - FIRST.get(key[0], 0) >= 2 * HORIZON]  # fmt: skip
    errors = [BIAS * demand[k][c - HORIZON : c] - demand[k][c : c + HORIZON] for c, k in members]
    sold = sum(demand[k][c : c + HORIZON].sum() for c, k in members)
    assert table.loc["SKU x location", "wape_before"] == pytest.approx(np.abs(errors).sum() / sold)
    assert table["bias_before"].tolist() == pytest.approx([np.sum(errors) / sold] * 6)
    scales = [naive_mse(demand[k][None, FIRST.get(k[0], 0) : c])[0] for c, k in members]
    scores = [np.sqrt((e**2).mean() / s) for e, s in zip(errors, scales, strict=True)]
    assert table.loc["SKU x location", "rmsse_before"] == pytest.approx(np.mean(scores))
    assert np.isnan(at(table, ("SKU", "rmsse_before")))
    assert (table["bias_after"].abs() < 0.1).all() and (table["wape_after"] < table["wape_before"]).all()
    assert at(table, ("total", "anchor_weight")) > 0.5 and pd.isna(at(table, ("SKU", "anchor_weight")))


def test_a_new_item_sells_like_its_neighbours_until_its_own_days_count(
    made: Made, found: Hierarchy, spark: SparkSession
) -> None:
    work, demand = made
    day, columns = START + timedelta(days=DAYS), "sku string, location string, model string, status string, start_date date"
    live = [(*key, "m", "ok", day, [float(key[0] == "A")] * HORIZON) for key in demand]
    frame = spark.createDataFrame(live, f"{columns}, mean array<double>")
    rows = with_new_items(work, frame, work.lake.read("demand"), found, work.windows).collect()
    got = {row["sku"]: row for row in rows}
    assert len(rows) == len(demand) and got["A"]["mean"] == [1.0] * HORIZON and got["B"]["model"] == "m"
    own = demand["E", "South"][NEW + 1 :].mean()
    assert (got["E"]["model"], got["E"]["status"], got["E"]["start_date"]) == (BORROWED, "ok", day)
    similar = np.mean([values[-HORIZON:].mean() for key, values in demand.items() if key[0] != "E"])
    assert 0.3 * similar < np.mean(got["E"]["mean"]) < own
    tea = found.groups.index[(found.groups["category"] == "tea") & (found.groups["place"] == "South")][0]
    course = found.windows[-1].bottom_up[tea] * found.corrections[-1][tea]
    assert np.array(got["E"]["mean"]) / np.mean(got["E"]["mean"]) == pytest.approx(course / course.mean())


def test_the_order_of_rows_does_not_matter(made: Made, found: Hierarchy, spark: SparkSession) -> None:
    work, demand = made
    windows, read = work.windows, work.lake.read
    live = [(*k, START + timedelta(days=DAYS), (BIAS * v[-HORIZON:]).tolist()) for k, v in reversed(list(demand.items()))]
    frame = spark.createDataFrame(live, "sku string, location string, start_date date, mean array<double>").repartition(3)
    past, history = read("backtest_scores").repartition(5), read("demand").repartition(4)
    again = hierarchy(work, frame, past, history, windows, windows.end, 5 * HORIZON)
    for one, other in zip(found.corrections, again.corrections, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_table_of_biases_has_all_locations_and_categories(made: Made, found: Hierarchy) -> None:
    work, demand = made
    rows = bias_table(work, found, work.lake.read("backtest_scores"), work.windows).toPandas()
    assert list(rows.columns) == TABLES["forecast_bias"].column_names
    table = rows.set_index(["level", "member"])
    assert set(table.index) == {
        ("total", "all"), ("location", "North"), ("location", "South"), ("category", "tea"), ("category", "pots"),
    }  # fmt: skip
    pots = demand[("C", "North")]
    assert table.loc[("category", "pots"), "windows"] == WINDOWS
    assert table.loc[("category", "pots"), "demand"] == pytest.approx(pots[-WINDOWS * HORIZON :].sum())
    by_level = rows.groupby("level")["demand"].sum()
    assert by_level["location"] == pytest.approx(by_level["total"])
    # before three windows are over nothing is corrected: what is low by a fifth is low by a fifth
    assert (table["bias"] < 0).all()
