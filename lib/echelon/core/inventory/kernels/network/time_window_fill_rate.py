"""Service within a waiting time: the share of demand that is served at most so many periods after it came up."""

import numpy as np

from echelon.core.arrays import Doubles


def served_within(demand: Doubles, backorders: Doubles, periods: int, warm_up: int = 0) -> float:
    """Share of the demand of all periods from `warm_up` on that is served within so many periods, first come first served.

    demand, backorders: (replications, periods), units; backorders at the end of a period. What is still owed at the end of
    t + periods and was not demanded since t was demanded in t or before (time-window fill rate; Hausman, Lee & Zhang,
    European Journal of Operational Research 109(3), 1998). Demand of the last periods, whose wait is not over, is not
    counted; nan without demand.
    """
    last = demand.shape[1] - periods
    total = np.cumsum(demand, axis=1)
    since = total[:, periods:] - total[:, :last]
    late = np.minimum(np.maximum(backorders[:, periods:] - since, 0.0), demand[:, :last])
    asked = demand[:, warm_up:last].sum()
    return float(1 - late[:, warm_up:].sum() / asked) if asked > 0 else float("nan")
