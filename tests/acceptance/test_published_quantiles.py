"""Whole plans into one place, the second with other quantiles than the first: what changes, what stays, what can be read."""

import pandas as pd
import pytest
from echelon.reading import read_release
from pyspark.sql import SparkSession
from support.case_plans import planned
from support.plans import Plan

pytestmark = pytest.mark.slow
CASE = "b6-weekly-all-constant"
DEFAULT = ["q05", "q25", "q50", "q75", "q90", "q95", "q975", "q99", "q995"]
CHANGED = ["q05", "q10", "q25", "q75", "q95", "q999"]


@pytest.fixture(scope="module")
def plan(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """By default, and then with 0.1 and 0.999, which leaves out 0.5, 0.9, 0.975, 0.99 and 0.995."""
    folder = tmp_path_factory.mktemp("quantiles")
    planned(spark, CASE, folder, "report")
    return planned(spark, CASE, folder, "report", ("replay:\n", "forecast:\n  quantiles: [0.1, 0.999]\nreplay:\n"))


def forecasts(plan: Plan, release: int) -> pd.DataFrame:
    frame: pd.DataFrame = read_release(str(plan.output), release).table("forecasts").to_pandas()
    return frame.sort_values(["sku", "location", "date"], ignore_index=True)


def test_every_quantile_that_is_asked_for_is_a_column_and_so_are_those_that_the_report_draws(plan: Plan) -> None:
    first, second = forecasts(plan, 1), forecasts(plan, 2)
    assert first.columns[5:].tolist() == DEFAULT
    assert second.columns[5:].tolist() == CHANGED
    assert second.notna().all(axis=None)


def test_nothing_else_changes(plan: Plan) -> None:
    first, second = forecasts(plan, 1), forecasts(plan, 2)
    same = [name for name in first.columns if name in second.columns]
    pd.testing.assert_frame_equal(first[same], second[same], check_exact=True)
    for name in ("backtest_scores", "stock_levels"):
        before, after = (read_release(str(plan.output), number).table(name).to_pandas() for number in (1, 2))
        keys = before.columns[:4].tolist()
        mine, theirs = (frame.sort_values(keys, ignore_index=True) for frame in (before, after))
        pd.testing.assert_frame_equal(mine, theirs, check_exact=True)


def test_the_quantiles_that_are_there_are_checked(plan: Plan) -> None:
    checks = plan.table("check_results").query("table == 'forecasts'")
    newest = checks[checks["run_id"] == checks["run_id"].max()]
    assert set(CHANGED) <= set(newest["subject"])
    assert "quantiles do not cross" in set(newest["subject"])
    assert not set(DEFAULT) - set(CHANGED) & set(newest["subject"])
    asked = (plan.output / "report" / "checks.html").read_text(encoding="utf-8")
    assert "q999 is 0 or more" in asked
