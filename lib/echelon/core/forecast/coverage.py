"""How honest the upper quantiles of sums are: held against what happened over 7, 14, ... periods of backtest windows.

For whole numbers the quantile itself holds some of the probability; that part is counted by its share, so that an exact
distribution exceeds its 0.95 quantile in 5 % of cases (the nonrandomised PIT of Czado, Gneiting and Held 2009,
Biometrics 65).
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import betainc, gammainc

from echelon.core.forecast.panel import Vector
from echelon.core.forecast.spread import counted, learn_segments, with_spread


def held_out_coverage(champion_scores: pd.DataFrame, lengths: Sequence[int], levels: Sequence[float]) -> pd.DataFrame:
    """Rows segment, length, level, coverage, sums: how often sums over `length` periods of the newest window stay at or
    below their quantile, when the spread is learned from the windows before it alone. Segments without such are left out.
    """
    newest = champion_scores["cutoff"] == champion_scores["cutoff"].max()
    unseen = champion_scores[newest]
    known = unseen.assign(counts=counted(unseen)).merge(learn_segments(champion_scores[~newest]), on="segment")
    cases = sum_cases(with_spread(known), lengths)
    rows = [cases.assign(level=level, coverage=1.0 - exceedance(cases, level)) for level in levels]
    grouped = pd.concat(rows).groupby(["segment", "length", "level"], sort=True)["coverage"]
    return grouped.agg(coverage="mean", sums="size").reset_index()


def sum_cases(scores: pd.DataFrame, lengths: Sequence[int]) -> pd.DataFrame:
    """Sums of demand over consecutive blocks from the start of each window: rows with every other column of `scores`
    kept, and `length` (periods), `actual_sum`, `mean_sum` (units), `square_sum` (sum of squared means). Lengths longer
    than the horizon are left out."""
    y, f = np.stack(scores["actual"].to_list()), np.stack(scores["forecast"].to_list())
    kept = scores.drop(columns=["actual", "forecast"])
    cases = [
        kept.assign(
            length=length,
            actual_sum=y[:, start : start + length].sum(axis=1),
            mean_sum=f[:, start : start + length].sum(axis=1),
            square_sum=(f[:, start : start + length] ** 2).sum(axis=1),
        )
        for length in lengths
        for start in range(0, y.shape[1] - length + 1, length)
    ]
    return pd.concat(cases, ignore_index=True)


def exceedance(cases: pd.DataFrame, level: float) -> Vector:
    """Per case, the probability (0, 1 or the share at the quantile) that the sum lies above its quantile at `level`.

    `cases`: `sum_cases` with dispersion, level_cv and counts of the forecast. A sum that was forecast as certainly zero
    counts as exceeded if it was not, as 1 - level if so.
    """
    below, upto = _pit(cases)
    inside = np.maximum(upto - below, 1e-300)
    share = np.clip((upto - np.maximum(level, below)) / inside, 0.0, 1.0)
    return np.where(upto > below, share, (upto > level).astype(np.float64))


def _pit(cases: pd.DataFrame) -> tuple[Vector, Vector]:
    """P(D < y) and P(D <= y) for the actual sums."""
    mean, y = cases["mean_sum"].to_numpy(np.float64), cases["actual_sum"].to_numpy(np.float64)
    level = cases["level_cv"].to_numpy(np.float64) ** 2
    own = cases["dispersion"].to_numpy(np.float64) * (1.0 + level)
    unit = np.maximum(mean, 1e-9)
    dispersion = np.maximum(own * cases["square_sum"].to_numpy(np.float64) / unit**2 + level, 1e-9)
    counts = cases["counts"].to_numpy(np.bool_)
    gamma = gammainc(1.0 / dispersion, y / (unit * dispersion))
    below = np.where(counts, _negative_binomial_cdf(y - 1.0, unit, dispersion), gamma)
    return below, np.where(counts, _negative_binomial_cdf(y, unit, dispersion), gamma)


def _negative_binomial_cdf(k: Vector, mean: Vector, dispersion: Vector) -> Vector:
    """P(D <= k); 0 below zero. Regularised incomplete beta function (DLMF 8.17)."""
    shape = 1.0 / dispersion
    return np.where(k < 0, 0.0, betainc(shape, np.maximum(k, 0.0) + 1.0, shape / (shape + mean)))
