"""Stage `replay` alone: spark-submit ... jobs/replay.py --config conf/base.yaml."""

import sys

from echelon.__main__ import run

run(["replay", *sys.argv[1:]])
