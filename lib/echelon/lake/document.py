"""Write what follows from the contracts: docs/tables.md and the contract's part of every suite."""

import json
from pathlib import Path

from echelon.lake.checks.contract_suite import contract_expectations
from echelon.lake.checks.suites import FOLDER
from echelon.lake.contracts import TABLES
from echelon.lake.contracts.contract import Column, Table

_HEADER = """# Tables
Every published table, made from its contract in `lib/echelon/lake/contracts` by `make docs` (a test compares).
All lie under `out/tables/<table>` as Delta tables of reader version 1.
How delta-rs, DuckDB and polars read those of one release: `docs/reading.md`.
"""


def tables_page() -> str:
    """The text of docs/tables.md."""
    return "\n".join([_HEADER, *(_section(table) for table in TABLES.values())])


def _section(table: Table) -> str:
    rows = [_row(column) for column in table.columns]
    head = ["| column | type | unit | meaning |", "| --- | --- | --- | --- |"]
    about = f"Published by `{table.stage}`. Key: {', '.join(f'`{name}`' for name in table.key)}."
    return "\n".join([f"## {table.name}", table.meaning, "", about, "", *head, *rows, ""])


def _row(column: Column) -> str:
    notes = [column.meaning]
    if column.allowed:
        notes.append(f"one of {', '.join(f'`{value}`' for value in column.allowed)}")
    if column.nullable:
        notes.append("may be null")
    return f"| `{column.name}` | {column.type} | {column.unit} | {'; '.join(notes)} |"


def suite_text(table: Table, existing: str | None) -> str:
    """The suite's file: the contract's expectations first, then those that were added by hand."""
    by_contract = contract_expectations(table)
    entries = json.loads(existing)["expectations"] if existing else []
    by_hand = [entry for entry in entries if entry.get("by") == "hand"]
    lines = ",\n".join(f"    {json.dumps(entry, ensure_ascii=False)}" for entry in by_contract + by_hand)
    return f'{{\n  "name": "{table.name}",\n  "expectations": [\n{lines}\n  ]\n}}\n'


def write(root: Path) -> None:
    """Write all of it below the project's root."""
    (root / "docs" / "tables.md").write_text(tables_page(), encoding="utf-8")
    for table in TABLES.values():
        file = root / FOLDER / f"{table.name}.json"
        file.write_text(suite_text(table, file.read_text() if file.exists() else None), encoding="utf-8")


if __name__ == "__main__":
    write(Path.cwd())
