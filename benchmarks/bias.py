"""Whether the bias of past windows tells that of the next: `python -m benchmarks.bias [set ...]`.

Sets as in `benchmarks.accuracy`, planned once at their end with eleven backtest windows. In each window from the fifth on the
champions' forecasts are scaled by what the windows before it say, by total, location, category or one after the other, and
scored beside those that were not. A member's factor is exp(k x mean of log(demand / forecast) over windows), where k is

- mean: 1; half: 1/2;
- shrunk: 1 - (standard error / mean)^2, not below 0 (the positive part of James and Stein's shrinkage);
- repeats: the same where the mean is more than two standard errors and at most one window in five errs to the other side.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from echelon.core.arrays import Matrix, Vector
from echelon.core.forecast.panel import KEYS

from benchmarks.real.business import demand_of
from benchmarks.real.sets import businesses
from benchmarks.real.stage_run import Published, plan, session

WINDOWS, FIRST, MOST = 11, 4, 0.5
SETS = ("m5", "store_item", "favorita", "walmart2014", "vn2")
RULES = ("mean", "half", "shrunk", "repeats")
LEVELS = (("total",), ("location",), ("category",), ("total", "location", "category"))
_NONE = ("none", ())


def champions(run: Published) -> pd.DataFrame:
    """Rows of `backtest_scores` of each series' champion with total, category, and sums over the horizon."""
    needed = [*KEYS, "model", "cutoff", "forecast", "actual"]
    rows = run.table("backtest_scores", needed).merge(run.table("demand_distributions", [*KEYS, "model"]), on=[*KEYS, "model"])
    rows = rows.merge(run.table("items", ["sku", "category"]), on="sku").fillna({"category": ""}).assign(total="all")
    return rows.assign(expected=rows["forecast"].map(np.sum), demand=rows["actual"].map(np.sum))


def factors(logs: Matrix, rule: str) -> Vector:
    """Per member from (members, windows) log(demand / forecast), NaN where there is none; 1 with fewer than four windows."""
    known = (~np.isnan(logs)).sum(axis=1)
    with np.errstate(all="ignore"):
        mean = np.nansum(logs, axis=1) / known
        error = np.sqrt(np.nansum((logs - mean[:, None]) ** 2, axis=1) / (known - 1) / known)
        shrunk = np.maximum(1.0 - (error / mean) ** 2, 0.0)
    one_side = np.maximum((logs > 0).sum(axis=1), (logs < 0).sum(axis=1)) >= 0.8 * known
    weight = {"mean": 1.0, "half": 0.5, "shrunk": shrunk, "repeats": shrunk * one_side * (np.abs(mean) > 2.0 * error)}[rule]
    return np.exp(np.clip(np.nan_to_num(np.where(known >= FIRST, weight * mean, 0.0)), -MOST, MOST))


def corrected(past: pd.DataFrame, now: pd.DataFrame, levels: tuple[str, ...], rule: str) -> Vector:
    """What the forecasts of the rows `now` are multiplied by, level after level."""
    past, factor = past.copy(), np.ones(len(now))
    for level in levels:
        sums = past.groupby([level, "cutoff"])[["expected", "demand"]].sum()
        with np.errstate(all="ignore"):
            logs = (sums["demand"] / sums["expected"]).apply(np.log).unstack()
        finite = logs.where(np.isfinite(logs))
        of_member = pd.Series(factors(finite.to_numpy(np.float64), rule), index=logs.index)
        past["expected"] *= past[level].map(of_member)
        factor *= now[level].map(of_member).fillna(1.0).to_numpy(np.float64)
    return factor


def scores(rows: pd.DataFrame, rule: str, levels: tuple[str, ...]) -> pd.DataFrame:
    """By window: |bias|, WAPE, RMSE, and mean |bias| by location and by category, weighed by demand."""
    found = []
    cutoffs = sorted(rows["cutoff"].unique())
    for number in range(FIRST, len(cutoffs)):
        past, now = rows[rows["cutoff"].isin(cutoffs[:number])], rows[rows["cutoff"] == cutoffs[number]]
        mean = np.stack(now["forecast"].to_list()) * corrected(past, now, levels, rule)[:, None]
        error, demand = mean - np.stack(now["actual"].to_list()), float(now["demand"].sum())
        one = {"|bias|": abs(error.sum()) / demand, "wape": np.abs(error).sum() / demand, "rmse": np.sqrt((error**2).mean())}
        for level in ("location", "category"):
            one[f"|bias| {level}"] = pd.Series(error.sum(axis=1)).groupby(now[level].to_numpy()).sum().abs().sum() / demand
        found.append(one)
    return pd.DataFrame(found)


def report(name: str, rows: pd.DataFrame) -> None:
    """Print the means over windows without a correction, and with each the ratio to them."""
    plain = scores(rows, *_NONE)
    print(f"\n{name}: {len(plain)} windows\n{plain.mean().round(4).to_frame('none').T.to_string()}")
    ratios = {}
    for levels in LEVELS:
        for rule in RULES:
            ratio = scores(rows, rule, levels)
            won = int((ratio["wape"] < plain["wape"]).sum())
            ratios[", ".join(levels), rule] = {**(ratio.mean() / plain.mean()).round(3), "windows won": won}
    print(pd.DataFrame(ratios).T.to_string(), flush=True)


def main() -> None:
    """The named sets."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*", default=SETS, help=f"names of sets; default: {' '.join(SETS)}")
    parser.add_argument("--series", type=int, help="series drawn of a set; default: all")
    parser.add_argument("--set", action="append", default=[], metavar="A.B=C", help="a setting over the defaults")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep inputs and tables; what is there is scored again")
    options = parser.parse_args()
    with session(options.set) as spark, tempfile.TemporaryDirectory() as passing:
        for business in businesses(options.sets, options.series):
            place = (options.keep or Path(passing)) / f"{business.name}-{len(business.attributes)}"
            changed = [f"backtest.windows={WINDOWS}", *options.set]
            report(business.name, champions(plan(spark, business.write(demand_of(business).end, place), changed)))


if __name__ == "__main__":
    main()
