"""Stage `stock` alone: spark-submit ... jobs/stock.py --config conf/base.yaml."""

import sys

from echelon.__main__ import run

run(["stock", *sys.argv[1:]])
