"""Speed of forecasting: `python -m benchmarks.forecast_speed`, ratios measured in one run.

Seconds by the clock are those of a quiet machine; processor time is that of all processes, whatever else runs.
"""

import argparse
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

from echelon.config.models import Spark
from echelon.engine.session import ONE_THREAD, start

from benchmarks.cheap_models import cheap_models
from benchmarks.default_models import default_models
from benchmarks.ets_on_spark import ets_on_spark

PARTS = ("cheap", "ets", "default")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.forecast_speed", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"what to measure, of {', '.join(PARTS)}; default: all")
    parser.add_argument("--series", type=int, default=10_000, help="series of the cheap models")
    parser.add_argument("--ets-series", type=int, default=1_200, help="monthly series of AutoETS")
    given = parser.parse_args()
    cores = os.cpu_count() or 1
    os.environ.update(ONE_THREAD)  # for the processes without Spark too
    spark = start(Spark(master=f"local[{cores}]"))
    lines = {
        "cheap": lambda: cheap_models(spark, given.series, cores),
        "ets": lambda: ets_on_spark(spark, given.ets_series, cores),
        "default": lambda: default_models(spark),
    }
    for part in given.parts or PARTS:
        for line in lines[part]():
            print(line, flush=True)
    spark.stop()


if __name__ == "__main__":
    main()
