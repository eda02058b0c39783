"""Spikes: what a series sold once, or a few times, that is unlike anything else of it. A typing error, a project, a panic:
what comes once is no demand to stock for.

The rule. The one, two or three largest demands of a series are spikes when the smallest of them is

- at least FACTOR times the usual size, the median of the others,
- at least GAP times the largest of the others, and more so where large demands of the series differ much among themselves:
  above the others' largest by a factor that a tail like theirs exceeds in three of a thousand cases. The logarithm of sizes
  above a high threshold is taken as exponential with the mean of the largest tenth (Hill 1975, Annals of Statistics 3), not
  known better than so many sizes tell (the next one is then Pareto distributed beside them); MOST_GAP is always enough;
- and there are at least LEAST_OTHERS others, MOST_OFTEN for each spike.

With fewer others, the SKU's demands at other locations count as others too, and a spike is FAR times the largest of all these,
of which there must be FEW for each spike. Bulk orders that come again stay: four of a kind are no spikes, nor are two of like
size that lie a year apart. Events of the year grow and shrink from year to year, but rarely to less than a third; a project or
a typing error beside a small peak of the year before is no event.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from echelon.core.arrays import Vector

Days = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

MOST_SPIKES = 3
FACTOR, GAP, MOST_GAP, FAR = 10.0, 3.0, 20.0, 100.0
LEAST_OTHERS, MOST_OFTEN, FEW = 8, 5, 3
CHANCE, TAIL, LEAST_TAIL = 0.003, 0.1, 4
# Two spikes whose distance is within so many days of whole years are the season's.
YEAR, ABOUT_A_YEAR, LIKE_SIZE = 365.25, 8.0, 1 / 3


def spike_excess(sales: pd.DataFrame, units: Vector) -> Vector:
    """Units (n,) of each row above what a spike is counted as, which is the usual size; 0 where there is none.

    sales: sku, location, date, sorted by sku and location, one row per day or period; units: of each row, at least 0.
    """
    excess = np.zeros(len(units))
    days = sales["date"].to_numpy("datetime64[D]").astype(np.int64)
    skus, series = (_slices(sales, names) for names in (["sku"], ["sku", "location"]))
    sku_of = np.searchsorted(skus[:, 0], series[:, 0], side="right") - 1
    for (start, stop), (first, end) in zip(series.tolist(), skus[sku_of].tolist(), strict=True):
        sold = start + np.flatnonzero(units[start:stop] > 0)
        excess[sold] = _excess(units[sold], days[sold], (units[first:start], units[stop:end]))
    return excess


def _slices(rows: pd.DataFrame, names: list[str]) -> Days:
    """(k, 2) first and end of the rows of each of the sorted names."""
    limits = np.append(np.flatnonzero(~rows.duplicated(names).to_numpy()), len(rows))
    return np.column_stack([limits[:-1], limits[1:]])


def _excess(sizes: Vector, days: Days, elsewhere: tuple[Vector, Vector]) -> Vector:
    """Of the demands of one series, all above 0; elsewhere: of the SKU's other locations."""
    ranked = np.sort(sizes)
    counted_as = next(filter(None, (_counted_as(ranked, k, elsewhere) for k in range(MOST_SPIKES, 0, -1))), None)
    if counted_as is None:
        return np.zeros(len(sizes))
    number, usual = counted_as
    high = sizes >= ranked[-number]
    high[high] = ~_yearly(days[high], sizes[high])
    return np.where(high, sizes - usual, 0.0)


def _counted_as(ranked: Vector, number: int, elsewhere: tuple[Vector, Vector]) -> tuple[int, float] | None:
    """`number` and the usual size, where so many of the largest of ascending sizes are spikes."""
    if number > len(ranked):
        return None
    others, least = ranked[:-number], float(ranked[-number])
    if len(others) < max(LEAST_OTHERS, MOST_OFTEN * number):
        return _among_few(others, least, number, elsewhere)
    stands_out = least >= max(FACTOR * _usual(others), GAP * others[-1]) and least >= others[-1] * _tail_factor(others)
    return (number, _usual(others)) if stands_out else None


def _among_few(others: Vector, least: float, number: int, elsewhere: tuple[Vector, Vector]) -> tuple[int, float] | None:
    groups = (others, *elsewhere)
    if least < FAR * max(part.max(initial=0.0) for part in groups):
        return None
    known = np.sort(np.concatenate([part[part > 0] for part in groups]))
    return (number, _usual(others if len(others) else known)) if len(known) >= FEW * number else None


def _usual(ranked: Vector) -> float:
    """The median of ascending sizes, of two middle ones the lower, so that whole units stay whole."""
    return float(ranked[(len(ranked) - 1) // 2])


def _tail_factor(ranked: Vector) -> float:
    """By what factor the next size may exceed the largest of ascending sizes, but for CHANCE."""
    tail = max(LEAST_TAIL, round(TAIL * len(ranked)))
    total = float(np.log(ranked[-tail:] / ranked[-tail - 1]).sum())
    return min(float(np.exp(total * (CHANCE ** (-1.0 / tail) - 1.0))), MOST_GAP)


def _yearly(days: Days, sizes: Vector) -> Mask:
    """Which of some days lie whole years from another of them of like size."""
    apart = np.abs(days[:, None] - days[None, :])
    years = np.round(apart / YEAR)
    alike = np.minimum(sizes[:, None], sizes[None, :]) >= LIKE_SIZE * np.maximum(sizes[:, None], sizes[None, :])
    return np.asarray((alike & (years > 0) & (np.abs(apart - years * YEAR) <= ABOUT_A_YEAR)).any(axis=1))
