"""Stage `forecast` alone: spark-submit ... jobs/forecast.py --config conf/base.yaml."""

import sys

from echelon.__main__ import run

run(["forecast", *sys.argv[1:]])
