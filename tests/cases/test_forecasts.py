"""Cases of demand and of what is known beside it: a spike, signals without a future, stock-outs on every day, constant and
rare demand."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
import pandas as pd
import pytest
from echelon.config import load
from echelon.core.demand.cleaning import build_demand
from echelon.core.demand.periods import Frequency, period_index, period_start
from echelon.core.forecast.base.candidate import guarded
from echelon.core.forecast.distributions.shape import SHAPE_COLUMNS
from echelon.core.forecast.evaluation.backtest import backtest, cutoffs
from echelon.core.forecast.evaluation.live import forecast
from echelon.core.forecast.evaluation.scores import PINBALL_PROBABILITIES
from echelon.core.forecast.panel import Panel, make_panel
from echelon.core.forecast.selection.candidates import candidates
from echelon.core.probability.mixture import mixture_of, mixture_quantiles
from support.case_plans import CASES, planned

if TYPE_CHECKING:
    from pathlib import Path

    from echelon.stages.shared.context import Context
    from pyspark.sql import DataFrame, SparkSession
    from support.plans import Plan


class Published:
    """Stands in for the lake: what a plan has published."""

    def __init__(self, spark: SparkSession, plan: Plan) -> None:
        self.spark, self.tables = spark, plan.output / "tables"

    def read(self, name: str) -> DataFrame:
        return self.spark.read.format("delta").load(str(self.tables / name))

    def keep(self, _: str, frame: DataFrame) -> DataFrame:
        return frame


def context_of(spark: SparkSession, plan: Plan, folder: Path) -> Context:
    from echelon.lake.lake import Lake
    from echelon.stages.shared.context import Context

    return Context(load([str(folder / "case.yaml")], []), spark, cast(Lake, Published(spark, plan)))


def signals_panel(spark: SparkSession, plan: Plan, folder: Path) -> Panel:
    """What candidates see of demand and signals."""
    from echelon.stages.prepare.signals import with_signals

    context = context_of(spark, plan, folder)
    demand = context.lake.read("demand").select("sku", "location", "date", "demand")
    rows, signals = with_signals(context, demand, context.windows)
    return signals.panel(rows.toPandas().assign(date=lambda frame: pd.to_datetime(frame["date"])))


def panel_of(case: str, freq: Frequency) -> Panel:
    """What candidates see of the sales of a case, without Spark."""
    sales = pd.read_csv(CASES / case / "sales.csv", parse_dates=["date"]).rename(columns={"quantity": "quantity_sold"})
    last = int(period_index(sales["date"].max(), freq))
    return make_panel(build_demand(sales.assign(quantity_returned=0.0), freq, last).demand, freq)


def test_a_typing_error_of_a_billion_is_an_exception_and_no_demand(spark: SparkSession, tmp_path: Path) -> None:
    from echelon.stages.replenish.data_exceptions.demand_spikes import demand_spikes

    plan = planned(spark, "14-outlier-1e9", tmp_path, "prepare")
    demand, segments = plan.table("demand"), plan.table("segments").set_index("sku")
    assert "note: 1 spikes in 1 SKU-locations are counted as a usual sale, 999,999,995 units less" in plan.text
    assert demand["demand"].max() < 20 and demand["observed"].max() == 1e9
    assert segments["annual_value"]["A1"] == pytest.approx(segments["annual_value"]["A2"], rel=0.1)
    assert segments["abc"].tolist() == ["A", "A"] and segments["spikes"].to_dict() == {"A1": 1, "A2": 0}
    (told,) = demand_spikes(context_of(spark, plan, tmp_path)).collect()
    assert (told["sku"], told["location"], told["quantity"]) == ("A1", "North", 999_999_995)
    assert told["detail"].startswith("1,000,000,000 sold on 2026-03-21, unlike all other demand here, counted as 5.")


def test_a_signal_without_rows_ahead_is_told_and_hidden_from_the_past(spark: SparkSession, tmp_path: Path) -> None:
    """The same without `missing: 0`: tests/core/forecast/features/test_known_ahead.py."""
    plan = planned(spark, "b3-known-ahead-but-no-rows-ahead", tmp_path, "prepare")
    assert (
        "weather is said to be known ahead, and 28 of 28 days ahead have no row; the backtest had 140 of 140. Forecasts, "
        "backtest and replay use it as far as its rows reach and no further" in plan.text
    )
    panel = signals_panel(spark, plan, tmp_path)
    (weather,) = panel.before(panel.end - 28).covariates
    assert weather.ahead == 0 and weather.values.shape[1] == panel.values.shape[1] - 28
    (pooled,) = (c for c in candidates("D", ["lightgbm"]) if c.pooled)
    assert guarded(pooled, panel, 28).mean.mean() == pytest.approx(panel.values.mean(), rel=0.15)


def test_promotions_ahead_are_forecast_as_promotions_were(spark: SparkSession, tmp_path: Path) -> None:
    plan = planned(spark, "b2b-signals-odd-known-skus", tmp_path, "prepare")
    assert "is said to be known ahead" not in plan.text and "has no row after" not in plan.text
    panel = signals_panel(spark, plan, tmp_path)
    promotion = next(c for c in panel.covariates if c.name == "signal_promo")
    on = promotion.values[0, panel.values.shape[1] :] == 1
    (pooled,) = (c for c in candidates("D", ["lightgbm"]) if c.pooled)
    mean = guarded(pooled, panel, 28).mean
    assert promotion.ahead == 28 and 0 < on.sum() < 14
    assert 2.2 < mean[:, on].mean() / mean[:, ~on].mean() < 3.8


def test_a_stock_book_that_is_never_filled_in_leaves_what_was_sold(spark: SparkSession, tmp_path: Path) -> None:
    plan = planned(spark, "b5-every-day-stocked-out", tmp_path, "prepare")
    demand = plan.table("demand")
    assert (demand["demand"] == demand["observed"]).all() and demand["demand"].mean() > 1
    assert np.isfinite(plan.table("segments")["annual_value"]).all()
    assert "stock_history says that 2 of 2 SKU-locations ended empty in most periods, and they sold in most" in plan.text


def test_constant_weeks_are_forecast_as_they_are_with_no_width() -> None:
    panel = panel_of("b6-weekly-all-constant", "W")
    chosen = candidates("W", ["seasonal_naive", "moving_average", "tsb", "theta"])
    assert (panel.values == 4).all()
    for candidate in chosen:
        live = forecast(panel, candidate, 8)
        mean = np.stack(live["mean"].to_list())
        assert live["status"].tolist() == ["ok", "ok"] and mean == pytest.approx(4.0, abs=0.01)
        mixture = mixture_of(*(np.repeat(live[name].to_numpy(), 8) for name in SHAPE_COLUMNS))
        assert live["counts"].all() and live["underdispersed"].all()
        found = mixture_quantiles(mean.ravel(), mixture, np.zeros(16, bool), PINBALL_PROBABILITIES)
        assert found == pytest.approx(4.0, abs=0.01)
    with np.errstate(divide="raise", invalid="raise"):
        scores = backtest(panel, chosen, cutoffs(panel.end, 8, 3), 8, PINBALL_PROBABILITIES, 16)
    assert scores["rmsse"].isna().all()
    assert np.isfinite(scores[["bias", "pinball", "crps", "inventory_cost", "absolute_error"]].to_numpy(np.float64)).all()


def test_rare_demand_gets_forecasts_and_finite_scores() -> None:
    panel = panel_of("b7-all-intermittent", "D")
    chosen = candidates("D", ["seasonal_naive", "moving_average", "sba", "tsb"])
    scores = backtest(panel, chosen, cutoffs(panel.end, 28, 3), 28, PINBALL_PROBABILITIES, 56)
    assert set(scores["status"]) == {"ok"} and len(scores) == 3 * len(panel.keys) * len(chosen)
    assert np.isfinite(scores[["rmsse", "pinball", "crps", "inventory_cost"]].to_numpy(np.float64)).all()
    mean = guarded(chosen[2], panel, 28).mean
    assert (mean > 0).all() and mean.mean() == pytest.approx(np.nanmean(panel.values), rel=0.5)
    assert str(period_start(panel.end, "D")) > "2026"
