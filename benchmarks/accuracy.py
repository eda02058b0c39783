"""How accurate the candidates and the chosen forecast are on real demand: `python -m benchmarks.accuracy [set ...]`.

Of each set the last horizon is held out. Champions are chosen per segment from up to three windows before it, as a run does,
and scored beside every candidate on the held-out one. Eight CPU minutes for all sets; `--series` changes how many series of a
set are drawn (the M5 sample is whole), `--windows` how many horizons are held out, one after the other, each with its own
choice: who is best in one of them is so in part by luck.

A forecast of zero stands beside the candidates. Where demand is rare its mean RMSSE is the lowest of all, because the mean of
roots asks for less than the mean of demand (Kolassa 2020, International Journal of Forecasting 36, 208-211); the root of the
mean of squares (`pooled_rmsse`) does not.
"""

import argparse
import os
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import cast

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd
from echelon.core.demand.periods import period_start
from echelon.core.demand.segments import SegmentThresholds, add_classes, series_statistics
from echelon.core.forecast.base.candidate import Candidate, Means, all_ok
from echelon.core.forecast.evaluation import wrmsse
from echelon.core.forecast.evaluation.backtest import backtest, cutoffs
from echelon.core.forecast.panel import KEYS, Panel
from echelon.core.forecast.selection.candidates import candidates
from echelon.core.forecast.selection.champion import ChampionRule, choose_champions
from echelon.core.forecast.selection.combination import combinations
from echelon.core.forecast.selection.names import COMBINATIONS, competing, order_of_defence
from echelon.lake.contracts.forecast import QUANTILES

from benchmarks.real_sets import RealSet, real_sets

CHOOSING_WINDOWS = 3
CHOSEN, AVERAGE, ZERO = "chosen", "moving_average", "zero"
# Averaged over series and printed: those that decide and RMSSE.
SCORES = ("rmsse", "pinball", "inventory_cost")
# In which the chosen forecast is compared with the best single candidate.
COMPARED = (*SCORES, "pooled_rmsse", "score")


def accuracy(real: RealSet, windows: int = 1) -> pd.DataFrame:
    """`_last_window` of the newest horizons that are to be held out, oldest first, as far as there is one to choose by before
    them."""
    ends = [real.panel.end - back * real.horizon for back in range(windows) if _choosing(real, back) > 0]
    return pd.concat([_last_window(replace(real, panel=real.panel.before(end))) for end in reversed(ends)], ignore_index=True)


def _choosing(real: RealSet, back: int = 0) -> int:
    """Windows to choose by if the last horizon but `back` is held out."""
    return min(CHOOSING_WINDOWS, real.panel.values.shape[1] // real.horizon - back - 3)


def _last_window(real: RealSet) -> pd.DataFrame:
    """Rows model, window (its end), rmsse, pooled_rmsse, pinball, inventory_cost, wape, bias, score of the last horizon (score:
    WRMSSE for the M5, |bias| + WAPE otherwise, as VN1 counts), the chosen forecast last."""
    windows = cutoffs(real.panel.end, real.horizon, _choosing(real) + 1)
    order = order_of_defence(competing(None, real.panel.freq))
    rows = forecasts(real, order, windows).merge(segments(real.panel.before(windows[-1])), on=KEYS)
    last = rows["cutoff"] == rows["cutoff"].max()
    champions = choose_champions(summary(rows[~last]), order, ChampionRule())
    model = rows["segment"].map(champions.set_index("segment")["model"]).fillna(order[0])
    held_out = pd.concat([rows[last], rows[last & (rows["model"] == model)].assign(model=CHOSEN)])
    return pd.DataFrame(
        {"model": name, "window": real.panel.end, **_scores(real, windows[-1], part)}
        for name, part in held_out.groupby("model", sort=False)
    )


def forecasts(real: RealSet, names: Sequence[str], windows: list[int]) -> pd.DataFrame:
    """Rows of `backtest_scores` of the candidates, of the combinations of their forecasts, and of zero."""
    run = partial(
        backtest,
        real.panel,
        cutoff_periods=windows,
        horizon=real.horizon,
        probabilities=QUANTILES,
        least_periods=2 * real.horizon,
    )
    single = run(candidates=[*candidates(real.panel.freq, names), Candidate(ZERO, _zero)])
    combined = combinations(single, names, real.panel.freq)
    return pd.concat([single, run(candidates=combined)], ignore_index=True) if combined else single


def _zero(panel: Panel, horizon: int) -> Means:
    return all_ok(np.zeros((len(panel.values), horizon)))


def segments(panel: Panel) -> pd.DataFrame:
    """sku, location, segment as the stages form them, with units for value."""
    dates = period_start(np.arange(panel.end - panel.values.shape[1], panel.end), panel.freq)
    table = pd.DataFrame(panel.values, index=pd.MultiIndex.from_frame(panel.keys), columns=dates)
    stacked = cast(pd.Series, table.rename_axis(columns="date").stack())  # of one level of columns
    demand = stacked.rename("demand").dropna().reset_index()
    statistics = series_statistics(demand, panel.freq)
    ranked = statistics.assign(annual_value=statistics["mean_demand"]).sort_values("annual_value", ascending=False)
    value = ranked["annual_value"].to_numpy()
    return add_classes(ranked, value.cumsum(), float(value.sum()), SegmentThresholds())[[*KEYS, "segment"]]


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows that `choose_champions` reads."""
    rows = rows.assign(demand=np.stack(rows["actual"].to_list()).sum(axis=1))
    grouped = rows.groupby(["segment", "model", "cutoff"], sort=True)
    return grouped.agg(
        series=("sku", "size"), rmsse=("rmsse", "mean"), pinball=("pinball", "mean"), bias=("bias", "sum"),
        demand=("demand", "sum"), inventory_cost=("inventory_cost", "sum"),
    ).reset_index()  # fmt: skip


def _scores(real: RealSet, cutoff: int, rows: pd.DataFrame) -> dict[str, float]:
    rows = rows.sort_values(KEYS)
    actual, mean = np.stack(rows["actual"].to_list()), np.stack(rows["forecast"].to_list())
    total = max(actual.sum(), 1e-9)
    wape, bias = np.abs(actual - mean).sum() / total, (mean - actual).sum() / total
    score = m5_score(real, cutoff, rows, mean) if real.attributes.size else wape + abs(bias)
    means = {name: float(rows[name].mean()) for name in SCORES}
    return means | {"pooled_rmsse": float(np.sqrt((rows["rmsse"] ** 2).mean())), "wape": wape, "bias": bias, "score": score}


def m5_score(real: RealSet, cutoff: int, rows: pd.DataFrame, mean: np.ndarray) -> float:
    """WRMSSE over the twelve levels of the series in `rows` (sorted by sku and location)."""
    return float(m5_levels(real, cutoff, rows, mean)["wrmsse"].mean())


def m5_levels(real: RealSet, cutoff: int, rows: pd.DataFrame, mean: np.ndarray) -> pd.DataFrame:
    """Rows of `wrmsse.level_scores` for the M5's levels; weights are revenue where there are prices, else units."""
    joins = pd.MultiIndex.from_frame(real.panel.keys).isin(pd.MultiIndex.from_frame(rows[KEYS]))
    known, columns = real.panel.before(cutoff).values[joins], real.panel.before(cutoff).values.shape[1]
    price = None if real.price is None else real.price[joins][:, :columns]
    levels = wrmsse.groupings(real.attributes[joins], wrmsse.M5_LEVELS)
    weight = wrmsse.revenue_weights(known, price)
    return wrmsse.level_scores(known, real.panel.values[joins][:, columns : columns + real.horizon], mean, weight, levels)


def ratios(by_model: pd.DataFrame) -> dict[str, object]:
    """The chosen forecast over the best single candidate by each score, which nobody knew before, and over the moving
    average; by_model: means of `accuracy`."""
    single = by_model.drop([CHOSEN, ZERO, *COMBINATIONS], errors="ignore")
    chosen = by_model.loc[CHOSEN]
    found = {f"{name} / best": chosen[name] / single[name].min() for name in COMPARED}
    average = {"rmsse / average": chosen["rmsse"] / by_model.loc[AVERAGE]["rmsse"]}
    return {**found, **average, "best by rmsse": single["rmsse"].idxmin(), "best by pinball": single["pinball"].idxmin()}


def report(real: RealSet, windows: int) -> dict[str, object]:
    """Print the mean scores of a set; its ratios."""
    start = time.process_time()
    table = accuracy(real, windows)
    seconds = time.process_time() - start
    held_out = table["window"].nunique()
    print(
        f"\n{real.name}: {len(real.panel.keys):,} series, {real.panel.freq}, horizon {real.horizon}, windows held out: "
        f"{held_out}, {seconds:.0f} CPU seconds"
    )
    by_model = table.drop(columns="window").groupby("model", sort=False).mean()
    print(by_model.round(3).to_string(), flush=True)
    return {"set": real.name, "windows": held_out, **ratios(by_model)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", help="names of sets; default: all")
    parser.add_argument("--series", type=int, default=300, help="series drawn of a set")
    parser.add_argument("--windows", type=int, default=1, choices=range(1, 7), help="horizons held out, the newest")
    chosen = parser.parse_args()
    found = [report(real, chosen.windows) for real in real_sets(chosen.sets, chosen.series)]
    if found:
        print("\nThe chosen forecast / the best single candidate of these windows, and / the moving average")
        print(pd.DataFrame(found).set_index("set").round(3).to_string())


if __name__ == "__main__":
    main()
