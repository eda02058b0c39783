"""Stage `ingest` alone: spark-submit ... jobs/ingest.py --config conf/base.yaml."""

import sys

from echelon.__main__ import run

run(["ingest", *sys.argv[1:]])
