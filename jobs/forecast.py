"""Stage `forecast` alone: spark-submit ... jobs/forecast.py --config conf/base.yaml."""

import sys

from echelon.cli import main

sys.exit(main(["forecast", *sys.argv[1:]]))
