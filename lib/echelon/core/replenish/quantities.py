"""Order quantities: minimum order quantity, lots, and the sharing of stock that is short."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ROUNDING = 1e-9
"""Share of a lot by which a quantity may miss a whole lot through floating-point arithmetic."""


def order_quantity(need: Floats, moq: Floats, lot_size: Floats) -> Floats:
    """What to order: the need, raised to the MOQ and rounded up to whole lots; 0 without a need. All in units."""
    lots = np.ceil(np.maximum(need, moq) / lot_size - ROUNDING)
    return np.where(need > 0, lots * lot_size, 0.0)


def within_capacity(quantity: Floats, capacity: Floats, moq: Floats, lot_size: Floats) -> Floats:
    """The quantity cut to whole lots within a capacity (units); 0 where that is less than the MOQ."""
    cut = np.where(quantity > capacity, np.floor(np.minimum(capacity, quantity) / lot_size + ROUNDING) * lot_size, quantity)
    return np.where(cut < moq * (1 - ROUNDING), 0.0, cut)


def share_out(available: float, requests: Floats, moq: Floats, lot_size: Floats) -> Floats:
    """What each location gets of stock that is too short for all: in proportion to its request, in whole lots.

    available: units that the source can ship. requests: units, each a multiple of its lot and not below its MOQ.
    Returns units per location, none above its request. What rounding down leaves over goes lot by lot to the locations
    that lost most by it (among equals to the first). Who would get less than the MOQ gets nothing, beginning with the
    smallest share, and the rest share again.
    """
    given = np.zeros_like(requests)
    sharing = np.flatnonzero(requests > 0)
    while sharing.size:
        shares = _whole_lots(available, requests[sharing], lot_size[sharing])
        below_moq = (shares > 0) & (shares < moq[sharing] * (1 - ROUNDING))
        if not below_moq.any():
            given[sharing] = shares
            break
        sharing = np.delete(sharing, np.argmin(np.where(below_moq, shares, np.inf)))
    return given


def _whole_lots(available: float, requests: Floats, lot_size: Floats) -> Floats:
    """Proportional shares in lots, rounded down; then one more each by largest remainder; then what still fits."""
    asked = requests / lot_size
    wanted = asked * min(1.0, available / requests.sum())
    lots = np.floor(wanted + ROUNDING)
    left = available - lots @ lot_size
    order = np.argsort(lots - wanted, kind="stable")
    for most in (1.0, np.inf):
        for place in order:
            more = min(most, asked[place] - lots[place], max(np.floor(left / lot_size[place] + ROUNDING), 0.0))
            lots[place] += more
            left -= more * lot_size[place]
    return lots * lot_size
