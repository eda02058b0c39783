"""Forecast accuracy of the champions against the seasonal naive, and the segments."""

from dataclasses import dataclass
from math import floor

import pandas as pd
from markupsafe import Markup

from echelon.report import formats as f
from echelon.report.data import ReportData, records
from echelon.report.rows import Axis, Row, dumbbells


@dataclass(frozen=True)
class Accuracy:
    """Means over all series: each segment weighs as many series as it has."""

    pinball: float
    naive_pinball: float
    rmsse: float
    naive_rmsse: float
    windows: int


@dataclass(frozen=True)
class Champions:
    """The section: champions of the plan, accuracy in all, one picture."""

    rows: pd.DataFrame
    accuracy: Accuracy
    pictures: list[tuple[str, Markup]]  # title and drawing: pinball loss, RMSSE


def plan_champions(data: ReportData) -> pd.DataFrame:
    """The champions that the plan uses, by segment."""
    return data.champions[data.champions["purpose"] == "plan"].sort_values("segment")


def accuracy(data: ReportData) -> Accuracy | None:
    """Accuracy in the backtest, or None without one."""
    rows = plan_champions(data)
    series = rows["series"].astype(float)
    if series.sum() == 0:
        return None

    def mean(column: str) -> float:
        return float((rows[column].astype(float) * series).sum() / series.sum())

    return Accuracy(mean("pinball"), mean("naive_pinball"), mean("rmsse"), mean("naive_rmsse"), int(rows["windows"].max()))


def champions(data: ReportData) -> Champions | None:
    """The section, or None without a backtest."""
    found = accuracy(data)
    if found is None:
        return None
    rows = plan_champions(data)
    pinball = _title(rows, "pinball", "Pinball loss", found.pinball, found.naive_pinball)
    rmsse = _title(rows, "rmsse", "RMSSE", found.rmsse, found.naive_rmsse)
    pictures = [
        (pinball, _picture(rows, "pinball", "Mean pinball loss over mean demand (lower is better)", pinball)),
        (rmsse, _picture(rows, "rmsse", "Mean RMSSE (lower is better)", rmsse)),
    ]
    return Champions(rows, found, pictures)


def _title(rows: pd.DataFrame, column: str, name: str, ours: float, naive: float) -> str:
    won = int((rows[column].astype(float) < rows[f"naive_{column}"].astype(float)).sum())
    return f"{name} {f.decimal(ours)} against {f.decimal(naive)}: lower in {won} of {f.plural(len(rows), 'segment')}"


def _picture(rows: pd.DataFrame, column: str, axis_title: str, label: str) -> Markup:
    marks = [Row(str(row["segment"]), float(row[column]), float(row[f"naive_{column}"])) for row in records(rows)]
    values = [value for mark in marks for value in (mark.ours, mark.other)]
    step = max(values) / 10 or 1.0
    axis = Axis(
        axis_title,
        f.decimal,
        f.tick,
        floor(min(values) / step) * step if min(values) < max(values) else 0.0,
        (max(values) or 1.0) * 1.02,
    )
    return dumbbells(marks, axis, label)


def levels(data: ReportData) -> pd.DataFrame | None:
    """Errors per level of the hierarchy from the total down, or None without any."""
    rows = data.level_scores
    return None if rows.empty or rows["windows"].max() == 0 else rows.sort_values("groups", kind="stable")
