"""Quantiles of demand as columns of their own: one for each probability of the setting `forecast.quantiles`."""

import re
from collections.abc import Sequence
from dataclasses import replace

from echelon.lake.contracts.common import amount
from echelon.lake.contracts.contract import Column, Table

NAME = re.compile(r"q(\d{2,})")


def quantile_name(probability: float) -> str:
    """Column name of a quantile: 0.05 -> q05, 0.975 -> q975."""
    return f"q{f'{probability:.4f}'[2:].rstrip('0'):0<2}"


def quantile_columns(probabilities: Sequence[float]) -> tuple[Column, ...]:
    """One column for each probability."""
    return tuple(amount(quantile_name(q), f"{100 * q:.4g}% quantile of demand in this period", "units") for q in probabilities)


def as_published(table: Table, columns: Sequence[str]) -> Table:
    """The contract with the quantiles that rows with these columns have; other contracts stay as they are."""
    if not table.quantiles:
        return table
    names = tuple(name for name in columns if NAME.fullmatch(name))
    fixed = [column for column in table.columns if column.name not in table.quantiles]
    made = quantile_columns([float(f"0.{name[1:]}") for name in names])
    return replace(table, columns=(*fixed, *made), quantiles=names)
