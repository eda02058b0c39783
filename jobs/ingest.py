"""Stage `ingest` alone: spark-submit ... jobs/ingest.py --config conf/base.yaml."""

import sys

from echelon.cli import main

sys.exit(main(["ingest", *sys.argv[1:]]))
