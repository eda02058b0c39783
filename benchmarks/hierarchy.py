"""What the correction of sums does on real hierarchies: WRMSSE and bias per window, before and after.

    PYTHONPATH=lib:. python -m benchmarks.hierarchy [m5 | store_item | favorita] [--ets forecasts.parquet]

The data are not in the project: ../shared/data, or it is skipped with a message. LightGBM forecasts bottom-up at each origin;
weights come from the five windows before an origin. The newest window is the test: nothing was chosen on it; "earlier" is the
mean of the windows before it, on which the form of the aggregate forecast was chosen (M5 alone). WRMSSE weighs by units (no
prices for most series). --ets: where AutoETS of M5's test window is kept (`benchmarks/autoets.py`). Five CPU minutes for all
without its fits.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from echelon.core.forecast.evaluation.wrmsse import M5_LEVELS, Codes, group_sums, groupings, level_scores, revenue_weights
from echelon.core.forecast.models.lightgbm_direct import lightgbm_direct
from echelon.core.forecast.panel import Panel, make_panel
from echelon.core.forecast.reconciliation.hierarchy import Window, factors, learn_weights, make_windows

from benchmarks import real_sets
from benchmarks.autoets import KEPT, autoets

SHARED = Path(__file__).parents[2] / "shared" / "data"
WINDOWS = 12
LEARNED_FROM = 5
JUDGED = 8
SETS = ("m5", "store_item", "favorita")


@dataclass(frozen=True)
class Data:
    """panel; levels to score: level -> group of each series; chain: those that are corrected, the last the finest."""

    panel: Panel
    levels: dict[str, Codes]
    chain: tuple[str, ...]
    horizon: int
    windows: int


def m5() -> Data:
    """1,286 random item-store series of Walmart, with SNAP days and events."""
    real = real_sets.m5(SHARED)
    chain = ("total", "store_id", "store_id x dept_id")
    return Data(real.panel, groupings(real.attributes, M5_LEVELS), chain, real.horizon, WINDOWS)


def store_item() -> Data:
    """50 items in 10 stores, days."""
    rows = pd.read_parquet(SHARED / "store_item" / "train_to_2017-09-30.parquet")
    return _plain(rows.rename(columns={"item": "sku", "store": "location", "sales": "demand"}), "D", 28, WINDOWS)


def favorita() -> Data:
    """288 items in 21 stores, weeks."""
    rows = pd.read_parquet(SHARED / "favorita_21_stores" / "weekly_sales_w1_w118.parquet")
    names = {"item_idx": "sku", "store_idx": "location", "week_start": "date", "sales": "demand"}
    return _plain(rows.rename(columns=names), "W", 8, 8)


def _plain(demand: pd.DataFrame, freq: str, horizon: int, windows: int) -> Data:
    panel = _panel(demand, freq)
    levels = groupings(panel.keys, ((), ("location",), ("sku",), ("sku", "location")))
    return Data(panel, levels, ("total", "location"), horizon, windows)


def _panel(demand: pd.DataFrame, freq: str) -> Panel:
    """From the first sale of each series on; returns count as none."""
    rows = demand.assign(
        sku=demand["sku"].astype(str), location=demand["location"].astype(str), date=pd.to_datetime(demand["date"]),
        demand=demand["demand"].clip(lower=0.0),
    )  # fmt: skip
    first = rows[rows["demand"] > 0].groupby(["sku", "location"])["date"].min().rename("first")
    joined = rows.join(first, on=["sku", "location"])
    return make_panel(joined[joined["date"] >= joined["first"]], freq)  # type: ignore[arg-type]


def bottom_up(data: Data, origins: list[int]) -> list[np.ndarray]:
    """Forecasts (n, h) at each origin; NaN for series with less than two horizons of history."""
    found = []
    for origin in origins:
        known = data.panel.before(origin)
        enough = known.lengths >= 2 * data.horizon
        mean = np.full((len(enough), data.horizon), np.nan)
        mean[enough] = lightgbm_direct(known.select(enough), data.horizon).mean
        found.append(mean)
    return found


def windows_of(data: Data, origins: list[int], means: list[np.ndarray]) -> tuple[list[Window], dict[str, Codes], Codes]:
    """Windows, the chain's levels over the finest groups, and the group of each series."""
    group = data.levels[data.chain[-1]]
    representative = np.unique(group, return_index=True)[1]
    chain = {level: data.levels[level][representative] for level in data.chain}
    known = ~np.isnan(np.stack([mean[:, 0] for mean in means], axis=1))
    joins = np.where(known.any(axis=1), known.argmax(axis=1), len(means))
    ends = [*origins, data.panel.end]
    cohorts = np.stack(
        [group_sums(np.where((joins == j)[:, None], data.panel.values, np.nan), group) for j in range(len(ends))]
    )
    # the end is an origin too, of which nothing is forecast here
    sums = np.stack([*(np.nan_to_num(group_sums(mean, group)) for mean in means), np.zeros((cohorts.shape[1], data.horizon))])
    return make_windows(cohorts, sums, ends, chain, data.chain, data.panel.freq)[:-1], chain, group


def score(data: Data, mean: np.ndarray, origin: int) -> tuple[float, float]:
    """WRMSSE over all levels, and bias of the total."""
    known = ~np.isnan(mean[:, 0])
    training = data.panel.before(origin).values
    actual = data.panel.values[:, training.shape[1] : training.shape[1] + data.horizon]
    levels = {level: np.unique(codes[known], return_inverse=True)[1] for level, codes in data.levels.items()}
    rows = level_scores(training[known], actual[known], mean[known], revenue_weights(training[known]), levels)
    return float(rows["wrmsse"].mean()), float(rows["bias"].iloc[0])


def report(name: str, data: Data, ets: Path | None) -> None:
    """One line per window, oldest first, and the means."""
    origins = [data.panel.end - k * data.horizon for k in range(data.windows, 0, -1)]
    means = bottom_up(data, origins)
    windows, chain, group = windows_of(data, origins, means)
    print(f"{name}: {len(data.panel.values)} series, {len(data.levels)} levels, corrected at {', '.join(data.chain)}")
    table = []
    for i in range(len(origins) - min(JUDGED, data.windows - 3), len(origins)):
        weights = learn_weights(windows[max(0, i - LEARNED_FROM) : i], chain)
        after = means[i] * factors(windows[i], weights, chain)[group]
        table.append([*score(data, means[i], origins[i]), *score(data, after, origins[i])])
        words = " ".join(f"{w.weight:.2f}" for w in weights)
        was, was_bias, now, now_bias = table[-1]
        print(f"  WRMSSE {was:.4f} -> {now:.4f}   bias {was_bias:+.1%} -> {now_bias:+.1%}   weights {words}")
    earlier, test = np.mean(np.abs(table[:-1]), axis=0), table[-1]
    print(f"  earlier: WRMSSE {earlier[0]:.4f} -> {earlier[2]:.4f}, mean |bias| {earlier[1]:.1%} -> {earlier[3]:.1%}")
    print(f"  test:    WRMSSE {test[0]:.4f} -> {test[2]:.4f}, bias {test[1]:+.1%} -> {test[3]:+.1%}")
    if ets is not None:
        wide = autoets(data.panel.before(origins[-1]), data.horizon, ets).pivot(
            index="unique_id", columns="ds", values="AutoETS"
        )
        other = wide.reindex(data.panel.keys["sku"] + "/" + data.panel.keys["location"]).to_numpy(float)
        other[np.isnan(means[-1][:, 0])] = np.nan
        theirs = score(data, other, origins[-1])
        print(f"  AutoETS bottom-up, the same series: WRMSSE {theirs[0]:.4f}, bias {theirs[1]:+.1%}; "
              f"ours / theirs {test[0] / theirs[0]:.3f} -> {test[2] / theirs[0]:.3f} (target 0.83)")  # fmt: skip


def main() -> None:
    """The named sets."""
    makers: dict[str, Callable[[], Data]] = {"m5": m5, "store_item": store_item, "favorita": favorita}
    parser = argparse.ArgumentParser()
    parser.add_argument("sets", nargs="*", default=list(SETS))
    parser.add_argument("--ets", type=Path, default=KEPT, help="keeps forecasts of M5's test window by AutoETS")
    arguments = parser.parse_args()
    if not SHARED.exists():
        print(f"skipped: {SHARED} is not there (M5, store_item and Favorita are not in the project)")
        return
    for name in arguments.sets:
        report(name, makers[name](), arguments.ets if name == "m5" else None)


if __name__ == "__main__":
    main()
