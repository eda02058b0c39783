"""Stage `replay` alone: spark-submit ... jobs/replay.py --config conf/base.yaml."""

import sys

from echelon.cli import main

sys.exit(main(["replay", *sys.argv[1:]]))
