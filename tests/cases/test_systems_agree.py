"""Deliveries and lanes with slips, and a stock book that nobody keeps: the plan stays near what is right, or says no."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.case_plans import planned

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession


def test_one_mistyped_year_leaves_the_lead_time_as_it_is(spark: SparkSession, tmp_path: Path) -> None:
    plan = planned(spark, "33-one-mistyped-order-date", tmp_path, "prepare")
    row = plan.table("lead_times").iloc[0]
    assert row["deliveries"] == 39 and row["mean_days"] == pytest.approx(10, abs=0.01) and max(row["days"]) < 15


def test_a_lane_without_a_deviation_gets_a_share_of_its_lead_time(spark: SparkSession, tmp_path: Path) -> None:
    lanes = planned(spark, "12b-one-day-lane-no-deviation", tmp_path).table("lanes").set_index("destination")
    assert lanes["lead_time_sd_days"].to_dict() == {"Shop0": 0.0, "ShopX": 0.3}


def test_supply_on_the_same_day_is_certain(spark: SparkSession, tmp_path: Path) -> None:
    lanes = planned(spark, "12-lead-time-zero", tmp_path).table("lanes")
    assert lanes["lead_time_days"].tolist() == lanes["lead_time_sd_days"].tolist() == [0.0, 0.0]


def test_sales_under_a_book_that_is_never_filled_stay_demand(spark: SparkSession, tmp_path: Path) -> None:
    demand = planned(spark, "b5-every-day-stocked-out", tmp_path, "prepare").table("demand")
    assert (demand["demand"] == demand["observed"]).all() and (demand["censored"] == 1).all()
    assert demand.groupby("sku")["demand"].mean().min() > 4
