"""Phantom stock: the book says that there is stock, and yet nothing sells for unlikely long."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from echelon.core.replenish.wording import figure, units

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class SilenceRules:
    """probability: by chance, so long a silence comes less often than this. least_days: a shorter one is never told."""

    probability: float = 0.001
    least_days: int = 14


def chance_of_silence(rows: pd.DataFrame) -> NDArray[np.float64]:
    """Probability of no sale for so long; rows: sale_days (days with a sale, k), span_days (first to last of them, both
    included), silent_days (since the last of them).

    Sales come as a Poisson process of unknown rate (prior 1 / rate), as in `core.demand.life_cycle.dead`: with k sales in a
    span, a silence as long as `gap` has the probability (span / (span + gap))^k.
    """
    share = rows["span_days"] / (rows["span_days"] + rows["silent_days"])
    return np.asarray(share ** rows["sale_days"], dtype=np.float64)


def phantom(rows: pd.DataFrame, rules: SilenceRules | None = None) -> Mask:
    """Which SKU-locations are silent for unlikely long; rows: as in `chance_of_silence`, and longest_gap (days between two
    earlier sales, most).

    A silence that is not longer than an earlier one is none of stock: the item has a season, or sells in bursts.
    """
    rules = rules or SilenceRules()
    long = (rows["silent_days"] >= rules.least_days) & (rows["silent_days"] > rows["longest_gap"])
    return np.asarray(long & (chance_of_silence(rows) < rules.probability))


def silence_detail(row: dict[Any, Any]) -> str:
    """In words; row: the columns of `phantom`, on_hand, since (date: the last sale,
    or a later day on which the location was empty or received some)."""
    return (
        f"{units(row['on_hand'])} on the book, but no sale for {figure(row['silent_days'])} days "
        f"(since {row['since']:%Y-%m-%d}); before, it sold on {figure(row['sale_days'])} of "
        f"{figure(row['span_days'])} days and never paused longer than {figure(row['longest_gap'])}. "
        "Look whether it is on the shelf."
    )
