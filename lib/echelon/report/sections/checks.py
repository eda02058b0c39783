"""The page of checks: every check of the release, by table, failed ones first."""

from dataclasses import dataclass
from typing import Any

from echelon.report.data import ReportData, records


@dataclass(frozen=True)
class TableChecks:
    """The checks of one table, failed ones first, and how many there are of each kind."""

    table: str
    rows: list[dict[str, Any]]

    @property
    def evaluated(self) -> int:
        """Checks in all."""
        return len(self.rows)

    @property
    def failed(self) -> int:
        """Checks that were not passed."""
        return sum(not row["success"] for row in self.rows)

    @property
    def critical(self) -> int:
        """Failed checks that block publishing."""
        return sum(not row["success"] and row["severity"] == "critical" for row in self.rows)

    @property
    def warnings(self) -> int:
        """Failed checks that are recorded only."""
        return self.failed - self.critical

    @property
    def passed(self) -> int:
        """Checks that were passed."""
        return self.evaluated - self.failed


def by_table(data: ReportData) -> list[TableChecks]:
    """The tables of the release: those with a failed check first, then by name."""
    ordered = data.check_list.sort_values(["table", "success", "number"], kind="stable")
    groups = [TableChecks(str(table), records(rows)) for table, rows in ordered.groupby("table", sort=True)]
    return sorted(groups, key=lambda group: not group.failed)
