"""Frames of a made-up run: one supplier, one warehouse, ten hubs, three example SKUs."""

from collections.abc import Sequence
from datetime import date, timedelta
from math import hypot
from typing import Any

import numpy as np
import pandas as pd
from echelon.report.data import FRAMES

from support.cells import records

HUBS = [
    "United Kingdom",
    "Germany",
    "France",
    "EIRE",
    "Spain",
    "Netherlands",
    "Belgium",
    "Switzerland",
    "Portugal",
    "Australia",
]
SIZES = [1.0, 0.12, 0.11, 0.1, 0.05, 0.06, 0.04, 0.03, 0.025, 0.03]
SKUS = {
    "22423": "REGENCY CAKESTAND 3 TIER",
    "85123A": "WHITE HANGING HEART T-LIGHT HOLDER",
    'POST<b>&"': "Tag <script>alert(1)</script> & co",
}
RUN_DATE = date(2011, 11, 1)
Row = tuple[Any, ...]
Two = tuple[float, float]


def frame(name: str, rows: Sequence[Row]) -> pd.DataFrame:
    """A frame of the report from rows in the order of its columns (empty ones at the end may be left out)."""
    columns = list(FRAMES[name])
    return pd.DataFrame([(*row, *[None] * (len(columns) - len(row))) for row in rows], columns=columns)


def kpis() -> pd.DataFrame:
    rows = []
    for i, (hub, size) in enumerate(zip(HUBS, SIZES, strict=True)):
        demand = 81_000 * size
        ours, theirs = 0.955 - 0.004 * (i % 3), 0.925 + 0.011 * (i % 5)
        errors, stock = (0.0015 + 0.001 * (i % 4), 0.002), 62_000 * size
        rows += _pair("location", hub, demand, (ours, theirs), errors, (stock, stock * (1.14 - 0.05 * (i % 4))))
    for abc, fills, share in zip("ABC", ((0.957, 0.931), (0.95, 0.944), (0.941, 0.962)), (0.7, 0.2, 0.1), strict=True):
        rows += _pair("abc", abc, 126_000 * share, fills, (0.002, 0.002), (97_000 * share, 97_000 * share * 1.08))
    rows += _pair("total", "all", 126_000, (0.9534, 0.9371), (0.0011, 0.0013), (96_800, 105_300))
    return frame("kpis", rows)


def _pair(scope: str, member: str, demand: float, fills: Two, errors: Two, stocks: Two) -> list[Row]:
    """Both policies, with intervals of two standard errors, and of a tenth of the stock."""
    gain, half, change = fills[0] - fills[1], 2 * hypot(*errors), stocks[0] / stocks[1] - 1
    compared = ((gain - half, gain + half, change - 0.05, change + 0.05), (None,) * 4)
    return [
        (*_kpi(*row), 180, row[4] - 2 * row[5], row[4] + 2 * row[5], *ends, 1.0)
        for row, ends in zip(
            [
                (policy, scope, member, demand, fill, error, stock)
                for policy, fill, error, stock in zip(("echelon", "classical"), fills, errors, stocks, strict=True)
            ],
            compared,
            strict=True,
        )
    ]


def _kpi(policy: str, scope: str, member: str, demand: float, fill: float, error: float, stock: float) -> Row:
    lost = demand * (1 - fill)
    return (
        policy,
        scope,
        member,
        180,
        demand,
        demand - lost,
        fill,
        error,
        0.95 if member != "Spain" else 0.92,
        0.4 * (1 - fill),
        stock / 1.3,
        stock,
        stock * 0.2 * 8 / 52,
        lost * 2.9,
    )


def points() -> pd.DataFrame:
    rows: list[Row] = [
        ("Central warehouse", 1, 216, 24_000.0, 31_000.0, 28_400.0, -9_800, -12_400.0, 20_000, 25_000.0, None, None)
    ]
    for i, (hub, size) in enumerate(zip(HUBS, SIZES, strict=True)):
        target = 0.95 if hub == "United Kingdom" else 0.92
        rows.append(
            (
                hub,
                2,
                216 - 9 * i,
                46_000 * size,
                60_000 * size,
                66_000 * size * (0.8 + 0.07 * i),
                *(21_000 * size, 27_500 * size) * 2,
                target + 0.006 if hub != "Belgium" else 0.897,
                target,
            )
        )
    return frame("points", rows)


def lanes() -> pd.DataFrame:
    rows = [("Supplier", "Central warehouse", 21.0, 5.0, 7, 12.0, 12.0, 1)]
    rows += [("Central warehouse", hub, 2.0 + i, 1.0, 7, 1.0, 1.0, 1) for i, hub in enumerate(HUBS)]
    return frame("lanes", rows)


def lead_times() -> pd.DataFrame:
    rows = []
    for row in records(lanes()):
        days = np.arange(max(int(row.lead_time_days) - 1, 1), int(row.lead_time_days * 1.5) + 4)
        weight = np.exp(-0.5 * ((np.log(days / (row.lead_time_days * 1.06))) / 0.16) ** 2)
        weight /= weight.sum()
        mean = float(days @ weight)
        sd = float(np.sqrt(((days - mean) ** 2) @ weight))
        basis = {"Australia": "promise", "Portugal": "supplier"}.get(row.destination, "deliveries")
        count = {"promise": 0, "supplier": 3, "deliveries": 52}[basis]
        rows.append(
            (
                row.source,
                row.destination,
                basis,
                count,
                mean,
                sd,
                mean,
                float(days[weight.cumsum() >= 0.95][0]),
                *((row.lead_time_days, 0.71, 0.06 * row.lead_time_days, 9.0, 0.985, 0.7) if count else (None,) * 6),
                days.tolist(),
                weight.tolist(),
            )
        )
    return frame("lead_times", rows)


def suppliers() -> pd.DataFrame:
    rows = [
        ("Central warehouse", 10, 471, True, 6.9, 3.1, 6.5, 0.71, 0.4, 9.0, 0.985, 0.7),
        ("Forwarder", 1, 0, False, *(None,) * 8),
        ("Supplier", 1, 3, False, 23.0, 4.0, 21.0, 0.33, 2.0, 6.0, 1.0, 0.6),
    ]
    return frame("suppliers", rows)


def levels() -> pd.DataFrame:
    rows = []
    for k, sku in enumerate(SKUS):
        rows.append(_level(sku, "Central warehouse", "Supplier", 1, 420.0 / (k + 1), None, None))
        for i, (hub, size) in enumerate(zip(HUBS[: 10 - 3 * k], SIZES, strict=False)):
            rows.append(_level(sku, hub, "Central warehouse", 2, 600 * size / (k + 1), 0.95, 0.953 if i != 2 else 0.93))
    return frame("levels", rows)


def _level(sku: str, location: str, source: str, echelon: int, safety: float, target: float | None, fill: float | None) -> Row:
    return (
        sku,
        location,
        source,
        echelon,
        "simulation",
        "ok",
        round(safety * 3.1),
        round(safety * 2.8),
        safety,
        safety * 6.2,
        safety * 2.0,
        safety * 2.1,
        safety * 0.8,
        target,
        fill,
        0.002 if fill else None,
        fill,
        0.002 if fill else None,
        0.93,
        0.97,
        safety * 1.6,
        safety * 0.02,
        safety * 0.7,
    )


CAUSES = (
    "upstream_shortage",
    "demand_variability",
    "forecast_error",
    "forecast_bias",
    "lead_time_mean",
    "lead_time_variability",
    "supplier_unreliability",
    "review_period",
    "lots",
    "target",
    "remainder",
)
SHARES = (0.1, 0.5, 0.06, -0.04, 0.12, 0.02, 0.05, -0.05, 0.0, 0.25, -0.01)  # of the safety stock, by cause


def explanations() -> pd.DataFrame:
    """Every location of `levels`: the same shares everywhere, less than nothing in the warehouse of the first SKU."""
    rows = []
    for level in records(levels()):
        units = -30.0 if (level.sku, level.echelon) == ("22423", 1) else level.safety_stock
        rows += [
            (level.sku, level.location, cause, units * share, 10.0, units * share * 1.3)
            for cause, share in zip(CAUSES, SHARES, strict=True)
        ]
    return frame("explanations", rows)


def cause_totals() -> pd.DataFrame:
    return frame(
        "cause_totals",
        [(cause, 200, 42_700 * share, 8_000 * abs(share), 55_400 * share) for cause, share in zip(CAUSES, SHARES, strict=True)],
    )


def change_totals() -> pd.DataFrame:
    rows = [
        ("kept", "demand_variability", 900.0, 1_200.0),
        ("kept", "target", -150.0, -200.0),
        ("kept", "not_explained", 7.0, 9.0),
        ("new", "demand_variability", 40.0, 50.0),
        ("new", "target", 20.0, 25.0),
        ("dropped", "not_explained", -30.0, -40.0),
    ]
    return frame("change_totals", rows)


def orders() -> pd.DataFrame:
    names = list(SKUS)
    rows = []
    for i in range(15):
        up = i % 3 == 0
        rows.append(
            (
                "purchase" if up else "transfer",
                names[i % 3],
                "Supplier" if up else "Central warehouse",
                "Central warehouse" if up else HUBS[i % 10],
                float(480 - 24 * i),
                470.0 - 24 * i,
                None if up else 900.0,
                RUN_DATE,
                RUN_DATE + timedelta(days=21 if up else 4),
                2_400.0 - 130 * i,
                f"position {120 + i} is at or below the reorder point {310 + i}; up to {590 - 10 * i} in lots of 12",
            )
        )
    return frame("orders", rows)


def exceptions() -> pd.DataFrame:
    names = list(SKUS)
    rows = [
        (
            "stock_out",
            "high",
            names[i % 3],
            HUBS[i],
            40.0 - i,
            210.0 - 12 * i,
            f"nothing on hand, {40 - i} expected over the lead time",
        )
        for i in range(5)
    ]
    rows += [
        (
            "overstock",
            "low",
            names[i % 3],
            HUBS[i],
            900.0 - i,
            3_100.0 - 220 * i,
            f"{900 - i} on hand, base-stock level {210 + i}: 31 weeks of demand too many",
        )
        for i in range(5)
    ]
    rows += [("target_missed", "medium", names[1], "Belgium", 3.0, 8.5, "expected fill rate 89.7 %, target 92 %")]
    return frame("exceptions", rows)


def checks() -> tuple[pd.DataFrame, pd.DataFrame]:
    tables = [
        "sales",
        "items",
        "locations",
        "lanes",
        "stock",
        "demand",
        "segments",
        "lead_times",
        "champions",
        "forecasts",
        "stock_levels",
        "orders",
        "kpis",
    ]
    counts = frame(
        "checks",
        [(table, 12 + i % 5, 12 + i % 5 - (table == "stock"), int(table == "stock")) for i, table in enumerate(tables)],
    )
    failed = frame(
        "failed_checks",
        [
            (
                "r1",
                "stock",
                4,
                "expect_column_values_to_be_between",
                "on_hand",
                "warning",
                False,
                "max 41,200, at most 20,000 expected",
                "r1",
            )
        ],
    )
    return counts, failed


def check_list() -> pd.DataFrame:
    """As many checks as `checks` counts; the fourth of stock failed."""
    rows = []
    for table, evaluated in checks()[0][["table", "evaluated"]].itertuples(index=False):
        for number in range(1, evaluated + 1):
            failed = (table, number) == ("stock", 4)
            asks = "on_hand is at most 20000" if failed else f"column_{number} is never missing"
            kind = "expect_column_values_to_be_between" if failed else "expect_column_values_to_not_be_null"
            found = "1 of 216 rows, for example <b>41200</b>" if failed else None
            rows.append((table, number, asks, kind, "warning" if failed else "critical", not failed, found))
    return frame("check_list", rows)


def stages() -> pd.DataFrame:
    rows = [
        ("ingest", 14.2, "152,310 sales rows read, 3,120 quarantined"),
        ("prepare", 9.6, "1,712 series, 305 days"),
        ("backtest", 61.0, "4 models x 3 windows"),
        ("forecast", 17.9, "1,712 series x 56 days"),
        ("stock", 38.3, "216 networks simulated"),
        ("replenish", 4.4, "520 orders, 134 exceptions"),
        ("replay", 12.0, "2 policies, 56 days"),
    ]
    return frame("stages", rows)
