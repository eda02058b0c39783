"""Stage `prepare` alone: spark-submit ... jobs/prepare.py --config conf/base.yaml."""

import sys

from echelon.cli import main

sys.exit(main(["prepare", *sys.argv[1:]]))
