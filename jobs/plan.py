"""All stages, for spark-submit or a scheduled job: spark-submit ... jobs/plan.py --config conf/base.yaml."""

import sys

from echelon.cli import main

sys.exit(main(["plan", *sys.argv[1:]]))
