"""What the page shows: small frames and a few numbers, filled once by the report stage.

Nothing here grows with the number of SKUs. Frames that mirror a table carry the columns of its contract, limited to the
rows that the page shows; the others are aggregates, each described beside its columns.
"""

from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any

import pandas as pd

from echelon.lake.contracts import TABLES
from echelon.report.svg import shorten

_LONGEST = 80  # letters of a description that the page shows


def _contract(table: str) -> tuple[str, ...]:
    return tuple(TABLES[table].column_names)


FRAMES: dict[str, tuple[str, ...]] = {
    # The whole table: one row per policy and total, location, ABC class. Empty without a replay.
    "kpis": _contract("kpis"),
    # stock_levels x items (x stock), one row per stocking point: sums, in units and at unit cost, of mean on_hand, of
    # safety_stock and of echelon_safety_stock, and of the stock there today at unit cost; fill_rate and target_fill_rate
    # weighted by lead_time_demand, over rows that have a target (null where a point serves no customers).
    "points": (
        "location",
        "echelon",
        "skus",
        "expected_stock_units",
        "expected_stock_value",
        "stock_today_value",
        "safety_stock_units",
        "safety_stock_value",
        "echelon_safety_stock_units",
        "echelon_safety_stock_value",
        "fill_rate",
        "target_fill_rate",
    ),
    # The lanes that planned locations order on, and their learned lead times.
    "lanes": _contract("lanes"),
    "lead_times": _contract("lead_times"),
    # The sources of these lanes.
    "suppliers": _contract("suppliers"),
    # stock_levels of two or three SKUs, all their locations: for example the largest by annual value of different classes.
    "levels": _contract("stock_levels"),
    # stock_explanations of the same SKUs.
    "explanations": _contract("stock_explanations"),
    # stock_explanations by cause: sums over all explained SKUs, which are counted.
    "cause_totals": ("cause", "skus", "safety_stock", "lead_time_demand", "value"),
    # stock_changes by change and cause: sums.
    "change_totals": ("change", "cause", "moved", "value"),
    # Rows of every SKU that is named anywhere on the page (levels, forecasts, orders, exceptions).
    "items": _contract("items"),
    # Four to six SKU-locations: the last periods of demand, their forecasts, their segments.
    "history": _contract("demand"),
    "forecasts": ("sku", "location", "date", "model", "mean", "q05", "q25", "q75", "q95"),
    "segments": _contract("segments"),
    # segments, counted and added up by class.
    "segment_totals": ("abc", "demand_class", "series", "annual_value"),
    # segments, counted by each of their other classes: variability, life cycle, season, anomalies.
    "class_counts": ("property", "kind", "series"),
    # The whole table.
    "champions": _contract("champions"),
    # The whole table: every candidate by segment.
    "candidate_scores": _contract("candidate_scores"),
    "level_scores": _contract("level_scores"),
    # The whole tables.
    "situation_scores": _contract("situation_scores"),
    # In all, and the categories with most demand under promotions. Empty where no signal says of any.
    "promotion_uplift": _contract("promotion_uplift"),
    "ahead_scores": _contract("ahead_scores"),
    # That in all, and the locations and categories that stray by most units.
    "forecast_bias": _contract("forecast_bias"),
    # forecast_explanations by segment and driver: SKU-locations, and sums of total. Empty where none was asked for.
    "driver_totals": ("segment", "driver", "series", "total"),
    # The whole table: every candidate at upper levels.
    "candidate_levels": _contract("candidate_levels"),
    # The whole table, added up over segments too (segment "all").
    "coverage": _contract("coverage"),
    # The 15 or 20 largest by value, and totals by kind (purchase, transfer): orders counts rows.
    "orders": _contract("orders"),
    "order_totals": ("kind", "orders", "units", "value"),
    # The five largest by value of each kind, and totals by kind and severity: exceptions counts rows.
    "exceptions": _contract("exceptions"),
    "exception_totals": ("kind", "severity", "exceptions", "value"),
    # The whole table: source rows per input; accepted + quarantined = read.
    "inputs": ("input", "path", "rows_read", "rows_accepted", "rows_quarantined"),
    # quarantine by input and rule: number of rows, the reason and the row (JSON) of one example.
    "quarantine_rules": ("input", "rule", "rows", "reason", "row"),
    # check_results by table: expectations evaluated, passed, and failed with severity warning.
    "checks": ("table", "evaluated", "passed", "warnings"),
    # check_results with success false, at most 20.
    "failed_checks": _contract("check_results"),
    # check_results of this release: all rows, with what each check asks in words.
    "check_list": ("table", "number", "asks", "expectation", "severity", "success", "observed"),
    # One row per stage that ran, in order; outcome is the text of its line on the terminal.
    "stages": ("stage", "seconds", "outcome"),
    # releases.tables of this release, with the number of rows of each table.
    "tables": ("table", "version", "rows"),
}


def _frame(name: str) -> pd.DataFrame:
    """Field that holds frame `name`, empty unless given."""
    return field(default_factory=lambda: pd.DataFrame(columns=list(FRAMES[name])))


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a frame as dictionaries."""
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


@dataclass(frozen=True)
class ReportData:
    """Everything on the page and in the summary. Frames: see FRAMES; a frame left out is a part that has nothing to say.

    Raises ValueError when a frame lacks a column.
    """

    name: str  # what is planned, from the configuration: "Online Retail"
    run_id: str
    run_date: date  # first day of the plan
    release: int
    configuration: str  # SHA-256 of the resolved configuration
    code: str  # version of Echelon
    currency: str  # symbol or ISO code before or after amounts; "" if unknown
    period_days: int  # 1 for days, 7 for weeks, 30 for months
    horizon: int  # periods that the backtest scores
    reach: int  # periods forecast, whole horizons
    history_start: date  # first day of demand
    history_end: date  # last day of demand
    skus: int  # SKUs planned
    series: int  # SKU-locations forecast
    tables_path: str  # folder of the Delta tables, as a user would type it
    report_path: str
    stock_given: bool = True  # whether anybody told what is in stock; without, nothing is ordered
    unused_lanes: tuple[str, ...] = ()  # lanes that no planned location orders on: "Reserve -> Hub"
    replay_start: date | None = None  # first and last day of the held-back weeks
    replay_end: date | None = None
    censored: int = 0  # SKU-location-periods in which the location was empty for some of the time
    stock_known: float | None = None  # share of SKU-location-periods with a row of stock history; None without the input
    restored: float = 0.0  # units of demand that they are estimated to have lost
    assumptions: tuple[str, ...] = ()  # sentences
    versions: dict[str, str] = field(default_factory=dict)  # python, pyspark, delta, ...
    kpis: pd.DataFrame = _frame("kpis")
    points: pd.DataFrame = _frame("points")
    lanes: pd.DataFrame = _frame("lanes")
    lead_times: pd.DataFrame = _frame("lead_times")
    suppliers: pd.DataFrame = _frame("suppliers")
    levels: pd.DataFrame = _frame("levels")
    explanations: pd.DataFrame = _frame("explanations")
    cause_totals: pd.DataFrame = _frame("cause_totals")
    change_totals: pd.DataFrame = _frame("change_totals")
    items: pd.DataFrame = _frame("items")
    history: pd.DataFrame = _frame("history")
    forecasts: pd.DataFrame = _frame("forecasts")
    segments: pd.DataFrame = _frame("segments")
    segment_totals: pd.DataFrame = _frame("segment_totals")
    class_counts: pd.DataFrame = _frame("class_counts")
    champions: pd.DataFrame = _frame("champions")
    candidate_scores: pd.DataFrame = _frame("candidate_scores")
    level_scores: pd.DataFrame = _frame("level_scores")
    situation_scores: pd.DataFrame = _frame("situation_scores")
    promotion_uplift: pd.DataFrame = _frame("promotion_uplift")
    ahead_scores: pd.DataFrame = _frame("ahead_scores")
    forecast_bias: pd.DataFrame = _frame("forecast_bias")
    driver_totals: pd.DataFrame = _frame("driver_totals")
    candidate_levels: pd.DataFrame = _frame("candidate_levels")
    coverage: pd.DataFrame = _frame("coverage")
    orders: pd.DataFrame = _frame("orders")
    order_totals: pd.DataFrame = _frame("order_totals")
    exceptions: pd.DataFrame = _frame("exceptions")
    exception_totals: pd.DataFrame = _frame("exception_totals")
    inputs: pd.DataFrame = _frame("inputs")
    quarantine_rules: pd.DataFrame = _frame("quarantine_rules")
    checks: pd.DataFrame = _frame("checks")
    failed_checks: pd.DataFrame = _frame("failed_checks")
    check_list: pd.DataFrame = _frame("check_list")
    stages: pd.DataFrame = _frame("stages")
    tables: pd.DataFrame = _frame("tables")

    def __post_init__(self) -> None:
        for item in fields(self):
            if item.name in FRAMES:
                self._refuse_missing_columns(item.name)

    def _refuse_missing_columns(self, name: str) -> None:
        missing = [column for column in FRAMES[name] if column not in getattr(self, name).columns]
        if missing:
            raise ValueError(f"report frame {name} lacks column(s) {', '.join(missing)}")

    @property
    def period(self) -> str:
        """The word for one period: day, week or month."""
        return {1: "day", 7: "week"}.get(self.period_days, "month")

    def descriptions(self) -> dict[str, str]:
        """SKU -> description, for the SKUs that have one; the beginning of a long one."""
        known = self.items.dropna(subset=["description"])
        return {str(sku): shorten(str(text), _LONGEST) for sku, text in zip(known["sku"], known["description"], strict=True)}
