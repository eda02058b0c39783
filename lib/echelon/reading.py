"""The tables of one release for readers without Spark: delta-rs, and through it DuckDB and polars (docs/reading.md).

The newest versions of tables need not belong together: while a run is under way, or after one was killed, some are newer than
the release that everybody sees. A release names the version of each of its tables, and these do not change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from echelon.errors import EchelonError

if TYPE_CHECKING:
    from deltalake import DeltaTable


@dataclass(frozen=True)
class Release:
    """One release of an output folder: its row of the table `releases`, and its tables."""

    output: str
    number: int
    run_id: str
    run_date: date
    published_at: datetime
    versions: Mapping[str, int]  # Delta version by table
    storage_options: Mapping[str, str] | None = field(default=None, repr=False)

    def path(self, name: str) -> str:
        """Where a table lies: a reader that opens it must ask for `versions[name]`.

        Raises EchelonError when the release has no such table.
        """
        if name not in self.versions:
            raise EchelonError(f"release {self.number} has no table '{name}', only {', '.join(sorted(self.versions))}")
        return _table(self.output, name)

    def table(self, name: str) -> DeltaTable:
        """A table as the release has it.

        Raises EchelonError when the release has no such table, deltalake's own error when the version was vacuumed.
        """
        return _open(self.path(name), self.versions[name], self.storage_options)


def read_release(output: str, number: int | None = None, storage_options: Mapping[str, str] | None = None) -> Release:
    """The newest release in an output folder, or the one with this number. storage_options: delta-rs', for object stores.

    Raises EchelonError when there is no such release, or the package deltalake is missing.
    """
    rows = _releases(str(output), storage_options)
    matching = [row for row in rows if number in (None, row["release"])]
    if not matching:
        raise EchelonError(f"{output}: there is no release{f' {number}' if rows else ' yet'}")
    row = max(matching, key=lambda row: row["release"])
    kept = {name: row[name] for name in ("run_id", "run_date", "published_at")}
    return Release(str(output), row["release"], versions=dict(row["tables"]), storage_options=storage_options, **kept)


def _releases(output: str, storage_options: Mapping[str, str] | None) -> list[dict[str, Any]]:
    try:
        from deltalake.exceptions import TableNotFoundError
    except ImportError:
        raise EchelonError("reading without Spark needs deltalake: pip install 'echelon[readers]'") from None
    try:
        rows: list[dict[str, Any]] = _open(_table(output, "releases"), None, storage_options).to_pyarrow_table().to_pylist()
    except TableNotFoundError:
        return []
    return rows


def _open(path: str, version: int | None, storage_options: Mapping[str, str] | None) -> DeltaTable:
    from deltalake import DeltaTable

    return DeltaTable(path, version=version, storage_options=dict(storage_options) if storage_options else None)


def _table(output: str, name: str) -> str:
    return f"{output.rstrip('/')}/tables/{name}"
