"""How far ahead of demand the rows of a signal reach, whatever is said of it: what a plan will not have, no backtest has.

A signal whose rows end with the history, though it is said to be known ahead, is known up to the end of the history. Its
future would else be read as what holds without a row, where the backtest read what came to be.
"""

import numpy as np
import numpy.typing as npt

Index = npt.NDArray[np.int64]

# Rows in this share of the periods between the first and the last one: there is a row for every period, but for some.
DENSE = 0.5
# Rows that come so many times later than they usually do are a beginning anew: what lies between is not covered.
BROKEN = 3
# The distance to the next row that rows usually keep to: what Friday's row says holds over the weekend.
USUAL = 0.95


def periods_covered(period: Index, end: int, ahead: int, last: int) -> int:
    """Periods beyond the last one of demand for which rows of one scope (a SKU at a location, say) tell the signal, at most
    `ahead`; negative: they end that much earlier.

    period: numbers of the periods with a row, in any order; end: the first after the history; ahead: for how many the signal
    is said to be known; last: the last period with a row of the signal in any scope. Rows that are there for most periods tell
    what they cover. Rows that are few, as those of promotions, can't: for all scopes alike they are as far ahead as `last`, and
    what is not known ahead is taken as said.
    """
    rows = np.unique(period)
    past = rows[rows < end]
    if len(past) < 2 or len(past) < DENSE * (past[-1] - past[0] + 1):
        return min(ahead, max(last + 1 - end, 0))
    usual = int(np.quantile(np.diff(past), USUAL, method="higher"))
    later = rows[rows >= past[-1]]
    unbroken = np.append(np.diff(later) > BROKEN * usual, True)
    return min(ahead, int(later[np.argmax(unbroken)]) + usual - end)
