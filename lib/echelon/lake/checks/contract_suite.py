"""The expectations that follow from a contract: schema, keys, nulls, ranges, allowed values and order of quantiles."""

import re
import sys
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from echelon.lake.contracts.contract import Column, Table

_NUMBER = r"(-?[\d.]+)"
_RANGES: dict[str, Callable[[re.Match[str]], dict[str, Any]]] = {
    rf"\w+ >= {_NUMBER}": lambda m: {"min_value": float(m[1])},
    rf"\w+ > {_NUMBER}": lambda m: {"min_value": float(m[1]), "strict_min": True},
    rf"\w+ between {_NUMBER} and {_NUMBER}": lambda m: {"min_value": float(m[1]), "max_value": float(m[2])},
}
# To Spark, not a number is above every number, and infinity above every finite one.
_FINITE = {"min_value": -sys.float_info.max, "max_value": sys.float_info.max}


def contract_expectations(table: Table) -> list[dict[str, Any]]:
    """Every expectation that the contract implies, as entries of a suite."""
    entries = [
        {"type": "expect_table_columns_to_match_ordered_list", "kwargs": {"column_list": table.column_names}},
        _unique_key(table),
    ]
    for column in table.columns:
        entries += _column_expectations(column)
    if table.quantiles:
        entries.append(_no_crossing(table))
    return [{**entry, "severity": "critical"} for entry in entries]


def _unique_key(table: Table) -> dict[str, Any]:
    key = ", ".join(table.key)
    query = f"SELECT {key}, count(*) AS copies FROM {{batch}} GROUP BY {key} HAVING count(*) > 1"
    if table.summary:
        query = "SELECT * FROM {summary} WHERE copies > 0"
    return {
        "type": "unexpected_rows_expectation",
        "kwargs": {"unexpected_rows_query": query},
        "notes": f"key {key} is unique",
    }


def _no_crossing(table: Table) -> dict[str, Any]:
    crossed = " OR ".join(f"{low} > {high}" for low, high in pairwise(table.quantiles))
    return {
        "type": "unexpected_rows_expectation",
        "kwargs": {"unexpected_rows_query": f"SELECT * FROM {{batch}} WHERE {crossed}"},
        "notes": "quantiles do not cross",
    }


def _column_expectations(column: Column) -> list[dict[str, Any]]:
    expectations = []
    if not column.nullable:
        expectations.append({"type": "expect_column_values_to_not_be_null", "kwargs": {"column": column.name}})
    if limits := _limits(column):
        expectations.append({"type": "expect_column_values_to_be_between", "kwargs": {"column": column.name, **limits}})
    elif column.check:
        expectations.append(_other_check(column))
    if column.allowed:
        kwargs = {"column": column.name, "value_set": list(column.allowed)}
        expectations.append({"type": "expect_column_values_to_be_in_set", "kwargs": kwargs})
    return expectations


def _limits(column: Column) -> dict[str, Any]:
    finite = _FINITE if column.type == "double" else {}
    for pattern, limits in _RANGES.items():
        if match := re.fullmatch(pattern, column.check or ""):
            return {**finite, **limits(match)}
    return {} if column.check else finite


def _other_check(column: Column) -> dict[str, Any]:
    """Conditions that are no range; a new kind of condition must be given its expectation here."""
    if column.check == f"length({column.name}) > 0":
        # Lengths would cost Great Expectations another scan.
        return {"type": "expect_column_values_to_not_be_in_set", "kwargs": {"column": column.name, "value_set": [""]}}
    if match := re.fullmatch(rf"{column.name} >= (\w+)", column.check or ""):
        kwargs = {"column_A": column.name, "column_B": match[1], "or_equal": True}
        return {"type": "expect_column_pair_values_a_to_be_greater_than_b", "kwargs": kwargs}
    raise ValueError(f"{column.name}: no expectation says '{column.check}'")
