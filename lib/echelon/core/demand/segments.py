"""Segments: what kind of demand a series has, and how much it is worth."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from echelon.core.arrays import Vector
from echelon.core.demand.anomalies import level_shift, spike_limits
from echelon.core.demand.cleaning import KEYS
from echelon.core.demand.life_cycle import DEFAULT, LifeCycle, life_cycle
from echelon.core.demand.periods import SEASON_LENGTH, Frequency
from echelon.core.demand.seasonality import is_seasonal

Words = npt.NDArray[np.str_]

# Periods that are added up before variability is measured: four weeks, or one month.
XYZ_BLOCK: dict[Frequency, int] = {"D": 28, "W": 4, "M": 1}
STATISTICS_COLUMNS = [
    *KEYS, "periods", "nonzero_periods", "adi", "cv2", "cv", "mean_demand", "life_cycle", "seasonal",
    "spikes", "spike_limit", "level_shift",
]  # fmt: skip


@dataclass(frozen=True)
class SegmentThresholds:
    """Where the classes end.

    ADI 1.32 and CV2 0.49: Syntetos, Boylan and Croston (2005), On the categorization of demand patterns, JORS 56.
    ABC: shares of the total value where A and B end. XYZ: coefficients of variation per four weeks where X and Y end.
    """

    adi: float = 1.32
    cv2: float = 0.49
    a_share: float = 0.80
    b_share: float = 0.95
    x_cv: float = 0.5
    y_cv: float = 1.0


def series_statistics(demand: pd.DataFrame, freq: Frequency, stages: LifeCycle = DEFAULT) -> pd.DataFrame:
    """Per SKU-location: periods, nonzero_periods, adi (periods), cv2, cv (per four weeks or month), mean_demand, life_cycle,
    seasonal (whether the season of the frequency was found), spikes and spike_limit (units), level_shift (date).

    `demand`: sku, location, date, demand (and spike, units that were left out of it) on a complete calendar, in any order. ADI
    is periods / periods with demand; a series without any demand has an ADI of its length and a CV2 of 0.
    """
    known = demand.reindex(columns=[*KEYS, "date", "demand", "spike"], fill_value=0.0)
    ordered = known.sort_values([*KEYS, "date"], kind="stable")
    records = [
        (*key, *_statistics(rows["demand"].to_numpy(np.float64), rows, freq, stages))
        for key, rows in ordered.groupby(KEYS, sort=True)
    ]
    statistics = pd.DataFrame(records, columns=STATISTICS_COLUMNS)
    return statistics.astype({"level_shift": "datetime64[s]"})  # also where no level has shifted


def _statistics(y: Vector, rows: pd.DataFrame, freq: Frequency, stages: LifeCycle) -> tuple[object, ...]:
    sizes = y[y > 0]
    adi = len(y) / max(len(sizes), 1)
    cv2 = float((sizes.std() / sizes.mean()) ** 2) if len(sizes) else 0.0
    kinds = life_cycle(y, freq, stages), is_seasonal(y, SEASON_LENGTH[freq])
    return len(y), len(sizes), adi, cv2, block_cv(y, XYZ_BLOCK[freq]), float(y.mean()), *kinds, *_anomalies(y, rows, freq)


def _anomalies(y: Vector, rows: pd.DataFrame, freq: Frequency) -> tuple[object, ...]:
    """Number of spikes, left out or cut down, the limit they are cut down to (NaN without any), and the date of a shift of the
    level (or none)."""
    limit, shift = float(spike_limits(y[None, :])[0]), level_shift(y, freq)
    cut = int((y > limit).sum())
    spikes = cut + int((rows["spike"] > 0).sum())
    return spikes, limit if cut else np.nan, None if shift is None else rows["date"].iloc[shift]


def block_cv(y: Vector, block: int) -> float:
    """Coefficient of variation of demand per `block` periods, over complete blocks counted back from the last period.
    With fewer than two blocks: that of single periods / sqrt(block), as for independent periods. 0 without demand."""
    if y.mean() <= 0:
        return 0.0
    blocks = len(y) // block
    if blocks < 2:
        return float(y.std() / y.mean() / np.sqrt(block))
    sums = y[len(y) - blocks * block :].reshape(blocks, block).sum(axis=1)
    return float(sums.std() / sums.mean()) if sums.mean() > 0 else 0.0


def demand_class(adi: Vector, cv2: Vector, thresholds: SegmentThresholds) -> Words:
    """Syntetos-Boylan class: smooth, erratic, intermittent or lumpy."""
    rare = np.asarray(adi) >= thresholds.adi
    variable = np.asarray(cv2) >= thresholds.cv2
    return np.where(rare, np.where(variable, "lumpy", "intermittent"), np.where(variable, "erratic", "smooth"))


def xyz_class(cv: Vector, thresholds: SegmentThresholds) -> Words:
    """X steady, Y variable, Z irregular, by the coefficient of variation per four weeks (or month)."""
    return np.where(np.asarray(cv) <= thresholds.x_cv, "X", np.where(np.asarray(cv) <= thresholds.y_cv, "Y", "Z"))


def abc_class(preceding_share: Vector, thresholds: SegmentThresholds) -> Words:
    """Value class from the share of total value that more valuable series have: sum of the values ranked before this
    one / sum of all values. So the most valuable series is always A, and the series that crosses 80 % still is.
    Not a number (nothing has value): C."""
    share = np.asarray(preceding_share)
    return np.where(share < thresholds.a_share, "A", np.where(share < thresholds.b_share, "B", "C"))


def preceding_share(value: Vector, cumulative_value: Vector, total: float) -> Vector:
    """Share of total value ranked before each series, from the running sum that includes the series itself (which
    Spark computes over all series by value descending, then sku and location) and the total. NaN if total is 0."""
    if total <= 0:
        return np.full(len(value), np.nan)
    return np.asarray((cumulative_value - value) / total, dtype=np.float64)


def segment_name(abc: Words, demand_classes: Words) -> Words:
    """For example A-lumpy."""
    return np.char.add(np.char.add(abc.astype(str), "-"), demand_classes.astype(str))


def add_classes(statistics: pd.DataFrame, cumulative_value: Vector, total: float, t: SegmentThresholds) -> pd.DataFrame:
    """Adds abc, xyz, demand_class and segment to rows of `series_statistics` that have `annual_value`."""
    value = statistics["annual_value"].to_numpy(np.float64)
    abc = abc_class(preceding_share(value, cumulative_value, total), t)
    kind = demand_class(statistics["adi"].to_numpy(np.float64), statistics["cv2"].to_numpy(np.float64), t)
    xyz = xyz_class(statistics["cv"].to_numpy(np.float64), t)
    return statistics.assign(abc=abc, xyz=xyz, demand_class=kind, segment=segment_name(abc, kind))
