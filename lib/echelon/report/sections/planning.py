"""Orders, exceptions and segments, arranged for the page."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from echelon.lake.contracts.stock import EXCEPTION_KINDS
from echelon.report import formats as f
from echelon.report.data import ReportData, records


@dataclass(frozen=True)
class Group:
    """The exceptions of one kind: totals, and the largest of them."""

    title: str
    count: int
    value: float
    severities: str
    rows: list[dict[str, Any]]

    @property
    def left_out(self) -> int:
        """Exceptions of this kind that are not listed."""
        return self.count - len(self.rows)


def exception_groups(data: ReportData) -> list[Group]:
    """Kinds by the worst severity in them, then by value."""
    rank = {"high": 0, "medium": 1, "low": 2}
    groups = []
    for kind, totals in data.exception_totals.groupby("kind"):
        totals = totals.sort_values("severity", key=lambda column: column.map(rank))
        rows = data.exceptions[data.exceptions["kind"] == kind]
        group = Group(
            ": ".join(EXCEPTION_KINDS[str(kind)]),
            int(totals["exceptions"].sum()),
            float(totals["value"].sum()),
            ", ".join(f"{f.count(row['exceptions'])} {row['severity']}" for row in records(totals)),
            records(rows.sort_values(["value", "sku", "location"], ascending=[False, True, True])),
        )
        groups.append((rank.get(totals["severity"].iloc[0], 3), -group.value, group))
    return [group for *_, group in sorted(groups, key=lambda item: (item[0], item[1], item[2].title))]


def orders(data: ReportData) -> list[dict[str, Any]]:
    """The listed orders, largest value first."""
    ordered = data.orders.sort_values(["value", "sku", "destination"], ascending=[False, True, True])
    return records(ordered)


@dataclass(frozen=True)
class Cell:
    """One segment: how many series, and its share of the annual value (0 to 1)."""

    series: int
    share: float


@dataclass(frozen=True)
class Matrix:
    """Segments: rows by ABC class, columns by demand class."""

    columns: list[str]
    rows: list[tuple[str, list[Cell]]]


def segment_matrix(data: ReportData) -> Matrix | None:
    """The segments as a table, or None where there are none."""
    totals = data.segment_totals
    if totals.empty:
        return None
    value = float(totals["annual_value"].sum())
    order = ["smooth", "erratic", "intermittent", "lumpy"]
    columns = [name for name in order if name in set(totals["demand_class"])]
    rows = [
        (str(abc), [_cell(totals[(totals["abc"] == abc) & (totals["demand_class"] == name)], value) for name in columns])
        for abc in sorted(totals["abc"].unique())
    ]
    return Matrix(columns, rows)


# What a class is counted by on the page, in this order, and its kinds from the usual to the rare.
_PROPERTIES = {
    "Variability": ("X", "Y", "Z"),
    "Life cycle": ("mature", "new", "ending", "dead"),
    "Season": ("found", "not found"),
    "Anomalies": ("none", "spike", "level shift", "spike and level shift"),
}


def class_lines(data: ReportData) -> list[str]:
    """A line for each property of the series: how many are of each kind."""
    counts = data.class_counts.set_index(["property", "kind"])["series"].to_dict()
    lines = [
        (name, [f"{f.count(counts[name, kind])} {kind}" for kind in kinds if (name, kind) in counts])
        for name, kinds in _PROPERTIES.items()
    ]
    return [f"{name}: {', '.join(words)}" for name, words in lines if words]


def _cell(rows: pd.DataFrame, value: float) -> Cell:
    return Cell(int(rows["series"].sum()), float(rows["annual_value"].sum()) / value if value > 0 else 0.0)
