"""Lead times in planning periods, and those that are longer than the simulation can hold."""

from typing import Any

import numpy as np
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from echelon.core.inventory.model.lead_time import MOST_PERIODS, LeadTime
from echelon.errors import InputRefused
from echelon.stages.shared.context import Context

Row = dict[str, Any]

LONGEST = MOST_PERIODS - 1
# Lead times beyond the longest one count as that, as long as the mean shrinks by no more than this share.
MOST_LOST = 0.05
# What is cut more seldom than this is not worth a word.
_RARE = 0.001


def lead_time(context: Context, row: Row, period_days: float) -> LeadTime:
    """The distribution of a row of `lead_times` in periods; a rare longer lead time counts as the longest possible one.

    Raises InputRefused where that would change the mean; the message names the delivery or promise that it comes from.
    """
    days, probability = np.asarray(row["days"], float), np.asarray(row["probability"], float)
    most = LONGEST * period_days
    if np.maximum(days - most, 0.0) @ probability > MOST_LOST * (days @ probability):
        raise InputRefused(_too_long(context, row, days, probability, most))
    return LeadTime.from_days(np.minimum(days, most).tolist(), row["probability"], period_days)


def shortened(row: Row, period_days: float) -> str | None:
    """What is to be told of a lane whose lead times are cut; None where hardly any is."""
    most = LONGEST * period_days
    share = sum(p for days, p in zip(row["days"], row["probability"], strict=True) if days > most)
    if share < _RARE:
        return None
    return (
        f"lane {row['source']} -> {row['destination']}: {share:.1%} of the lead times are longer than {LONGEST} periods and "
        "count as that long; longer periods (run.frequency: W or M) keep them"
    )


def _too_long(context: Context, row: Row, days: Any, probability: Any, most: float) -> str:
    longer = probability[days > most].sum()
    return (
        f"lane {row['source']} -> {row['destination']}: {longer:.0%} of its lead times are longer than the {LONGEST} periods "
        f"that can be simulated (mean {days @ probability:.0f} days). {_cause(context, row)} Mend that, or plan in longer "
        "periods (run.frequency: W or M)"
    )


def _cause(context: Context, row: Row) -> str:
    ends = {"source": row["source"], "destination": row["destination"]}
    if row["basis"] == "promise":
        lane = _matching(context.lake.read("lanes"), ends).first()
        assert lane is not None
        return (
            f"lanes promises {lane['lead_time_days']:g} days with a standard deviation of {lane['lead_time_sd_days']:g} days "
            "(lead_time_days, lead_time_sd_days)."
        )
    return f"{_OF[row['basis']]}{_longest_delivery(context, row, ends)}."


_OF = {"deliveries": "They are those of its deliveries", "supplier": "They are borrowed from its supplier's deliveries"}


def _longest_delivery(context: Context, row: Row, ends: dict[str, str]) -> str:
    """The longest delivery that was believed, in words: what was left out as mistyped is longer than the distribution."""
    known = _matching(context.lake.read("deliveries"), {"source": row["source"]} if row["basis"] == "supplier" else ends)
    days = known.withColumn("days", F.date_diff("received_date", "order_date")).where(F.col("days") <= int(max(row["days"])))
    longest = days.orderBy(F.desc("days"), "delivery").first()
    if longest is None:
        return ""
    return (
        f", of which '{longest['delivery']}' took longest: {longest['days']} days "
        f"(ordered {longest['order_date']}, received {longest['received_date']})"
    )


def _matching(frame: DataFrame, values: dict[str, str]) -> DataFrame:
    for name, value in values.items():
        frame = frame.where(F.col(name) == value)
    return frame
