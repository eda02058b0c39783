"""How often sums of demand exceed their quantiles.

For whole numbers the quantile itself holds some of the probability; that part is counted by its share, so that an exact
distribution exceeds its 0.95 quantile in 5 % of cases (the nonrandomised PIT of Czado, Gneiting and Held 2009,
Biometrics 65).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from echelon.core.arrays import Matrix, Vector
from echelon.core.forecast.distributions.sums import sum_mixture
from echelon.core.probability.mixture import Mixture, mixture_cdf, with_level


class Cases(NamedTuple):
    """Sums (n,): row of the scores they come from, periods, demand, mean, mixture (n, 3) with the level in it, counts."""

    row: npt.NDArray[np.int64]
    length: npt.NDArray[np.int64]
    demand: Vector
    mean: Vector
    mixture: Mixture
    counts: npt.NDArray[np.bool_]


def sum_cases(scores: pd.DataFrame, given: Mixture, level_variance: Vector, lengths: Sequence[int]) -> Cases:
    """Sums over consecutive blocks of so many periods from the start of each window; lengths beyond the horizon are left
    out. scores: rows of `backtest_scores` with `counts`; given: the mixtures (rows, 2) of single periods given the level
    factor, whose variance per row is level_variance."""
    y, f = np.stack(scores["actual"].to_list()), np.stack(scores["forecast"].to_list())
    counts = scores["counts"].to_numpy(np.bool_)
    blocks = [(start, length) for length in lengths for start in range(0, y.shape[1] - length + 1, length)]
    sums = [_block(y[:, s : s + n], f[:, s : s + n], given, counts) for s, n in blocks]
    row, length = np.tile(np.arange(len(y)), len(blocks)), np.repeat([n for _, n in blocks], len(y))
    demand, mean = (np.concatenate([part[i] for part in sums]) for i in (0, 1))
    mixture = Mixture(*(np.concatenate([part[2][i] for part in sums]) for i in range(3)))
    return Cases(row, length, demand, mean, with_level(mixture, level_variance[row]), np.tile(counts, len(blocks)))


def _block(y: Matrix, f: Matrix, given: Mixture, counts: npt.NDArray[np.bool_]) -> tuple[Vector, Vector, Mixture]:
    if f.shape[1] == 1:  # a single period needs no approximation
        nothing = np.zeros((len(f), 1))
        return y[:, 0], f[:, 0], Mixture(*(np.hstack([column, nothing]) for column in given))
    return y.sum(axis=1), *sum_mixture(f, given, counts)


def pit(cases: Cases) -> tuple[Vector, Vector]:
    """P(D < y) and P(D <= y) of the sums seen."""
    upto = mixture_cdf(cases.demand, cases.mean, cases.mixture, cases.counts)
    below = mixture_cdf(cases.demand - 1.0, cases.mean, cases.mixture, cases.counts)
    return np.where(cases.counts, below, np.where(cases.demand > 0, upto, 0.0)), upto


def exceedance(cases: Cases, probabilities: Sequence[float]) -> Matrix:
    """Per case and quantile (n, probabilities), the probability (0, 1 or the share at the quantile) that the sum lies above
    it. A sum that was forecast as certainly zero counts as exceeded if it was not, as 1 - probability if so."""
    below, upto = (side[:, None] for side in pit(cases))
    q = np.asarray(probabilities, dtype=np.float64)
    inside = np.maximum(upto - below, 1e-300)
    share = np.clip((upto - np.maximum(q, below)) / inside, 0.0, 1.0)
    return np.where(upto > below, share, (upto > q).astype(np.float64))
