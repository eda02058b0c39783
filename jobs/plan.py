"""All stages, for spark-submit or a scheduled job: spark-submit ... jobs/plan.py --config conf/base.yaml."""

import sys

from echelon.__main__ import run

run(["plan", *sys.argv[1:]])
