"""How much forecasts of the same day change from one run to the next: `python -m benchmarks.churn [set ...]`.

Sets as in `benchmarks.accuracy`; ten runs, each with one more period of demand, into one place, so that the champions of the
last run defend as they do for a user. Churn is the sum of |new - old| over the series and the periods that both forecast /
the sum of the old: of the mean, of the 95 % quantile, and of sums over all periods by series and in total. Beside it the share
of series whose model changed, the mean coefficient of variation of the level, and WAPE and bias of the older run over the
periods that followed, as a forecast that never moves is calm too.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from echelon.core.arrays import Matrix
from echelon.core.demand.periods import start_date
from echelon.core.forecast.evaluation.scores import PINBALL_PROBABILITIES
from echelon.core.forecast.panel import KEYS
from pyspark.sql import SparkSession

from benchmarks.real.business import Business, demand_of
from benchmarks.real.scores import Judged, judged, point_scores
from benchmarks.real.sets import businesses
from benchmarks.real.stage_run import plan, session

UPPER = PINBALL_PROBABILITIES.index(0.95)
SETS = ("m5",)


def churn(spark: SparkSession, business: Business, runs: int, changed: list[str], folder: Path) -> pd.DataFrame:
    """Columns: the first day of each run but the first; rows: what changed since the run before."""
    demand, rows = demand_of(business), {}
    before: tuple[Judged, pd.DataFrame] | None = None
    for back in range(runs - 1, -1, -1):
        cut = demand.end - business.horizon - back
        day = start_date(cut, business.freq).isoformat()
        published = plan(spark, business.write(cut, folder / day, folder / "out"), changed)
        now = judged(business, demand, cut, published), published.table("demand_distributions", [*KEYS, "model", "level_cv"])
        if before is not None:
            rows[day] = _changes(before, now) | {"core seconds": published.cost.core}
        before = now
    return pd.DataFrame(rows)


def _changes(before: tuple[Judged, pd.DataFrame], now: tuple[Judged, pd.DataFrame]) -> dict[str, float]:
    old, new = before[0], now[0]
    place = pd.MultiIndex.from_frame(new.keys).get_indexer(pd.MultiIndex.from_frame(old.keys))
    mean, later = old.mean[:, 1:], new.mean[place, :-1]
    models = before[1].merge(now[1], on=KEYS, suffixes=("", "_now"))
    scored = point_scores(old)
    return {
        "mean": _churn(mean, later),
        "95 % quantile": _churn(old.quantiles[:, 1:, UPPER], new.quantiles[place, :-1, UPPER]),
        "sums of series": _churn(mean.sum(axis=1), later.sum(axis=1)),
        "total": _churn(mean.sum(), later.sum()),
        "model changed": float((models["model"] != models["model_now"]).mean()),
        "level cv": float(models["level_cv_now"].mean()),
        "level cv changed": _churn(models["level_cv"].to_numpy(), models["level_cv_now"].to_numpy()),
        "wape": scored["wape"],
        "bias": scored["bias"],
    }


def _churn(old: Matrix, new: Matrix) -> float:
    return float(np.abs(new - old).sum() / max(float(np.sum(old)), 1e-9))


def main() -> None:
    """The named sets; the M5 if none."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*", default=SETS, help="names of sets; default: m5")
    parser.add_argument("--series", type=int, help="series drawn of a set; default: all")
    parser.add_argument("--runs", type=int, default=10, help="consecutive runs (default 10)")
    parser.add_argument("--set", action="append", default=[], metavar="A.B=C", help="a setting over the defaults")
    options = parser.parse_args()
    with session(options.set) as spark:
        for business in businesses(options.sets, options.series):
            with tempfile.TemporaryDirectory() as folder:
                rows = churn(spark, business, options.runs, options.set, Path(folder))
            print(f"\n{business.name}: {len(business.attributes):,} series, change since the run before")
            print(rows.assign(mean=rows.mean(axis=1)).round(4).to_string(), flush=True)


if __name__ == "__main__":
    main()
