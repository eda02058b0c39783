"""The expectations that follow from a contract: schema, keys, nulls, ranges and allowed values."""

import re
from collections.abc import Callable
from typing import Any

from echelon.lake.contract import Column, Table

_RANGES: dict[str, Callable[[re.Match[str]], dict[str, Any]]] = {
    r"\w+ >= (-?[\d.]+)": lambda m: {"min_value": float(m[1])},
    r"\w+ > (-?[\d.]+)": lambda m: {"min_value": float(m[1]), "strict_min": True},
    r"\w+ between (-?[\d.]+) and (-?[\d.]+)": lambda m: {"min_value": float(m[1]), "max_value": float(m[2])},
}


def contract_expectations(table: Table) -> list[dict[str, Any]]:
    """Every expectation that the contract implies, as entries of a suite."""
    entries = [
        {"type": "expect_table_columns_to_match_ordered_list", "kwargs": {"column_list": table.column_names}},
        _unique_key(table),
    ]
    for column in table.columns:
        entries += _column_expectations(column)
    return [{**entry, "severity": "critical"} for entry in entries]


def _unique_key(table: Table) -> dict[str, Any]:
    key = ", ".join(table.key)
    query = f"SELECT {key}, count(*) AS copies FROM {{batch}} GROUP BY {key} HAVING count(*) > 1"
    return {
        "type": "unexpected_rows_expectation",
        "kwargs": {"unexpected_rows_query": query},
        "notes": f"key {key} is unique",
    }


def _column_expectations(column: Column) -> list[dict[str, Any]]:
    found = []
    if not column.nullable:
        found.append({"type": "expect_column_values_to_not_be_null", "kwargs": {"column": column.name}})
    if limits := _range(column):
        found.append({"type": "expect_column_values_to_be_between", "kwargs": {"column": column.name, **limits}})
    if column.allowed:
        kwargs = {"column": column.name, "value_set": list(column.allowed)}
        found.append({"type": "expect_column_values_to_be_in_set", "kwargs": kwargs})
    return found


def _range(column: Column) -> dict[str, Any] | None:
    for pattern, limits in _RANGES.items():
        if match := re.fullmatch(pattern, column.check or ""):
            return limits(match)
    return None
