"""Stage `replenish` alone: spark-submit ... jobs/replenish.py --config conf/base.yaml."""

import sys

from echelon.__main__ import run

run(["replenish", *sys.argv[1:]])
