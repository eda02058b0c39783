"""Cases of rows: where the data end, what is given twice, and what belongs to nothing that is planned."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from echelon.config import load
from echelon.core.demand.cleaning import build_demand
from echelon.core.demand.periods import period_index
from echelon.core.network.deliveries import known_deliveries
from echelon.core.network.receipts import shared_orders
from echelon.core.replenish.net_requirements import LANE_COLUMNS, LEVEL_COLUMNS, net_requirements
from echelon.errors import InputRefused
from echelon.stages import prepare
from echelon.stages.replenish.data_exceptions.refused_rows import refused_rows
from echelon.stages.replenish.data_exceptions.unplanned_stock import unplanned_stock
from echelon.stages.shared.context import Context
from pyspark.sql import SparkSession
from support.captured import ingest_captured, listed
from support.case_plans import CASES, configuration

Ingested = Callable[..., Context]


@pytest.fixture
def ingested(spark: SparkSession, tmp_path: Path) -> Ingested:
    """The ingest of a case, with texts of its plan replaced."""

    def run(case: str, *replacements: tuple[str, str]) -> Context:
        return ingest_captured(spark, load([str(configuration(case, tmp_path, *replacements))]))

    return run


def refusal(ingested: Ingested, case: str, *replacements: tuple[str, str]) -> str:
    with pytest.raises(InputRefused) as caught:
        ingested(case, *replacements)
    return str(caught.value)


def quarantined(context: Context) -> list[tuple[Any, ...]]:
    return listed(context.lake.read("quarantine"), "input", "rule", "reason")


def demand(context: Context) -> pd.DataFrame:
    """The demand of the sales up to the last complete period, as `prepare` finds it."""
    sales, freq = context.lake.read("sales"), context.settings.run.frequency
    windows, _ = prepare._windows(context, sales)
    moved = sales.where("quantity_sold > 0 OR quantity_returned > 0").toPandas()
    assert int(period_index(moved["date"].min(), freq)) == windows.first
    return build_demand(moved, freq, windows.end - 1).demand


def test_06_rows_of_0_set_the_run_date(ingested: Ingested, capsys: pytest.CaptureFixture[str]) -> None:
    context = ingested("06-zero-rows-at-the-end")
    assert context.run_date == date(2026, 8, 27)
    assert quarantined(context) == []
    found = demand(context)
    assert (len(found), str(found["date"].iloc[-1].date())) == (360, "2026-08-26")
    assert not found["demand"].iloc[-60:].any() and found["demand"].iloc[-61] > 0
    assert "note: after 2026-06-27 all rows of sales are 0, up to 2026-08-26: 60 days" in capsys.readouterr().out


def test_06b_a_calendar_with_zeros_is_the_plan_without_them(ingested: Ingested, tmp_path: Path) -> None:
    context = ingested("06b-complete-calendar-with-zeros")
    assert quarantined(context) == []
    rows = pd.read_csv(CASES / "06b-complete-calendar-with-zeros" / "sales.csv")
    rows[rows["quantity"] != 0].to_csv(tmp_path / "sales.csv", index=False)
    path = (f"{CASES}/06b-complete-calendar-with-zeros/sales.csv", f"{tmp_path}/sales.csv")
    without = ingested("06b-complete-calendar-with-zeros", path, ("run:", f"run:\n  run_date: '{context.run_date}'"))
    pd.testing.assert_frame_equal(demand(context), demand(without))
    assert listed(context.lake.read("items"), "*") == listed(without.lake.read("items"), "*")


def test_08_an_odd_stamp_does_not_drop_the_newest_week(ingested: Ingested, capsys: pytest.CaptureFixture[str]) -> None:
    context = ingested("08-weekly-one-odd-weekday")
    found = demand(context)
    assert found.groupby("sku").size().tolist() == [94, 94]
    assert found["demand"].sum() == float((CASES / "08-weekly-one-odd-weekday" / "true_sum.txt").read_text())
    assert "note: no run date given: planned for 2026-10-26, the day after the last week" in capsys.readouterr().out


def test_08_a_newest_stamp_that_slipped_into_the_week_before_counts_in_its_own(ingested: Ingested, tmp_path: Path) -> None:
    case = CASES / "08-weekly-one-odd-weekday"
    (tmp_path / "sales.csv").write_text((case / "sales.csv").read_text().replace("2026-10-19", "2026-10-18"))
    context = ingested("08-weekly-one-odd-weekday", (f"{case}/sales.csv", f"{tmp_path}/sales.csv"))
    found = demand(context)
    assert found.groupby("sku").size().tolist() == [94, 94] and (found["demand"].iloc[[93, 187]] > 0).all()
    assert found["demand"].sum() == float((case / "true_sum.txt").read_text())


def test_10_stock_of_all_bins_and_lots_is_added_up(ingested: Ingested) -> None:
    context = ingested("10-stock-by-bin")
    assert listed(context.lake.read("stock"), "sku", "on_hand") == [("A1", 152.0), ("A2", 152.0)]


def test_11_stock_of_which_not_one_row_is_planned_is_refused(ingested: Ingested) -> None:
    message = refusal(ingested, "11-stock-that-matches-nothing")
    assert "stock is of '471', '815'; sales are of '00471', '00815'. Write both alike (leading zeros" in message


def test_11b_stock_of_a_sku_that_has_not_sold_blocks_nothing(ingested: Ingested) -> None:
    context = ingested("11b-stock-of-an-unsold-sku")
    assert quarantined(context) == [("stock", "unknown_sku", "sku 'NEWITEM' is not in accepted sales")]
    assert listed(context.lake.read("stock"), "sku") == [("A1",), ("A2",)]


def test_16_sales_that_stop_long_before_the_run_date_are_refused(ingested: Ingested) -> None:
    message = refusal(ingested, "16-sales-extract-stopped")
    assert "no sales are known for the last 81 days before the run date 2027-01-15: the last are of 2026-10-25" in message


def test_18_a_location_with_the_name_of_the_assumed_supplier_is_refused(ingested: Ingested) -> None:
    assert refusal(ingested, "18-location-called-SUPPLIER").endswith("(defaults.supplier)")


def test_22_goods_in_transit_are_counted_once() -> None:
    """By hand: S1 has 10 + 35, S2 owes 4, and W ships 80 and has 100 + 60 - 20 less what is asked."""
    case = CASES / "22-in-transit-once"
    stock, lanes = pd.read_csv(case / "stock.csv"), pd.read_csv(case / "lanes.csv")
    lanes = lanes.assign(mean_days=lanes["lead_time_days"], share=None, capacity=None)[["source", "destination", *LANE_COLUMNS]]
    points = [("W", "Vendor", 1, 300.0), ("S1", "W", 2, 60.0), ("S2", "W", 2, 60.0)]
    levels = pd.DataFrame(points, columns=["location", "source", "echelon", "base_stock_level"])
    levels = levels.assign(sku="A1", reorder_point=levels["base_stock_level"] - 1).reindex(columns=LEVEL_COLUMNS)
    found = net_requirements(levels, stock, lanes).set_index("location")
    asked = found.loc[["S1", "S2"], "requested"].sum()
    assert found["position"].to_dict() == {"S1": 45.0, "S2": -4.0, "W": 100 + 60 - 20 - asked}
    assert found.loc["S1", "available"] == 80.0


def test_23_strangers_are_told_and_block_nothing(ingested: Ingested) -> None:
    context = ingested("23-odd-series")
    assert quarantined(context) == [("stock", "unknown_location", "location 'Elsewhere' is not in accepted sales")]
    planned = [(sku, "North") for sku in ("NORM", "CONST", "ENDED")]
    context.lake.frames["stock_levels"] = context.spark.createDataFrame(planned, "sku string, location string")  # type: ignore[attr-defined]
    told = listed(unplanned_stock(context), "sku", "location", "quantity", "value", "detail")
    assert [row[:4] for row in told] == [
        ("CONST", "Elsewhere", 99.0, 198.0), ("NEVERSOLD", "North", 500.0, 1000.0), ("ONLYRET", "North", 4.0, 8.0),
    ]  # fmt: skip
    assert told[0][4] == "99 on hand, 0 on order, 0 owed. Location 'Elsewhere' is not in accepted sales."


def test_24_an_item_of_a_refused_row_is_planned_and_told(ingested: Ingested) -> None:
    context = ingested("24-one-bad-cost-drops-the-item")
    assert quarantined(context) == [("items", "wrong_type", "unit_cost '12,50' is not a number")]
    assert ("B8", 1.0) in listed(context.lake.read("items"), "sku", "unit_cost")
    assert context.lake.read("sales").where("sku = 'B8'").count() > 190
    told = listed(refused_rows(context), "severity", "sku", "location", "detail")
    assert told == [
        (
            "high", "B8", "*",
            "Refused row of items: unit_cost '12,50' is not a number. Planned with what can be read of the row, and defaults "
            "for the rest.",
        )
    ]  # fmt: skip


def test_31_both_parts_of_an_order_are_kept(ingested: Ingested) -> None:
    context = ingested("31-partial-receipts")
    assert quarantined(context) == []
    deliveries, lanes = (context.lake.read(name).toPandas() for name in ("deliveries", "lanes"))
    parts = deliveries[deliveries["delivery"].isin(["PO3", "PO5"])]
    assert sorted(zip(parts["delivery"], parts["part"], parts["quantity_received"], strict=True)) == [
        ("PO3", 1, 50.0), ("PO3", 2, 10.0), ("PO5", 1, 50.0), ("PO5", 2, 10.0),
    ]  # fmt: skip
    known = known_deliveries(lanes, shared_orders(deliveries))
    assert known["ordered"].sum() == 20 * 50


def test_b2_strangers_and_contradictions_of_signals_are_told(ingested: Ingested, capsys: pytest.CaptureFixture[str]) -> None:
    context = ingested("b2-signals-odd")
    rules = [(name, rule) for name, rule, _ in quarantined(context)]
    assert rules.count(("signals", "conflicting")) == 2 * 26  # day 6 of each month
    assert {("signals", "unknown_sku"), ("signals", "unknown_location")} <= set(rules)
    assert not [rule for name, rule in rules if (name, rule) == ("signals", "duplicate")]
    assert "signals: 52 rows conflict and are not used: rows for one name and sku" in capsys.readouterr().out


def test_b5_demand_of_shelves_that_were_always_empty_is_what_was_sold(ingested: Ingested) -> None:
    context = ingested("b5-every-day-stocked-out")
    sales = context.lake.read("sales")
    netted = prepare._netted(context, sales, *prepare._windows(context, sales))
    found = netted.where("demand IS NOT NULL").toPandas()
    assert quarantined(context) == []
    assert found["demand"].notna().all() and (found["demand"] >= found["observed"]).all()
    assert found["observed"].sum() == sales.toPandas()["quantity_sold"].sum() > 0


def test_b6_weeks_of_equal_sales_are_all_there(ingested: Ingested) -> None:
    found = demand(ingested("b6-weekly-all-constant"))
    assert found.groupby("sku").size().tolist() == [150, 150]
    assert (found["demand"] == 4).all()
