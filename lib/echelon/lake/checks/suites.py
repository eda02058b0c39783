"""Load the Great Expectations suites, and refuse what the library would silently drop."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from echelon.errors import EchelonError
from echelon.lake.checks.contract_suite import contract_expectations
from echelon.lake.checks.queries import summary_view
from echelon.lake.contracts import TABLES
from echelon.lake.contracts.contract import Table

SEVERITIES = ("critical", "warning")
FOLDER = "expectations"
# In a query, a table's name with this before it is the table as it was in the last release.
RELEASED = "released_"
QUERY = "unexpected_rows_expectation"
# In a query, what the contract's summary of the table gives (`Table.summary`).
SUMMARY = "{summary}"


@dataclass(frozen=True)
class Expectation:
    """One expectation as the suite's file has it, with its number (from 1) in the suite.

    `reads` names the other tables that its query refers to: `demand` as this run has it, `released_demand` as the last
    release had it.
    """

    number: int
    type: str
    kwargs: dict[str, Any]
    severity: str
    notes: str
    reads: tuple[str, ...] = ()

    @property
    def subject(self) -> str | None:
        """What it is about: a column, columns, or the words in its notes."""
        columns = self.kwargs.get("column") or self.kwargs.get("column_list")
        if isinstance(columns, list):
            return ", ".join(columns) if len(columns) <= 4 else "all columns"
        return columns or self.notes or None

    def as_config(self) -> dict[str, Any]:
        """The form that Great Expectations takes; the number comes back in the result."""
        return {
            "type": self.type,
            "kwargs": self.kwargs,
            "severity": self.severity,
            "meta": {"number": self.number},
        }


def load_suite(folder: Path, table: Table) -> list[Expectation]:
    """Read the table's file in `folder`. Where a setting gives the table other columns than the file knows, what follows from
    the contract follows from that with these columns; what was added by hand stays.

    Raises EchelonError when the file is missing, empty, or has an expectation of unknown type or severity.
    """
    file = folder / f"{table.name}.json"
    try:
        entries = json.loads(file.read_text(encoding="utf-8"))["expectations"]
    except OSError:
        raise EchelonError(f"{file}: no suite of expectations for the table '{table.name}'") from None
    except (ValueError, KeyError, TypeError) as error:
        raise EchelonError(f"{file}: not a suite of expectations: {error}") from None
    if not entries:
        raise EchelonError(f"{file}: an empty suite checks nothing; nothing is published without a check")
    if table.quantiles != TABLES[table.name].quantiles:
        entries = [*contract_expectations(table), *(entry for entry in entries if entry.get("by") == "hand")]
    return [_expectation(file, number, entry) for number, entry in enumerate(entries, start=1)]


def as_suite(table: str, configurations: list[dict[str, Any]]) -> Any:
    """Great Expectations' suite of these configurations; raises EchelonError when the library drops one."""
    from great_expectations.core.expectation_suite import ExpectationSuite

    suite = ExpectationSuite(name=table, expectations=configurations)
    if len(suite.expectations) != len(configurations):
        raise EchelonError(f"{table}: Great Expectations dropped an expectation of the suite")
    return suite


def _expectation(file: Path, number: int, entry: dict[str, Any]) -> Expectation:
    from great_expectations.expectations.registry import list_registered_expectation_implementations

    known = list_registered_expectation_implementations()
    if entry.get("type") not in known:
        raise EchelonError(f"{file}: expectation {number}: unknown type {entry.get('type')!r}")
    severity = entry.get("severity", "critical")
    if severity not in SEVERITIES:
        raise EchelonError(f"{file}: expectation {number}: severity {severity!r} is not one of {', '.join(SEVERITIES)}")
    unknown = [name for name in entry.get("reads", ()) if name.removeprefix(RELEASED) not in TABLES]
    if unknown:
        raise EchelonError(f"{file}: expectation {number}: reads {', '.join(unknown)}, which is no table")
    kwargs = {name: _with_view(value, file.stem) for name, value in entry.get("kwargs", {}).items()}
    return Expectation(number, entry["type"], kwargs, severity, entry.get("notes", ""), tuple(entry.get("reads", ())))


def _with_view(value: Any, table: str) -> Any:
    """Great Expectations warns of a query that does not name the batch; what the summary adds up is the batch."""
    return value.replace(SUMMARY, f"{summary_view(table)} /* of {{batch}} */") if isinstance(value, str) else value
