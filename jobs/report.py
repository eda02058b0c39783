"""Stage `report` alone: spark-submit ... jobs/report.py --config conf/base.yaml."""

import sys

from echelon.__main__ import run

run(["report", *sys.argv[1:]])
