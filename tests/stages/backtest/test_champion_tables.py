"""Champions, their scores and their history from backtest scores, in Spark."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pandas.testing as pdt
import pytest
from echelon.lake.contracts import TABLES
from echelon.stages.backtest.candidate_levels import candidate_levels
from echelon.stages.backtest.candidate_sums import replay_scores, segment_sums
from echelon.stages.backtest.champions import champion_tables
from echelon.stages.backtest.cost_terms import terms_of, with_cost_terms
from echelon.stages.shared.windows import Windows
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from support.cells import at
from support.in_memory import Rows, context

WINDOWS = Windows("D", 15000, 15365, 28, 5, 2)
CUTOFFS = [date(1970, 1, 1) + timedelta(days=cutoff) for cutoff in WINDOWS.cutoffs]
START = WINDOWS.replay_start_date
MODELS = ("seasonal_naive", "sba", "theta_weekly", "lightgbm")
# sba is best before the held-back weeks, lightgbm over all windows.
LOSS = {"seasonal_naive": [1.0] * 5, "sba": [0.5, 0.5, 0.9, 1.2, 1.2], "theta_weekly": [2.0] * 5, "lightgbm": [0.7] * 5}


def scores() -> Rows:
    rows = []
    for number in range(6):
        for model, losses in LOSS.items():
            for cutoff, loss in zip(CUTOFFS, losses, strict=True):
                status = "ValueError: no" if (number, model, cutoff) == (0, "sba", CUTOFFS[1]) else "ok"
                known = float("nan") if number == 5 else loss
                rows.append(
                    (f"S{number}", "X", model, cutoff, status, known, 0.1 * loss, known, [1.0, 2.0], [1.0, 1.0],
                     0.3, 1.0, 0.0, 0.0, 0.0, 1.0, None, loss, known, 0.5, 0.8, 0.9, 0.95, -loss, 10 * loss)
                )  # fmt: skip
    return rows


def segments() -> Rows:
    """Three series each; one was of the other segment before the weeks that are held back."""
    numbers = (100, 9, 1.0, 1.0, 1.0, 1.0, 1.0, "mature", False, 0, None, None)
    names = [("A-smooth" if n < 3 else "B-lumpy", "A-smooth" if n < 2 else "B-lumpy") for n in range(6)]
    return [(f"S{n}", "X", now, now[0], "X", now[2:], *numbers, before) for n, (now, before) in enumerate(names)]


def history(number: int, day: date, model: str) -> tuple[object, ...]:
    return (number, "old", day, "plan", "A-smooth", model, None, day, "new", 0.5, 9.0, "it was best")


def made(spark: SparkSession, past: Rows) -> dict[str, pd.DataFrame]:
    tables: dict[str, Rows] = {
        "segments": segments(), "champion_history": past,
    }  # fmt: skip
    given = context(spark, tables)
    frame = spark.createDataFrame(scores(), TABLES["backtest_scores"].ddl)
    return {name: table.toPandas() for name, table in champion_tables(given, WINDOWS, frame).items()}


def test_the_first_run_chooses_and_starts_the_history(spark: SparkSession) -> None:
    tables = made(spark, [])
    chosen = tables["champions"].set_index(["purpose", "segment"])
    assert at(chosen, ("plan", "model")).tolist() == ["lightgbm", "lightgbm"]
    assert set(at(chosen, ("replay", "model"))) == {"sba"}, "the replay's champions know nothing of its weeks"
    assert at(chosen, ("plan", "B-lumpy"))[["series", "windows"]].tolist() == [3, 5]
    assert at(chosen, ("replay", "B-lumpy"))[["series", "windows"]].tolist() == [4, 3]
    past = tables["champion_history"]
    assert list(past.columns) == TABLES["champion_history"].column_names
    assert set(past["number"]) == {1} and set(past["run_id"]) == {"this-run"}
    assert dict(past.groupby("purpose")["since"].first()) == {"plan": date(2012, 1, 26), "replay": START}
    compared = tables["candidate_scores"]
    assert len(compared) == len(chosen) * 4
    assert compared[compared["champion"]].set_index(["purpose", "segment"])["model"].to_dict() == chosen["model"].to_dict()
    failed = compared[compared["failed"] > 0]
    assert failed[["purpose", "segment", "model", "failed"]].to_numpy().tolist() == [
        ["plan", "A-smooth", "sba", 1], *([["replay", *failed.iloc[1][["segment", "model"]], 1]]),
    ]  # fmt: skip


def test_a_champion_defends_and_the_replay_remembers_nothing_of_its_weeks(spark: SparkSession) -> None:
    past = [history(1, START - timedelta(days=1), "theta_weekly"), history(2, START + timedelta(days=1), "lightgbm")]
    tables = made(spark, past)
    told = tables["champion_history"].set_index(["number", "purpose", "segment"])
    assert told.loc[([1, 2], "plan", "A-smooth"), "reason"].tolist() == ["it was best"] * 2
    now = told.loc[(3, slice(None), "A-smooth"), ["model", "previous", "change"]]
    assert at(now, (3, "plan", "A-smooth")).tolist() == ["lightgbm", "lightgbm", "kept"]
    assert at(now, (3, "replay", "A-smooth")).tolist() == ["sba", "theta_weekly", "changed"]
    assert told.loc[(3, "plan", "A-smooth"), "since"] == START + timedelta(days=1)


def test_sums_do_not_depend_on_partitions(spark: SparkSession) -> None:
    frame = spark.createDataFrame(scores(), TABLES["backtest_scores"].ddl)
    groups = spark.createDataFrame(segments(), TABLES["segments"].ddl)
    order = ["segment", "replay_segment", "model", "cutoff"]
    found = [segment_sums(frame.repartition(parts), groups).sort_values(order, ignore_index=True) for parts in (1, 5)]
    pdt.assert_frame_equal(found[0], found[1])
    one = at(found[0].set_index(order), ("B-lumpy", "B-lumpy", "lightgbm", CUTOFFS[0]))
    assert one[["series", "pinball_known", "failed"]].tolist() == [3, 2, 0]
    assert one[["pinball", "demand", "periods_in_stock", "coverage_80"]].tolist() == pytest.approx([1.4, 6.0, 2.1, 2.4])
    assert replay_scores(frame, WINDOWS).count() == frame.count() * 3 // 5


def test_candidates_at_upper_levels(spark: SparkSession) -> None:
    """Forecasts of 1 and 2 where 1 and 1 came: six series, five windows. Over and under cancel in sums."""
    frame = spark.createDataFrame(scores(), TABLES["backtest_scores"].ddl)
    given = context(spark, {"items": [(f"S{n}", None, "toys" if n < 2 else None, 1.0) for n in range(6)]})
    forecast = F.when(F.col("sku") == "S0", F.array(F.lit(1.0), F.lit(0.0))).otherwise(F.col("forecast"))
    found = candidate_levels(given, frame.withColumn("forecast", forecast).repartition(3)).toPandas()
    naive = found[found["model"] == "sba"].set_index("level")
    assert naive["members"].to_dict() == {"sku": 6, "location": 1, "category": 2, "total": 1}
    assert set(naive["demand"]) == {60.0}
    assert naive["bias"].tolist() == pytest.approx([4 / 12] * 4)
    assert naive["wape"].to_dict() == pytest.approx({"sku": 6 / 12, "location": 4 / 12, "category": 4 / 12, "total": 4 / 12})


def test_terms_of_the_cost(spark: SparkSession) -> None:
    """Lead time and review of the preferred lane, in periods; what was delivered in the held-back weeks is not known."""
    lane: tuple[Any, ...] = ("Maker", "X", 10.0, 2.0, 7, 0.0, 1.0, 1)
    late = ("d1", "Maker", "X", None, START, START, START + timedelta(days=40), 5.0, 5.0)
    tables: dict[str, Rows] = {
        "segments": [("S0", "X", "A-smooth"), ("S0", "Y", "A-smooth")],
        "targets": [("*", "*", 0.9), ("S0", "Y", 1.0)],
        "items": [("S0", None, None, 365.25)],
        "locations": [("X", "store", 0.5), ("Y", "store", 0.5)],
        "lanes": [lane, ("Other", "X", 1.0, 0.0, 1, 0.0, 1.0, 2)],
        "deliveries": [late],
    }
    given = context(spark, tables, lead_times={"min_deliveries": 1})
    rows = spark.createDataFrame(
        [("S0", place, START, 1.0) for place in "XY"], "sku string, location string, date date, demand double"
    )
    terms = terms_of(with_cost_terms(given, rows, WINDOWS).toPandas())
    assert terms.cover.tolist() == [17, 28]  # no lane into Y: the horizon
    assert terms.ratio.tolist() == [0.9, 0.999]
    assert terms.holding == pytest.approx(np.array([17, 28]) * 0.5)
