"""Quantiles and coverage on the M5 sample, against normal distributions around AutoETS on the same series.

    PYTHONPATH=lib:. python -m benchmarks.quantiles [--ets FILE]

Item-store series of M5: forecasts by the pooled LightGBM with SNAP days and events, spread learned from six windows of 28
days that end with day 1885, the 28 days after it scored, which nothing was chosen by. Prints the mean scaled pinball loss
(SPL; Makridakis et al., The M5 uncertainty competition, IJF 38, 2022; series weigh alike) over M5's nine quantiles, and
coverage of days and of sums. A window is high or low as a whole, so the mean of coverage over five windows stands beside it,
each with its spread learned from the six windows before it.
FILE keeps AutoETS with intervals (`benchmarks/autoets.py`), which is fitted if it is not there; default:
.cache/autoets_m5.parquet. Two minutes without the fits.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from echelon.core.forecast.base.candidate import Candidate
from echelon.core.forecast.distributions.coverage import COVERED, held_out_coverage
from echelon.core.forecast.distributions.forecast_error import learn_segments, with_level_factors
from echelon.core.forecast.distributions.level_variance import shape_mixture
from echelon.core.forecast.evaluation.backtest import backtest, cutoffs
from echelon.core.forecast.models.lightgbm_direct import lightgbm_direct
from echelon.core.forecast.panel import Panel
from echelon.core.probability.mixture import Mixture, mixture_quantiles, with_level

from benchmarks.autoets import KEPT, autoets
from benchmarks.real_sets import DATA, m5

SALES = DATA / "m5" / "sample_series_d1_d1913.parquet"
TRAINED, HORIZON, WINDOWS, HELD_OUT = 1885, 28, 6, 5
LEVELS = np.array([0.005, 0.025, 0.165, 0.25, 0.5, 0.75, 0.835, 0.975, 0.995])
ETS = ["lo-99", "lo-95", "lo-67", "lo-50", "", "hi-50", "hi-67", "hi-95", "hi-99"]
MOST_CV2, MOST_INTERVAL = 0.49, 1.32


def segments(known: Panel) -> pd.DataFrame:
    """Syntetos-Boylan class of the last year of each series."""
    sizes = np.where(known.values[:, -364:] > 0, known.values[:, -364:], np.nan)
    interval = 1.0 / np.maximum(np.isfinite(sizes).mean(axis=1), 1e-9)
    with np.errstate(all="ignore"):
        cv2 = np.nan_to_num(np.nanvar(sizes, axis=1) / np.nanmean(sizes, axis=1) ** 2)
    names = np.array([["smooth", "erratic"], ["intermittent", "lumpy"]])
    return known.keys.assign(segment=names[(interval >= MOST_INTERVAL).astype(int), (cv2 >= MOST_CV2).astype(int)])


def windows(all_days: Panel) -> pd.DataFrame:
    """Rows of `backtest_scores` of the windows to learn from and those held out, the newest after day TRAINED."""
    upto = _upto(all_days, TRAINED + HORIZON)
    return backtest(
        upto, [Candidate("lightgbm", lightgbm_direct, pooled=True)],
        cutoffs(upto.end, HORIZON, WINDOWS + HELD_OUT), HORIZON, (0.5,), 2 * HORIZON,
    )  # fmt: skip


def split(rows: pd.DataFrame, all_days: Panel, back: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of the window so many before the newest, and the spread of the six before it, by segments known then."""
    starts = sorted(rows["cutoff"].unique())
    start = len(starts) - 1 - back
    known = rows.merge(segments(_upto(all_days, TRAINED - back * HORIZON)), on=["sku", "location"])
    unseen = known[known["cutoff"] == starts[start]].reset_index(drop=True)
    return unseen, learn_segments(known[known["cutoff"].isin(starts[start - WINDOWS : start])])


def _upto(all_days: Panel, days: int) -> Panel:
    return all_days.before(all_days.end - all_days.values.shape[1] + days)


def our_quantiles(known: pd.DataFrame) -> np.ndarray:
    """(series, days, levels) of rows with their spread."""
    mean = np.stack(known["forecast"].to_list())
    wide = with_level(shape_mixture(known), known["level_cv"].to_numpy() ** 2)
    rows = Mixture(*(np.repeat(part, mean.shape[1], axis=0) for part in wide))
    found = mixture_quantiles(mean.ravel(), rows, np.ones(mean.size, bool), LEVELS.tolist())
    return found.reshape(*mean.shape, len(LEVELS))


def ets_quantiles(kept: Path, known: pd.DataFrame, all_days: Panel) -> np.ndarray:
    """(series, days, levels) in the order of `known`, not below 0."""
    found = autoets(all_days.before(all_days.end - (all_days.values.shape[1] - TRAINED)), HORIZON, kept)
    columns = [f"AutoETS-{name}" if name else "AutoETS" for name in ETS]
    ordered = found.sort_values(["unique_id", "ds"]).set_index("unique_id")[columns]
    names = known["sku"] + "/" + known["location"]
    return np.maximum(np.stack([ordered.loc[name].to_numpy(np.float64) for name in names]), 0.0)


def scaled_pinball(actual: np.ndarray, quantiles: np.ndarray, scale: np.ndarray) -> float:
    """Mean over series, days and levels."""
    error = actual[:, :, None] - quantiles
    loss = np.maximum(LEVELS * error, (LEVELS - 1.0) * error).mean(axis=(1, 2))
    return float((loss / scale).mean())


def main() -> None:
    """Print the table."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--ets", type=Path, default=KEPT, metavar="FILE")
    options = asked.parse_args()
    if not SALES.exists():
        sys.exit(f"skipped: {SALES} is not there")
    all_days = m5(DATA).panel
    rows = windows(all_days)
    held_out = [split(rows, all_days, back) for back in range(HELD_OUT)]
    unseen, learned = held_out[0]
    print(learned.to_string(index=False))
    report(with_level_factors(unseen.merge(learned, on="segment", how="left")), all_days, options.ets)
    tables = [coverage_table(*window) for window in held_out]
    print(tables[0].to_string(float_format="{:.4f}".format))
    print(f"\nMean of this window and the {HELD_OUT - 1} before it")
    print((sum(tables[1:], tables[0]) / HELD_OUT).to_string(float_format="{:.4f}".format))


def report(known: pd.DataFrame, all_days: Panel, ets: Path) -> None:
    """Print the pinball losses."""
    actual = np.stack(known["actual"].to_list())
    place = pd.MultiIndex.from_frame(all_days.keys).get_indexer(pd.MultiIndex.from_frame(known[["sku", "location"]]))
    scale = np.nanmean(np.abs(np.diff(all_days.values[place, :TRAINED], axis=1)), axis=1)
    ours = scaled_pinball(actual, our_quantiles(known), scale)
    theirs = scaled_pinball(actual, ets_quantiles(ets, known, all_days), scale)
    print(f"{len(known)} series; mean SPL {ours:.4f}, ETS-normal {theirs:.4f}, ratio {ours / theirs:.4f} (target 0.87)")


def coverage_table(unseen: pd.DataFrame, learned: pd.DataFrame) -> pd.DataFrame:
    """Coverage by number of periods added up, over all series."""
    added = held_out_coverage(unseen, learned).groupby("periods")[["cases", *COVERED]].sum()
    shares = added[COVERED].div(added["cases"], axis=0)
    return shares.rename(columns=lambda name: str(int(name.removeprefix("covered_")) / 1000))


if __name__ == "__main__":
    main()
