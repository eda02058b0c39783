"""Whether stock is what movements explain: stock of an earlier day + what came - what went against stock of a later day.

Systems book at differing times of a day, and not every movement is known. So only what no reading of the rows explains is
a difference: receipts of the first day may have been booked after the count, those of the last day not yet; returned units
may have been scrapped; goods for another location may have left before the first day or be on their way to it; units owed
may have been booked as negative stock. Where receipts are not known, only a fall can't be explained; where goods that left
are not known, only a rise.
"""

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from echelon.core.replenish.wording import figure, units

Floats = NDArray[np.float64]

AMOUNTS = (
    "before",
    "after",
    "owed",
    "received",
    "received_first",
    "received_last",
    "returned",
    "sold",
    "shipped",
    "shipped_early",
    "under_way",
)
"""Units of a SKU-location, all but the first two not negative: stock at the end of the first and of the last day; owed to
customers; received, returned, sold, shipped to own locations after the first day and up to the last one; received_first:
dated on the first day; received_last: part of received, dated on the last day; shipped_early: part of shipped, ordered on
the first day or before; under_way: on order from here by own locations."""


@dataclass(frozen=True)
class BalanceRules:
    """units, share: a difference counts above so many units and above this share of the larger of both stocks.
    empty_days: so many days, each booked as empty at its end and half of them with sales, are a book that is not kept."""

    units: float = 0.5
    share: float = 0.01
    empty_days: int = 14


def differences(rows: pd.DataFrame, rules: BalanceRules | None = None) -> Floats:
    """Units that are there beyond what movements explain (negative: missing), 0 where they explain the stock; (n,).

    rows: AMOUNTS, and receipts_known, shipments_known (whether all that came, all that went is told).
    """
    rules = rules or BalanceRules()
    amount = {name: rows[name].to_numpy(np.float64) for name in AMOUNTS}
    plain = amount["after"] - amount["before"] - amount["received"] - amount["returned"] + amount["sold"] + amount["shipped"]
    readings = plain + _shifts(amount)
    stock = np.maximum(np.abs(amount["before"]), np.abs(amount["after"]))
    little = np.maximum(rules.units, rules.share * stock)
    came, went = rows["receipts_known"].to_numpy(np.bool_), rows["shipments_known"].to_numpy(np.bool_)
    most = np.where(came, little, np.inf)
    least = np.where(went, -little - amount["under_way"], -np.inf)
    explained = ((readings <= most) & (readings >= least)).any(axis=0)
    return np.where(explained, 0.0, plain)


def _shifts(amount: dict[str, Floats]) -> Floats:
    """(readings, n): what every reading of the rows changes in the difference."""
    readings = (
        -amount["received_first"],
        amount["received_last"],
        amount["returned"],
        -amount["shipped_early"],
        -amount["owed"],
    )
    choices = product((0.0, 1.0), repeat=len(readings))
    return np.stack([sum(on * shift for on, shift in zip(some, readings, strict=True)) for some in choices])


def not_kept(rows: pd.DataFrame, rules: BalanceRules | None = None) -> NDArray[np.bool_]:
    """Which stock books are not kept; rows: days (with a book entry), filled_days (above 0), sale_days (days with sales)."""
    rules = rules or BalanceRules()
    never = (rows["days"] >= rules.empty_days) & (rows["filled_days"] == 0)
    return np.asarray(never & (2 * rows["sale_days"] >= rows["days"]))


def difference_detail(row: dict[Any, Any]) -> str:
    """In words: the sum and what it lacks. row: AMOUNTS, difference, first and last (dates), receipts_known."""
    came = [f"{figure(row[name])} {name}" for name in ("received", "returned") if row[name] > 0]
    went = [f"{figure(row[name])} {word}" for name, word in (("sold", "sold"), ("shipped", "shipped")) if row[name] > 0]
    explained = row["after"] - row["difference"]
    movements = "".join([*(f" + {text}" for text in came), *(f" - {text}" for text in went)])
    total = f" = {figure(explained)}" if movements else ""
    unknown = "" if row["receipts_known"] else ", whatever was received"
    gap = f"{units(abs(row['difference']))} {'more' if row['difference'] > 0 else 'fewer'} than movements explain{unknown}"
    return (
        f"{figure(row['before'])} on {row['first']:%Y-%m-%d}{movements}{total}, but {figure(row['after'])} are on the book on "
        f"{row['last']:%Y-%m-%d}: {gap}."
    )


def not_kept_detail(row: dict[Any, Any]) -> str:
    """In words; row: days, sale_days, sold_empty (units sold on the days of the book)."""
    return (
        f"Booked as empty at the end of each of the last {figure(row['days'])} days, though {figure(row['sale_days'])} of them "
        f"had sales ({units(row['sold_empty'])}). Is this stock kept? Sales of days that end empty count as less than demand."
    )
