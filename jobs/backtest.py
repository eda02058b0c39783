"""Stage `backtest` alone: spark-submit ... jobs/backtest.py --config conf/base.yaml."""

import sys

from echelon.cli import main

sys.exit(main(["backtest", *sys.argv[1:]]))
