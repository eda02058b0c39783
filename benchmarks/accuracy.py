"""How accurate published forecasts are on real demand: `python -m benchmarks.accuracy [set ...]`.

Each set of ../shared/data is written as a user would have it, sales and what else is known up to a cut, and goes through the
stages ingest, prepare, backtest and forecast with default settings; the tables `forecasts` and `demand_distributions` are
scored on the horizons after it. `--windows` cuts, a horizon apart, the last one horizon before the end of the set; `--series N`
for N series of each set; `--set a.b=c` for other settings, to compare. Nothing is chosen by these windows.

`--candidates` runs the stages once more at the end of the set and prints the choice beside every candidate.
"""

import argparse
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from echelon.core.demand.periods import start_date
from pyspark.sql import SparkSession

from benchmarks.real.business import Business, demand_of
from benchmarks.real.candidates import candidate_table, ratios
from benchmarks.real.fair_coverage import drawn_scores
from benchmarks.real.scores import judged, point_scores
from benchmarks.real.sets import businesses
from benchmarks.real.stage_run import Published, plan, session


@dataclass
class Held:
    """Runs by the first day that they had not seen, oldest first, with their scores and fair coverage."""

    runs: dict[str, Published] = field(default_factory=dict)
    scores: dict[str, dict[str, float]] = field(default_factory=dict)
    coverage: dict[str, "pd.Series[float]"] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """What the command line asks for."""

    spark: SparkSession
    folder: Path
    windows: int
    changed: list[str]

    def run(self, business: Business, cut: int) -> tuple[str, Published]:
        """The first unseen day, and what the stages published."""
        day = start_date(cut, business.freq).isoformat()
        place = self.folder / f"{business.name}-{len(business.attributes)}" / day
        return day, plan(self.spark, business.write(cut, place), self.changed)

    def held(self, business: Business) -> Held:
        """All windows of a set."""
        demand, held = demand_of(business), Held()
        for back in range(self.windows, 0, -1):
            cut = demand.end - back * business.horizon
            day, published = self.run(business, cut)
            one = judged(business, demand, cut, published)
            held.coverage[day], spl = drawn_scores(one, published)
            held.runs[day] = published
            held.scores[day] = point_scores(one) | {"spl": spl, "core seconds": published.cost.core}
        return held


def report(business: Business, held: Held) -> None:
    """Print scores and coverage with their means over windows and standard errors, and the newest `level_scores`."""
    print(f"\n{business.name}: {len(business.attributes):,} series, {business.freq}, horizon {business.horizon}")
    _show(pd.DataFrame(held.scores), "Scores by first day of the window")
    _show(pd.DataFrame(held.coverage), "Fair coverage of sums of so many periods")
    newest = held.runs[max(held.runs)].table("level_scores")
    print("\nErrors of sums in the newest run's own backtest, before and after their correction")
    print(newest.round(4).to_string(index=False), flush=True)


def _show(by_window: pd.DataFrame, title: str) -> None:
    summary = {"mean": by_window.mean(axis=1), "s.e.": by_window.sem(axis=1)}
    print(f"\n{title}\n{by_window.assign(**summary).round(4).to_string(na_rep='-')}", flush=True)


def compare(asked: Asked, business: Business, held: Held) -> None:
    """Print the choice beside all candidates."""
    table = candidate_table(held.runs, asked.run(business, demand_of(business).end)[1])
    print(f"\nThe choice beside all candidates\n{table.round(4).to_string()}")
    print(f"\nThe choice / the best single candidate of these windows\n{ratios(table).round(4).to_string()}", flush=True)


def main() -> None:
    """The named sets, all if none."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*", help="names of sets; default: all")
    parser.add_argument("--series", type=int, help="series drawn of a set; default: all")
    parser.add_argument("--windows", type=int, default=4, help="cuts, a horizon apart (default 4)")
    parser.add_argument("--set", action="append", default=[], metavar="A.B=C", help="a setting over the defaults")
    parser.add_argument("--candidates", action="store_true", help="also the choice beside every candidate")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep inputs and tables; what is there is scored again")
    options = parser.parse_args()
    with session(options.set) as spark, tempfile.TemporaryDirectory() as passing:
        asked = Asked(spark, options.keep or Path(passing), options.windows, options.set)
        for business in businesses(options.sets, options.series):
            held = asked.held(business)
            report(business, held)
            if options.candidates:
                compare(asked, business, held)


if __name__ == "__main__":
    main()
