"""What a check asks, in plain words."""

import sys
from typing import Any

from echelon.lake.checks.suites import Expectation

_LARGEST = sys.float_info.max


def in_words(expectation: Expectation) -> str:
    """The expectation's notes; without notes, words from its type and limits."""
    return (
        expectation.notes
        or _from_limits(expectation.type, expectation.kwargs)
        or by_type(expectation.type, expectation.subject)
    )


def by_type(kind: str, subject: str | None) -> str:
    """Words from the type of an expectation alone: "demand: column mean to be between"."""
    words = kind.removeprefix("expect_").replace("_", " ")
    return f"{subject}: {words}" if subject else words


def _from_limits(kind: str, kwargs: dict[str, Any]) -> str | None:
    """Words for the types that follow from contracts, None for any other."""
    column, share = kwargs.get("column"), _share(kwargs.get("mostly", 1.0))
    match kind:
        case "expect_column_values_to_not_be_null":
            return f"{column} is never missing{share}"
        case "expect_column_values_to_be_between":
            return f"{column} is {_range(kwargs)}{share}"
        case "expect_column_values_to_not_be_in_set":
            return f"{column} is never {' or '.join(_quoted(value) for value in kwargs['value_set'])}{share}"
        case "expect_column_values_to_be_in_set":
            return f"{column} is one of {', '.join(map(str, kwargs['value_set']))}{share}"
        case "expect_column_pair_values_a_to_be_greater_than_b":
            relation = "not below" if kwargs.get("or_equal") else "above"
            return f"{kwargs['column_A']} is {relation} {kwargs['column_B']}{share}"
        case "expect_table_columns_to_match_ordered_list":
            return f"the columns are {', '.join(kwargs['column_list'])}, in this order"
        case _:
            return None


def _quoted(value: Any) -> str:
    return f'"{value}"' if value else "an empty text"


def _share(mostly: float) -> str:
    return "" if mostly == 1.0 else f" in at least {mostly * 100:.4g}% of the rows"


def _range(limits: dict[str, Any]) -> str:
    """between 0 and 1; 0 or more; above 0 and finite. The largest double is a limit to infinity alone."""
    low, high = (_limit(limits.get(name)) for name in ("min_value", "max_value"))
    finite = "finite" if limits.get("max_value") == _LARGEST else ""
    if low and high and not (limits.get("strict_min") or limits.get("strict_max")):
        return f"between {low} and {high}"
    above = low and (f"above {low}" if limits.get("strict_min") else f"{low} or more")
    below = high and (f"below {high}" if limits.get("strict_max") else f"at most {high}")
    return " and ".join(part for part in (above, below, finite) if part)


def _limit(value: Any) -> str:
    if value is None or (isinstance(value, float) and abs(value) == _LARGEST):
        return ""
    return f"{value:.12g}" if isinstance(value, float) else str(value)
