"""Honest upper quantiles for sums: one factor per segment on the spread, chosen on backtest sums.

Stock is set by the upper quantiles of demand over a lead time, so the sums over the first 7, 14, ... periods of every
backtest window are held against their predictive distribution, with the spread times each of SCALES. The factor nearest
to 1 is kept whose share of sums above the 0.95 quantile is within half a point of 5 %, or else as near as can be: a few
windows share their luck, and chasing the last tenth makes unseen windows worse.

For whole numbers the quantile itself holds some of the probability; that part is counted by its share, so that an exact
distribution exceeds its 0.95 quantile in 5 % of cases (the nonrandomised PIT of Czado, Gneiting and Held 2009,
Biometrics 65).
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import betainc, gammainc

from echelon.core.forecast.panel import Vector

LEVEL = 0.95
TOLERANCE = 0.005
SCALES = tuple(float(s) for s in 2.0 ** np.arange(-2.0, 2.01, 0.25))
EXCEEDANCE_COLUMNS = ["segment", "scale", "exceeded", "sums"]


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


def exceedance(cases: pd.DataFrame, level: float, scale: float = 1.0) -> Vector:
    """Per case, the probability (0, 1 or the share at the quantile) that the sum lies above its quantile at `level`.

    `cases`: `sum_cases` with dispersion, level_cv and counts of the forecast. `scale` multiplies dispersion and the
    variance of the level. A sum that was forecast as certainly zero counts as exceeded if it was not, as 1 - level if so.
    """
    below, upto = _pit(cases, scale)
    inside = np.maximum(upto - below, 1e-300)
    share = np.clip((upto - np.maximum(level, below)) / inside, 0.0, 1.0)
    return np.where(upto > below, share, (upto > level).astype(np.float64))


def exceedance_counts(cases: pd.DataFrame) -> pd.DataFrame:
    """Rows (EXCEEDANCE_COLUMNS) per segment and scale, to be added up: cases above their 0.95 quantile, and cases."""
    rows = [cases.assign(scale=scale, exceeded=exceedance(cases, LEVEL, scale), sums=1.0) for scale in SCALES]
    return pd.concat(rows).groupby(["segment", "scale"], sort=True)[["exceeded", "sums"]].sum().reset_index()


def choose_scales(counts: pd.DataFrame) -> pd.DataFrame:
    """Per segment `spread_scale`, of the scales within TOLERANCE of 5 % exceedance (or nearest to it, where none is) the
    one nearest to 1, and its `coverage`. `counts`: EXCEEDANCE_COLUMNS added up over all series."""
    scale = counts["scale"].to_numpy(np.float64)
    share = counts["exceeded"].to_numpy(np.float64) / counts["sums"].to_numpy(np.float64)
    miss = np.maximum(np.abs(share - (1.0 - LEVEL)), TOLERANCE).round(9)
    ranked = counts.assign(spread_scale=scale, coverage=1.0 - share, miss=miss, distance=np.abs(np.log2(scale)))
    best = ranked.sort_values(["segment", "miss", "distance", "spread_scale"]).drop_duplicates("segment")
    return best[["segment", "spread_scale", "coverage"]].reset_index(drop=True)


def apply_scale(spread: pd.DataFrame) -> pd.DataFrame:
    """Multiplies `dispersion` and the square of `level_cv` by `spread_scale` (missing: 1), row by row."""
    scale = spread["spread_scale"].fillna(1.0).to_numpy(np.float64)
    return spread.assign(dispersion=spread["dispersion"] * scale, level_cv=spread["level_cv"] * np.sqrt(scale))


def _pit(cases: pd.DataFrame, scale: float) -> tuple[Vector, Vector]:
    """P(D < y) and P(D <= y) for the actual sums."""
    mean, y = cases["mean_sum"].to_numpy(np.float64), cases["actual_sum"].to_numpy(np.float64)
    level = scale * cases["level_cv"].to_numpy(np.float64) ** 2
    own = scale * cases["dispersion"].to_numpy(np.float64) * (1.0 + level)
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
