"""How often demand stays below what the published distributions promise, by drawing from them as the simulation does.

Fair coverage. Of whole numbers the quantile itself holds some of the probability: P(D <= q) is at least what is asked for, so
that even a perfect distribution covers too much. A sum y that was seen counts as covered at level p by the share

    min(1, max(0, (p - P(D < y)) / P(D = y)))

1 where P(D <= y) <= p, 0 where P(D < y) >= p (the nonrandomised probability integral transform of Czado, Gneiting and Held
2009, Biometrics 65): of draws from the distribution itself exactly p are covered, on average, counts or not.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from echelon.core.arrays import Matrix, Vector
from echelon.core.inventory.kernels.drawing.demand_source import DemandSource
from echelon.core.inventory.kernels.layout import BLOCK
from echelon.core.inventory.model.supply_network import Point, SupplyNetwork
from echelon.stages.stock.network_building import demand_of

from benchmarks.real.scores import Judged
from benchmarks.real.stage_run import Published

LEVELS = (0.95, 0.975, 0.995)
# The nine of the M5 uncertainty competition.
NINE = (0.005, 0.025, 0.165, 0.25, 0.5, 0.75, 0.835, 0.975, 0.995)
BLOCKS = 16
LENGTHS = {"D": (1, 7, 14, 28, 56, 84, 112), "W": (1, 3, 8, 16, 24, 32), "M": (1, 2, 3, 6, 9, 12)}


def drawn_scores(one: Judged, published: Published) -> tuple["pd.Series[float]", float]:
    """Coverage by number of periods added up and level (of LEVELS), and the mean pinball loss of single periods at NINE levels
    over the mean absolute change from period to period (SPL; series alike)."""
    rows = published.table("demand_distributions").set_index(["sku", "location"])
    covered: dict[int, list[Matrix]] = {length: [] for length in LENGTHS[one.business.freq]}
    losses = []
    with np.errstate(invalid="ignore"):
        scale = np.nanmean(np.abs(np.diff(one.training, axis=1)), axis=1)
    for i, key in enumerate(one.keys.itertuples(index=False, name=None)):
        row, horizon = rows.loc[key].to_dict(), one.mean.shape[1]
        draws = _draws(str(key), row, horizon)
        for length, cases in covered.items():
            drawn = draws if length <= horizon else _draws(str(key), row, length)
            cases += [_covered(drawn[at].sum(axis=0), y) for at, y in _sums(one, i, length)]
        losses.append(_pinball(draws, one.held_out[i]) / scale[i])
    table = {length: np.mean(cases, axis=0) for length, cases in covered.items() if cases}
    found = np.asarray(losses)
    coverage = pd.Series({(n, level): share for n, some in table.items() for level, share in zip(LEVELS, some, strict=True)})
    return coverage.rename_axis(["periods", "level"]), float(found[np.isfinite(found)].mean())


def _draws(name: str, row: dict[str, object], periods: int) -> Matrix:
    """(periods, draws) of a series, as a lead time of so many periods sees them."""
    network = SupplyNetwork(name, (Point(name, (), demand=demand_of(row, periods, periods)),))
    source = DemandSource(network, periods, 0)
    out = source.no_demand(BLOCKS)
    for drawing in source.drawings("coverage", BLOCKS):
        drawing.fill(out, 0)
    return np.moveaxis(out[:, :, 0, :], 1, 0).reshape(periods, BLOCKS * BLOCK).astype(np.float64)


def _sums(one: Judged, i: int, length: int) -> Iterator[tuple[slice, float]]:
    """Consecutive blocks of the first horizon, or what reaches further from its start; those whose demand is known."""
    horizon = one.mean.shape[1]
    for start in range(0, max(horizon - length, 0) + 1, length):
        at = slice(start, start + length)
        total = float(one.actual[i, at].sum())
        if not np.isnan(total):
            yield at, total


def _covered(draws: Vector, seen: float) -> Vector:
    """Share (levels,) that counts as covered."""
    below, upto = np.count_nonzero(draws < seen), np.count_nonzero(draws <= seen) + 1
    places = np.asarray(LEVELS) * (len(draws) + 1)
    return np.clip((places - below) / (upto - below), 0.0, 1.0)


def _pinball(draws: Matrix, actual: Vector, levels: Sequence[float] = NINE) -> float:
    """Mean over levels and known periods."""
    quantiles = np.quantile(draws, levels, axis=1, method="inverted_cdf").T
    difference, q = actual[:, None] - quantiles, np.asarray(levels)
    return float(np.nanmean(np.maximum(q * difference, (q - 1.0) * difference)))
