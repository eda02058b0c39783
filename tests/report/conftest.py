"""Two made-up runs: one in which every part has something to say, and the least there can be."""

from datetime import date
from typing import Any

import pytest
from echelon.report.data import ReportData
from support.report import example_forecasts as f
from support.report import example_report as m


@pytest.fixture
def full() -> ReportData:
    """A run in which every part has something to say."""
    return ReportData(**about(), **planned(), **totals(), **quality())


def about() -> dict[str, Any]:
    """The run itself, and how it compares with the classical plan."""
    return {
        "name": "Online Retail <&>",
        "run_id": "20111101-4f2a",
        "run_date": m.RUN_DATE,
        "release": 7,
        "configuration": "9b1d" * 16,
        "code": "0.1.0",
        "currency": "£",
        "period_days": 7,
        "horizon": 8,
        "reach": 8,
        "history_start": date(2010, 12, 1),
        "history_end": date(2011, 10, 31),
        "skus": 216,
        "series": 1712,
        "tables_path": "out/tables",
        "report_path": "out/report/index.html",
        "replay_start": date(2011, 9, 6),
        "replay_end": date(2011, 10, 31),
        "assumptions": (
            "The network, lead times, costs and stock on hand are assumptions: the source has sales only.",
            "Purchase cost is 45% of the <median> price.",
        ),
        "versions": {"Python": "3.11.2", "Spark": "4.1.4", "Delta": "4.4.0"},
        "kpis": m.kpis(),
    }


def planned() -> dict[str, Any]:
    """The network, the forecasts, and what is to be done."""
    history, forecasts, segments = f.series()
    return {
        "points": m.points(),
        "lanes": m.lanes(),
        "lead_times": m.lead_times(),
        "suppliers": m.suppliers(),
        "levels": m.levels(),
        "explanations": m.explanations(),
        "cause_totals": m.cause_totals(),
        "driver_totals": f.driver_totals(),
        "change_totals": m.change_totals(),
        "items": m.frame("items", [(sku, text, None, 1.3, 2.9) for sku, text in m.SKUS.items()]),
        "history": history,
        "forecasts": forecasts,
        "segments": segments,
        "champions": f.champions(),
        "candidate_scores": f.candidate_scores(),
        "level_scores": f.level_scores(),
        "forecast_bias": f.forecast_bias(),
        "situation_scores": f.situation_scores(),
        "promotion_uplift": f.promotion_uplift(),
        "ahead_scores": f.ahead_scores(),
        "candidate_levels": f.candidate_levels(),
        "coverage": f.coverage(),
        "orders": m.orders(),
        "exceptions": m.exceptions(),
    }


def totals() -> dict[str, Any]:
    """What is too much to list."""
    kinds = ("smooth", "erratic", "intermittent", "lumpy")
    segments = [
        (a, d, 30 + 97 * i + 61 * j, 90_000.0 / (1 + 3 * i) / (1 + j)) for i, a in enumerate("ABC") for j, d in enumerate(kinds)
    ]
    classes = [("Life cycle", "dead", 41), ("Life cycle", "mature", 1_650), ("Season", "found", 320), ("Anomalies", "spike", 7)]
    exceptions = [
        ("stock_out", "high", 31, 2_140.0),
        ("overstock", "low", 102, 41_000.0),
        ("overstock", "medium", 12, 22_000.0),
        ("target_missed", "medium", 1, 8.5),
    ]
    return {
        "segment_totals": m.frame("segment_totals", segments),
        "class_counts": m.frame("class_counts", classes),
        "order_totals": m.frame("order_totals", [("purchase", 118, 14_400.0, 23_900.0), ("transfer", 402, 21_700.0, 23_600.0)]),
        "exception_totals": m.frame("exception_totals", exceptions),
    }


def quality() -> dict[str, Any]:
    """What was read and refused, what was checked, and what was published."""
    inputs = [
        ("sales", "data/online_retail/sales.csv.gz", 152_310, 149_190, 3_120),
        ("items", "data/online_retail/items.csv", 216, 216, 0),
        ("stock", "data/online_retail/stock.csv", 1_690, 1_688, 2),
    ]
    postage = '{"StockCode": "POST", "Quantity": "3", "Country": "<i>France</i>"}'
    rules = [
        ("sales", "unknown_sku", 2_407, "SKU POST is not in items", postage),
        ("sales", "zero_price", 713, "price is 0", '{"StockCode": "22423", "UnitPrice": "0"}'),
    ]
    tables = [("sales", 6, 121_004), ("demand", 6, 488_700), ("stock_levels", 6, 1_928), ("orders", 6, 520)]
    counts, failed = m.checks()
    return {
        "inputs": m.frame("inputs", inputs),
        "quarantine_rules": m.frame("quarantine_rules", rules),
        "checks": counts,
        "failed_checks": failed,
        "check_list": m.check_list(),
        "stages": m.stages(),
        "tables": m.frame("tables", tables),
    }


@pytest.fixture
def bare() -> ReportData:
    """The least run: one location, no prices, no replay, nothing found."""
    return ReportData(
        name="Shop",
        run_id="r1",
        run_date=m.RUN_DATE,
        release=1,
        configuration="0" * 64,
        code="0.1.0",
        currency="",
        period_days=1,
        horizon=14,
        reach=28,
        history_start=date(2011, 1, 1),
        history_end=date(2011, 10, 31),
        skus=1,
        series=1,
        tables_path="out/tables",
        report_path="out/report/index.html",
        points=m.frame("points", [("Main", 1, 1, 15.0, 0.0, 0.0, 12.0, 0.0, 12.0, 0.0, 0.96, 0.95)]),
        lanes=m.frame("lanes", [("SUPPLIER", "Main", 7.0, 2.0, 7, 0.0, 1.0, 1)]),
    )
