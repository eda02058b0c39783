"""Stage `report` alone: spark-submit ... jobs/report.py --config conf/base.yaml."""

import sys

from echelon.cli import main

sys.exit(main(["report", *sys.argv[1:]]))
