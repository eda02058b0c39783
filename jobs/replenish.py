"""Stage `replenish` alone: spark-submit ... jobs/replenish.py --config conf/base.yaml."""

import sys

from echelon.cli import main

sys.exit(main(["replenish", *sys.argv[1:]]))
