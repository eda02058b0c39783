"""Data sets that were never seen before, described as docs/inputs.md says and nothing else."""

import re
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import SparkSession
from support.cells import at
from support.plans import SMALL, Plan, run_here, write_settings

pytestmark = pytest.mark.slow
MONDAY = date(2025, 9, 1)
WEEKS = 60
DRINKS = {"1001": 20.0, "1002": 6.0, "1003": 0.6, "2001": 4.0}  # mean sales a week
BY_WEIGHT = "2001"
SHOPS = ("Lyon", "Nice", "Toulon", "Brest", "Lille", "Depot North")
LANES = """source,destination,lead_time_days,lead_time_sd_days,review_period_days,moq,lot_size,priority
Plant 1,Depot North,10,2,7,120,24,1
Plant 2,Depot South,14,4,7,120,24,1
Depot North,Lyon,2,0.5,7,0,6,1
Depot North,Brest,4,1,7,0,6,1
Depot North,Lille,2,0.5,7,0,0.5,1
Depot South,Nice,3,1,7,0,6,1
Plant 2,Toulon,14,4,14,48,24,1
Depot South,Toulon,3,1,7,0,6,2
"""
SOURCE_OF = {
    "Lyon": "Depot North",
    "Brest": "Depot North",
    "Lille": "Depot North",
    "Nice": "Depot South",
    "Toulon": "Plant 2",
    "Depot North": "Plant 1",
    "Depot South": "Plant 2",
}


def planned(spark: SparkSession, config: Path) -> Plan:
    plan = run_here(spark, config, config.parent / "out")
    assert (plan.output / "report" / "index.html").stat().st_size > 10_000
    return plan


def draws(name: str) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=sum(name.encode())))


def weekly_sales() -> pd.DataFrame:
    """Semicolons, German dates, the ERP's names; one product is sold by weight, and something comes back."""
    rows = []
    for article, mean in DRINKS.items():
        for shop in SHOPS:
            random = draws(article + shop)
            amounts = random.gamma(4, mean / 4, WEEKS).round(3) if article == BY_WEIGHT else random.poisson(mean, WEEKS)
            weeks = [f"{MONDAY + timedelta(weeks=number):%d.%m.%Y}" for number in range(WEEKS)]
            rows += [(article, shop, week, amount) for week, amount in zip(weeks, amounts, strict=True) if amount]
    rows.append(("1001", "Lyon", f"{MONDAY + timedelta(weeks=WEEKS - 1):%d.%m.%Y}", -2))
    return pd.DataFrame(rows, columns=["Article", "Shop", "Week", "Pieces"])


@pytest.fixture(scope="module")
def weekly(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """Two suppliers, two warehouses, five shops; customers also come to a warehouse."""
    folder = tmp_path_factory.mktemp("weekly")
    weekly_sales().to_csv(folder / "sales.csv", sep=";", index=False)
    (folder / "lanes.csv").write_text(LANES)
    (folder / "stock.csv").write_text("sku,location,on_hand\n1001,Depot North,400\n1001,Lyon,5\n2001,Nice,1.25\n")
    (folder / "targets.csv").write_text("sku,location,fill_rate\n*,*,0.96\n1001,*,0.98\n")
    sales = {
        "path": str(folder / "sales.csv"),
        "columns": {"sku": "Article", "location": "Shop", "date": "Week", "quantity": "Pieces"},
        "options": {"sep": ";"},
        "date_format": "dd.MM.yyyy",
    }
    others = {name: {"path": str(folder / f"{name}.csv")} for name in ("lanes", "stock", "targets")}
    run_date = MONDAY + timedelta(weeks=WEEKS)
    settings = {
        "run": {"frequency": "W", "run_date": run_date},
        "sources": {"sales": sales, **others},
        "defaults": {"unit_cost": 0.8, "holding_rate": 0.2},
    }
    return planned(spark, write_settings(folder, settings | SMALL))


def test_weeks_are_planned_as_weeks(weekly: Plan) -> None:
    demand, sales = weekly.table("demand"), weekly_sales()
    assert {day.weekday() for day in demand["date"]} == {0}
    assert (min(demand["date"]), max(demand["date"])) == (MONDAY, MONDAY + timedelta(weeks=WEEKS - 1))
    assert len(demand.groupby(["sku", "location"])) == len(DRINKS) * len(SHOPS)
    assert demand["demand"].sum() == pytest.approx(sales["Pieces"].sum())
    forecasts = weekly.table("forecasts")
    assert set(forecasts["date"]) == {MONDAY + timedelta(weeks=WEEKS + ahead) for ahead in range(16)}


def test_every_point_of_the_other_network_is_planned(weekly: Plan) -> None:
    levels = weekly.table("stock_levels").set_index(["sku", "location"]).sort_index()
    assert len(levels) == len(DRINKS) * len(SOURCE_OF)
    for sku in DRINKS:
        mine = levels.loc[sku]
        assert mine["source"].to_dict() == SOURCE_OF
        assert set(mine.index[mine["echelon"] == 1]) == {"Depot North", "Depot South", "Toulon"}
        assert set(mine.index[mine["target_fill_rate"].notna()]) == set(SHOPS)
    assert (at(levels, ("1001", "target_fill_rate")).dropna() == 0.98).all()
    assert (at(levels, ("1002", "target_fill_rate")).dropna() == 0.96).all()


def test_fractional_demand_stays_fractional_and_counts_stay_counts(weekly: Plan) -> None:
    found = weekly.table("demand_distributions").groupby("sku")["counts"].agg(["all", "any"])
    assert found["all"].to_dict() == found["any"].to_dict() == {sku: sku != BY_WEIGHT for sku in DRINKS}
    forecasts = weekly.table("forecasts")
    whole = forecasts["q90"] == forecasts["q90"].round()
    by_weight = forecasts["sku"] == BY_WEIGHT
    assert whole[~by_weight].all()
    assert not whole[by_weight].any()


def test_orders_follow_the_terms_of_each_lane(weekly: Plan) -> None:
    orders = weekly.table("orders").merge(weekly.table("lanes"), on=["source", "destination"])
    assert len(orders) == len(weekly.table("orders")) > 0
    lots = orders["quantity"] / orders["lot_size"]
    assert np.allclose(lots, lots.round(), atol=1e-9)
    bought = orders[orders["kind"] == "purchase"]
    assert set(bought["source"]) == {"Plant 1", "Plant 2"}
    assert (bought["quantity"] >= bought["moq"]).all()
    assert set(orders["order_date"]) == {MONDAY + timedelta(weeks=WEEKS)}


def test_sales_alone_are_enough(spark: SparkSession, tmp_path: Path) -> None:
    """Four columns and a line of configuration; everything else has its default. Nobody told what is in stock, so nothing is
    ordered."""
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(200)]
    rows = [
        (sku, shop, day, amount)
        for sku, mean in (("cup", 3.0), ("bowl", 0.4))
        for shop in ("North", "South")
        for day, amount in zip(days, draws(sku + shop).poisson(mean, len(days)), strict=True)
        if amount
    ]
    pd.DataFrame(rows, columns=["sku", "location", "date", "quantity"]).to_csv(tmp_path / "sales.csv", index=False)
    (tmp_path / "my.yaml").write_text(f"sources:\n  sales: {{path: {tmp_path / 'sales.csv'}}}\n")
    plan = run_here(spark, tmp_path / "my.yaml", tmp_path / "out", last="replenish")
    assert set(plan.table("lanes")["source"]) == {"SUPPLIER"}
    assert plan.table("releases")["run_date"].tolist() == [days[-1] + timedelta(days=1)]
    levels = plan.table("stock_levels")
    assert len(levels) == 4
    assert (levels["target_fill_rate"] == 0.95).all()
    assert plan.table("orders").empty and "no orders: they need the input `stock`" in plan.text
    assert set(plan.table("exceptions")["kind"]) <= {"target_missed", "fallback"}


def test_months_from_parquet(spark: SparkSession, tmp_path: Path) -> None:
    """One location, monthly totals, prices."""
    months = pd.date_range("2024-01-01", periods=30, freq="MS")
    rows = [
        (sku, month, float(amount), 2.5)
        for sku, mean in (("cup", 80.0), ("bowl", 9.0))
        for month, amount in zip(months, draws(sku).poisson(mean, len(months)), strict=True)
    ]
    pd.DataFrame(rows, columns=["product", "day", "qty", "unit_price"]).to_parquet(tmp_path / "sales.parquet")
    sales = {
        "path": str(tmp_path / "sales.parquet"),
        "columns": {"sku": "product", "date": "day", "quantity": "qty", "price": "unit_price"},
        "constants": {"location": "Shop"},
    }
    config = write_settings(tmp_path, {"run": {"frequency": "M"}, "sources": {"sales": sales}} | SMALL)
    plan = run_here(spark, config, tmp_path / "out")
    assert "series held back 3 months:" in plan.text and "in the last 3 months" in plan.text, plan.text
    page = (plan.output / "report" / "index.html").read_text(encoding="utf-8")
    assert "forecast for 6 months, until 31 Dec 2026." in page
    assert not re.search(r"weeks|30-day", page)
    assert sorted(set(plan.table("forecasts")["date"])) == [date(2026, month, 1) for month in range(7, 13)]
    assert set(plan.table("items")["unit_cost"]) == {1.25}
    assert set(plan.table("stock_levels")["location"]) == {"Shop"}
