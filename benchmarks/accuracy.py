"""How accurate the candidates and the chosen forecast are on real demand: `python -m benchmarks.accuracy [set ...]`.

Of each set the last horizon is held out. Champions are chosen per segment from up to three windows before it, as a run does,
and scored beside every candidate on the held-out one. A few minutes for all sets; `--series` changes how many series of a
set are drawn (the M5 sample is whole).
"""

import argparse
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd
from echelon.core.demand.periods import Frequency, period_start
from echelon.core.demand.segments import SegmentThresholds, add_classes, series_statistics
from echelon.core.forecast import wrmsse
from echelon.core.forecast.backtest import backtest, cutoffs
from echelon.core.forecast.candidate import Candidate, each_series
from echelon.core.forecast.candidates import candidates
from echelon.core.forecast.champion import ChampionRule, choose_champions
from echelon.core.forecast.panel import KEYS, Panel
from echelon.lake.contracts.forecast import QUANTILES

from benchmarks.real_sets import RealSet, real_sets

CHOOSING_WINDOWS = 3
AVERAGED: dict[Frequency, int] = {"D": 56, "W": 8, "M": 6}
CHOSEN, AVERAGE = "chosen", "moving_average"


def contenders(freq: Frequency) -> list[Candidate]:
    """The candidates, and the moving average where it is not one of them."""
    found = candidates(freq)
    average = Candidate(AVERAGE, each_series(lambda y, _, horizon: np.full(horizon, y[-AVERAGED[freq] :].mean())))
    return found if AVERAGE in [c.name for c in found] else [*found, average]


def accuracy(real: RealSet) -> pd.DataFrame:
    """Rows model, rmsse, wape, bias, score of the held-out window (score: WRMSSE for the M5, |bias| + WAPE otherwise, as
    VN1 counts), the chosen forecast last."""
    chosen_from = candidates(real.panel.freq)
    choosing = min(CHOOSING_WINDOWS, real.panel.values.shape[1] // real.horizon - 3)
    windows = cutoffs(real.panel.end, real.horizon, choosing + 1)
    rows = backtest(real.panel, contenders(real.panel.freq), windows, real.horizon, QUANTILES, 2 * real.horizon)
    rows = rows.merge(segments(real.panel.before(windows[-1])), on=KEYS)
    last = rows["cutoff"] == rows["cutoff"].max()
    order = [candidate.name for candidate in chosen_from]
    champions = choose_champions(summary(rows[~last & rows["model"].isin(order)]), order, ChampionRule())
    model = rows["segment"].map(champions.set_index("segment")["model"]).fillna(order[0])
    held_out = pd.concat([rows[last], rows[last & (rows["model"] == model)].assign(model=CHOSEN)])
    found = [(name, *_scores(real, windows[-1], part)) for name, part in held_out.groupby("model", sort=False)]
    return pd.DataFrame(found, columns=["model", "rmsse", "wape", "bias", "score"])


def segments(panel: Panel) -> pd.DataFrame:
    """sku, location, segment as the stages form them, with units for value."""
    dates = period_start(np.arange(panel.end - panel.values.shape[1], panel.end), panel.freq)
    table = pd.DataFrame(panel.values, index=pd.MultiIndex.from_frame(panel.keys), columns=dates)
    demand = table.rename_axis(columns="date").stack().rename("demand").dropna().reset_index()
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
        demand=("demand", "sum"),
    ).reset_index()  # fmt: skip


def _scores(real: RealSet, cutoff: int, rows: pd.DataFrame) -> tuple[float, ...]:
    rows = rows.sort_values(KEYS)
    actual, mean = np.stack(rows["actual"].to_list()), np.stack(rows["forecast"].to_list())
    total = max(actual.sum(), 1e-9)
    wape, bias = np.abs(actual - mean).sum() / total, (mean - actual).sum() / total
    score = m5_score(real, cutoff, rows, mean) if real.attributes.size else wape + abs(bias)
    return rows["rmsse"].mean(), wape, bias, score


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


def report(real: RealSet) -> None:
    """Print the scores of a set and what the chosen forecast is against the others."""
    table = accuracy(real).set_index("model")
    candidates_only = table["rmsse"].drop([CHOSEN, AVERAGE], errors="ignore")
    chosen = table.loc[CHOSEN, "rmsse"]
    print(f"\n{real.name}: {len(real.panel.keys):,} series, {real.panel.freq}, horizon {real.horizon}; RMSSE of the chosen "
          f"{chosen / candidates_only.min():.3f} x the best candidate ({candidates_only.idxmin()}), "
          f"{chosen / table.loc[AVERAGE, 'rmsse']:.3f} x the moving average")  # fmt: skip
    print(table.round(3).to_string(), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", help="names of sets; default: all")
    parser.add_argument("--series", type=int, default=500)
    chosen = parser.parse_args()
    for real in real_sets(chosen.sets, chosen.series):
        report(real)


if __name__ == "__main__":
    main()
