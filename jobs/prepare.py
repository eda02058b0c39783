"""Stage `prepare` alone: spark-submit ... jobs/prepare.py --config conf/base.yaml."""

import sys

from echelon.__main__ import run

run(["prepare", *sys.argv[1:]])
