"""Check a staged table with its suite before anyone can see it."""

import importlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame

from echelon.errors import EchelonError
from echelon.lake.checks.gx_context import SOURCE, ephemeral_context
from echelon.lake.checks.queries import Keep, rows_found, summarise
from echelon.lake.checks.suites import QUERY, Expectation, as_suite, load_suite
from echelon.lake.contracts.contract import Table

_context = cache(ephemeral_context)
Find = Callable[[str], DataFrame]


@dataclass(frozen=True)
class Check:
    """The result of one expectation."""

    table: str
    number: int
    expectation: str
    subject: str | None
    severity: str
    success: bool
    observed: str | None

    @property
    def blocks(self) -> bool:
        """True if the table must not be published."""
        return not self.success and self.severity == "critical"

    def describe(self) -> str:
        """The failed check in one line."""
        return f"{self.table}: {self.expectation} ({self.subject}): {self.observed}"


def load_ahead() -> None:
    """Import the library in the background while Spark starts: it takes seconds, and the first check needs it."""
    threading.Thread(target=importlib.import_module, args=("great_expectations",), daemon=True).start()


@dataclass(frozen=True)
class Prepared:
    """A suite, and how many rows its queries returned on the staged table, by number."""

    suite: list[Expectation]
    found: dict[int, int]


def prepare(frame: DataFrame, table: Table, folder: Path, find: Find, keep: Keep) -> Prepared:
    """Load the suite of `table` and evaluate its queries on the frame; `find` gives other tables by name, and `keep`
    computes a frame once and gives it back.

    Raises EchelonError when the frame lacks a column of the contract (a missing column is only a result to Great
    Expectations) or the suite can't be loaded.
    """
    missing = [name for name in table.column_names if name not in frame.columns]
    if missing:
        raise EchelonError(f"{table.name}: the staged table lacks the columns {', '.join(missing)}")
    suite = load_suite(folder, table)
    for name in sorted({name for expectation in suite for name in expectation.reads}):
        find(name).createOrReplaceTempView(name)
    queries = {e.number: e.kwargs["unexpected_rows_query"] for e in suite if e.type == QUERY}
    summarise(frame, table, keep)
    return Prepared(suite, rows_found(frame, table.name, queries))


def check(frame: DataFrame, table: Table, prepared: Prepared) -> list[Check]:
    """Evaluate the suite of `table` on the frame, which must be the staged version."""
    looked_up = [_looked_up(expectation.as_config(), prepared.found) for expectation in prepared.suite]
    passed = _evaluate(frame, table.name, looked_up, "BOOLEAN_ONLY")
    failed = [expectation for expectation in prepared.suite if not passed[expectation.number]["success"]]
    details = _details(frame.orderBy(*table.key), table.name, failed)
    return [_result(table, expectation, details.get(expectation.number)) for expectation in prepared.suite]


def _details(frame: DataFrame, table: str, failed: list[Expectation]) -> dict[int, dict[str, Any]]:
    """Finding the offending values costs a job per expectation: only for those that failed. A query shows rows (200 at most)
    only if asked for everything, which of a column would be all its bad values. In order, so that every run of the same data
    gives the same examples."""
    results: dict[int, dict[str, Any]] = {}
    for detail, wanted in (("COMPLETE", True), ("BASIC", False)):
        chosen = [_in_order(expectation.as_config()) for expectation in failed if (expectation.type == QUERY) == wanted]
        results |= _evaluate(frame, table, chosen, detail) if chosen else {}
    return results


def _in_order(configuration: dict[str, Any]) -> dict[str, Any]:
    """The same expectation; rows that a query finds are sorted as text, which all types can be."""
    name = "unexpected_rows_query"
    if name not in configuration["kwargs"]:
        return configuration
    as_text = f"SELECT *, to_json(struct(*)) AS _text FROM ({configuration['kwargs'][name]})"
    ordered = f"SELECT * EXCEPT (_text) FROM ({as_text}) ORDER BY _text"
    return configuration | {"kwargs": configuration["kwargs"] | {name: ordered}}


def _evaluate(frame: DataFrame, table: str, suite: list[dict[str, Any]], detail: str) -> dict[int, dict[str, Any]]:
    result = _batch(table, frame).validate(as_suite(table, suite), result_format={"result_format": detail})
    return {r.expectation_config.meta["number"]: r.to_json_dict() for r in result.results}


def _looked_up(configuration: dict[str, Any], rows_by_number: dict[int, int]) -> dict[str, Any]:
    """The same expectation, of a query whose rows were counted before."""
    number = configuration["meta"]["number"]
    if number not in rows_by_number:
        return configuration
    return configuration | {"type": _counted_query(), "meta": {"number": number, "rows": rows_by_number[number]}}


@cache
def _counted_query() -> str:
    """Register, and name, the library's query expectation for rows that were counted together with those of others."""
    from great_expectations.expectations.core.unexpected_rows_expectation import UnexpectedRowsExpectation

    class UnexpectedRowsCountedExpectation(UnexpectedRowsExpectation):
        metric_dependencies = ()

        def _validate(self, *_: Any, **__: Any) -> dict[str, Any]:
            return {"success": (self.meta or {})["rows"] == 0}

    return UnexpectedRowsCountedExpectation.expectation_type


def _batch(table: str, frame: DataFrame) -> Any:
    source = _context().data_sources.get(SOURCE)
    asset = source.assets and next((a for a in source.assets if a.name == table), None)
    asset = asset or source.add_dataframe_asset(table)
    definitions = asset.batch_definitions or [asset.add_batch_definition_whole_dataframe("whole")]
    return definitions[0].get_batch({"dataframe": frame})


def _result(table: Table, expectation: Expectation, failure: dict[str, Any] | None) -> Check:
    return Check(
        table.name,
        expectation.number,
        expectation.type,
        expectation.subject,
        expectation.severity,
        failure is None,
        None if failure is None else _observed(failure),
    )


def _observed(failure: dict[str, Any]) -> str:
    raised = failure.get("exception_info") or {}
    nested = raised if "exception_message" in raised else next(iter(raised.values()), {})
    if nested.get("exception_message"):
        return f"could not be evaluated: {nested['exception_message']}"
    result = failure.get("result", {})
    if "unexpected_count" in result:
        examples = ", ".join(map(str, result.get("partial_unexpected_list", [])[:5]))
        return f"{result['unexpected_count']} of {result['element_count']} rows, for example {examples}"
    rows = result.get("details", {}).get("unexpected_rows", [])
    example = f", for example {_rounded(rows[0])}" if rows else ""
    return f"observed {result.get('observed_value')}{example}"


def _rounded(row: dict[str, Any]) -> dict[str, Any]:
    """Sums without the digits that depend on the order of adding."""
    return {name: float(f"{value:.9g}") if isinstance(value, float) else value for name, value in row.items()}
