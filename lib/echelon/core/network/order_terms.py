"""Order terms of a lane that contradict each other."""

import math

from echelon.core.demand.periods import PERIOD_DAYS, Frequency
from echelon.core.network.topology import NetworkError
from echelon.core.replenish.quantities import ROUNDING


def periods_between_orders(review_period_days: float, period_days: float) -> int:
    """Whole planning periods from one review to the next, at least one."""
    return max(1, round(review_period_days / period_days))


def capacity_of_an_order(capacity: float, review_period_days: float, period_days: float) -> float:
    """The largest order on a lane, units: its capacity (units per day) in all the days from one review to the next."""
    return capacity * period_days * periods_between_orders(review_period_days, period_days)


def check_capacity(
    lane: str, moq: float, lot_size: float, capacity: float | None, review_period_days: float, freq: Frequency
) -> None:
    """Refuse a lane whose capacity (units per day) is below the least order even in a whole review period.

    moq, lot_size: units. Raises NetworkError with both figures: nothing could ever be ordered on the lane.
    """
    if capacity is None:
        return
    least = lot_size * max(1, math.ceil(moq / lot_size - ROUNDING))
    most = capacity_of_an_order(capacity, review_period_days, PERIOD_DAYS[freq])
    if most >= least * (1 - ROUNDING):
        return
    cause = f"moq {moq:g} in lots of {lot_size:g}" if moq > 0 else f"lot_size {lot_size:g}"
    per_order = (
        "" if most == capacity else f" ({most:g} an order: review_period_days {review_period_days:g}, run.frequency {freq})"
    )
    raise NetworkError(
        f"lane {lane}: capacity {capacity:g} units a day{per_order} is below the least order of {least:g} units ({cause}), so "
        "nothing could ever be ordered: raise the capacity (units per SKU and day), lower moq or lot_size, or leave the "
        "capacity out where there is no limit"
    )
