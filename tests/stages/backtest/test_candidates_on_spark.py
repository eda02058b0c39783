"""Candidates and combinations on Spark give what the core gives, for any buckets, partitions and order of rows."""

from datetime import date
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
from echelon.config import Configuration
from echelon.core.demand.periods import period_start
from echelon.core.forecast.base.candidate import Candidate
from echelon.core.forecast.evaluation.backtest import SCORE_COLUMNS, backtest, cutoffs
from echelon.core.forecast.evaluation.live import forecast
from echelon.core.forecast.features.covariates import Calendar, Signals
from echelon.core.forecast.panel import Panel, make_panel
from echelon.core.forecast.selection.candidates import candidates
from echelon.core.forecast.selection.combination import combinations
from echelon.core.forecast.selection.stacking import ERROR_COLUMNS
from echelon.engine.grouped.buckets import apply_in_buckets
from echelon.lake.contracts import TABLES
from echelon.lake.lake import Lake
from echelon.stages.backtest.candidates import CandidateFunction, with_candidates
from echelon.stages.backtest.combinations import with_combinations
from echelon.stages.backtest.pooled import Origins, learned
from echelon.stages.forecast.live import live_forecasts
from echelon.stages.prepare.signals import with_signals
from echelon.stages.shared.context import Context
from echelon.stages.shared.history import SERIES
from echelon.stages.shared.resumable import split
from echelon.stages.shared.windows import plan_windows
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from support.in_memory import Tables

END = 2_150
NAMES = ["seasonal_naive", "moving_average", "sba", "tsb", "median", "weighted"]
_MEMBERS = (
    "sku string, location string, model string, cutoff date, status string, "
    "forecast array<double>, actual array<double>, rmsse double"
)
KEYS = ["sku", "location", "model", "cutoff"]


class Parts(Tables):
    """Keeps parts by putting them together."""

    def keep_parts(self, _: str, parts: dict[str, DataFrame]) -> DataFrame:
        first, *others = parts.values()
        for other in others:
            first = first.unionByName(other)
        return first.cache()


@pytest.fixture(scope="module")
def demand() -> pd.DataFrame:
    """Eight series of forty weeks; one of a unit a thousand times larger."""
    rng = np.random.default_rng(8)
    weeks = period_start(np.arange(END - 40, END), "W").astype("datetime64[s]")
    sold = {f"S{i}": rng.poisson(rate, 40) * (1000.0 if i == 7 else 1.0) for i, rate in enumerate(np.geomspace(0.2, 20, 8))}
    return pd.concat([pd.DataFrame({"sku": sku, "location": "X", "date": weeks, "demand": y}) for sku, y in sold.items()])


def scoring() -> CandidateFunction:
    """A function that travels to the workers by value, as they can't import this file."""

    def scored(rows: pd.DataFrame, chosen: list[Candidate]) -> pd.DataFrame:
        panel = make_panel(rows, "W")
        return backtest(panel, chosen, cutoffs(panel.end, 4, 3), 4, (0.5, 0.95), 8)

    return scored


def opened(spark: SparkSession, demand: pd.DataFrame, buckets: int, partitions: int) -> tuple[Context, DataFrame]:
    """A run whose demand is that, in some order."""
    sections = {"run": {"frequency": "W"}, "spark": {"buckets": buckets}, "backtest": {"candidates": NAMES, "horizon": 4}}
    settings = Configuration.model_validate({"sources": {"sales": {"path": "sales.csv"}}} | sections)
    shuffled = spark.createDataFrame(demand.sample(frac=1, random_state=buckets))
    rows = shuffled.withColumn("date", F.col("date").cast("date")).repartition(partitions)
    return Context(settings, spark, cast(Lake, Parts({"demand": rows}))), rows


def on_spark(spark: SparkSession, demand: pd.DataFrame, buckets: int, partitions: int) -> pd.DataFrame:
    made, rows = opened(spark, demand, buckets, partitions)
    schema = TABLES["backtest_scores"].ddl
    ends = cutoffs(END, 4, 3)
    origins = Origins(ends, 4, Signals(Calendar("W", END - 40, 44, END)))
    single = with_candidates(made, "scores", rows, scoring(), schema, origins)
    combined = with_combinations(made, "combined", rows, single, single, scoring(), schema)
    return single.unionByName(combined).toPandas().sort_values(KEYS, ignore_index=True)


def test_as_the_core_for_any_partitioning(spark: SparkSession, demand: pd.DataFrame) -> None:
    single = scoring()(demand, candidates("W", NAMES))
    alone = pd.concat([single, scoring()(demand, combinations(single, NAMES, "W"))]).sort_values(KEYS, ignore_index=True)
    one, four = on_spark(spark, demand, 1, 1), on_spark(spark, demand, 4, 3)
    pd.testing.assert_frame_equal(one, four)
    numbers = ["rmsse", "bias", "pinball", "dispersion"]
    assert one[KEYS[:3]].equals(alone[KEYS[:3]])
    assert (one[numbers].to_numpy() == alone[numbers].to_numpy()).all()
    assert (np.stack(one["forecast"].to_list()) == np.stack(alone["forecast"].to_list())).all()
    assert set(one["status"]) == {"ok"} and set(SCORE_COLUMNS) <= set(one.columns)


def test_one_pooled_model_whatever_the_buckets(spark: SparkSession, demand: pd.DataFrame) -> None:
    """It is that of the core, which has all series at once."""
    many = pd.concat([demand.assign(sku=demand["sku"] + copy, location=copy) for copy in "PQRST"])
    panel = panel_of(many)
    ends = cutoffs(END, 4, 2)
    chosen = candidates("W", ["seasonal_naive", "lightgbm"])[1:]
    assert set(chosen[0].forecast(panel, 4).status) == {"ok"}
    expected = [chosen[0].forecast(panel.before(end).limited, 4).mean for end in ends]
    for buckets in (1, 3):
        made, rows = opened(spark, many, buckets, 2)
        beside = rows.select("sku", "location").distinct()
        given = rows.unionByName(beside, allowMissingColumns=True)
        origins = Origins(ends, 4, Signals(Calendar("W", END - 40, 44, END)))
        (taught,) = learned(made, "some", split(made, "some", given, SERIES), origins, chosen)
        assert (taught.name, taught.pooled) == ("lightgbm", False)
        for end, mean in zip(ends, expected, strict=True):
            known = panel.before(end).limited
            np.testing.assert_allclose(taught.forecast(known, 4).mean, mean, rtol=1e-9)
            part = np.arange(40) % 3 == 0
            np.testing.assert_allclose(taught.forecast(known.select(part), 4).mean, mean[part], rtol=1e-9)


def panel_of(demand: pd.DataFrame) -> Panel:
    """The demand as `Signals` makes a panel of it."""
    beside = demand[["sku", "location"]].drop_duplicates()
    return Signals(Calendar("W", END - 40, 44, END)).panel(pd.concat([demand, beside], ignore_index=True))


def test_a_series_that_hangs_costs_a_status_in_spark_workers_too(spark: SparkSession, demand: pd.DataFrame) -> None:
    def hanging(rows: pd.DataFrame) -> pd.DataFrame:
        from echelon.core.forecast.base.candidate import each_series
        from echelon.core.forecast.panel import make_panel

        def one(history: Any, _start: Any, horizon: Any) -> Any:
            while history.max() > 1000:
                pass
            return np.full(horizon, 1.0)

        panel = make_panel(rows, "W")
        means = each_series(one, seconds=0.1)(panel, 2)
        return panel.keys.assign(status=means.status)

    rows = spark.createDataFrame(demand)
    found = apply_in_buckets(rows, ["sku"], hanging, "sku string, location string, status string", 2).toPandas()
    by_sku = found.set_index("sku")["status"].to_dict()
    assert by_sku.pop("S7") == "out of time: the fit took more than 0.1 s"
    assert set(by_sku.values()) == {"ok"}


def test_the_live_forecast_of_a_combination(spark: SparkSession, demand: pd.DataFrame) -> None:
    """Half of the series have the weighted combination as their champion; weights come from the backtest."""
    made, rows = opened(spark, demand, 2, 2)
    scores = scoring()(demand, candidates("W", NAMES))
    model = {sku: "weighted" if sku < "S4" else "sba" for sku in sorted(set(demand["sku"]))}
    ddl = "sku string, location string, segment string, model string"
    chosen = spark.createDataFrame([(sku, "X", f"A-{name}", name) for sku, name in model.items()], ddl)
    champions = spark.createDataFrame([("plan", name) for name in ("weighted", "sba")], "purpose string, model string")
    series = spark.createDataFrame([(sku, "X") for sku in model], "sku string, location string")
    tables = {
        "segments": series,
        "items": series.selectExpr("sku", "cast(NULL AS string) AS category", "cast(NULL AS double) AS unit_price"),
        "locations": series.selectExpr("location", "cast(NULL AS string) AS region", "'store' AS kind").distinct(),
        "demand": rows,
        "champions": champions,
        "backtest_scores": spark.createDataFrame(scores[ERROR_COLUMNS], _MEMBERS),
    }
    made = Context(made.settings, spark, cast(Lake, Parts(tables)))
    windows = plan_windows(made.settings, date(2010, 6, 7), date(2011, 3, 7))
    beside = with_signals(made, rows.select("sku", "location", "date", "demand"), windows)
    found = live_forecasts(made, chosen, *beside, windows)[0].toPandas().sort_values("sku", ignore_index=True)
    panel = make_panel(demand, "W")
    now = pd.concat([forecast(panel, c, windows.horizon) for c in candidates("W", NAMES)])
    members = pd.concat([scores, now.assign(cutoff=now["start_date"], forecast=now["mean"], rmsse=np.nan)])
    (weighted,) = (c for c in combinations(members, NAMES, "W") if c.name == "weighted")
    expected = pd.concat([forecast(panel, weighted, windows.horizon)[:4], now[now["model"] == "sba"][4:]])
    assert found["model"].tolist() == list(model.values())
    assert (np.stack(found["mean"].to_list()) == np.stack(expected["mean"].to_list())).all()
    assert set(found["status"]) == {"ok"}
