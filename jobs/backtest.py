"""Stage `backtest` alone: spark-submit ... jobs/backtest.py --config conf/base.yaml."""

import sys

from echelon.__main__ import run

run(["backtest", *sys.argv[1:]])
