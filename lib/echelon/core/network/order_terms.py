"""Order terms of a lane that contradict each other."""

import math

from echelon.core.demand.periods import PERIOD_DAYS, Frequency
from echelon.core.network.topology import NetworkError
from echelon.core.replenish.quantities import ROUNDING

_IN_A: dict[Frequency, str] = {"D": "a day", "W": "a week", "M": "a month"}


def check_capacity(lane: str, moq: float, lot_size: float, capacity: float | None, freq: Frequency) -> None:
    """Refuse a lane whose capacity (units per day, as orders have it per planning period) is below the least order.

    moq, lot_size: units. Raises NetworkError with both figures: nothing could ever be ordered on the lane.
    """
    if capacity is None:
        return
    least, most = lot_size * max(1, math.ceil(moq / lot_size - ROUNDING)), capacity * PERIOD_DAYS[freq]
    if most >= least * (1 - ROUNDING):
        return
    cause = f"moq {moq:g} in lots of {lot_size:g}" if moq > 0 else f"lot_size {lot_size:g}"
    per_period = "" if freq == "D" else f" ({most:g} {_IN_A[freq]}, run.frequency: {freq})"
    raise NetworkError(
        f"lane {lane}: capacity {capacity:g} units a day{per_period} is below the least order of {least:g} units ({cause}), so "
        "nothing could ever be ordered: raise the capacity (units per SKU and day), lower moq or lot_size, or leave the "
        "capacity out where there is no limit"
    )
