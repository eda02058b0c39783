"""How ready the data are, in a few words."""

from dataclasses import replace
from datetime import date

import pandas as pd
from echelon.report.data import FRAMES, ReportData
from echelon.report.sections.readiness import readiness
from echelon.report.summary import summary_lines


def test_what_is_missing_is_told_with_its_figures(full: ReportData) -> None:
    counts = pd.DataFrame([("Life cycle", "new", 30), ("Life cycle", "mature", 70)], columns=list(FRAMES["class_counts"]))
    totals = pd.DataFrame([("no_stock_record", "low", 5, 0.0)], columns=list(FRAMES["exception_totals"]))
    lanes = full.lead_times.assign(basis=["promise"] * 2 + ["deliveries"] * (len(full.lead_times) - 2))
    data = replace(
        full, class_counts=counts, series=100, exception_totals=totals, lead_times=lanes, stock_known=0.634,
        history_start=date(2010, 12, 1), history_end=date(2011, 10, 31),
    )  # fmt: skip
    assert readiness(data) == [
        "11 months of history (18 to 24 wanted)",
        "30% of SKU-locations too young for their own pattern",
        f"2 of {len(lanes)} lanes without deliveries",
        "5 SKU-locations without stock record",
        "stock history of 63% of SKU-location-weeks",
    ]
    assert any(line.startswith("Readiness    11 months of history (18 to 24 wanted); 30%") for line in summary_lines(data))


def test_nothing_is_told_of_what_is_there(full: ReportData) -> None:
    data = replace(
        full,
        class_counts=full.class_counts[:0],
        exception_totals=full.exception_totals[:0],
        lead_times=full.lead_times.assign(basis="deliveries"),
        history_start=date(2009, 11, 1),
        stock_known=1.0,
    )
    assert readiness(data) == ["24 months of history"]
