"""When to order how much of a demand that is known but varies: dynamic lot sizing, exact.

Sources: Wagner & Whitin, Management Science 5(1), 1958, 89-96; Snyder & Shen, Fundamentals of Supply Chain Theory, 2nd
ed., chapter 3.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from echelon.core.arrays import Doubles
from echelon.textbook import checks


@dataclass(frozen=True)
class LotPlan:
    """Order quantities per period and their total cost."""

    quantities: tuple[float, ...]
    cost: float


def wagner_whitin(
    demand: Sequence[float],
    fixed_cost: float | Sequence[float],
    holding_cost: float | Sequence[float],
    unit_cost: float | Sequence[float] = 0.0,
) -> LotPlan:
    """Orders of least cost that meet every period's demand; an order arrives at once, no stock at the start.

    fixed_cost per order, holding_cost per unit left at the end of a period, unit_cost per unit ordered: one number or one
    per period. theta_t = min over s > t of K_t + sum over t <= i < s of (c_t + h_t + ... + h_{i-1}) d_i + theta_s; where
    d_t = 0 also theta_{t+1}. Raises ValueError, naming the parameter, for values below 0 or of the wrong number.

    >>> plan = wagner_whitin([90, 120, 80, 70], fixed_cost=500, holding_cost=2)
    >>> plan.quantities, plan.cost
    ((210.0, 0.0, 150.0, 0.0), 1380.0)
    """
    wanted = _each("demand", demand, len(demand))
    fixed, holding, unit = (
        _each(name, values, len(wanted))
        for name, values in (("fixed_cost", fixed_cost), ("holding_cost", holding_cost), ("unit_cost", unit_cost))
    )
    least, following = np.zeros(len(wanted) + 1), np.zeros(len(wanted), int)
    for t in range(len(wanted) - 1, -1, -1):
        carried = unit[t] + np.append(0.0, np.cumsum(holding[t:-1]))
        costs = fixed[t] + np.cumsum(carried * wanted[t:]) + least[t + 1 :]
        following[t] = t + 1 + int(np.argmin(costs))
        least[t] = costs.min()
        if wanted[t] == 0 and least[t + 1] <= least[t]:  # nothing is due: no order is needed before the next period
            following[t], least[t] = t + 1, least[t + 1]
    return LotPlan(_orders(wanted, following), float(least[0]))


def _each(name: str, values: float | Sequence[float], periods: int) -> Doubles:
    """One value per period."""
    each = np.broadcast_to(np.asarray(values, float), periods) if np.ndim(values) == 0 else np.asarray(values, float)
    if each.shape != (periods,) or not periods:
        raise ValueError(f"{name} must have one value per period of demand")
    for value in each:
        checks.not_negative(**{name: float(value)})
    return each


def _orders(wanted: Doubles, following: npt.NDArray[np.int_]) -> tuple[float, ...]:
    """What each period orders: the demand until the next order."""
    quantities = np.zeros(len(wanted))
    t = 0
    while t < len(wanted):
        quantities[t] = wanted[t : following[t]].sum()
        t = int(following[t])
    return tuple(quantities.tolist())
